/*
 * The end of things while requests are outstanding: of the process, of a window, of Winsock, of the DLL. What a DLL's
 * DLL_PROCESS_DETACH may call is lifetime_detach.c's. It knows the documented API and WSApSetPostRoutine only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"
#include "image.h"
#include "lifetime.h"

#define EXIT_CODE 77

/* --- a post routine that fails for one message number --- */

#define UNPOSTABLE (WM_APP + 0x80)

static volatile LONG failed_posts;
static HANDLE enough_failed;            /* set when failed_posts reaches failed_wanted */
static volatile LONG failed_wanted;

static BOOL WINAPI fail_post(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    if (msg != UNPOSTABLE) return PostMessageW(hwnd, msg, wparam, lparam);
    if (InterlockedIncrement(&failed_posts) == failed_wanted) SetEvent(enough_failed);
    SetLastError(ERROR_NOT_ENOUGH_QUOTA);
    return FALSE;
}

/* Until that many more posts have failed; FALSE on a DLL that ignores the routine. */
static BOOL wait_failed_posts(LONG more)
{
    if (!ours) return FALSE;
    ResetEvent(enough_failed);
    InterlockedExchange(&failed_wanted, failed_posts + more);
    if (failed_posts >= failed_wanted) return TRUE;
    return wait_for(enough_failed, PATIENCE);
}

static void set_failing_routine(void)
{
    if (!enough_failed) enough_failed = CreateEventW(NULL, TRUE, FALSE, NULL);
    WSApSetPostRoutine(fail_post);
}

/* --- the end of the process: the child's side --- */

static char arena[400][MAXGETHOSTSTRUCT];
static volatile LONG hammered;

static DWORD WINAPI hammer(void *arg)
{
    static char buffers[8][2][256];
    HWND hwnd = new_window();
    char (*buf)[256] = buffers[(ULONG_PTR)arg];
    unsigned int i;
    HANDLE handles[2];
    MSG msg;

    for (i = 0;; i++)
    {
        handles[0] = by_number(hwnd, 1 + i % 100, buf[0], sizeof(buf[0]));
        handles[1] = by_protocol(hwnd, "udp", buf[1], sizeof(buf[1]));
        WSACancelAsyncRequest(handles[i & 1]);
        while (PeekMessageW(&msg, hwnd, 0, 0, PM_REMOVE)) {}
        InterlockedIncrement(&hammered);
    }
    return 0;
}

static void make_running(HWND hwnd, unsigned int count)
{
    unsigned int i;

    for (i = 0; i < count; i++)
        ok(by_name(hwnd, scripted("never"), arena[i], sizeof(arena[i])) != NULL, "not submitted\n");
}

static void make_waiting(HWND hwnd)
{
    unsigned int i;

    set_failing_routine();
    for (i = 0; i < 20; i++)
        ok(WSAAsyncGetProtoByNumber(hwnd, UNPOSTABLE, i, arena[380 + i], sizeof(arena[0])) != NULL,
           "not submitted\n");
    ok(wait_failed_posts(60) || !ours, "posts do not fail\n");
}

static void make_hammer(void)
{
    unsigned int i;

    for (i = 0; i < 3; i++) CloseHandle(CreateThread(NULL, 0, hammer, (void *)(ULONG_PTR)i, 0, NULL));
    while (hammered < 100) Sleep(1);
}

static DWORD WINAPI exit_process(void *arg)
{
    ExitProcess((ULONG_PTR)arg);
}

static void exit_child(const char *how, const char *what, const char *event_name)
{
    HWND hwnd = new_window();
    BOOL all = !strcmp(what, "all");
    HANDLE event;

    start(MAKEWORD(2, 2));
    if (all || !strcmp(what, "running")) make_running(hwnd, 20);
    if (!strcmp(what, "queued")) make_running(hwnd, 300);
    if (all || !strcmp(what, "waiting")) make_waiting(hwnd);
    if (all || !strcmp(what, "hammer")) make_hammer();
    if (winetest_get_failures()) ExitProcess(1);

    winetest_debug = 0;
    event = OpenEventA(EVENT_MODIFY_STATE, FALSE, event_name);
    SetEvent(event);
    if (!strcmp(how, "ExitProcess")) ExitProcess(EXIT_CODE);
    if (!strcmp(how, "exit")) exit(EXIT_CODE);      /* what the start-up code does when main returns */
    CloseHandle(CreateThread(NULL, 0, exit_process, (void *)EXIT_CODE, 0, NULL));
    Sleep(INFINITE);
}

