/*
 * The four calls of blocking hooks: what they return and when, what a hook may do with them, whose a hook is and how
 * long. Which calls block, and what becomes of them, is other units' matter.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "hook.h"

hook_routine default_hook;

static struct blocked blocked;

static BOOL WINAPI no_hook(void)
{
    ok(0, "a hook is called that must not\n");
    let_go(&blocked);
    return FALSE;
}

static BOOL WINAPI other_hook(void)
{
    return no_hook();
}

/* --- errors, and which comes first --- */

static void test_refused(int error)
{
    void *reserved = wild();
    void *bad[] = { NULL, (void *)1, (void *)-1, reserved };
    unsigned int i;

    /* Good code or bad: what is told first is that there are no hooks. */
    todo_builtin expect_not_set((FARPROC)(void *)no_hook, error);
    for (i = 0; i < ARRAY_SIZE(bad); i++) todo_builtin expect_not_set((FARPROC)bad[i], error);
    todo_builtin expect_failure(WSAUnhookBlockingHook(), error);
    todo_builtin expect_failure(WSACancelBlockingCall(), error);
    expect_blocking(FALSE);
    free_pages(reserved);
    WSAUnhookBlockingHook();
}

static void test_accepted(void)
{
    void *reserved = wild(), *code;
    void *bad[] = { NULL, (void *)1, (void *)-1, reserved };
    DWORD protection;
    FARPROC previous;
    unsigned int i;

    previous = set_hook(no_hook);
    ok(previous != NULL, "no default hook, error %d\n", WSAGetLastError());
    if (!default_hook) default_hook = (hook_routine)(void *)previous;
    ok(previous == (FARPROC)(void *)default_hook, "default hook %p, before %p\n", previous, default_hook);
    ok(previous != (FARPROC)(void *)no_hook, "the hook is the default\n");
    previous = set_hook(other_hook);
    ok(previous == (FARPROC)(void *)no_hook, "got %p, expected %p\n", previous, no_hook);
    previous = set_hook(other_hook);
    ok(previous == (FARPROC)(void *)other_hook, "got %p, expected %p\n", previous, other_hook);

    for (i = 0; i < ARRAY_SIZE(bad); i++) todo_builtin expect_not_set((FARPROC)bad[i], WSAEFAULT);
    previous = set_hook(no_hook);
    todo_builtin ok(previous == (FARPROC)(void *)other_hook, "a refused hook is set: %p\n", previous);
    code = VirtualAlloc(NULL, 0x1000, MEM_COMMIT, PAGE_NOACCESS);
    todo_builtin expect_not_set((FARPROC)code, WSAEFAULT);
    VirtualProtect(code, 0x1000, PAGE_EXECUTE_READ, &protection);
    set_hook(no_hook);
    previous = WSASetBlockingHook((FARPROC)code);
    ok(previous == (FARPROC)(void *)no_hook, "code of the program's making is refused, error %d\n", WSAGetLastError());
    previous = set_hook(no_hook);
    ok(previous == (FARPROC)code, "got %p, expected %p\n", previous, code);
    VirtualFree(code, 0, MEM_RELEASE);

    todo_builtin expect_failure(WSACancelBlockingCall(), WSAEINVAL);
    expect_blocking(FALSE);
    /* Back to the default, not to the one before. */
    set_hook(other_hook);
    expect_success(WSAUnhookBlockingHook());
    previous = set_hook(no_hook);
    ok(previous == (FARPROC)(void *)default_hook, "got %p after unhooking, expected %p\n", previous, default_hook);
    /* The default counts as none. */
    previous = set_hook(default_hook);
    ok(previous == (FARPROC)(void *)no_hook, "got %p, expected %p\n", previous, no_hook);
    expect_success(WSAUnhookBlockingHook());
    expect_success(WSAUnhookBlockingHook());
    previous = set_hook(default_hook);
    ok(previous == (FARPROC)(void *)default_hook, "got %p, expected %p\n", previous, default_hook);
    todo_builtin expect_failure(WSACancelBlockingCall(), WSAEINVAL);
    free_pages(reserved);
}

