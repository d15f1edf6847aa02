/*
 * Arguments of blocking calls, good and bad: sizes, addresses, memory that is none, sockets that are none or are in
 * another state.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "blockopts.h"

/* --- datagrams and addresses --- */

static void open_small(struct blocked *b)
{
    datagram_pair(b);
    b->len = 10;
}

static void send_large(struct blocked *b)
{
    send_pattern(b, 100);
    send_pattern(b, 20);
}

static void send_none(struct blocked *b)
{
    ok(!send(b->peer, "", 0, 0), "error %d\n", WSAGetLastError());
}

#define ROOM 256                /* for an address of any length that is claimed here */

/* What is written behind an address, where there is room for it, is of no use to anybody. */
static void take_address(struct blocked *b, BYTE *from)
{
    int last = ROOM;

    while (last && from[last - 1] == FILL) last--;
    if (last > (int)sizeof(b->address) && last <= b->arg) last = sizeof(b->address);
    note(b, " %d bytes of address,", last);
    memcpy(&b->address, from, sizeof(b->address));
    free_pages(from);
}

/* The length that the address is said to have is in arg. */
static int call_from(struct blocked *b)
{
    BYTE *from = walled(ROOM);
    int ret;

    b->address_len = b->arg;
    ret = recvfrom(b->s, b->buf, b->len, 0, (struct sockaddr *)from, &b->address_len);
    take_address(b, from);
    return ret;
}

static int call_from_nobody(struct blocked *b)
{
    memset(&b->address, FILL, sizeof(b->address));
    return recvfrom(b->s, b->buf, b->len, 0, NULL, NULL);
}

static int call_from_no_length(struct blocked *b)
{
    memset(&b->address, FILL, sizeof(b->address));
    return recvfrom(b->s, b->buf, b->len, 0, (struct sockaddr *)&b->address, NULL);
}

static int call_from_length_only(struct blocked *b)
{
    memset(&b->address, FILL, sizeof(b->address));
    b->address_len = sizeof(b->address);
    return recvfrom(b->s, b->buf, b->len, 0, NULL, &b->address_len);
}

static int call_from_wild(struct blocked *b)
{
    b->address_len = sizeof(b->address);
    return recvfrom(b->s, b->buf, b->len, 0, (struct sockaddr *)wild(), &b->address_len);
}

static const struct situation datagrams[] =
{
    { "recv, too large", open_small, call_recv, send_large, NULL, after_data, .waits = WAITS },
    { "recvfrom, too large", open_small, call_recvfrom, send_large, NULL, after_from, .waits = WAITS },
    { "peek, too large", open_small, call_recvfrom, send_large, NULL, after_from, .waits = WAITS, .arg = MSG_PEEK },
    { "empty", open_datagrams, call_recvfrom, send_none, send_data, after_from, .waits = WAITS },
    { "from nobody", open_datagrams, call_from_nobody, send_data, NULL, after_from, .waits = WAITS },
    { "from length only", open_datagrams, call_from_length_only, send_data, NULL, after_from, .waits = WAITS },
    { "from length 0", open_datagrams, call_from, send_data, NULL, after_from, .waits = EITHER },
    { "from length 4", open_datagrams, call_from, send_data, NULL, after_from, .arg = 4 },
    { "from length 15", open_datagrams, call_from, send_data, NULL, after_from, .arg = 15 },
    { "from length 17", open_datagrams, call_from, send_data, NULL, after_from, .arg = 17 },
    { "from length 200", open_datagrams, call_from, send_data, NULL, after_from, .arg = 200 },
    { "from length -1", open_datagrams, call_from, send_data, NULL, after_from, .arg = -1 },
    { "from, stream", open_pair, call_from, send_data, NULL, after_from, .arg = sizeof(struct sockaddr_in) },
    { "from length 4, stream", open_pair, call_from, send_data, NULL, after_from, .arg = 4 },
};

/* An old Wine does not survive them. */
static const struct situation deadly_datagrams[] =
{
    { "from without length", open_datagrams, call_from_no_length, send_data, NULL, after_from, .waits = EITHER },
    { "from, wild", open_datagrams, call_from_wild, send_data, NULL, after_data, .waits = EITHER },
};

/* --- buffers --- */

static int call_recv_length(struct blocked *b)
{
    return recv(b->s, b->buf, b->arg, 0);
}

