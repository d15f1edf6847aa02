/*
 * Ours has a listener's events reported anew by selecting them anew; for a moment nothing is selected then. Here the
 * platform's system calls are counted, and stopped in that moment, while a connection comes, with data or a reset, and
 * another thread accepts: whoever takes it, the accepted socket has inherited what the program selected. And conditions
 * that accept themselves; and a listener with a second handle, by which it may be made to wait: its accept keeps nobody
 * else waiting. It knows that the platform's DLL imports NtDeviceIoControlFile (Wine 5.0's need not); the rest is
 * documented.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "listener.h"
#include "image.h"
#include <winternl.h>

enum { MASK = FD_ACCEPT | FD_READ | FD_CLOSE, STOP_BEFORE = 3, RESPITE = 300 };

enum taker { BY_ACCEPT, BY_CONDITION, WAITING, TAKERS };

typedef NTSTATUS (WINAPI *system_call)(HANDLE, HANDLE, void *, void *, void *, ULONG, void *, ULONG, void *, ULONG);

static system_call real_call;
static struct
{
    SOCKET s;
    struct sockaddr_in address;
    enum taker taker;
    BOOL reset;
    DWORD counted, watched;             /* threads: whose calls are counted; whose are reported in `called` */
    BOOL stop;
    unsigned int calls;
    HANDLE go, called, taken;
    SOCKET visitor, accepted;           /* accepted: by the other thread */
} gap;

/* A visitor comes, and another thread is free to take him. */
static void let_come(void)
{
    const struct linger hard = { 1, 0 };

    gap.visitor = visit(&gap.address);
    if (gap.reset) setsockopt(gap.visitor, SOL_SOCKET, SO_LINGER, (const char *)&hard, sizeof(hard));
    else send(gap.visitor, "x", 1, 0);
    closesocket(gap.visitor);
    SetEvent(gap.go);
    WaitForSingleObject(gap.taken, RESPITE);    /* it may have to wait for this thread */
}

static NTSTATUS WINAPI watched_call(HANDLE file, HANDLE event, void *apc, void *context, void *io, ULONG code,
                                    void *in, ULONG in_size, void *out, ULONG out_size)
{
    NTSTATUS status;

    if (GetCurrentThreadId() == gap.counted && ++gap.calls == STOP_BEFORE && gap.stop)
    {
        gap.counted = 0;
        let_come();
    }
    status = real_call(file, event, apc, context, io, code, in, in_size, out, out_size);
    if (GetCurrentThreadId() == gap.watched) SetEvent(gap.called);
    return status;
}

static DWORD WINAPI take_other(void *arg)
{
    gap.watched = GetCurrentThreadId();
    if (gap.taker != WAITING) WaitForSingleObject(gap.go, INFINITE);
    gap.accepted = accept_somehow(gap.s, gap.taker == BY_CONDITION);
    SetEvent(gap.taken);
    return 0;
}

static void test_inherits(enum taker taker, BOOL reset)
{
    struct notice notice;
    SOCKET accepted;
    HANDLE thread;

    winetest_push_context("taker %u, %s", taker, reset ? "reset" : "data");
    open_notice(&notice, BY_EVENT_ENUM);
    gap.taker = taker;
    gap.reset = reset;
    gap.go = CreateEventW(NULL, FALSE, FALSE, NULL);
    gap.called = CreateEventW(NULL, FALSE, FALSE, NULL);
    gap.taken = CreateEventW(NULL, TRUE, FALSE, NULL);
    gap.s = new_listener(&gap.address);
    gap.visitor = INVALID_SOCKET;
    thread = CreateThread(NULL, 0, take_other, NULL, 0, NULL);
    if (taker == WAITING && WaitForSingleObject(gap.called, PATIENCE)) skip("nobody knows when it has come to wait\n");
    select_events(&notice, gap.s, MASK);

    gap.calls = 0;
    gap.stop = TRUE;
    gap.counted = GetCurrentThreadId();
    accepted = accept(gap.s, NULL, NULL);
    gap.counted = 0;
    if (gap.visitor == INVALID_SOCKET) let_come();      /* there was no such moment */
    ok(!WaitForSingleObject(thread, PATIENCE), "accept does not return\n");
    if (accepted == INVALID_SOCKET) accepted = gap.accepted;
    if (accepted == INVALID_SOCKET) accepted = accept(gap.s, NULL, NULL);
    ok(accepted != INVALID_SOCKET, "nobody has the connection, error %d\n", WSAGetLastError());
    ok(reported(&notice, accepted, reset ? FD_CLOSE : FD_READ), "what happens to the accepted socket is not reported\n");
    closesocket(accepted);
    closesocket(gap.s);
    close_notice(&notice);
    CloseHandle(thread);
    CloseHandle(gap.go);
    CloseHandle(gap.called);
    CloseHandle(gap.taken);
    winetest_pop_context();
}

