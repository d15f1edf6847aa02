/*
 * The unit shortage: calls on sockets, with a blocking hook or a selection. Where there is nothing to wait with, a call is
 * made plainly: it succeeds, without its hook.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "shortage.h"
#include "blocked.h"

#define BULK 0x20000                    /* more than small buffers take */

static struct { SOCKET s, peer; struct sockaddr_in address; int sent, received; } pair;
static char bulk[BULK], copy[BULK];

static void close_pair(void)
{
    closesocket(pair.s);
    closesocket(pair.peer);
}

/* --- datagrams --- */

static void send_datagram(void)
{
    int ret = sendto(pair.peer, "data", 4, 0, (struct sockaddr *)&pair.address, sizeof(pair.address));

    ok(ret == 4, "sent %d, error %d\n", ret, WSAGetLastError());
}

static void open_datagrams(BOOL waits)
{
    fall_short();
    pair.s = loopback(SOCK_DGRAM);
    pair.peer = loopback(SOCK_DGRAM);
    pair.address = address_of(pair.s);
    hasten_by_hook();
    if (waits) later(send_datagram);
    else send_datagram();
}

static void receive(BOOL waits)
{
    char buf[16];
    int ret;

    open_datagrams(waits);
    memset(buf, FILL, sizeof(buf));
    ret = recv(pair.s, buf, sizeof(buf), 0);
    ok(ret == 4 && !memcmp(buf, "data", 4) && untouched(buf + 4, sizeof(buf) - 4), "received %d, error %d\n", ret,
       WSAGetLastError());
    if (waits) at_the_latest();
    close_pair();
}

static void receive_at_once(void) { receive(FALSE); }
static void receive_later(void) { receive(TRUE); }

static void receive_from(void)
{
    struct sockaddr_in from = { 0 }, expected;
    int len = sizeof(from), ret;
    char buf[16];

    open_datagrams(TRUE);
    expected = address_of(pair.peer);
    ret = recvfrom(pair.s, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);
    ok(ret == 4 && !memcmp(buf, "data", 4) && len == sizeof(from) && from.sin_port == expected.sin_port,
       "received %d, error %d, %d bytes of an address, port %u\n", ret, WSAGetLastError(), len, ntohs(from.sin_port));
    at_the_latest();
    close_pair();
}

static void select_reading(BOOL waits)
{
    struct timeval patience = { PATIENCE / 1000, 0 };
    fd_set reads = { .fd_count = 1 }, excepts = { .fd_count = 1 };
    int ret;

    open_datagrams(waits);
    reads.fd_array[0] = excepts.fd_array[0] = pair.s;
    ret = select(0, &reads, NULL, &excepts, &patience);
    ok(ret == 1 && reads.fd_count == 1 && reads.fd_array[0] == pair.s && !excepts.fd_count, "%d are ready, error %d\n", ret,
       WSAGetLastError());
    if (waits) at_the_latest();
    close_pair();
}

static void select_at_once(void) { select_reading(FALSE); }
static void select_later(void) { select_reading(TRUE); }

static void select_nothing(void)
{
    struct timeval moment = { 0, 15000 };
    fd_set reads = { .fd_count = 1 };
    int ret;

    fall_short();
    pair.s = reads.fd_array[0] = loopback(SOCK_DGRAM);
    hasten_by_hook();
    ret = select(0, &reads, NULL, NULL, &moment);
    ok(!ret && !reads.fd_count, "%d are ready, error %d\n", ret, WSAGetLastError());
    closesocket(pair.s);
}

/* --- streams --- */

static void open_streams(void)
{
    SOCKET listening = listener(1);

    pair.s = connect_to(listening);
    pair.peer = accept(listening, NULL, NULL);
    closesocket(listening);
    pair.sent = pair.received = 0;
    pattern(bulk, 0, BULK);
}

static void read_bulk(void)
{
    int ret;

    while (pair.received < BULK && (ret = recv(pair.peer, copy + pair.received, BULK - pair.received, 0)) > 0)
        pair.received += ret;
}