/* The parent's. A hanging lookup takes 30 s to give up: an end that waits for one is too late. */
static void test_exit(const char *how, const char *what)
{
    static unsigned int number;
    PROCESS_INFORMATION info;
    char name[64], args[160];
    HANDLE event, wait[2];

    winetest_push_context("%s with %s", how, what);
    snprintf(name, sizeof(name), "wsasync-exit-%lx-%u", GetCurrentProcessId(), ++number);
    event = CreateEventA(NULL, TRUE, FALSE, name);
    snprintf(args, sizeof(args), "lifetime exit %s %s %s", how, what, name);
    if (start_program(NULL, args, &info))
    {
        wait[0] = event;
        wait[1] = info.hProcess;
        ok(WaitForMultipleObjects(2, wait, FALSE, TIME_LIMIT * 1000) == WAIT_OBJECT_0, "not under way\n");
        end_program(&info, "child", 15, EXIT_CODE);
    }
    else ok(0, "child not started, error %lu\n", GetLastError());
    CloseHandle(event);
    winetest_pop_context();
}

/* --- the end of a window --- */

static void test_window(void)
{
    char bufs[4][MAXGETHOSTSTRUCT];
    HWND hwnd = new_window(), other = new_window();
    HANDLE handles[4];
    unsigned int i;

    if (!names_available()) return;
    start(MAKEWORD(2, 2));
    for (i = 0; i < ARRAY_SIZE(handles); i++)
    {
        handles[i] = by_name(hwnd, scripted("h%u.d%u", i + 1, 100 * i), bufs[i], sizeof(bufs[i]));
        ok(handles[i] != NULL, "request %u not submitted\n", i);
    }
    DestroyWindow(hwnd);
    /* Nothing comes, nobody else's is lost, and the handles are over: they took their course unseen. */
    expect_silence_after(2000);
    for (i = 0; i < ARRAY_SIZE(handles); i++)
        todo_builtin expect_cancel(handles[i], WSAEALREADY);

    /* Cancelled after its window is gone. */
    hwnd = new_window();
    handles[0] = by_name(hwnd, scripted("h1.d3000"), bufs[0], sizeof(bufs[0]));
    memset(bufs[0], FILL, sizeof(bufs[0]));
    DestroyWindow(hwnd);
    expect_cancel(handles[0], 0);
    ok(untouched(bufs[0], sizeof(bufs[0])), "buffer written\n");
    todo_builtin expect_cancel(handles[0], WSAEALREADY);
    expect_silence_after(4000);
    todo_builtin ok(untouched(bufs[0], sizeof(bufs[0])), "buffer written after cancel\n");

    handles[0] = by_number(other, IPPROTO_TCP, bufs[0], sizeof(bufs[0]));
    expect_completion(handles[0], 0, -1);
    finish();
    DestroyWindow(other);
}

/* A message waits to be posted again when its window goes. */
static void test_window_waiting(void)
{
    char bufs[2][MAXGETHOSTSTRUCT];
    HWND hwnd = new_window();
    HANDLE handle;
    LONG before;

    if (!ours)
    {
        /* It posts once, and by its own means: nothing ever waits. */
        todo_builtin ok(elsewhere, "a failed post is not repeated\n");
        return;
    }
    start(MAKEWORD(2, 2));
    set_failing_routine();
    handle = WSAAsyncGetProtoByNumber(hwnd, UNPOSTABLE, IPPROTO_TCP, bufs[0], sizeof(bufs[0]));
    ok(handle && wait_failed_posts(3), "posts do not fail\n");
    DestroyWindow(hwnd);
    ResetEvent(enough_failed);
    before = failed_posts;
    InterlockedExchange(&failed_wanted, before + 2);    /* one may have been under way */
    expect_silence();
    /* More than twice the longest pause between two attempts. */
    ok(!wait_for(enough_failed, 1500) && failed_posts < before + 2, "still posted to a window that is gone\n");
    expect_cancel(handle, WSAEALREADY);
    WSApSetPostRoutine(NULL);
    finish();
}

/* The window's thread ends with a request outstanding. */
struct owner
{
    HANDLE submitted;
    const char *name;
    HANDLE handle;
    char buf[MAXGETHOSTSTRUCT];
};

