/*
 * Whose a blocking hook is: its thread's, as long as that lives and Winsock is started.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "hook.h"

/* One of two threads, with a hook and a blocked call of its own. */
struct side
{
    struct blocked blocked;
    DWORD thread;
    int calls, foreign;             /* foreign: calls on another thread */
    HANDLE inside;                  /* if not NULL: set in the hook */
    HANDLE leave;                   /* if not NULL: waited for in the hook */
    void (*within)(void);           /* if not NULL: called in the hook, the first time */
};

static struct side sides[2];

static BOOL hook_of(struct side *side)
{
    if (GetCurrentThreadId() != side->thread) side->foreign++;
    if (side->inside) SetEvent(side->inside);
    if (side->leave && WaitForSingleObject(side->leave, PATIENCE)) ok(0, "the other side never comes\n");
    if (!side->calls++ && side->within) side->within();
    if (side->calls >= 3) let_go(&side->blocked);
    return FALSE;
}

static BOOL WINAPI hook_0(void)
{
    return hook_of(&sides[0]);
}

static BOOL WINAPI hook_1(void)
{
    return hook_of(&sides[1]);
}

static void open_sides(void)
{
    unsigned int i;

    memset(sides, 0, sizeof(sides));
    for (i = 0; i < ARRAY_SIZE(sides); i++) open_blocked(&sides[i].blocked);
}

static void close_sides(void)
{
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(sides); i++) close_blocked(&sides[i].blocked);
}

static HANDLE begin(LPTHREAD_START_ROUTINE routine)
{
    return CreateThread(NULL, 0, routine, NULL, 0, NULL);
}

static void end(HANDLE thread)
{
    ok(WaitForSingleObject(thread, PATIENCE) == WAIT_OBJECT_0, "a thread does not end\n");
    CloseHandle(thread);
}

/* This thread has no hook, whatever others have. */
static void expect_none(struct side *side, hook_routine hook)
{
    int ret, calls = sides[0].calls + sides[1].calls;
    FARPROC previous;

    expect_blocking(FALSE);
    todo_builtin expect_failure(WSACancelBlockingCall(), WSAEINVAL);
    ret = block_plainly(&side->blocked);
    ok(ret == 1, "got %d, error %d\n", ret, WSAGetLastError());
    ok(sides[0].calls + sides[1].calls == calls, "another's hook is called\n");
    previous = set_hook(hook);
    todo_builtin_if(previous != (FARPROC)(void *)default_hook)
    ok(previous == (FARPROC)(void *)default_hook, "got %p, expected %p\n", previous, default_hook);
}

static void expect_own(struct side *side, hook_routine hook)
{
    FARPROC previous;
    int ret;

    side->thread = GetCurrentThreadId();
    side->calls = side->foreign = 0;
    ret = block(&side->blocked);
    ok(ret == 1, "got %d, error %d\n", ret, WSAGetLastError());
    todo_builtin ok(side->calls >= 3, "the hook is called %d times\n", side->calls);
    ok(!side->foreign, "the hook is called on another thread\n");
    previous = set_hook(hook);
    todo_builtin_if(previous != (FARPROC)(void *)hook)
    ok(previous == (FARPROC)(void *)hook, "got %p, expected %p\n", previous, hook);
}

static DWORD WINAPI heir(void *arg)
{
    winetest_push_context("its child");
    expect_none(&sides[1], hook_1);
    expect_own(&sides[1], hook_1);
    winetest_pop_context();
    return 0;
}

static void test_inheritance(void)
{
    winetest_push_context("inheritance");
    start(MAKEWORD(1, 1));
    open_sides();
    set_hook(hook_0);
    end(begin(heir));
    expect_own(&sides[0], hook_0);
    /* A new thread may stand where an ended one stood. */
    end(begin(heir));
    end(begin(heir));
    expect_own(&sides[0], hook_0);
    WSAUnhookBlockingHook();
    end(begin(heir));
    expect_none(&sides[0], default_hook);
    WSAUnhookBlockingHook();
    close_sides();
    finish();
    winetest_pop_context();
}

/* --- two at once --- */

static DWORD WINAPI second(void *arg)
{
    winetest_push_context("second");
    set_hook(hook_1);
    expect_own(&sides[1], hook_1);
    winetest_pop_context();
    return 0;
}

static DWORD WINAPI bystander(void *arg)
{
    winetest_push_context("bystander");
    expect_blocking(FALSE);
    todo_builtin expect_failure(WSACancelBlockingCall(), WSAEINVAL);
    set_hook(hook_1);
    expect_blocking(FALSE);
    todo_builtin expect_failure(WSACancelBlockingCall(), WSAEINVAL);
    expect_success(WSAUnhookBlockingHook());
    winetest_pop_context();
    return 0;
}

static void call_bystander(void)
{
    end(begin(bystander));
}

/* Both are inside their hooks before either goes on; with hooks that are never called nobody waits. */
static void test_two(void)
{
    HANDLE thread;

    winetest_push_context("two at once");
    start(MAKEWORD(1, 1));
    open_sides();
    sides[0].inside = sides[1].leave = CreateEventW(NULL, TRUE, FALSE, NULL);
    sides[1].inside = sides[0].leave = CreateEventW(NULL, TRUE, FALSE, NULL);
    thread = begin(second);
    set_hook(hook_0);
    expect_own(&sides[0], hook_0);
    end(thread);

    /* One is blocked, another has no call to cancel. */
    sides[0].leave = NULL;
    sides[0].within = call_bystander;
    set_hook(hook_0);
    expect_own(&sides[0], hook_0);
    WSAUnhookBlockingHook();
    CloseHandle(sides[0].inside);
    CloseHandle(sides[1].inside);
    close_sides();
    finish();
    winetest_pop_context();
}

