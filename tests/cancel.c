/*
 * WSACancelAsyncRequest, situation by situation: each row of the reference's table has its context "row N". The values
 * of handles are in handles.c, more of what a failing post means in post.c and repost.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "postroutine.h"

static HWND window;

/* A buffer that the program frees as soon as cancel has returned; kept on a DLL that would still write to it. */
static void drop_buffer(char *buf, SIZE_T size)
{
    todo_builtin_if(!untouched(buf, size)) ok(untouched(buf, size), "the buffer is written\n");
    if (ours) free_pages(buf);
}

static void test_not_started(int row)
{
    unsigned int i;

    winetest_push_context("row %d", row);
    for (i = 0; i < 4; i++)
        todo_builtin expect_cancel((HANDLE)(ULONG_PTR)(i * 0x5555), WSANOTINITIALISED);
    winetest_pop_context();
}

static void test_bad_values(void)
{
    static const LONG_PTR values[] = { 0x4000, 0x7fff, 0xffff, 0x10000, 0x7fffffff, -1, -2 };
    char buf[256];
    unsigned int i;
    HANDLE handle;

    winetest_push_context("row 2");
    todo_builtin expect_cancel(NULL, WSAEINVAL);
    handle = by_number(window, 6, buf, sizeof(buf));
    todo_builtin expect_cancel(NULL, WSAEINVAL);
    expect_completion(handle, 0, -1);
    todo_builtin expect_cancel(NULL, WSAEINVAL);
    winetest_pop_context();

    winetest_push_context("row 3");
    for (i = 0; i < ARRAY_SIZE(values); i++)
    {
        handle = by_number(window, 6, buf, sizeof(buf));
        todo_builtin expect_cancel((HANDLE)values[i], WSAEINVAL);
        expect_completion(handle, 0, -1);
    }
    winetest_pop_context();
}

/* More lookups than run at a time, cancelled from the last one on: that never had its turn. */
static void test_queued(void)
{
    enum { MANY = 1200, FEW = 40 };
    static HANDLE handle[MANY];
    static char buf[MANY][128];
    int i, count = ours ? MANY : FEW, refused = 0, untold = 0;
    const char *last = NULL;

    if (!names_available()) return;
    winetest_push_context("row 4");
    memset(buf, FILL, sizeof(buf));
    for (i = 0; i < count; i++) handle[i] = by_name(window, last = scripted("h1.d1500"), buf[i], sizeof(buf[i]));
    for (i = count; i--;) refused += WSACancelAsyncRequest(handle[i]) != 0;
    ok(!refused, "%d cancels failed\n", refused);
    for (i = 0; i < count; i++) untold += WSACancelAsyncRequest(handle[i]) && WSAGetLastError() == WSAEALREADY;
    todo_builtin ok(untold == count, "%d of %d second cancels know the request\n", untold, count);
    todo_builtin expect_silence_after(2500);
    todo_builtin ok(untouched(buf, sizeof(buf)), "a buffer is written\n");
    todo_builtin ok(asked(last) == 0, "a lookup that was dropped before it began asked the resolver\n");
    winetest_pop_context();
}

static void test_running(void)
{
    char *buf = walled(256), *other = walled(256);
    const char *name = scripted("h2.d1000"), *never = scripted("never.h2");
    HANDLE handle;
    DWORD begin;

    if (!names_available()) return;
    winetest_push_context("row 5");
    handle = by_name(window, name, buf, 256);
    ok(wait_asked(name), "the lookup does not begin\n");
    expect_cancel(handle, 0);
    drop_buffer(buf, 256);
    todo_builtin expect_silence_after(1400);
    if (!ours) expect_completion(by_number(window, 6, buf, 256), 0, -1);

    /* The resolver takes half a minute to give up; cancel does not. */
    if (ours)
    {
        handle = by_name(window, never, other, 256);
        ok(wait_asked(never), "the lookup does not begin\n");
        begin = GetTickCount();
        expect_cancel(handle, 0);
        begin = GetTickCount() - begin;
        ok(begin < 5000, "cancel took %lu ms\n", begin);
        drop_buffer(other, 256);
        /* Its worker hangs on, others have not to wait for it. */
        expect_completion(by_name(window, scripted("h3"), NULL, 0), WSAENOBUFS, -1);
        expect_silence();
    }
    winetest_pop_context();
}

static DWORD WINAPI cancel_thread(void *handle)
{
    return WSACancelAsyncRequest(handle) ? WSAGetLastError() : 0;
}

