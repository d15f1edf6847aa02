/*
 * Who the message goes to: no window, dead windows, everybody's, another process's, messages that cannot be posted.
 * Nobody is told who was not meant, and a request that can never be told is over.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"

static HWND window;

/* --- post attempts, seen through the post routine (ours only) --- */

static HANDLE attempted;                /* event: the routine has seen the message it waits for */
static UINT awaited_msg;
static LONG attempts;

static BOOL WINAPI watch(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    BOOL ret = PostMessageW(hwnd, msg, wparam, lparam);
    DWORD error = GetLastError();

    if (msg == awaited_msg)
    {
        InterlockedIncrement(&attempts);
        SetEvent(attempted);
    }
    SetLastError(error);
    return ret;
}

/* A request to which no message can ever be posted: silent, over for cancel, not tried again and again. */
static void check_undeliverable(HWND hwnd, UINT msg, BOOL reaches_post)
{
    char buf[256];
    HANDLE handle;
    int i;

    attempts = 0;
    awaited_msg = msg;
    if (ours) WSApSetPostRoutine(watch);
    handle = WSAAsyncGetProtoByNumber(hwnd, msg, 6, buf, sizeof(buf));
    ok(handle != NULL, "not accepted, error %d\n", WSAGetLastError());
    if (ours && reaches_post)
    {
        ok(wait_for(attempted, PATIENCE), "never tried\n");
        ok(WSACancelAsyncRequest(handle) == SOCKET_ERROR && WSAGetLastError() == WSAEALREADY,
           "cancel after an attempt that cannot be repeated: error %d\n", WSAGetLastError());
    }
    expect_silence();
    /* Without an attempt to wait for, the request itself may still be in its queue: cancel may find it there, once. */
    if (WSACancelAsyncRequest(handle)) ok(WSAGetLastError() == WSAEALREADY, "error %d\n", WSAGetLastError());
    todo_builtin expect_cancel(handle, WSAEALREADY);
    for (i = 0; i < 3; i++) expect_silence();
    if (ours)
    {
        /* PostMessage would take no window for the calling thread's queue. */
        ok(attempts == reaches_post, "%ld attempts\n", attempts);
        WSApSetPostRoutine(NULL);
    }
}

static void test_no_window(void)
{
    HWND dead = new_window();

    DestroyWindow(dead);
    winetest_push_context("NULL");
    check_undeliverable(NULL, DONE, FALSE);
    winetest_pop_context();
    winetest_push_context("destroyed");
    check_undeliverable(dead, DONE, TRUE);
    winetest_pop_context();
    winetest_push_context("never one");
    check_undeliverable((HWND)(ULONG_PTR)0xdead0, DONE, TRUE);
    check_undeliverable((HWND)(ULONG_PTR)1, DONE, TRUE);
    check_undeliverable((HWND)(LONG_PTR)-2, DONE, TRUE);
    winetest_pop_context();
}

/* These carry a pointer or a reply: PostMessage refuses them for ever (ERROR_MESSAGE_SYNC_ONLY). */
static void test_sync_only_messages(void)
{
    static const UINT ids[] = { WM_SETTEXT, WM_GETTEXT, WM_GETMINMAXINFO, WM_NCCREATE, WM_CREATE, WM_COPYDATA,
                                WM_WINDOWPOSCHANGING, WM_MEASUREITEM };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(ids); i++)
    {
        winetest_push_context("message %#x", ids[i]);
        also_record(ids[i]);
        check_undeliverable(window, ids[i], TRUE);
        winetest_pop_context();
    }
}

/* --- windows of others --- */

static LONG bystander_saw;
static UINT registered;                 /* a message that PostMessage does broadcast; others it refuses to */

static LRESULT CALLBACK bystander(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    if (msg == registered) bystander_saw++;
    return DefWindowProcW(hwnd, msg, wparam, lparam);
}

/* What parent and child share, in a section of the parent's making. */
struct shared
{
    ULONG_PTR hwnd;
    ULONG_PTR wparam;
    LONG_PTR lparam;
    LONG seen;
};

static struct shared *open_shared(const char *name, HANDLE *section)
{
    *section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof(struct shared), name);
    return MapViewOfFile(*section, FILE_MAP_WRITE, 0, 0, 0);
}

/* The other process: a top-level and a message-only window, told to the parent; counts until it is told to end. */
static void foreign_process(const char *name, const char *ready_name)
{
    HANDLE section, ready = OpenEventA(EVENT_ALL_ACCESS, FALSE, ready_name);
    struct shared *shared = open_shared(name, &section);
    HWND top, mine = new_window();
    struct completion got;

    top = CreateWindowExW(0, L"static", L"", WS_POPUP, 0, 0, 10, 10, NULL, NULL, NULL, NULL);
    SetWindowLongPtrW(top, GWLP_WNDPROC, (LONG_PTR)bystander);
    ok(top && shared && ready, "not ready: %p, %p, %p\n", top, shared, ready);
    shared->hwnd = (ULONG_PTR)mine;
    SetEvent(ready);
    while (next_completion(&got, PATIENCE) && got.msg == DONE)
    {
        shared->wparam = got.wparam;
        shared->lparam = got.lparam;
        SetEvent(ready);
    }
    shared->seen = bystander_saw;
}