static int call_recvfrom_length(struct blocked *b)
{
    return recvfrom(b->s, b->buf, b->arg, 0, NULL, NULL);
}

static int call_recv_null(struct blocked *b)
{
    return recv(b->s, NULL, b->arg, 0);
}

static int call_recv_wild(struct blocked *b)
{
    return recv(b->s, wild(), 100, 0);
}

static int call_recvfrom_wild(struct blocked *b)
{
    return recvfrom(b->s, wild(), 100, 0, NULL, NULL);
}

static void open_large_buffer(struct blocked *b)
{
    open_pair(b);
    free_pages(b->buf);
    b->buf = walled(b->len = 0x100000);
}

static int call_send_length(struct blocked *b)
{
    return send(b->s, b->buf, b->arg, 0);
}

static int call_send_wild(struct blocked *b)
{
    return send(b->s, wild(), 100, 0);
}

static int call_sendto_length(struct blocked *b)
{
    return sendto(b->s, b->buf, b->arg, 0, (struct sockaddr *)&b->address, sizeof(b->address));
}

static int call_sendto_address_length(struct blocked *b)
{
    return sendto(b->s, b->buf, b->len, 0, (struct sockaddr *)&b->address, b->arg);
}

static int call_sendto_family(struct blocked *b)
{
    b->address.sin_family = b->arg;
    return sendto(b->s, b->buf, b->len, 0, (struct sockaddr *)&b->address, sizeof(b->address));
}

static int call_sendto_nobody(struct blocked *b)
{
    return sendto(b->s, b->buf, b->len, 0, NULL, 0);
}

static void open_large(struct blocked *b)
{
    datagram_pair(b);
    free_pages(b->buf);
    b->buf = walled(b->len = 70000);
}

static void note_peer(struct blocked *b)
{
    set_blocking(b->peer, FALSE);
    b->len = recv(b->peer, b->buf, b->len, 0);
    note(b, ", the peer gets %d", b->len < 0 ? -WSAGetLastError() : b->len);
}

static void end_peer(struct blocked *b)
{
    closesocket(b->peer);
    b->peer = INVALID_SOCKET;
}

/* Of what comes to no memory there is left what the platform leaves, by when it comes. */
static const struct situation buffers[] =
{
    { "recv 0", open_pair, call_recv_length, send_data, NULL, after_data, .waits = EITHER },
    { "recv 0, datagram", open_datagrams, call_recv_length, send_data, NULL, after_data, .waits = EITHER },
    { "recvfrom 0, datagram", open_datagrams, call_recvfrom_length, send_data, NULL, after_data, .waits = EITHER },
    { "recv 0 at NULL", open_pair, call_recv_null, send_data, NULL, after_data, .waits = EITHER },
    { "recv -1", open_pair, call_recv_length, send_data, NULL, after_data, .arg = -1 },
    { "recvfrom -1, datagram", open_datagrams, call_recvfrom_length, send_data, NULL, after_data, .arg = -1 },
    { "recv, lowest length", open_pair, call_recv_length, send_data, NULL, after_data, .arg = (int)0x80000000 },
    { "recv at NULL", open_pair, call_recv_null, send_data, NULL, after_data, .arg = 100 },
    { "recv, wild", open_pair, call_recv_wild, send_data, NULL, NULL, .waits = EITHER },
    { "recv, wild, datagram", open_datagrams, call_recv_wild, send_data, NULL, NULL, .waits = EITHER },
    { "recvfrom, wild", open_datagrams, call_recvfrom_wild, send_data, NULL, NULL, .waits = EITHER },
    { "recv beyond the wall", open_pair, call_recv_length, send_data, NULL, after_data, .arg = 200 },
    { "recv, large buffer", open_large_buffer, call_recv, send_data, NULL, after_data, .waits = WAITS },
    { "send 0", open_pair, call_send_length, NULL, NULL, note_peer, .waits = AT_ONCE },
    { "send 0, datagram", open_datagrams, call_sendto_length, NULL, NULL, note_peer, .waits = AT_ONCE },
    { "send -1", open_pair, call_send_length, NULL, end_peer, NULL, .arg = -1 },
    { "sendto -1, datagram", open_datagrams, call_sendto_length, NULL, NULL, NULL, .arg = -1 },
    { "send, wild", open_pair, call_send_wild, NULL, NULL, note_peer, .waits = EITHER },
    { "sendto, short address", open_datagrams, call_sendto_address_length, NULL, NULL, note_peer, .arg = 4 },
    { "sendto, no address", open_datagrams, call_sendto_address_length, NULL, NULL, note_peer, .waits = EITHER },
    { "sendto, address of length -1", open_datagrams, call_sendto_address_length, NULL, NULL, note_peer, .arg = -1 },
    { "sendto, strange family", open_datagrams, call_sendto_family, NULL, NULL, note_peer, .arg = 77 },
    { "sendto nobody", open_datagrams, call_sendto_nobody, NULL, NULL, note_peer, .waits = EITHER },
    { "sendto, too large", open_large, call_sendto_length, NULL, NULL, NULL, .arg = 70000 },
};

