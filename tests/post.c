/*
 * Posting, seen through WSApSetPostRoutine: what the routine gets, that a refused message is posted again, how long,
 * and what ends it. Routines that call back into Winsock are in repost.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "postroutine.h"

static HWND window;

static BOOL is_refused(void *routine)
{
    WSASetLastError(0xdead);
    return WSApSetPostRoutine((post_routine)routine) == SOCKET_ERROR && WSAGetLastError() == WSAEFAULT;
}

static void test_set_routine(void)
{
    static const BYTE data[16];
    void *reserved = wild();
    char buf[256];

    winetest_push_context("routine");
    ok(!WSApSetPostRoutine(watching_routine), "error %d\n", WSAGetLastError());
    ok(!WSApSetPostRoutine(NULL), "NULL: error %d\n", WSAGetLastError());
    ok(!WSApSetPostRoutine(NULL), "NULL twice: error %d\n", WSAGetLastError());
    todo_builtin ok(is_refused((void *)0x10), "low address accepted\n");
    todo_builtin ok(is_refused((void *)(LONG_PTR)-16), "high address accepted\n");
    todo_builtin ok(is_refused(reserved), "no memory, accepted\n");
    todo_builtin ok(is_refused((void *)data), "data accepted\n");
    free_pages(reserved);
    /* None of them was taken. */
    expect_completion(by_number(window, 6, buf, sizeof(buf)), 0, -1);
    winetest_pop_context();
    expect_silence();
}

static void test_arguments(void)
{
    struct watched watched = { 0 }, swallowed = { .swallow = TRUE };
    struct completion got;
    HANDLE handle;
    char buf[256];

    winetest_push_context("arguments");
    if (use_routine())
    {
        watch_window(&watched);
        handle = WSAAsyncGetProtoByNumber(watched.hwnd, DONE + 7, 6, buf, sizeof(buf));
        if (expect_message(handle, &got))
        {
            ok(got.msg == DONE + 7 && watched.msg == got.msg, "message %#x, the routine got %#x\n", got.msg,
               watched.msg);
            ok(watched.wparam == (ULONG_PTR)handle && watched.wparam == got.wparam, "wparam %#Ix\n", watched.wparam);
            ok(watched.lparam == got.lparam, "lparam %#Ix, the routine got %#Ix\n", got.lparam, watched.lparam);
        }
        ok(watched.calls == 1, "%ld calls\n", watched.calls);
        ok(watched.thread != GetCurrentThreadId(), "called on the program's thread\n");

        /* What the routine says it posted is posted. */
        watch_window(&swallowed);
        handle = submit_watched(&swallowed, buf, sizeof(buf));
        expect_cancel(handle, WSAEALREADY);
        pass_attempts(2);
        ok(swallowed.calls == 1, "%ld calls\n", swallowed.calls);
        unwatch_windows();

        WSApSetPostRoutine(NULL);
        watched.calls = 0;
        watched.hwnd = NULL;
        watch_window(&watched);
        expect_completion(by_number(watched.hwnd, 6, buf, sizeof(buf)), 0, -1);
        ok(!watched.calls, "called although it was reset\n");
        unwatch_windows();
    }
    winetest_pop_context();
    expect_silence();
}

static void test_refused(void)
{
    static const DWORD errors[] = { ERROR_NOT_ENOUGH_QUOTA, ERROR_NOT_ENOUGH_MEMORY, 0, ERROR_INVALID_PARAMETER };
    struct watched watched[ARRAY_SIZE(errors)];
    char buf[ARRAY_SIZE(errors)][256];
    HANDLE handle[ARRAY_SIZE(errors)];
    DWORD shortest;
    unsigned int i;
    int j;

    winetest_push_context("refused");
    if (use_routine())
    {
        memset(watched, 0, sizeof(watched));
        for (i = 0; i < ARRAY_SIZE(errors); i++)
        {
            watched[i].failures = 6 + i;
            watch_window(&watched[i]);
            watched[i].error = errors[i];
            handle[i] = by_number(watched[i].hwnd, 6, buf[i], sizeof(buf[i]));
        }
        for (i = 0; i < ARRAY_SIZE(errors); i++)
        {
            winetest_push_context("error %lu", errors[i]);
            expect_completion(handle[i], 0, -1);
            ok(watched[i].calls == (LONG)(7 + i), "%ld posts\n", watched[i].calls);
            ok(!watched[i].mismatches, "%ld posts differ\n", watched[i].mismatches);
            ok(watched[i].most_inside == 1, "%ld posts at once\n", watched[i].most_inside);
            ok(((struct protoent *)buf[i])->p_proto == 6, "no result\n");
            /* It backs off: the waits grow, and are bounded (a generous one). */
            for (j = 2; j < watched[i].calls; j++)
                ok(watched[i].tick[j] - watched[i].tick[j - 1] < 5000, "wait %d took %lu ms\n", j,
                   watched[i].tick[j] - watched[i].tick[j - 1]);
            shortest = watched[i].tick[watched[i].calls - 1] - watched[i].tick[0];
            ok(shortest > 60, "%ld posts in %lu ms\n", watched[i].calls, shortest);
            expect_cancel(handle[i], WSAEALREADY);
            winetest_pop_context();
        }
        unwatch_windows();
        WSApSetPostRoutine(NULL);
    }
    winetest_pop_context();
    expect_silence();
}