static void test_versions(void)
{
    static const struct { const char *name; WORD versions[3]; BOOL hooks; } tests[] =
    {
        { "1.0", { MAKEWORD(1, 0) }, TRUE },
        { "1.1", { MAKEWORD(1, 1) }, TRUE },
        { "1.2, granted as 1.1", { MAKEWORD(1, 2) }, TRUE },
        { "2.0", { MAKEWORD(2, 0) }, FALSE },
        { "2.1", { MAKEWORD(2, 1) }, FALSE },
        { "2.2", { MAKEWORD(2, 2) }, FALSE },
        { "9.9, granted as 2.2", { MAKEWORD(9, 9) }, FALSE },
        { "2.2, 2.0", { MAKEWORD(2, 2), MAKEWORD(2, 0) }, FALSE },
        { "2.2, 1.1", { MAKEWORD(2, 2), MAKEWORD(1, 1) }, TRUE },
        { "1.1, 2.2", { MAKEWORD(1, 1), MAKEWORD(2, 2) }, TRUE },
        { "2.2, 1.1, 2.2", { MAKEWORD(2, 2), MAKEWORD(1, 1), MAKEWORD(2, 2) }, TRUE },
        { "1.1, 1.1", { MAKEWORD(1, 1), MAKEWORD(1, 1) }, TRUE },
    };
    unsigned int i, k;

    winetest_push_context("not started");
    test_refused(WSANOTINITIALISED);
    winetest_pop_context();
    for (i = 0; i < ARRAY_SIZE(tests); i++)
    {
        winetest_push_context("%s", tests[i].name);
        for (k = 0; k < ARRAY_SIZE(tests[i].versions) && tests[i].versions[k]; k++)
        {
            /* Until an old version is granted there is nothing to set. */
            if (k && tests[i].versions[k - 1] == MAKEWORD(2, 2) && k == 1) test_refused(WSAEOPNOTSUPP);
            start(tests[i].versions[k]);
        }
        if (tests[i].hooks) test_accepted();
        else test_refused(WSAEOPNOTSUPP);
        /* The lowest counts until the last cleanup, whose start ever is taken back. */
        for (; k > 1; k--)
        {
            finish();
            if (tests[i].hooks) test_accepted();
            else test_refused(WSAEOPNOTSUPP);
        }
        finish();
        test_refused(WSANOTINITIALISED);
        winetest_pop_context();
    }
}

/* --- the default hook --- */

static LONG window_calls;

static LRESULT CALLBACK count_messages(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    if (msg == DONE || msg == WM_CHAR) window_calls++;
    return DefWindowProcW(hwnd, msg, wparam, lparam);
}

static void call_default_hook(HWND hwnd)
{
    window_calls = 0;
    PostMessageW(hwnd, DONE, 0, 0);
    PostMessageW(hwnd, DONE, 0, 0);
    ok(default_hook() == TRUE, "no message taken\n");
    ok(window_calls == 1, "%ld messages dispatched, expected 1\n", window_calls);
    ok(default_hook() == TRUE, "no message taken\n");
    ok(window_calls == 2, "%ld messages dispatched, expected 2\n", window_calls);
    ok(!default_hook(), "a message taken, where there is none\n");
    ok(window_calls == 2, "%ld messages dispatched, expected 2\n", window_calls);
    PostThreadMessageW(GetCurrentThreadId(), DONE, 0, 0);
    ok(default_hook() == TRUE, "a thread's message is not taken\n");
    ok(!default_hook(), "a message taken, where there is none\n");

    /* A key becomes a character. */
    window_calls = 0;
    PostMessageW(hwnd, WM_KEYDOWN, 'A', 0x1e0001);
    ok(default_hook() == TRUE, "no message taken\n");
    ok(default_hook() == TRUE, "the key is not translated\n");
    ok(window_calls == 1, "%ld characters\n", window_calls);
    while (default_hook()) {}
}

static int default_calls, default_true;

static BOOL WINAPI calls_default(void)
{
    BOOL ret = default_hook();

    default_calls++;
    default_true += ret;
    if (window_calls >= 3) let_go(&blocked);
    return ret;
}

