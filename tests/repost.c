/*
 * Post routines that call back: a routine is the program's, it may cancel, clean up, submit, look up, wait. Nothing
 * hangs, each request keeps its one outcome.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "postroutine.h"

static HWND window;
static HANDLE done;             /* event: an inside_...() has finished */

static int cancel_error(HANDLE handle)
{
    return WSACancelAsyncRequest(handle) ? WSAGetLastError() : 0;
}

/* --- cancel --- */

static int own_result;

static void inside_cancels_itself(struct watched *watched)
{
    own_result = cancel_error((HANDLE)watched->wparam);
    SetEvent(done);
}

static void test_cancel_itself(void)
{
    struct watched once = { .inside = inside_cancels_itself };
    struct watched refused = { .inside = inside_cancels_itself, .failures = 5 };
    char buf[256];
    HANDLE handle;

    winetest_push_context("cancels its own request");
    if (use_routine())
    {
        watch_window(&once);
        own_result = 0xdead;
        handle = by_number(once.hwnd, 6, buf, sizeof(buf));
        expect_completion(handle, 0, -1);
        ok(own_result == WSAEALREADY, "got %d\n", own_result);
        expect_cancel(handle, WSAEALREADY);
        ok(once.calls == 1, "%ld posts\n", once.calls);

        /* It was told that it is too late: so it stays, although the post fails and a cancel could still win. */
        watch_window(&refused);
        own_result = 0xdead;
        ResetEvent(done);
        handle = submit_watched(&refused, buf, sizeof(buf));
        ok(wait_for(done, PATIENCE), "cancel hangs\n");
        ok(own_result == WSAEALREADY, "got %d\n", own_result);
        ok(wait_for(refused.entered, PATIENCE), "not posted again\n");
        expect_cancel(handle, WSAEALREADY);
        expect_completion(handle, 0, -1);
        ok(refused.calls == 6, "%ld posts\n", refused.calls);
        expect_cancel(handle, WSAEALREADY);
        unwatch_windows();
        WSApSetPostRoutine(NULL);
    }
    winetest_pop_context();
    expect_silence();
}

static HANDLE others[3];
static int other_result[3], again_result[3];

static void inside_cancels_others(struct watched *watched)
{
    int i;

    for (i = 0; i < 3; i++) other_result[i] = cancel_error(others[i]);
    for (i = 0; i < 3; i++) again_result[i] = cancel_error(others[i]);
    watched->inside = NULL;
    SetEvent(done);
}

static void test_cancel_others(void)
{
    struct watched waits = { .failures = FOR_EVER }, cancels = { .inside = inside_cancels_others };
    char *buf[3], own[256];
    LONG calls;
    int i;

    winetest_push_context("cancels others");
    if (use_routine() && names_available())
    {
        for (i = 0; i < 3; i++) buf[i] = walled(256);
        watch_window(&waits);
        watch_window(&cancels);
        others[0] = submit_watched(&waits, buf[0], 256);
        others[1] = by_name(window, scripted("h1.d900"), buf[1], 256);
        others[2] = by_number(window, 6, buf[2], 256);
        expect_completion(others[2], 0, -1);
        ok(wait_for(waits.entered, PATIENCE), "not posted again\n");
        ResetEvent(done);
        expect_completion(by_number(cancels.hwnd, 6, own, sizeof(own)), 0, -1);
        ok(wait_for(done, PATIENCE), "cancel hangs\n");
        /* The first may be inside its own failing post at this moment; then it is too late by the rule. */
        ok(!other_result[0] || other_result[0] == WSAEALREADY, "to be posted again: got %d\n", other_result[0]);
        ok(!other_result[1], "running: got %d\n", other_result[1]);
        ok(other_result[2] == WSAEALREADY, "finished: got %d\n", other_result[2]);
        for (i = 0; i < 3; i++) ok(again_result[i] == WSAEALREADY, "second cancel of %d: got %d\n", i, again_result[i]);
        ok(untouched(buf[1], 256), "the buffer is written\n");
        free_pages(buf[1]);
        if (!other_result[0])
        {
            free_pages(buf[0]);
            calls = waits.calls;
            pass_attempts(6);
            ok(waits.calls == calls, "%ld more posts\n", waits.calls - calls);
        }
        unwatch_windows();
        WSApSetPostRoutine(NULL);
        free_pages(buf[2]);
        expect_silence_after(1200);
    }
    winetest_pop_context();
    expect_silence();
}

/* Two routines at once, each cancelling the request of the other's post: no waiting in a circle. */
static struct watched crossing[2];
static HANDLE both_inside, both_cancelled;
static LONG inside_count;
static int cross_result[2];

static void inside_cancels_the_other(struct watched *watched)
{
    int me = watched - crossing;

    if (InterlockedIncrement(&inside_count) == 2) SetEvent(both_inside);
    WaitForSingleObject(both_inside, PATIENCE);
    cross_result[me] = cancel_error((HANDLE)crossing[!me].wparam);
    watched->inside = NULL;
    /* Neither post ends before the other's cancel. */
    if (!InterlockedDecrement(&inside_count)) SetEvent(both_cancelled);
    WaitForSingleObject(both_cancelled, PATIENCE);
}