static void test_posting(void)
{
    struct watched waits = { .leave = CreateEventW(NULL, FALSE, FALSE, NULL) };
    struct watched fails = { .leave = CreateEventW(NULL, FALSE, FALSE, NULL), .failures = FOR_EVER };
    struct watched retried = { .failures = FOR_EVER };
    char *buf = walled(256);
    HANDLE handle, thread;
    DWORD code;
    LONG calls;

    winetest_push_context("row 6");
    if (use_routine())
    {
        /* The post is on its way, and will succeed: cancel waits for it, and is too late. */
        watch_window(&waits);
        handle = submit_watched(&waits, buf, 256);
        thread = CreateThread(NULL, 0, cancel_thread, handle, 0, NULL);
        ok(WaitForSingleObject(thread, 100) == WAIT_TIMEOUT, "cancel does not wait for the post\n");
        SetEvent(waits.leave);
        ok(wait_for(thread, PATIENCE), "cancel hangs\n");
        GetExitCodeThread(thread, &code);
        ok(code == WSAEALREADY, "got %lu\n", code);
        CloseHandle(thread);
        expect_completion(handle, 0, -1);
        ok(waits.calls == 1, "%ld posts\n", waits.calls);

        /* It will fail: cancel wins. */
        watch_window(&fails);
        handle = submit_watched(&fails, buf, 256);
        thread = CreateThread(NULL, 0, cancel_thread, handle, 0, NULL);
        ok(WaitForSingleObject(thread, 100) == WAIT_TIMEOUT, "cancel does not wait for the post\n");
        SetEvent(fails.leave);
        ok(wait_for(thread, PATIENCE), "cancel hangs\n");
        SetEvent(fails.leave);
        GetExitCodeThread(thread, &code);
        ok(!code, "got %lu\n", code);
        CloseHandle(thread);
        calls = fails.calls;
        free_pages(buf);
        buf = walled(256);
        expect_cancel(handle, WSAEALREADY);

        /* It has failed, and waits for the next attempt. */
        watch_window(&retried);
        handle = submit_watched(&retried, buf, 256);
        ok(wait_for(retried.entered, PATIENCE), "not posted again\n");
        expect_cancel(handle, 0);
        free_pages(buf);
        buf = NULL;
        code = retried.calls;
        pass_attempts(5);
        ok(fails.calls == calls, "%ld more posts after cancel\n", fails.calls - calls);
        ok(retried.calls == (LONG)code, "%ld more posts after cancel\n", retried.calls - (LONG)code);
        expect_cancel(handle, WSAEALREADY);
        unwatch_windows();
        WSApSetPostRoutine(NULL);
        expect_silence();
    }
    free_pages(buf);
    CloseHandle(waits.leave);
    CloseHandle(fails.leave);
    winetest_pop_context();
}

/* Waits for the message without taking it. */
static BOOL wait_queued(HWND hwnd)
{
    DWORD begin = GetTickCount();
    MSG msg;

    while (!PeekMessageW(&msg, hwnd, DONE, DONE, PM_NOREMOVE))
    {
        if (GetTickCount() - begin > PATIENCE) return FALSE;
        MsgWaitForMultipleObjectsEx(0, NULL, 1000, QS_ALLINPUT, 0);
    }
    return TRUE;
}

static LRESULT handler_result = 0xdead;

static LRESULT CALLBACK handler(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    if (msg == DONE) handler_result = cancel_thread((HANDLE)wparam);
    return DefWindowProcW(hwnd, msg, wparam, lparam);
}

static void test_finished(void)
{
    HWND handling = new_window();
    char buf[256];
    HANDLE handle;

    winetest_push_context("row 7");
    handle = by_number(window, 6, buf, sizeof(buf));
    ok(wait_queued(window), "no message\n");
    todo_builtin expect_cancel(handle, WSAEALREADY);
    todo_builtin expect_cancel(handle, WSAEALREADY);
    expect_completion(handle, 0, -1);
    winetest_pop_context();

    winetest_push_context("row 8");
    todo_builtin expect_cancel(handle, WSAEALREADY);
    winetest_pop_context();

    winetest_push_context("row 9");
    SetWindowLongPtrW(handling, GWLP_WNDPROC, (LONG_PTR)handler);
    by_number(handling, 6, buf, sizeof(buf));
    ok(wait_queued(handling), "no message\n");
    recorded();
    todo_builtin ok(handler_result == WSAEALREADY, "got %Id\n", handler_result);
    DestroyWindow(handling);
    winetest_pop_context();
    expect_silence();
}