/* --- sockets in another state --- */

static void open_unconnected(struct blocked *b) { b->s = loopback(SOCK_STREAM); }
static void open_unbound(struct blocked *b) { b->s = socket(AF_INET, SOCK_STREAM, 0); }
static void open_zero(struct blocked *b) { b->s = 0; }
static void open_odd(struct blocked *b) { b->s = 0xdead; }

static void open_closed(struct blocked *b)
{
    b->s = loopback(SOCK_STREAM);
    closesocket(b->s);
}

static void open_event(struct blocked *b)
{
    b->s = (SOCKET)CreateEventW(NULL, FALSE, FALSE, NULL);
}

static void after_event(struct blocked *b)
{
    note(b, ", handle %s", CloseHandle((HANDLE)b->s) ? "lives" : "closed");
    b->s = INVALID_SOCKET;
}

/* Nobody listens at the address any more. */
static void open_refused(struct blocked *b)
{
    b->extra = listener(1);
    b->address = address_of(b->extra);
    closesocket(b->extra);
    b->extra = INVALID_SOCKET;
    b->s = loopback(SOCK_STREAM);
}

static void open_connected(struct blocked *b)
{
    stream_pair(b);
    b->extra = listener(1);
    b->address = address_of(b->extra);
}

static void open_to_itself(struct blocked *b)
{
    open_listener(b);
    b->address = address_of(b->s);
}

static void open_bad_address(struct blocked *b)
{
    b->extra = listener(1);
    b->address = address_of(b->extra);
    b->s = loopback(SOCK_STREAM);
}

/* To where nobody listens: the answer comes as an error of the socket. */
static void open_unreachable(struct blocked *b)
{
    open_datagrams(b);
    connect(b->s, (struct sockaddr *)&b->address, sizeof(b->address));
    closesocket(b->peer);
    b->peer = INVALID_SOCKET;
    send(b->s, "x", 1, 0);
}

static void open_nonblocking_pair(struct blocked *b) { open_pair(b); set_blocking(b->s, FALSE); }
static void open_nonblocking_datagrams(struct blocked *b) { open_datagrams(b); set_blocking(b->s, FALSE); }
static void open_nonblocking_listener(struct blocked *b) { open_listener(b); set_blocking(b->s, FALSE); }
static void open_nonblocking_crowded(struct blocked *b) { open_crowded(b); set_blocking(b->s, FALSE); }

/* Such a socket works with its new peer; it was never connected if the call failed. */
static void after_connect(struct blocked *b)
{
    struct sockaddr_in peer;
    int len = sizeof(peer);

    note(b, ", peer %d", getpeername(b->s, (struct sockaddr *)&peer, &len) ? -WSAGetLastError() : len);
}

static int call_connect_length(struct blocked *b)
{
    return connect(b->s, (struct sockaddr *)&b->address, b->arg);
}

static int call_connect_family(struct blocked *b)
{
    b->address.sin_family = b->arg;
    return call_connect(b);
}

static int call_accept_length(struct blocked *b)
{
    BYTE *from = walled(ROOM);

    b->address_len = b->arg;
    b->result = accept(b->s, (struct sockaddr *)from, &b->address_len);
    take_address(b, from);
    return b->result == INVALID_SOCKET ? -1 : 0;
}

static int call_accept_no_length(struct blocked *b)
{
    memset(&b->address, FILL, sizeof(b->address));
    b->result = accept(b->s, (struct sockaddr *)&b->address, NULL);
    return b->result == INVALID_SOCKET ? -1 : 0;
}

/* The connection may be lost or wait on. */
static void after_accept(struct blocked *b)
{
    note(b, ", length %d, address %s, %s", b->address_len,
         untouched(&b->address, sizeof(b->address)) ? "untouched" : "filled in",
         readable(b->s, 0) ? "one more waits" : "none waits");
}

