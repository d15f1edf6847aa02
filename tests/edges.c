/*
 * The other notifications, under stress: each that is due comes, although data is read, connections end and buffers get
 * room at the very moment when the program asks. Each kind by event and by message. FD_ACCEPT is the unit listener's. It
 * knows the documented API only.
 *
 * With an argument each case lasts so many seconds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "notices.h"

enum { CASE_MS = 700, LOST = 10000, AHEAD = 16, MANY = 64, PIECE = 0x8000 };

struct edge
{
    struct notice notice;
    SOCKET s, peer;                     /* s is the one that notifications are for */
    struct sockaddr_in address;
    HANDLE thread, go, done;            /* of the peer */
    volatile LONG stop, sent, got;
    unsigned int state, notices, lost;
    DWORD begin, ms;
};

static BOOL going_on(const struct edge *edge)
{
    return !edge->lost && GetTickCount() - edge->begin < edge->ms;
}

/* The next notification of one of these events; 0 if it never comes. */
static long await(struct edge *edge, long events)
{
    DWORD begin = GetTickCount(), passed;
    long got;

    while ((passed = GetTickCount() - begin) < LOST)
    {
        got = notified(&edge->notice, edge->s, LOST - passed) & events;
        if (!got) continue;
        edge->notices++;
        return got;
    }
    edge->lost++;
    return 0;
}

static void select_for(struct edge *edge, long events)
{
    int ret = select_events(&edge->notice, edge->s, events);

    if (ret) winetest_ok(0, "not selected, error %d\n", WSAGetLastError());
}

static void start_peer(struct edge *edge, LPTHREAD_START_ROUTINE peer)
{
    edge->thread = CreateThread(NULL, 0, peer, edge, 0, NULL);
}

static void stop_peer(struct edge *edge)
{
    edge->stop = TRUE;
    SetEvent(edge->go);
    WaitForSingleObject(edge->thread, INFINITE);
    CloseHandle(edge->thread);
}

/* --- FD_READ --- */

static DWORD WINAPI sender(void *arg)
{
    struct edge *edge = arg;
    unsigned int state = 1;
    char data[64] = "";

    while (!edge->stop)
    {
        if (edge->sent - edge->got > AHEAD * (LONG)sizeof(data)) SwitchToThread();
        else InterlockedExchangeAdd(&edge->sent, send(edge->peer, data, 1 + noise(&state) % sizeof(data), 0));
        if (noise(&state) % 4 == 0) Sleep(noise(&state) % 3);
    }
    return 0;
}

/* What is there, but at most so many pieces: there may always be more. */
static void read_pieces(struct edge *edge, unsigned int most)
{
    char data[64];
    int ret;

    while (most-- && (ret = recv(edge->s, data, sizeof(data), 0)) > 0) InterlockedExchangeAdd(&edge->got, ret);
}

static void read_stream(struct edge *edge, unsigned int most)
{
    SOCKET pair[2];

    new_pair(pair);
    edge->s = pair[0];
    edge->peer = pair[1];
    select_for(edge, FD_READ);
    start_peer(edge, sender);
    while (going_on(edge) && await(edge, FD_READ)) read_pieces(edge, most);
    stop_peer(edge);
    closesocket(pair[0]);
    closesocket(pair[1]);
}

static void read_all(struct edge *edge)
{
    read_stream(edge, MANY);
}

static void read_one(struct edge *edge)
{
    read_stream(edge, 1);
}

static void read_datagrams(struct edge *edge)
{
    int len = sizeof(edge->address);

    edge->s = socket(AF_INET, SOCK_DGRAM, 0);
    edge->peer = socket(AF_INET, SOCK_DGRAM, 0);
    edge->address.sin_family = AF_INET;
    edge->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(edge->s, (struct sockaddr *)&edge->address, len);
    getsockname(edge->s, (struct sockaddr *)&edge->address, &len);
    if (connect(edge->peer, (struct sockaddr *)&edge->address, len)) winetest_ok(0, "error %d\n", WSAGetLastError());
    select_for(edge, FD_READ);
    start_peer(edge, sender);
    while (going_on(edge) && await(edge, FD_READ)) read_pieces(edge, MANY);
    stop_peer(edge);
    closesocket(edge->s);
    closesocket(edge->peer);
}