/* --- the number of calls --- */

static unsigned int calls_of_accept(SOCKET (WSAAPI *function)(SOCKET, struct sockaddr *, int *), SOCKET s)
{
    gap.calls = 0;
    gap.stop = FALSE;
    gap.counted = GetCurrentThreadId();
    closesocket(function(s, NULL, NULL));
    gap.counted = 0;
    return gap.calls;
}

static void test_calls(HMODULE platform)
{
    SOCKET (WSAAPI *plain)(SOCKET, struct sockaddr *, int *) = (void *)GetProcAddress(platform, "accept");
    unsigned int vain, taken, calls;
    struct sockaddr_in address;
    struct notice notice;
    SOCKET s, visitors[3];
    enum way way;

    for (way = BY_EVENT; way <= BY_MESSAGE; way++)
    {
        winetest_push_context("way %u", way);
        open_notice(&notice, way);
        s = new_listener(&address);
        set_blocking(s, FALSE);
        vain = calls_of_accept(plain, s);
        calls = calls_of_accept(accept, s);
        ok(calls == vain, "nothing selected: %u calls for %u\n", calls, vain);
        select_events(&notice, s, FD_READ);
        calls = calls_of_accept(accept, s);
        ok(calls == vain, "no FD_ACCEPT: %u calls for %u\n", calls, vain);
        select_events(&notice, s, FD_ACCEPT);
        calls = calls_of_accept(accept, s);
        /* an old Wine's calls do not go where they are counted */
        ok((calls > vain || old_wine) && calls <= vain + 3, "in vain: %u calls for %u\n", calls, vain);
        for (calls = 0; calls < ARRAY_SIZE(visitors); calls++) visitors[calls] = visit(&address);
        taken = calls_of_accept(plain, s);
        calls = calls_of_accept(accept, s);
        ok(calls == taken, "one taken: %u calls for %u\n", calls, taken);
        closesocket(s);
        for (calls = 0; calls < ARRAY_SIZE(visitors); calls++) closesocket(visitors[calls]);
        close_notice(&notice);
        winetest_pop_context();
    }
}

/* --- two handles --- */

static DWORD WINAPI open_and_close(void *arg)
{
    SOCKET sockets[300];                /* enough for each of ours locks, if they go by value */
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(sockets); i++) sockets[i] = socket(AF_INET, SOCK_STREAM, 0);
    for (i = 0; i < ARRAY_SIZE(sockets); i++) closesocket(sockets[i]);
    return 0;
}