static void test_twice(void)
{
    char buf[2][256];
    const char *name = scripted("h4.d700");
    HANDLE handle;

    if (!names_available()) return;
    winetest_push_context("row 10");
    handle = by_name(window, name, buf[0], sizeof(buf[0]));
    expect_cancel(handle, 0);
    todo_builtin expect_cancel(handle, WSAEALREADY);
    handle = by_name(window, name = scripted("h5.d1000"), buf[1], sizeof(buf[1]));
    wait_asked(name);
    expect_cancel(handle, 0);
    todo_builtin expect_cancel(handle, WSAEALREADY);
    todo_builtin expect_silence_after(1400);
    todo_builtin expect_cancel(handle, WSAEALREADY);
    winetest_pop_context();
}

static void test_other_thread(void)
{
    char buf[2][256];
    HANDLE handle[2], thread;
    DWORD code;

    if (!names_available()) return;
    winetest_push_context("row 11");
    handle[0] = by_name(window, scripted("h6.d700"), buf[0], sizeof(buf[0]));
    handle[1] = by_number(window, 6, buf[1], sizeof(buf[1]));
    expect_completion(handle[1], 0, -1);
    thread = CreateThread(NULL, 0, cancel_thread, handle[0], 0, NULL);
    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &code);
    ok(!code, "got %lu\n", code);
    CloseHandle(thread);
    thread = CreateThread(NULL, 0, cancel_thread, handle[1], 0, NULL);
    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &code);
    todo_builtin ok(code == WSAEALREADY, "got %lu\n", code);
    CloseHandle(thread);
    todo_builtin expect_silence_after(1000);
    winetest_pop_context();
}

/* --- inside a blocking call of a 1.1 process, in a process of its own --- */

static HANDLE hook_handle;
static int hook_calls, hook_error;

static BOOL WINAPI hook(void)
{
    if (!hook_calls++) hook_error = cancel_thread(hook_handle);
    return FALSE;
}

static void blocking_call(void)
{
    char buf[256];

    start(MAKEWORD(1, 1));
    if (!names_available()) return;
    winetest_push_context("row 12");
    WSASetBlockingHook((FARPROC)(void *)hook);
    hook_handle = by_name(window, scripted("h7.d500"), buf, sizeof(buf));
    ok(gethostbyname(scripted("h8.d300")) != NULL, "error %d\n", WSAGetLastError());
    todo_builtin ok(hook_calls, "the blocking hook is not called\n");
    todo_builtin ok(hook_error == WSAEINPROGRESS, "got %d\n", hook_error);
    WSAUnhookBlockingHook();
    expect_completion(hook_handle, 0, -1);
    winetest_pop_context();
    finish();
}

/* --- cancel and cleanup --- */

static void test_after_cleanup(void)
{
    char buf[3][256];
    HANDLE done, running, again;

    if (!names_available()) return;
    done = by_number(window, 6, buf[0], sizeof(buf[0]));
    expect_completion(done, 0, -1);
    running = by_name(window, scripted("h9.d700"), buf[1], sizeof(buf[1]));
    finish();
    winetest_push_context("row 13");
    todo_builtin expect_cancel(done, WSANOTINITIALISED);
    todo_builtin expect_cancel(running, WSANOTINITIALISED);
    todo_builtin expect_cancel(NULL, WSANOTINITIALISED);
    winetest_pop_context();

    winetest_push_context("row 14");
    start(MAKEWORD(2, 2));
    again = by_name(window, scripted("h10.d700"), buf[2], sizeof(buf[2]));
    ok(again != done && again != running, "%p names a new request at once\n", again);
    todo_builtin ok(WSACancelAsyncRequest(done) && (WSAGetLastError() == WSAEALREADY || WSAGetLastError() == WSAEINVAL),
                    "cancel of a finished one: error %d\n", WSAGetLastError());
    todo_builtin ok(WSACancelAsyncRequest(running)
                    && (WSAGetLastError() == WSAEALREADY || WSAGetLastError() == WSAEINVAL),
                    "cancel of one that the cleanup ended: error %d\n", WSAGetLastError());
    expect_completion(again, 0, -1);
    todo_builtin expect_silence_after(300);
    winetest_pop_context();
}

static DWORD WINAPI cleanup_thread(void *go)
{
    WaitForSingleObject(go, INFINITE);
    return WSACleanup() ? WSAGetLastError() : 0;
}