/* Errors after which another attempt makes no sense, or only a few do. */
static void test_given_up(void)
{
    struct watched sync_only = { .failures = FOR_EVER, .error = ERROR_MESSAGE_SYNC_ONLY };
    struct watched denied = { .failures = FOR_EVER, .error = ERROR_ACCESS_DENIED };
    char buf[256];
    HANDLE handle;
    LONG calls;
    int i;

    winetest_push_context("given up");
    if (use_routine())
    {
        watch_window(&sync_only);
        handle = submit_watched(&sync_only, buf, sizeof(buf));
        expect_cancel(handle, WSAEALREADY);
        pass_attempts(2);
        ok(sync_only.calls == 1, "%ld posts that can never succeed\n", sync_only.calls);

        watch_window(&denied);
        handle = submit_watched(&denied, buf, sizeof(buf));
        for (i = 0; i < 30; i++)
        {
            calls = denied.calls;
            pass_attempts(7);
            if (denied.calls == calls) break;
        }
        ok(i < 30, "access denied, and still tried after %ld posts\n", denied.calls);
        ok(denied.calls > 1, "access denied, tried once\n");
        expect_cancel(handle, WSAEALREADY);
        unwatch_windows();
        WSApSetPostRoutine(NULL);
    }
    winetest_pop_context();
    expect_silence();
}

/* Refused until something ends it: the window's death, cancel, the last cleanup. */
static void test_ended(void)
{
    struct watched watched[3];
    char *buf[3];
    HANDLE handle[3];
    LONG calls[3];
    HWND dying;
    int i;

    winetest_push_context("refused for ever");
    if (use_routine())
    {
        memset(watched, 0, sizeof(watched));
        for (i = 0; i < 3; i++)
        {
            watched[i].failures = FOR_EVER;
            watch_window(&watched[i]);
            handle[i] = submit_watched(&watched[i], buf[i] = walled(256), 256);
        }
        pass_attempts(3);
        for (i = 0; i < 3; i++) ok(watched[i].calls > 2, "request %d: %ld posts\n", i, watched[i].calls);

        /* One attempt may be on its way when the window dies, or begin before that is seen; no more. */
        winetest_push_context("window gone");
        dying = watched[0].hwnd;
        DestroyWindow(dying);
        pass_attempts(7);
        calls[0] = watched[0].calls;
        pass_attempts(7);
        ok(watched[0].calls == calls[0], "%ld more posts\n", watched[0].calls - calls[0]);
        expect_cancel(handle[0], WSAEALREADY);
        winetest_pop_context();

        winetest_push_context("cancelled");
        expect_cancel(handle[1], 0);
        free_pages(buf[1]);
        calls[1] = watched[1].calls;
        pass_attempts(7);
        ok(watched[1].calls == calls[1], "%ld more posts\n", watched[1].calls - calls[1]);
        expect_cancel(handle[1], WSAEALREADY);
        winetest_pop_context();

        winetest_push_context("last cleanup");
        calls[2] = watched[2].calls;
        pass_attempts(7);
        ok(watched[2].calls > calls[2], "not posted again any more\n");
        finish();
        free_pages(buf[2]);
        calls[2] = watched[2].calls;
        start(MAKEWORD(2, 2));
        /* The routine ends with the last cleanup. */
        watched[1].hwnd = window;
        watched[1].calls = 0;
        expect_completion(by_number(window, 6, NULL, 0), WSAENOBUFS, -1);
        ok(!watched[1].calls, "the routine outlived the cleanup\n");
        ok(use_routine(), "no routine any more\n");
        pass_attempts(7);
        ok(watched[2].calls == calls[2], "%ld more posts\n", watched[2].calls - calls[2]);
        ok(WSACancelAsyncRequest(handle[2]) && WSAGetLastError() != WSANOTINITIALISED, "an old handle was cancelled\n");
        winetest_pop_context();

        watched[1].hwnd = NULL;
        free_pages(buf[0]);
        unwatch_windows();
        WSApSetPostRoutine(NULL);
    }
    winetest_pop_context();
    expect_silence();
}

/* Requests that wait for another attempt take nobody's place, however many. */
static void test_many_waiting(void)
{
    enum { COUNT = 600 };
    struct watched watched = { .failures = FOR_EVER };
    static HANDLE handle[COUNT];
    char buf[256];
    int i, refused = 0;
    LONG calls;

    winetest_push_context("many refused");
    if (use_routine())
    {
        watch_window(&watched);
        for (i = 0; i < COUNT; i++)
        {
            if (i % 2 && names_available()) handle[i] = by_name(watched.hwnd, scripted("h%d", i), NULL, 0);
            else handle[i] = by_number(watched.hwnd, 6, NULL, 0);
        }
        while (watched.calls < 2 * COUNT && wait_for(watched.entered, PATIENCE)) {}
        ok(watched.calls >= 2 * COUNT, "%ld attempts\n", watched.calls);
        expect_completion(by_number(window, 6, buf, sizeof(buf)), 0, -1);
        if (names_available()) expect_completion(by_name(window, scripted("h5"), buf, sizeof(buf)), 0, -1);
        for (i = 0; i < COUNT; i++) refused += WSACancelAsyncRequest(handle[i]) != 0;
        /* A cancel that meets a post in progress waits until it has failed. */
        ok(!refused, "%d cancels failed\n", refused);
        calls = watched.calls;
        pass_attempts(7);
        ok(watched.calls == calls, "%ld more posts\n", watched.calls - calls);
        unwatch_windows();
        WSApSetPostRoutine(NULL);
    }
    winetest_pop_context();
    expect_silence();
}

START_TEST(post)
{
    start(MAKEWORD(2, 2));
    window = new_window();
    test_set_routine();
    test_arguments();
    test_refused();
    test_given_up();
    test_ended();
    test_many_waiting();
    finish();
}
