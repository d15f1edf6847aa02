/*
 * An accepted socket has its listener's selection: the same event or window, the same mask, from the first moment. Here
 * two threads accept, by accept() and by WSAAccept with a condition, and mostly find nothing, so that whatever ours does
 * to a listener then goes on all the time beside the accepts that succeed. It knows the documented API only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "notices.h"
#include "listener.h"

enum { THREADS = 2, MASK = FD_ACCEPT | FD_READ | FD_CLOSE };

static int CALLBACK always(WSABUF *caller, WSABUF *data, QOS *sqos, QOS *gqos, WSABUF *callee, WSABUF *callee_data,
                           GROUP *group, DWORD_PTR count)
{
    return CF_ACCEPT;
}

SOCKET accept_somehow(SOCKET s, unsigned int number)
{
    return number ? WSAAccept(s, NULL, NULL, always, 0) : accept(s, NULL, NULL);
}

BOOL reported(const struct notice *notice, SOCKET s, long event)
{
    DWORD begin = GetTickCount(), passed;

    while ((passed = GetTickCount() - begin) < PATIENCE)
        if (notified(notice, s, PATIENCE - passed) & event) return TRUE;
    return FALSE;
}

static void test_one(enum way way, unsigned int number)
{
    struct sockaddr_in address;
    struct notice notice;
    SOCKET s, visitor, accepted;
    unsigned int i;
    char c;

    winetest_push_context("way %u, %s", way, number ? "condition" : "accept");
    open_notice(&notice, way);
    s = new_listener(&address);
    select_events(&notice, s, MASK);
    for (i = 0; i < 3; i++)
    {
        accepted = accept_somehow(s, number);
        ok(accepted == INVALID_SOCKET && WSAGetLastError() == WSAEWOULDBLOCK, "got %#Ix, error %d\n", accepted,
           WSAGetLastError());
        visitor = visit(&address);
        send(visitor, "x", 1, 0);
        ok(reported(&notice, s, FD_ACCEPT), "the connection is not reported\n");
        accepted = accept_somehow(s, number);
        ok(accepted != INVALID_SOCKET, "no connection, error %d\n", WSAGetLastError());
        ok(reported(&notice, accepted, FD_READ), "data is not reported\n");
        ok(recv(accepted, &c, 1, 0) == 1, "no data, error %d\n", WSAGetLastError());
        closesocket(visitor);
        ok(reported(&notice, accepted, FD_CLOSE), "the end is not reported\n");
        closesocket(accepted);
    }
    closesocket(s);
    close_notice(&notice);
    winetest_pop_context();
}

static struct
{
    SOCKET s;
    struct sockaddr_in address;
    volatile LONG leaving, stop, accepted, vain, unreported;
    volatile LONG marks[0x10000];       /* by socket: a message has told of its data */
} race;

static DWORD WINAPI visitor(void *arg)
{
    SOCKET s;
    char c;

    while (!race.leaving)
    {
        s = visit(&race.address);
        send(s, "x", 1, 0);
        recv(s, &c, 1, 0);              /* until it is closed */
        closesocket(s);
    }
    return 0;
}

static BOOL data_reported(SOCKET s)
{
    WSANETWORKEVENTS events;

    return race.marks[s & 0xffff] || (!WSAEnumNetworkEvents(s, NULL, &events) && (events.lNetworkEvents & FD_READ));
}

static DWORD WINAPI acceptor(void *arg)
{
    SOCKET accepted;
    DWORD begin;
    char c;

    while (!race.stop)
    {
        accepted = accept_somehow(race.s, (ULONG_PTR)arg);
        if (accepted == INVALID_SOCKET)
        {
            InterlockedIncrement(&race.vain);
            continue;
        }
        InterlockedIncrement(&race.accepted);
        for (begin = GetTickCount(); !data_reported(accepted); SwitchToThread())
            if (GetTickCount() - begin > PATIENCE / 3)
            {
                InterlockedIncrement(&race.unreported);
                race.leaving = TRUE;
                break;
            }
        recv(accepted, &c, 1, 0);
        race.marks[accepted & 0xffff] = 0;
        closesocket(accepted);
    }
    return 0;
}

/* Selected in these ways, in turn. */
static void test_race(const char *what, const enum way *ways, unsigned int count, DWORD ms)
{
    HANDLE visitors[THREADS], acceptors[THREADS];
    struct notice notices[2];
    unsigned int i, changes = 0;
    DWORD begin;
    MSG msg;

    winetest_push_context("race, %s", what);
    memset(&race, 0, sizeof(race));
    for (i = 0; i < count; i++) open_notice(&notices[i], ways[i]);
    race.s = new_listener(&race.address);
    select_events(&notices[0], race.s, MASK);
    for (i = 0; i < THREADS; i++)
    {
        acceptors[i] = CreateThread(NULL, 0, acceptor, (void *)(ULONG_PTR)i, 0, NULL);
        visitors[i] = CreateThread(NULL, 0, visitor, NULL, 0, NULL);
    }
    begin = GetTickCount();
    while (WaitForMultipleObjects(THREADS, visitors, TRUE, 0))
    {
        while (PeekMessageW(&msg, NULL, WM_APP, WM_APP + 0xff, PM_REMOVE))
            if (WSAGETSELECTEVENT(msg.lParam) & FD_READ) race.marks[msg.wParam & 0xffff] = 1;
        if (GetTickCount() - begin > ms) race.leaving = TRUE;
        if (count > 1) select_events(&notices[++changes % count], race.s, MASK);
        MsgWaitForMultipleObjectsEx(0, NULL, count > 1 ? 0 : 20, QS_ALLINPUT, MWMO_INPUTAVAILABLE);
    }
    race.stop = TRUE;
    WaitForMultipleObjects(THREADS, acceptors, TRUE, INFINITE);
    trace("%ld accepted, %ld accepts in vain, %u changes\n", race.accepted, race.vain, changes);
    ok(race.accepted > 0 && race.vain > 0, "%ld accepted, %ld in vain\n", race.accepted, race.vain);
    ok(!race.unreported, "data of %ld accepted sockets is not reported\n", race.unreported);
    closesocket(race.s);
    for (i = 0; i < count; i++) close_notice(&notices[i]);
    for (i = 0; i < THREADS; i++)
    {
        CloseHandle(visitors[i]);
        CloseHandle(acceptors[i]);
    }
    winetest_pop_context();
}

void test_listener_inheritance(void)
{
    static const enum way event[] = { BY_EVENT_ENUM }, message[] = { BY_MESSAGE }, both[] = { BY_EVENT_ENUM, BY_MESSAGE };
    unsigned int number;

    start(MAKEWORD(2, 2));
    for (number = 0; number < 2; number++)
    {
        test_one(BY_EVENT_ENUM, number);
        test_one(BY_MESSAGE, number);
    }
    test_race("event", event, 1, run_length(1500));
    test_race("message", message, 1, run_length(500));
    test_race("both in turn", both, 2, run_length(1000));
    finish();
}