static void test_cancel_each_other(void)
{
    HANDLE handle[2];
    char buf[2][256];
    int i;

    winetest_push_context("cancel each other's");
    if (use_routine() && names_available())
    {
        memset(crossing, 0, sizeof(crossing));
        inside_count = 0;
        both_inside = CreateEventW(NULL, TRUE, FALSE, NULL);
        both_cancelled = CreateEventW(NULL, TRUE, FALSE, NULL);
        for (i = 0; i < 2; i++)
        {
            crossing[i].inside = inside_cancels_the_other;
            crossing[i].failures = 2 * i;
            watch_window(&crossing[i]);
        }
        /* One in each lane, so that neither queues behind the other. */
        handle[0] = by_number(crossing[0].hwnd, 6, buf[0], sizeof(buf[0]));
        handle[1] = by_name(crossing[1].hwnd, scripted("h1"), buf[1], sizeof(buf[1]));
        ok(wait_for(both_cancelled, PATIENCE), "they wait for each other\n");
        for (i = 0; i < 2; i++)
        {
            ok(cross_result[i] == WSAEALREADY, "got %d\n", cross_result[i]);
            expect_completion(handle[i], 0, -1);
        }
        CloseHandle(both_inside);
        CloseHandle(both_cancelled);
        unwatch_windows();
        WSApSetPostRoutine(NULL);
    }
    winetest_pop_context();
    expect_silence();
}

/* --- cleanup --- */

static int cleanup_result, after_result, submit_result;

static void inside_cleans_up(struct watched *watched)
{
    char buf[64];

    cleanup_result = WSACleanup() ? WSAGetLastError() : 0;
    after_result = cancel_error((HANDLE)watched->wparam);
    submit_result = by_number(watched->hwnd, 6, buf, sizeof(buf)) ? 0 : WSAGetLastError();
    watched->inside = NULL;
    SetEvent(done);
}

static void test_cleanup(BOOL fails)
{
    struct watched waits = { .failures = FOR_EVER }, cleans = { .inside = inside_cleans_up };
    char *buf[2], own[256];
    HANDLE handle;
    LONG calls[2];

    winetest_push_context("cleans up, %s", fails ? "fails" : "posts");
    if (use_routine() && names_available())
    {
        buf[0] = walled(256);
        buf[1] = walled(256);
        cleans.failures = fails ? FOR_EVER : 0;
        watch_window(&waits);
        watch_window(&cleans);
        others[0] = submit_watched(&waits, buf[0], 256);
        others[1] = by_name(window, scripted("h1.d900"), buf[1], 256);
        ResetEvent(done);
        handle = by_number(cleans.hwnd, 6, own, sizeof(own));
        ok(wait_for(done, PATIENCE), "cleanup hangs\n");
        ok(!cleanup_result, "cleanup got %d\n", cleanup_result);
        ok(after_result == WSANOTINITIALISED, "cancel after it got %d\n", after_result);
        ok(submit_result == WSANOTINITIALISED, "submit after it got %d\n", submit_result);
        ok(WSACleanup() && WSAGetLastError() == WSANOTINITIALISED, "it was not the last\n");
        ok(untouched(buf[1], 256), "the buffer is written\n");
        free_pages(buf[1]);
        start(MAKEWORD(2, 2));
        ok(use_routine(), "no routine any more\n");
        pass_attempts(1);
        /* Of what another thread was posting at the moment of the cleanup, one attempt may have been on its way. */
        calls[0] = waits.calls;
        calls[1] = cleans.calls;
        pass_attempts(7);
        ok(waits.calls == calls[0], "%ld more posts of the one to be posted again\n", waits.calls - calls[0]);
        ok(cleans.calls == calls[1] && cleans.calls == 1, "%ld posts of its own\n", cleans.calls);
        free_pages(buf[0]);
        if (!fails) expect_completion(handle, 0, -1);
        unwatch_windows();
        WSApSetPostRoutine(NULL);
        expect_silence_after(1200);
    }
    winetest_pop_context();
    expect_silence();
}

static DWORD WINAPI cleanup_thread(void *arg)
{
    return WSACleanup() ? WSAGetLastError() : 0;
}

/* The last cleanup waits for a post that is on its way in another thread, and then it is over. */
static void test_cleanup_waits(void)
{
    struct watched slow = { .leave = CreateEventW(NULL, TRUE, FALSE, NULL), .failures = FOR_EVER };
    char *buf = walled(256);
    HANDLE thread;
    LONG calls;
    DWORD code;

    winetest_push_context("cleanup meets a post");
    if (use_routine())
    {
        watch_window(&slow);
        submit_watched(&slow, buf, 256);
        thread = CreateThread(NULL, 0, cleanup_thread, NULL, 0, NULL);
        ok(WaitForSingleObject(thread, 100) == WAIT_TIMEOUT, "cleanup does not wait for the post\n");
        SetEvent(slow.leave);
        ok(wait_for(thread, PATIENCE), "cleanup hangs\n");
        ok(!slow.inside_now, "cleanup returned before the routine\n");
        free_pages(buf);
        calls = slow.calls;
        GetExitCodeThread(thread, &code);
        ok(!code, "got %lu\n", code);
        CloseHandle(thread);
        start(MAKEWORD(2, 2));
        use_routine();
        pass_attempts(5);
        ok(slow.calls == calls && calls == 1, "%ld posts\n", slow.calls);
        unwatch_windows();
        WSApSetPostRoutine(NULL);
    }
    else free_pages(buf);
    CloseHandle(slow.leave);
    winetest_pop_context();
    expect_silence();
}