/* --- FD_WRITE --- */

static DWORD WINAPI reader(void *arg)
{
    struct edge *edge = arg;
    unsigned int state = 2;
    char data[PIECE];

    while (recv(edge->peer, data, 1 + noise(&state) % PIECE, 0) > 0)
        if (noise(&state) % 8 == 0) Sleep(noise(&state) % 3);
    return 0;
}

static void write_all(struct edge *edge)
{
    static const char data[PIECE];
    const int small = 8 * PIECE;
    SOCKET pair[2];

    new_pair(pair);
    edge->s = pair[0];
    edge->peer = pair[1];
    setsockopt(edge->s, SOL_SOCKET, SO_SNDBUF, (const char *)&small, sizeof(small));
    select_for(edge, FD_WRITE);
    start_peer(edge, reader);
    while (going_on(edge) && await(edge, FD_WRITE))
        while (send(edge->s, data, 1 + noise(&edge->state) % PIECE, 0) > 0 && going_on(edge)) ;
    closesocket(pair[0]);
    stop_peer(edge);
    closesocket(pair[1]);
}

/* --- FD_OOB --- */

static DWORD WINAPI urgent_sender(void *arg)
{
    struct edge *edge = arg;

    while (!edge->stop)
    {
        send(edge->peer, "x", 1, 0);
        send(edge->peer, "!", 1, MSG_OOB);
        WaitForSingleObject(edge->go, INFINITE);        /* a second one would replace it */
    }
    return 0;
}

static void read_urgent(struct edge *edge)
{
    SOCKET pair[2];
    char c;

    new_pair(pair);
    edge->s = pair[0];
    edge->peer = pair[1];
    select_for(edge, FD_OOB);
    start_peer(edge, urgent_sender);
    while (going_on(edge) && await(edge, FD_OOB))
        while (recv(edge->s, &c, 1, MSG_OOB) == 1)
        {
            while (recv(edge->s, &c, 1, 0) == 1) ;
            SetEvent(edge->go);
        }
    stop_peer(edge);
    closesocket(pair[0]);
    closesocket(pair[1]);
}

/* --- FD_CONNECT --- */

static DWORD WINAPI host(void *arg)
{
    struct edge *edge = arg;
    SOCKET s;

    while ((s = accept(edge->peer, NULL, NULL)) != INVALID_SOCKET) closesocket(s);
    return 0;
}

/* Some are refused. */
static void connect_often(struct edge *edge)
{
    SOCKET nobody = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in deaf;
    int len = sizeof(deaf), ret;

    edge->peer = new_listener(&edge->address);
    deaf = edge->address;
    deaf.sin_port = 0;
    bind(nobody, (struct sockaddr *)&deaf, len);
    getsockname(nobody, (struct sockaddr *)&deaf, &len);
    start_peer(edge, host);
    while (going_on(edge))
    {
        edge->s = socket(AF_INET, SOCK_STREAM, 0);
        select_for(edge, FD_CONNECT);
        ret = connect(edge->s, (struct sockaddr *)(noise(&edge->state) % 4 ? &edge->address : &deaf), len);
        if (!ret || WSAGetLastError() != WSAEWOULDBLOCK) winetest_ok(0, "got %d, error %d\n", ret, WSAGetLastError());
        if (await(edge, FD_CONNECT)) edge->got++;
        closesocket(edge->s);
    }
    closesocket(edge->peer);
    stop_peer(edge);
    closesocket(nobody);
}

/* --- FD_CLOSE --- */

static DWORD WINAPI leaver(void *arg)
{
    const struct linger hard = { 1, 0 };
    struct edge *edge = arg;
    unsigned int state = 3;

    while (!WaitForSingleObject(edge->go, INFINITE) && !edge->stop)
    {
        if (noise(&state) % 2) send(edge->peer, "bye", 3, 0);
        if (noise(&state) % 3 == 0) Sleep(noise(&state) % 3);
        if (noise(&state) % 4 == 0) setsockopt(edge->peer, SOL_SOCKET, SO_LINGER, (const char *)&hard, sizeof(hard));
        if (noise(&state) % 4 == 0) shutdown(edge->peer, SD_SEND);
        closesocket(edge->peer);
        SetEvent(edge->done);
    }
    return 0;
}