static void test_default_hook(void)
{
    HWND hwnd = new_window();
    FARPROC previous;
    int ret;

    winetest_push_context("default hook");
    SetWindowLongPtrW(hwnd, GWLP_WNDPROC, (LONG_PTR)count_messages);
    start(MAKEWORD(1, 1));
    open_blocked(&blocked);
    if (!deadly("the default hook, which takes an argument from the stack")) call_default_hook(hwnd);

    /* It as a hook is none: nothing is pumped. */
    previous = set_hook(default_hook);
    ok(previous == (FARPROC)(void *)default_hook, "got %p, expected %p\n", previous, default_hook);
    window_calls = 0;
    PostMessageW(hwnd, DONE, 0, 0);
    ret = block_plainly(&blocked);
    ok(ret == 1, "got %d, error %d\n", ret, WSAGetLastError());
    ok(!window_calls, "messages are dispatched by a call without a hook\n");
    set_hook(no_hook);
    WSAUnhookBlockingHook();
    ret = block_plainly(&blocked);
    ok(ret == 1, "got %d, error %d\n", ret, WSAGetLastError());
    ok(!window_calls, "messages are dispatched by a call without a hook\n");

    /* A hook that does what it does, as programs have. */
    PostMessageW(hwnd, DONE, 0, 0);
    PostMessageW(hwnd, DONE, 0, 0);
    set_hook(calls_default);
    ret = block(&blocked);
    ok(ret == 1, "got %d, error %d\n", ret, WSAGetLastError());
    todo_builtin ok(window_calls == 3, "%ld messages dispatched\n", window_calls);
    todo_builtin ok(default_true >= 3 && default_calls >= default_true, "%d calls, %d with a message\n", default_calls,
                    default_true);
    WSAUnhookBlockingHook();
    close_blocked(&blocked);
    finish();
    DestroyWindow(hwnd);
    winetest_pop_context();
}

/* --- nesting --- */

static hook_routine outer;
static int outer_calls, inner_calls;

static BOOL WINAPI outer_hook(void)
{
    expect_blocking(TRUE);
    if (++outer_calls >= 3) let_go(&blocked);
    return FALSE;
}

static BOOL WINAPI inner_hook(void)
{
    inner_calls++;
    return outer();
}

static void test_nesting(void)
{
    FARPROC previous;
    int ret;

    winetest_push_context("nesting");
    start(MAKEWORD(1, 1));
    open_blocked(&blocked);
    set_hook(outer_hook);
    previous = set_hook(inner_hook);
    ok(previous == (FARPROC)(void *)outer_hook, "got %p, expected %p\n", previous, outer_hook);
    outer = (hook_routine)(void *)previous;
    ret = block(&blocked);
    ok(ret == 1, "got %d, error %d\n", ret, WSAGetLastError());
    todo_builtin ok(inner_calls >= 3 && outer_calls == inner_calls, "%d calls, %d of the outer hook\n", inner_calls,
                    outer_calls);

    previous = set_hook(outer);
    ok(previous == (FARPROC)(void *)inner_hook, "got %p, expected %p\n", previous, inner_hook);
    inner_calls = outer_calls = 0;
    ret = block(&blocked);
    ok(ret == 1, "got %d, error %d\n", ret, WSAGetLastError());
    todo_builtin ok(outer_calls >= 3, "the restored hook is called %d times\n", outer_calls);
    ok(!inner_calls, "the hook that was replaced is called\n");

    /* What was set over it is forgotten, it too. */
    set_hook(inner_hook);
    WSAUnhookBlockingHook();
    outer_calls = 0;
    ret = block_plainly(&blocked);
    ok(ret == 1, "got %d, error %d\n", ret, WSAGetLastError());
    ok(!inner_calls && !outer_calls, "a hook is called after unhooking\n");
    close_blocked(&blocked);
    finish();
    winetest_pop_context();
}

/* --- what a hook can do --- */

static int calls;