static void close_socket(struct blocked *b)
{
    closesocket(b->s);
    b->s = INVALID_SOCKET;
}

static const struct situation states[] =
{
    { "recv, not connected", open_unconnected, call_recv, NULL, NULL, NULL, .waits = EITHER },
    { "recvfrom, not connected", open_unconnected, call_recvfrom, NULL, NULL, NULL, .waits = EITHER },
    { "send, not connected", open_unconnected, call_send, NULL, NULL, NULL, .waits = EITHER },
    { "recv, listening", open_listener, call_recv, NULL, close_socket, NULL, .waits = EITHER },
    { "accept, not listening", open_unconnected, call_accept, NULL, NULL, NULL, .waits = EITHER },
    { "accept, not bound", open_unbound, call_accept, NULL, NULL, NULL, .waits = EITHER },
    { "accept, connected", open_pair, call_accept, NULL, NULL, NULL, .waits = EITHER },
    { "accept, datagrams", open_datagrams, call_accept, NULL, NULL, NULL, .waits = EITHER },
    { "accept, length 4", open_listener, call_accept_length, connect_peer, NULL, after_accept, .arg = 4 },
    { "accept, length 0", open_listener, call_accept_length, connect_peer, NULL, after_accept, .waits = EITHER },
    { "accept, length -1", open_listener, call_accept_length, connect_peer, NULL, after_accept, .arg = -1 },
    { "accept, length 100", open_listener, call_accept_length, connect_peer, NULL, after_accept, .arg = 100 },
    { "accept, no length", open_listener, call_accept_no_length, connect_peer, NULL, after_accept, .waits = EITHER },
    { "connect, refused", open_refused, call_connect, NULL, NULL, after_connect, .waits = EITHER },
    { "connect, connected", open_connected, call_connect, NULL, NULL, after_connect, .waits = EITHER },
    { "connect, listening", open_to_itself, call_connect, NULL, NULL, after_connect, .waits = EITHER },
    { "connect, datagrams", open_datagrams, call_connect, NULL, NULL, after_connect, .waits = EITHER },
    { "connect, length 4", open_bad_address, call_connect_length, NULL, NULL, after_connect, .arg = 4 },
    { "connect, strange family", open_bad_address, call_connect_family, NULL, NULL, after_connect, .arg = 77 },
    { "connect, no family", open_bad_address, call_connect_family, NULL, NULL, after_connect, .arg = AF_UNSPEC },
    { "recv, non-blocking", open_nonblocking_pair, call_recv, NULL, NULL, NULL, .waits = AT_ONCE },
    { "recvfrom, non-blocking", open_nonblocking_datagrams, call_recvfrom, NULL, NULL, NULL, .waits = AT_ONCE },
    { "accept, non-blocking", open_nonblocking_listener, call_accept, NULL, NULL, NULL, .waits = AT_ONCE },
    { "connect, non-blocking", open_nonblocking_crowded, call_connect, NULL, NULL, NULL, .waits = AT_ONCE },
    { "recv, unreachable", open_unreachable, call_recv, NULL, close_socket, NULL, .waits = EITHER, .old_differs = TRUE },
};

/* --- no sockets --- */

static void test_no_sockets(void)
{
    static int (*const calls[])(struct blocked *) =
    {
        call_recv, call_recvfrom, call_send, call_sendto_length, call_accept, call_connect, call_select_read, call_close,
    };
    struct situation table[] =
    {
        { "INVALID_SOCKET", .open = open_nothing },
        { "socket 0", .open = open_zero },
        { "no handle", .open = open_odd },
        { "closed before", .open = open_closed },
        { "an event", .open = open_event, .after = after_event },
    };
    unsigned int i, k;

    for (i = 0; i < ARRAY_SIZE(calls); i++)
    {
        winetest_push_context("call %u", i);
        for (k = 0; k < ARRAY_SIZE(table); k++)
        {
            table[k].call = calls[i];
            table[k].waits = AT_ONCE;
            run_situations(table + k, 1);       /* what is closed must stay nobody's */
        }
        winetest_pop_context();
    }
}

void test_arguments(void)
{
    RUN(datagrams);
    if (old_wine) skip("an old Wine crashes for want of a good address\n");
    else RUN(deadly_datagrams);
    RUN(buffers);
    RUN(states);
    test_no_sockets();
}