static void end_often(struct edge *edge)
{
    SOCKET pair[2];
    long got;
    char c;

    start_peer(edge, leaver);
    while (going_on(edge))
    {
        new_pair(pair);
        edge->s = pair[0];
        edge->peer = pair[1];
        /* else a reset may come first: see test_reset_first() */
        if ((edge->notice.way == BY_MESSAGE && !ours) || noise(&edge->state) % 2) select_for(edge, FD_READ | FD_CLOSE);
        SetEvent(edge->go);
        select_for(edge, FD_READ | FD_CLOSE);
        while ((got = await(edge, FD_READ | FD_CLOSE)) && !(got & FD_CLOSE))
            while (recv(edge->s, &c, 1, 0) == 1) ;
        if (got) edge->got++;
        WaitForSingleObject(edge->done, INFINITE);
        closesocket(edge->s);
    }
    stop_peer(edge);
}

/* A connection that was reset before anything was selected: the builtin says so by an event only. */
static void test_reset_first(enum way way)
{
    const struct linger hard = { 1, 0 };
    struct edge edge;
    SOCKET pair[2];

    memset(&edge, 0, sizeof(edge));
    winetest_push_context("reset before the selection, by %s", way == BY_MESSAGE ? "message" : "event");
    open_notice(&edge.notice, way);
    new_pair(pair);
    edge.s = pair[0];
    setsockopt(pair[1], SOL_SOCKET, SO_LINGER, (const char *)&hard, sizeof(hard));
    closesocket(pair[1]);
    ok(readable(pair[0], PATIENCE), "not reset\n");
    select_for(&edge, FD_CLOSE);
    todo_builtin_if(way == BY_MESSAGE && !old_wine)
    ok(notified(&edge.notice, edge.s, !ours && way == BY_MESSAGE ? 500 : LOST) & FD_CLOSE, "never told\n");
    closesocket(pair[0]);
    close_notice(&edge.notice);
    winetest_pop_context();
}

START_TEST(edges)
{
    static const struct
    {
        const char *name;
        void (*run)(struct edge *);
    } kinds[] =
    {
        { "FD_READ", read_all },
        { "FD_READ, a piece at a time", read_one },
        { "FD_READ, datagrams", read_datagrams },
        { "FD_WRITE", write_all },
        { "FD_OOB", read_urgent },
        { "FD_CONNECT", connect_often },
        { "FD_CLOSE", end_often },
    };
    struct edge edge;
    unsigned int i;
    enum way way;

    start(MAKEWORD(2, 2));
    test_reset_first(BY_EVENT_ENUM);
    test_reset_first(BY_MESSAGE);
    for (i = 0; i < ARRAY_SIZE(kinds); i++)
        for (way = BY_EVENT_ENUM; way <= BY_MESSAGE; way++)
        {
            if (old_wine && kinds[i].run == read_urgent)
            {
                skip("an old Wine reports no FD_OOB\n");
                continue;
            }
            winetest_push_context("%s by %s", kinds[i].name, way == BY_MESSAGE ? "message" : "event");
            memset(&edge, 0, sizeof(edge));
            open_notice(&edge.notice, way);
            edge.go = CreateEventW(NULL, FALSE, FALSE, NULL);
            edge.done = CreateEventW(NULL, FALSE, FALSE, NULL);
            edge.begin = GetTickCount();
            edge.ms = run_length(CASE_MS);
            kinds[i].run(&edge);
            trace("%u notifications\n", edge.notices);
            ok(edge.notices > 1, "%u notifications\n", edge.notices);
            ok(!edge.lost, "one never came\n");
            close_notice(&edge.notice);
            CloseHandle(edge.go);
            CloseHandle(edge.done);
            winetest_pop_context();
        }
    finish();
}