static void send_at_once(void)
{
    int ret;

    open_streams();
    fall_short();
    hasten_by_hook();
    ret = send(pair.s, bulk, 10, 0);
    ok(ret == 10 && recv(pair.peer, copy, 10, 0) == 10 && is_pattern(copy, 0, 10), "sent %d, error %d\n", ret,
       WSAGetLastError());
    close_pair();
}

static void send_later(void)
{
    int ret;

    open_streams();
    fall_short();
    hasten_by_hook();
    later(read_bulk);
    ret = send(pair.s, bulk, BULK, 0);
    ok(ret == BULK, "sent %d, error %d\n", ret, WSAGetLastError());
    at_the_latest();
    ok(pair.received == BULK && is_pattern(copy, 0, BULK), "received %d\n", pair.received);
    close_pair();
}

static void close_lingering(void)
{
    int ret;

    open_streams();
    set_blocking(pair.s, FALSE);
    pair.sent = send(pair.s, bulk, BULK, 0);
    set_blocking(pair.s, TRUE);
    set_linger(pair.s, PATIENCE / 1000);
    fall_short();
    hasten_by_hook();
    later(read_bulk);
    ret = closesocket(pair.s);
    ok(!ret, "closesocket: error %d\n", WSAGetLastError());
    at_the_latest();
    ok(pair.received == pair.sent && is_pattern(copy, 0, pair.sent), "received %d of %d\n", pair.received, pair.sent);
    closesocket(pair.peer);
}

static void close_at_once(void)
{
    int ret;

    open_streams();
    set_linger(pair.s, PATIENCE / 1000);
    fall_short();
    hasten_by_hook();
    ret = closesocket(pair.s);
    ok(!ret, "closesocket: error %d\n", WSAGetLastError());
    ok(!recv(pair.peer, copy, 1, 0), "not closed, error %d\n", WSAGetLastError());
    closesocket(pair.peer);
}

static void connect_peer(void)
{
    connect(pair.peer, (struct sockaddr *)&pair.address, sizeof(pair.address));
}

/* The accepted socket is what the listener's are. */
static void accept_peer(BOOL waits)
{
    struct sockaddr_in from = { 0 };
    int len = sizeof(from);
    SOCKET s;

    pair.peer = socket(AF_INET, SOCK_STREAM, 0);
    fall_short();
    pair.s = listener(1);
    pair.address = address_of(pair.s);
    hasten_by_hook();
    if (waits) later(connect_peer);
    else connect_peer();
    s = accept(pair.s, (struct sockaddr *)&from, &len);
    ok(s != INVALID_SOCKET && len == sizeof(from) && from.sin_port == address_of(pair.peer).sin_port,
       "accepted %#Ix, error %d, port %u\n", s, WSAGetLastError(), ntohs(from.sin_port));
    if (waits) at_the_latest();
    ok(send(pair.peer, "x", 1, 0) == 1 && recv(s, copy, 1, 0) == 1, "nothing goes, error %d\n", WSAGetLastError());
    closesocket(s);
    close_pair();
}

static void accept_at_once(void) { accept_peer(FALSE); }
static void accept_later(void) { accept_peer(TRUE); }

/* Once it is under way it cannot be made plainly. */
static void connect_socket(void)
{
    SOCKET listening = listener(1), accepted;
    int ret;

    pair.address = address_of(listening);
    fall_short();
    pair.s = socket(AF_INET, SOCK_STREAM, 0);
    hasten_by_hook();
    ret = connect(pair.s, (struct sockaddr *)&pair.address, sizeof(pair.address));
    worked(!ret, WSAENOBUFS, WSAENOBUFS);
    suffice();
    accepted = accept(listening, NULL, NULL);
    ok(accepted != INVALID_SOCKET, "no connection, error %d\n", WSAGetLastError());
    closesocket(accepted);
    closesocket(listening);
    closesocket(pair.s);
}

static void connect_refused(void)
{
    SOCKET bound = loopback(SOCK_STREAM);
    int ret;

    pair.address = address_of(bound);
    fall_short();
    pair.s = socket(AF_INET, SOCK_STREAM, 0);
    hasten_by_hook();
    ret = connect(pair.s, (struct sockaddr *)&pair.address, sizeof(pair.address));
    ok(ret == SOCKET_ERROR, "connected to nobody\n");
    worked(WSAGetLastError() == WSAECONNREFUSED, WSAENOBUFS, WSAENOBUFS);
    closesocket(bound);
    closesocket(pair.s);
}