static void test_other_windows(void)
{
    /* The second is meant for SetWindowPos, but PostMessage reads it as the first. */
    static const HWND everybody[] = { HWND_BROADCAST, HWND_TOPMOST };
    char name[64], ready_name[64], args[200], buf[256];
    PROCESS_INFORMATION child;
    HANDLE section, ready, handle;
    struct shared *shared;
    unsigned int i;
    HWND top;

    snprintf(name, sizeof(name), "wsasync-shared-%lx", GetCurrentProcessId());
    snprintf(ready_name, sizeof(ready_name), "wsasync-ready-%lx", GetCurrentProcessId());
    snprintf(args, sizeof(args), "targets %s %s", name, ready_name);
    shared = open_shared(name, &section);
    ready = CreateEventA(NULL, FALSE, FALSE, ready_name);
    if (!spawn_self(args, &child)) return;
    ok(wait_for(ready, PATIENCE), "the other process is not ready\n");

    winetest_push_context("window of another process");
    memset(buf, FILL, sizeof(buf));
    handle = by_number((HWND)shared->hwnd, 6, buf, sizeof(buf));
    ok(handle && wait_for(ready, PATIENCE), "no message there\n");
    ok(shared->wparam == (ULONG_PTR)handle, "got %#Ix, expected %p\n", shared->wparam, handle);
    ok(!WSAGETASYNCERROR(shared->lparam), "error %d\n", WSAGETASYNCERROR(shared->lparam));
    ok(((struct protoent *)buf)->p_proto == 6, "no result here\n");
    todo_builtin expect_cancel(handle, WSAEALREADY);
    winetest_pop_context();

    winetest_push_context("everybody's window");
    top = CreateWindowExW(0, L"static", L"", WS_POPUP, 0, 0, 10, 10, NULL, NULL, NULL, NULL);
    ok(top != NULL, "no top-level window, error %lu\n", GetLastError());
    SetWindowLongPtrW(top, GWLP_WNDPROC, (LONG_PTR)bystander);
    for (i = 0; i < ARRAY_SIZE(everybody); i++)
    {
        handle = WSAAsyncGetProtoByNumber(everybody[i], registered, 6, buf, sizeof(buf));
        ok(handle != NULL, "not accepted\n");
        expect_silence();
        if (WSACancelAsyncRequest(handle)) ok(WSAGetLastError() == WSAEALREADY, "error %d\n", WSAGetLastError());
        todo_builtin expect_cancel(handle, WSAEALREADY);
        expect_silence();
    }
    /* A message to the child ends it; posted ones are seen in order, so anything broadcast was seen before. */
    PostMessageW((HWND)shared->hwnd, DONE + 1, 0, 0);
    wait_child_process(child.hProcess);
    todo_builtin ok(!bystander_saw, "%ld messages in our top-level window\n", bystander_saw);
    todo_builtin ok(!shared->seen, "%ld messages in the other process's top-level window\n", shared->seen);
    DestroyWindow(top);
    winetest_pop_context();

    UnmapViewOfFile(shared);
    CloseHandle(section);
    CloseHandle(ready);
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
}

/* Another thread's window: its message does not come here. */
struct other_thread
{
    HANDLE ready;
    HWND hwnd;
    WPARAM wparam;
    BOOL came;
};

static DWORD WINAPI own_window(void *arg)
{
    struct other_thread *other = arg;
    struct completion got = { 0 };

    other->hwnd = new_window();
    SetEvent(other->ready);
    other->came = next_completion(&got, PATIENCE);
    other->wparam = got.wparam;
    expect_silence();
    return 0;
}

static void test_other_thread(void)
{
    struct other_thread other = { .ready = CreateEventW(NULL, FALSE, FALSE, NULL) };
    HANDLE handle, thread;
    char buf[256];

    thread = CreateThread(NULL, 0, own_window, &other, 0, NULL);
    ok(wait_for(other.ready, PATIENCE), "thread not ready\n");
    handle = by_number(other.hwnd, 6, buf, sizeof(buf));
    ok(wait_for(thread, 2 * PATIENCE), "thread does not end\n");
    ok(other.came && other.wparam == (WPARAM)handle, "handle %p, there came %#Ix\n", handle, other.wparam);
    expect_silence();
    CloseHandle(thread);
    CloseHandle(other.ready);
}

START_TEST(targets)
{
    start(MAKEWORD(2, 2));
    registered = RegisterWindowMessageW(L"wsasync test");
    if (argument(2))
        foreign_process(argument(1), argument(2));
    else
    {
        attempted = CreateEventW(NULL, FALSE, FALSE, NULL);
        window = new_window();
        test_no_window();
        test_sync_only_messages();
        test_other_thread();
        test_other_windows();
        CloseHandle(attempted);
    }
    finish();
}