static DWORD WINAPI window_owner(void *arg)
{
    struct owner *owner = arg;

    owner->handle = by_name(new_window(), owner->name, owner->buf, sizeof(owner->buf));
    return 0;
}

static void test_thread(void)
{
    static struct owner owner;
    HANDLE thread;

    if (!names_available()) return;
    start(MAKEWORD(2, 2));
    owner.name = scripted("h7.d200");
    thread = CreateThread(NULL, 0, window_owner, &owner, 0, NULL);
    ok(wait_for(thread, PATIENCE), "thread does not end\n");
    CloseHandle(thread);
    ok(owner.handle != NULL, "not submitted\n");
    expect_silence_after(1500);
    todo_builtin expect_cancel(owner.handle, WSAEALREADY);
    finish();
}

/* --- the end of Winsock --- */

static void test_cleanup(void)
{
    enum { COUNT = 32, ROUNDS = 40 };
    static char bufs[COUNT][256];
    HWND hwnd = new_window();
    HANDLE handles[COUNT];
    BOOL names = names_available();
    unsigned int i, round, late = 0, written = 0, wrong = 0;
    struct completion completion;

    for (round = 0; round < ROUNDS; round++)
    {
        start(MAKEWORD(2, 2));
        memset(bufs, FILL, sizeof(bufs));
        if (ours) set_failing_routine();
        for (i = 0; i < COUNT; i++)
        {
            if (i % 4 == 3)
                handles[i] = WSAAsyncGetProtoByNumber(hwnd, UNPOSTABLE, i, bufs[i], sizeof(bufs[i]));
            else if (names && i % 4 == 2)
                handles[i] = by_name(hwnd, scripted("h3.d%u", round % 8), bufs[i], sizeof(bufs[i]));
            else
                handles[i] = by_number(hwnd, i, bufs[i], sizeof(bufs[i]));
            ok(handles[i] != NULL, "round %u: request %u not submitted\n", round, i);
        }
        /* At a different moment each time. */
        for (i = 0; i < round; i++) recorded();
        finish();
        /* What is queued by now has been posted before; more must not come, nor more be written. */
        recorded();
        forget_completions();
        memset(bufs, FILL, sizeof(bufs));
        for (i = 0; i < COUNT; i++)
        {
            if (WSACancelAsyncRequest(handles[i]) != SOCKET_ERROR || WSAGetLastError() != WSANOTINITIALISED) wrong++;
        }
        start(MAKEWORD(2, 2));
        for (i = 0; i < COUNT; i++)
            if (WSACancelAsyncRequest(handles[i]) != SOCKET_ERROR
                || (WSAGetLastError() != WSAEALREADY && WSAGetLastError() != WSAEINVAL)) wrong++;
        handles[0] = WSAAsyncGetProtoByNumber(hwnd, DONE + 1, IPPROTO_TCP, arena[0], sizeof(arena[0]));
        ok(take_completion(handles[0], &completion, PATIENCE), "round %u: no message after a new start\n", round);
        late += recorded();
        forget_completions();
        for (i = 0; i < COUNT; i++) if (!untouched(bufs[i], sizeof(bufs[i]))) written++;
        finish();
    }
    todo_builtin_if(late) ok(!late, "%u messages came after cleanup\n", late);
    todo_builtin_if(written) ok(!written, "%u buffers were written after cleanup\n", written);
    todo_builtin ok(!wrong, "%u cancels of old handles were not refused\n", wrong);
    DestroyWindow(hwnd);
    if (names) expect_silence_after(500);
}

/* A worker is inside the program's post routine when the last cleanup comes: that waits for it, so that no message
 * comes after it. */
static HANDLE post_entered, post_may_leave;
static volatile LONG post_left;

static BOOL WINAPI slow_post(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    BOOL ret;

    SetEvent(post_entered);
    WaitForSingleObject(post_may_leave, PATIENCE);
    ret = PostMessageW(hwnd, msg, wparam, lparam);
    InterlockedExchange(&post_left, 1);
    return ret;
}

static DWORD WINAPI clean_up(void *arg)
{
    int ret = WSACleanup();

    (void)arg;
    return ret ? 2 : post_left;
}