static void test_duplicated(BOOL select_again)
{
    struct notice notice;
    WSAPROTOCOL_INFOW info;
    HANDLE thread, other;
    SOCKET second, visitor;

    winetest_push_context("duplicated%s", select_again ? ", then selected" : "");
    open_notice(&notice, BY_EVENT);
    gap.taker = WAITING;
    gap.called = CreateEventW(NULL, FALSE, FALSE, NULL);
    gap.taken = CreateEventW(NULL, TRUE, FALSE, NULL);
    gap.s = new_listener(&gap.address);
    select_events(&notice, gap.s, FD_ACCEPT);
    ok(!WSADuplicateSocketW(gap.s, GetCurrentProcessId(), &info), "error %d\n", WSAGetLastError());
    second = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0, 0);
    ok(second != INVALID_SOCKET, "error %d\n", WSAGetLastError());
    if (select_again) select_events(&notice, gap.s, FD_ACCEPT);
    deselect_events(&notice, second);
    set_blocking(second, TRUE);

    thread = CreateThread(NULL, 0, take_other, NULL, 0, NULL);
    if (WaitForSingleObject(gap.called, PATIENCE)) skip("nobody knows when it has come to wait\n");
    other = CreateThread(NULL, 0, open_and_close, NULL, 0, NULL);
    ok(!WaitForSingleObject(other, PATIENCE), "an accept that waits keeps others waiting\n");
    visitor = visit(&gap.address);
    ok(!WaitForSingleObject(thread, PATIENCE) && gap.accepted != INVALID_SOCKET, "not accepted\n");
    ok(!notified(&notice, gap.s, 0), "notified after the selection was withdrawn\n");
    closesocket(visitor);
    closesocket(gap.accepted);
    closesocket(gap.s);
    closesocket(second);
    close_notice(&notice);
    CloseHandle(thread);
    CloseHandle(other);
    CloseHandle(gap.called);
    CloseHandle(gap.taken);
    winetest_pop_context();
}

/* --- a condition function may call anything --- */

static int CALLBACK accept_another(WSABUF *caller, WSABUF *data, QOS *sqos, QOS *gqos, WSABUF *callee, WSABUF *callee_data,
                                   GROUP *group, DWORD_PTR other)
{
    *(SOCKET *)other = accept(gap.s, NULL, NULL);
    return CF_ACCEPT;
}

static DWORD WINAPI take_two(void *other)
{
    gap.accepted = WSAAccept(gap.s, NULL, NULL, accept_another, (DWORD_PTR)other);
    return 0;
}

static void test_condition(void)
{
    SOCKET visitors[2], other = INVALID_SOCKET;
    struct notice notice;
    HANDLE thread;

    winetest_push_context("accept in a condition");
    open_notice(&notice, BY_EVENT);
    gap.s = new_listener(&gap.address);
    select_events(&notice, gap.s, FD_ACCEPT);
    visitors[0] = visit(&gap.address);
    visitors[1] = visit(&gap.address);
    thread = CreateThread(NULL, 0, take_two, &other, 0, NULL);
    if (WaitForSingleObject(thread, PATIENCE)) ok(0, "it hangs\n");
    else ok(gap.accepted != INVALID_SOCKET && other != INVALID_SOCKET, "accepted %#Ix and %#Ix\n", gap.accepted, other);
    closesocket(gap.accepted);
    closesocket(other);
    closesocket(gap.s);
    closesocket(visitors[0]);
    closesocket(visitors[1]);
    close_notice(&notice);
    CloseHandle(thread);
    winetest_pop_context();
}

void test_listener_gap(void)
{
    HMODULE platform = ours ? platform_module() : winsock();
    enum taker taker;

    start(MAKEWORD(2, 2));
    real_call = patch_import(platform, "NtDeviceIoControlFile", watched_call);
    if (!real_call) skip("the platform's system calls cannot be seen\n");
    for (taker = BY_ACCEPT; taker < TAKERS; taker++)
    {
        test_inherits(taker, FALSE);
        if (taker != WAITING) test_inherits(taker, TRUE);
    }
    test_condition();
    test_duplicated(FALSE);
    test_duplicated(TRUE);
    if (real_call && ours) test_calls(platform);
    if (real_call) patch_import(platform, "NtDeviceIoControlFile", real_call);
    finish();
}