/* --- the end of Winsock --- */

static HANDLE ready, go;

static DWORD WINAPI keeper(void *arg)
{
    winetest_push_context("another thread");
    set_hook(hook_1);
    SetEvent(ready);
    ok(WaitForSingleObject(go, PATIENCE) == WAIT_OBJECT_0, "no new start\n");
    expect_none(&sides[1], hook_1);
    expect_own(&sides[1], hook_1);
    winetest_pop_context();
    return 0;
}

static void test_forgotten(void)
{
    HANDLE thread;

    winetest_push_context("forgotten");
    ready = CreateEventW(NULL, FALSE, FALSE, NULL);
    go = CreateEventW(NULL, FALSE, FALSE, NULL);
    start(MAKEWORD(1, 1));
    set_hook(hook_0);
    start(MAKEWORD(1, 1));
    finish();
    open_sides();
    expect_own(&sides[0], hook_0);          /* that was not the last cleanup */
    close_sides();
    thread = begin(keeper);
    ok(WaitForSingleObject(ready, PATIENCE) == WAIT_OBJECT_0, "the thread does not begin\n");
    finish();
    start(MAKEWORD(2, 2));
    start(MAKEWORD(1, 1));
    open_sides();
    SetEvent(go);
    end(thread);
    expect_none(&sides[0], hook_0);
    expect_own(&sides[0], hook_0);
    close_sides();
    finish();
    finish();
    CloseHandle(ready);
    CloseHandle(go);
    winetest_pop_context();
}

/* Another thread ends Winsock while the hook runs: from then on it is told that, rather than that a call blocks. */
static int cut_result;

static void watch_the_end(void)
{
    winetest_push_context("cleaned up");
    SetEvent(ready);
    ok(WaitForSingleObject(go, PATIENCE) == WAIT_OBJECT_0, "no cleanup\n");
    expect_not_set((FARPROC)(void *)hook_0, WSANOTINITIALISED);
    expect_failure(WSAUnhookBlockingHook(), WSANOTINITIALISED);
    expect_failure(WSACancelBlockingCall(), WSANOTINITIALISED);
    winetest_pop_context();
    winetest_push_context("started as 2.2");
    SetEvent(ready);
    ok(WaitForSingleObject(go, PATIENCE) == WAIT_OBJECT_0, "no new start\n");
    expect_not_set((FARPROC)(void *)hook_0, WSAEOPNOTSUPP);
    expect_failure(WSAUnhookBlockingHook(), WSAEOPNOTSUPP);
    expect_failure(WSACancelBlockingCall(), WSAEOPNOTSUPP);
    winetest_pop_context();
}

static DWORD WINAPI cut_off(void *arg)
{
    set_hook(hook_1);
    sides[1].thread = GetCurrentThreadId();
    sides[1].within = watch_the_end;
    cut_result = block(&sides[1].blocked);
    return 0;
}

static void test_cleanup_inside(void)
{
    HANDLE thread;

    if (!ours)
    {
        todo_builtin ok(elsewhere, "no hook in which Winsock could end\n");
        return;
    }
    winetest_push_context("the end in a hook");
    ready = CreateEventW(NULL, FALSE, FALSE, NULL);
    go = CreateEventW(NULL, FALSE, FALSE, NULL);
    start(MAKEWORD(1, 1));
    open_sides();
    thread = begin(cut_off);
    ok(WaitForSingleObject(ready, PATIENCE) == WAIT_OBJECT_0, "the hook is not called\n");
    finish();
    ok(WSACleanup() == SOCKET_ERROR && WSAGetLastError() == WSANOTINITIALISED, "that was not the last cleanup\n");
    SetEvent(go);
    ok(WaitForSingleObject(ready, PATIENCE) == WAIT_OBJECT_0, "the hook hangs\n");
    start(MAKEWORD(2, 2));
    SetEvent(go);
    end(thread);
    ok(cut_result == SOCKET_ERROR, "a call on a socket of the old start returned %d\n", cut_result);
    finish();
    start(MAKEWORD(1, 1));
    open_sides();
    expect_none(&sides[0], hook_0);
    expect_own(&sides[0], hook_0);
    close_sides();
    finish();
    CloseHandle(ready);
    CloseHandle(go);
    winetest_pop_context();
}

/* --- the end of the thread --- */

static void leave_thread(void)
{
    let_go(&sides[1].blocked);
    ExitThread(0);
}

static DWORD WINAPI leaver(void *arg)
{
    set_hook(hook_1);
    sides[1].thread = GetCurrentThreadId();
    sides[1].within = leave_thread;
    block(&sides[1].blocked);
    todo_builtin ok(0, "came back from a hook that ends the thread\n");
    return 0;
}

static void test_exit_thread(void)
{
    int i;

    winetest_push_context("ExitThread in a hook");
    start(MAKEWORD(1, 1));
    set_hook(hook_0);
    for (i = 0; i < 5; i++)
    {
        open_sides();
        end(begin(leaver));
        if (ours) WaitForSingleObject(sides[1].blocked.rescuer, PATIENCE);
        sides[1].within = NULL;
        end(begin(heir));
        set_hook(hook_0);
        expect_own(&sides[0], hook_0);
        close_sides();
    }
    finish();
    winetest_pop_context();
}

void test_hook_threads(void)
{
    test_inheritance();
    test_two();
    test_forgotten();
    test_cleanup_inside();
    test_exit_thread();
}