static BOOL WINAPI meddling_hook(void)
{
    expect_blocking(TRUE);
    if (calls++ < 6)
    {
        expect_not_set((FARPROC)(void *)other_hook, WSAEINPROGRESS);
        expect_not_set((FARPROC)(void *)default_hook, WSAEINPROGRESS);
        expect_not_set((FARPROC)(void *)meddling_hook, WSAEINPROGRESS);
        expect_not_set(NULL, WSAEINPROGRESS);
        expect_not_set((FARPROC)1, WSAEINPROGRESS);
        expect_failure(WSAUnhookBlockingHook(), WSAEINPROGRESS);
        expect_blocking(TRUE);
    }
    if (calls == 10) let_go(&blocked);
    return calls % 2;
}

static void test_meddling(void)
{
    FARPROC previous;
    int ret;

    winetest_push_context("set and unset in the hook");
    start(MAKEWORD(1, 1));
    open_blocked(&blocked);
    set_hook(meddling_hook);
    calls = 0;
    ret = block(&blocked);
    ok(ret == 1, "got %d, error %d\n", ret, WSAGetLastError());
    todo_builtin ok(calls >= 10, "called %d times\n", calls);
    expect_blocking(FALSE);
    previous = set_hook(no_hook);
    ok(previous == (FARPROC)(void *)meddling_hook, "got %p, expected %p\n", previous, meddling_hook);
    expect_success(WSAUnhookBlockingHook());
    close_blocked(&blocked);
    finish();
    winetest_pop_context();
}

static enum { CANCEL_ONCE, CANCEL_TWICE, CANCEL_BUSY, CANCEL_LATE, CANCEL_NEVER } how;
static DWORD cancelled;
static BOOL arrived;

static BOOL WINAPI cancelling_hook(void)
{
    int i;

    calls++;
    if (how == CANCEL_NEVER)
    {
        if (calls == 3) let_go(&blocked);
        return FALSE;
    }
    if (how == CANCEL_LATE) arrived = delivered(&blocked);
    for (i = 0; i < (how == CANCEL_TWICE ? 3 : 1); i++)
    {
        expect_success(WSACancelBlockingCall());
        expect_blocking(TRUE);
    }
    cancelled = GetTickCount();
    WSASetLastError(0xdead);
    return how == CANCEL_BUSY;
}

static void test_cancel(void)
{
    static const char *const names[] = { "cancel", "cancel thrice", "cancel, hook TRUE", "cancel too late" };
    DWORD passed;
    int ret, error;

    start(MAKEWORD(1, 1));
    open_blocked(&blocked);
    set_hook(cancelling_hook);
    todo_builtin expect_failure(WSACancelBlockingCall(), WSAEINVAL);
    for (how = CANCEL_ONCE; how < CANCEL_NEVER; how++)
    {
        winetest_push_context("%s", names[how]);
        calls = 0;
        cancelled = GetTickCount() - 100000;
        ret = block(&blocked);
        error = WSAGetLastError();
        passed = GetTickCount() - cancelled;
        if (how == CANCEL_LATE)
        {
            /* Its success is not dropped for the cancel. */
            todo_builtin ok(arrived, "nothing arrives while the hook is busy\n");
            ok(ret == 1, "got %d, error %d\n", ret, error);
        }
        else todo_builtin ok(ret == SOCKET_ERROR && error == WSAEINTR, "got %d, error %d\n", ret, error);
        todo_builtin ok(passed < 1000, "%lu ms after the cancel\n", passed);
        todo_builtin ok(calls == 1, "called %d times\n", calls);

        /* It is over with the call. */
        expect_blocking(FALSE);
        todo_builtin expect_failure(WSACancelBlockingCall(), WSAEINVAL);
        winetest_pop_context();
    }
    winetest_push_context("not cancelled, after others");
    calls = 0;
    ret = block(&blocked);
    ok(ret == 1, "got %d, error %d\n", ret, WSAGetLastError());
    todo_builtin ok(calls >= 3, "called %d times\n", calls);
    WSAUnhookBlockingHook();
    todo_builtin expect_failure(WSACancelBlockingCall(), WSAEINVAL);
    close_blocked(&blocked);
    finish();
    winetest_pop_context();
}

START_TEST(hook)
{
    test_versions();
    test_default_hook();
    test_nesting();
    test_meddling();
    test_cancel();
    test_hook_threads();
}