static void test_during_cleanup(void)
{
    enum { COUNT = 40, ROUNDS = 30 };
    static char buf[COUNT][64];
    HANDLE handle[COUNT], go = CreateEventW(NULL, FALSE, FALSE, NULL), thread;
    int round, i, n, result[COUNT], strange = 0, told_after_0 = 0, twice = 0, told[COUNT];
    struct completion got;
    DWORD code;

    winetest_push_context("row 15");
    for (round = 0; round < ROUNDS; round++)
    {
        if (round) start(MAKEWORD(2, 2));
        memset(told, 0, sizeof(told));
        thread = CreateThread(NULL, 0, cleanup_thread, go, 0, NULL);
        for (i = 0; i < COUNT; i++) handle[i] = by_port(window, 1 + (i + round) % 80, NULL, buf[i], sizeof(buf[i]));
        SetEvent(go);
        for (i = 0; i < COUNT; i++) result[i] = cancel_thread(handle[i]);
        ok(WaitForSingleObject(thread, PATIENCE) == WAIT_OBJECT_0, "deadlock\n");
        GetExitCodeThread(thread, &code);
        ok(!code, "cleanup got %lu\n", code);
        CloseHandle(thread);
        /* Whatever comes is queued by now; the builtin's go on coming, one for each. */
        if (ours) recorded();
        for (n = 0; next_completion(&got, ours ? 0 : PATIENCE); )
        {
            for (i = 0; i < COUNT; i++) if ((WPARAM)handle[i] == got.wparam) told[i]++;
            if (++n == COUNT && !ours) break;
        }
        for (i = 0; i < COUNT; i++)
        {
            strange += result[i] && result[i] != WSAEALREADY && result[i] != WSANOTINITIALISED;
            told_after_0 += !result[i] && told[i];
            twice += told[i] > 1 || (result[i] == WSAEALREADY && told[i] != 1);
        }
        expect_silence();
    }
    ok(!strange, "%d cancels failed in another way\n", strange);
    todo_builtin ok(!told_after_0, "%d messages after a cancel that succeeded\n", told_after_0);
    ok(!twice, "%d requests with a wrong number of messages\n", twice);
    CloseHandle(go);
    start(MAKEWORD(2, 2));
    winetest_pop_context();
}

static void test_race(void)
{
    enum { COUNT = 3000 };
    static char buf[COUNT][64];
    static HANDLE handle[COUNT];
    static int result[COUNT], told[COUNT];
    static const unsigned short ports[] = { 7, 9, 20, 21, 22, 23, 25, 43, 53, 80 };
    int i, expected = 0, cancelled = 0, strange = 0, told_after_0 = 0, untold = 0, written = 0;
    struct completion got;
    DWORD spin;

    winetest_push_context("row 16");
    memset(buf, FILL, sizeof(buf));
    for (i = 0; i < COUNT; i++)
    {
        handle[i] = by_port(window, ports[i % ARRAY_SIZE(ports)], "tcp", buf[i], sizeof(buf[i]));
        for (spin = 0; spin < (DWORD)(i % 60) * 700; spin++) YieldProcessor();
        result[i] = cancel_thread(handle[i]);
        expected += result[i] != 0 || !ours;
    }
    while (expected-- && next_completion(&got, PATIENCE))
        for (i = 0; i < COUNT; i++) if ((WPARAM)handle[i] == got.wparam) told[i]++;
    /* Buffers last: by now nobody has reason to touch one. */
    for (i = 0; i < COUNT; i++)
    {
        cancelled += !result[i];
        strange += result[i] && result[i] != WSAEALREADY;
        told_after_0 += !result[i] && told[i];
        written += !result[i] && !untouched(buf[i], sizeof(buf[i]));
        untold += result[i] == WSAEALREADY && told[i] != 1;
    }
    expect_silence();
    trace("%d of %d cancelled\n", cancelled, COUNT);
    ok(!strange, "%d cancels failed in another way\n", strange);
    todo_builtin ok(!told_after_0, "%d messages after a cancel that succeeded\n", told_after_0);
    todo_builtin ok(!written, "%d buffers written, of requests that were cancelled\n", written);
    ok(!untold, "%d requests without exactly one message, although it was too late to cancel them\n", untold);
    winetest_pop_context();
}

START_TEST(cancel)
{
    window = new_window();
    if (argument(1))
    {
        blocking_call();
        return;
    }
    test_not_started(1);
    start(MAKEWORD(2, 2));
    test_bad_values();
    test_queued();
    test_running();
    test_posting();
    test_finished();
    test_twice();
    test_other_thread();
    run_self("cancel hook");
    test_after_cleanup();
    test_during_cleanup();
    test_race();
    finish();
    test_not_started(13);
}