static void test_cleanup_waits(void)
{
    HWND hwnd = new_window();
    char buf[256];
    HANDLE handle, thread;
    DWORD code;

    if (!ours) return;          /* it knows no post routine: see post.c */
    post_entered = CreateEventW(NULL, TRUE, FALSE, NULL);
    post_may_leave = CreateEventW(NULL, TRUE, FALSE, NULL);
    start(MAKEWORD(2, 2));
    WSApSetPostRoutine(slow_post);
    handle = by_number(hwnd, IPPROTO_TCP, buf, sizeof(buf));
    ok(wait_for(post_entered, PATIENCE), "not posted\n");
    thread = CreateThread(NULL, 0, clean_up, NULL, 0, NULL);
    /* It must not return; how long it is looked at only says how surely a wrong one is caught. */
    ok(!wait_for(thread, 300), "WSACleanup does not wait for the post\n");
    SetEvent(post_may_leave);
    ok(wait_for(thread, PATIENCE), "WSACleanup does not return\n");
    ok(GetExitCodeThread(thread, &code) && code == 1, "WSACleanup fails or is early: %lu\n", code);
    CloseHandle(thread);
    /* Queued before it returned. */
    ok(recorded() == 1, "%u messages\n", recorded());
    ok(take_completion(handle, NULL, 0), "not its message\n");
    CloseHandle(post_entered);
    CloseHandle(post_may_leave);
    DestroyWindow(hwnd);
    expect_silence();
}

/* The last cleanup while other threads submit: whatever gets a handle gets its message or nothing, and no thread
 * hangs. */
static volatile LONG submitters_stop, refused_wrongly, taken;

static DWORD WINAPI submitter(void *arg)
{
    static char bufs[4][256];
    HWND hwnd = new_window();
    char *buf = bufs[(ULONG_PTR)arg];
    HANDLE handle;
    MSG msg;

    while (!submitters_stop)
    {
        handle = by_number(hwnd, IPPROTO_TCP, buf, sizeof(bufs[0]));
        if (handle)
        {
            InterlockedIncrement(&taken);
            WSACancelAsyncRequest(handle);
        }
        else if (WSAGetLastError() != WSANOTINITIALISED) InterlockedIncrement(&refused_wrongly);
        while (PeekMessageW(&msg, hwnd, 0, 0, PM_REMOVE)) {}
    }
    DestroyWindow(hwnd);
    return 0;
}

static void test_cleanup_race(void)
{
    HANDLE threads[4];
    unsigned int i;
    LONG before;

    for (i = 0; i < ARRAY_SIZE(threads); i++)
        threads[i] = CreateThread(NULL, 0, submitter, (void *)(ULONG_PTR)i, 0, NULL);
    for (i = 0; i < 60; i++)
    {
        start(MAKEWORD(2, 2));
        for (before = taken; taken < before + 10;) SwitchToThread();
        finish();
    }
    submitters_stop = 1;
    ok(WaitForMultipleObjects(ARRAY_SIZE(threads), threads, TRUE, PATIENCE) == WAIT_OBJECT_0,
       "a thread hangs\n");
    ok(!refused_wrongly, "%ld calls failed for another reason than WSANOTINITIALISED\n", refused_wrongly);
    for (i = 0; i < ARRAY_SIZE(threads); i++) CloseHandle(threads[i]);
    expect_silence();
}

START_TEST(lifetime)
{
    static const char *const states[] = { "running", "queued", "waiting", "hammer", "all" };
    static const char *const ways[] = { "ExitProcess", "exit", "thread" };
    char args[160];
    unsigned int i;

    if (argument(1) && !strcmp(argument(1), "exit"))
    {
        exit_child(argument(2), argument(3), argument(4));
        return;
    }
    if (argument(1) && !strcmp(argument(1), "detach"))
    {
        detach_child(argument(2), argument(3), argument(4));
        return;
    }
    ok(cleanup_all() == 0, "started up\n");
    test_window();
    test_window_waiting();
    test_thread();
    test_cleanup();
    test_cleanup_waits();
    test_cleanup_race();
    for (i = 0; i < ARRAY_SIZE(states); i++) test_exit(ways[0], states[i]);
    for (i = 1; i < ARRAY_SIZE(ways); i++) test_exit(ways[i], "all");
    test_detach();
    snprintf(args, sizeof(args), "dynamic free %s %d", names_available() ? scripted("h5.d400") : "localhost", ours);
    run_program("dynamic.exe", args, TIME_LIMIT, FAILURES);
}