/* --- submit, look up, wait --- */

static HANDLE submitted[4];
static char submitted_buf[4][256];

static void inside_submits(struct watched *watched)
{
    HWND hwnd = watched->hwnd;

    watched->inside = NULL;
    /* First: a worker that has an answer in between would not come to the routine. */
    WSApSetPostRoutine(NULL);
    WSApSetPostRoutine(watching_routine);
    submitted[0] = by_number(hwnd, 17, submitted_buf[0], sizeof(submitted_buf[0]));
    submitted[1] = by_service(window, "ftp", "tcp", submitted_buf[1], sizeof(submitted_buf[1]));
    submitted[2] = by_name(window, "127.0.0.1", submitted_buf[2], sizeof(submitted_buf[2]));
    submitted[3] = by_number(hwnd, 6, submitted_buf[3], sizeof(submitted_buf[3]));
    SetEvent(done);
}

static void test_submit(void)
{
    struct watched submits = { .inside = inside_submits };
    char buf[256];
    int i;

    winetest_push_context("submits");
    if (use_routine())
    {
        watch_window(&submits);
        ResetEvent(done);
        expect_completion(by_number(submits.hwnd, 6, buf, sizeof(buf)), 0, -1);
        ok(wait_for(done, PATIENCE), "submit hangs\n");
        for (i = 0; i < 4; i++) expect_completion(submitted[i], 0, -1);
        ok(submits.calls == 3, "%ld posts\n", submits.calls);
        unwatch_windows();
        WSApSetPostRoutine(NULL);
    }
    winetest_pop_context();
    expect_silence();
}

/* A routine's own lookups, on the thread that has others' answer in its hands. */
static void inside_looks_up(struct watched *watched)
{
    ok(gethostbyname(scripted("m9")) != NULL, "error %d\n", WSAGetLastError());
    ok(getprotobynumber(17) != NULL, "error %d\n", WSAGetLastError());
    ok(getservbyname("echo", NULL) != NULL, "error %d\n", WSAGetLastError());
}

static void test_look_up(void)
{
    struct watched looks = { .inside = inside_looks_up };
    const char *name = scripted("h300.d300");
    char buf[3][256];
    HANDLE handle[3];
    int i;

    winetest_push_context("looks up");
    if (use_routine() && names_available())
    {
        watch_window(&looks);
        for (i = 0; i < 3; i++) handle[i] = by_name(looks.hwnd, name, buf[i], sizeof(buf[i]));
        for (i = 0; i < 3; i++)
        {
            const struct hostent *host = (void *)buf[i];

            if (expect_completion(handle[i], 0, -1) > 0)
                ok(!strcmp(host->h_name, name) && !memcmp(host->h_addr_list[0], "\x0a\1\1\x2c", 4),
                   "another lookup's answer: %s\n", host->h_name);
        }
        unwatch_windows();
        WSApSetPostRoutine(NULL);
    }
    winetest_pop_context();
    expect_silence();
}

/* While one routine waits, everything else goes on: no lock is held for it. */
static void test_waits(void)
{
    struct watched waits = { .leave = CreateEventW(NULL, TRUE, FALSE, NULL) };
    char buf[3][256];
    HANDLE handle;

    winetest_push_context("waits");
    if (use_routine() && names_available())
    {
        watch_window(&waits);
        handle = submit_watched(&waits, buf[0], sizeof(buf[0]));
        expect_completion(by_name(window, scripted("h1"), buf[1], sizeof(buf[1])), 0, -1);
        expect_completion(by_number(window, 17, buf[1], sizeof(buf[1])), 0, -1);
        expect_cancel(by_name(window, scripted("h1.d600"), buf[2], sizeof(buf[2])), 0);
        start(MAKEWORD(2, 2));
        finish();
        ok(!take_completion(handle, NULL, 0), "posted before the routine returned\n");
        SetEvent(waits.leave);
        expect_completion(handle, 0, -1);
        unwatch_windows();
        WSApSetPostRoutine(NULL);
        expect_silence_after(900);
    }
    CloseHandle(waits.leave);
    winetest_pop_context();
    expect_silence();
}

START_TEST(repost)
{
    start(MAKEWORD(2, 2));
    window = new_window();
    done = CreateEventW(NULL, FALSE, FALSE, NULL);
    test_cancel_itself();
    test_cancel_others();
    test_cancel_each_other();
    test_cleanup(FALSE);
    test_cleanup(TRUE);
    test_cleanup_waits();
    test_submit();
    test_look_up();
    test_waits();
    CloseHandle(done);
    finish();
}