/* --- selections --- */

static int CALLBACK take_all(WSABUF *caller, WSABUF *caller_data, QOS *sqos, QOS *gqos, WSABUF *callee, WSABUF *callee_data,
                             GROUP *group, DWORD_PTR data)
{
    return CF_ACCEPT;
}

/* Of what is short the notifications suffer, as on Wine's own, never the selection nor the accept. */
static void select_events(HWND hwnd, HANDLE event)
{
    struct completion got;
    SOCKET s;
    int ret;

    fall_short();
    pair.s = listener(2);
    pair.peer = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
    pair.address = address_of(pair.s);
    ret = hwnd ? WSAAsyncSelect(pair.s, hwnd, DONE, FD_ACCEPT) : WSAEventSelect(pair.s, event, FD_ACCEPT);
    ok(!ret, "not selected, error %d\n", WSAGetLastError());
    s = accept(pair.s, NULL, NULL);
    ok(s == INVALID_SOCKET && WSAGetLastError() == WSAEWOULDBLOCK, "got %#Ix, error %d\n", s, WSAGetLastError());
    connect_peer();
    ok(hwnd ? next_completion(&got, PATIENCE) : !WaitForSingleObject(event, PATIENCE), "not notified\n");
    s = WSAAccept(pair.s, NULL, NULL, hwnd ? take_all : NULL, 0);
    ok(s != INVALID_SOCKET, "not accepted, error %d\n", WSAGetLastError());
    closesocket(s);
    close_pair();
}

static void select_window(void)
{
    HWND hwnd = new_window();

    select_events(hwnd, NULL);
    DestroyWindow(hwnd);
}

static void select_event(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

    select_events(NULL, event);
    CloseHandle(event);
}

static void select_reset(void)
{
    HWND hwnd = new_window();
    int ret;

    open_streams();
    set_linger(pair.peer, 0);
    closesocket(pair.peer);
    ok(readable(pair.s, PATIENCE), "no reset\n");
    fall_short();
    ret = WSAAsyncSelect(pair.s, hwnd, DONE, FD_CLOSE);
    ok(!ret, "not selected, error %d\n", WSAGetLastError());
    suffice();
    if (!is_short())
    {
        todo_builtin_if(!old_wine) ok(next_completion(NULL, ours || old_wine ? PATIENCE : 0), "not notified\n");
    }
    closesocket(pair.s);
    DestroyWindow(hwnd);
}

static void duplicate(void)
{
    WSAPROTOCOL_INFOW info;
    SOCKET other;
    int ret;

    fall_short();
    pair.s = WSASocketA(AF_INET, SOCK_DGRAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
    ret = WSADuplicateSocketW(pair.s, GetCurrentProcessId(), &info);
    ok(!ret, "not duplicated, error %d\n", WSAGetLastError());
    other = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0, 0);
    ok(other != INVALID_SOCKET, "no second handle, error %d\n", WSAGetLastError());
    closesocket(other);
    closesocket(pair.s);
}

const struct scenario blocking_scenarios[] =
{
    { "recv, at once", receive_at_once, FALSE },
    { "recv", receive_later, FALSE },
    { "recvfrom", receive_from, FALSE },
    { "send, at once", send_at_once, FALSE },
    { "send", send_later, FALSE },
    { "select, at once", select_at_once, FALSE },
    { "select", select_later, TRUE },
    { "select, nothing", select_nothing, FALSE },
    { "closesocket, at once", close_at_once, FALSE },
    { "closesocket", close_lingering, FALSE },
    { "accept, at once", accept_at_once, FALSE },
    { "accept", accept_later, FALSE },
    { "connect", connect_socket, FALSE },
    { "connect, refused", connect_refused, FALSE },
    { "WSAAsyncSelect", select_window, FALSE },
    { "WSAAsyncSelect, reset", select_reset, FALSE },
    { "WSAEventSelect", select_event, FALSE },
    { "WSADuplicateSocket", duplicate, FALSE },
    { NULL, NULL, FALSE }
};
