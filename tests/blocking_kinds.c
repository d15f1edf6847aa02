/*
 * The blocking calls over loopback, each with what makes it wait, what lets it complete, and what its success looks
 * like. The tests themselves are in blocking.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "blocking.h"

#define LARGE 0x200000          /* more than loopback holds for a peer that does not read */

/* A stream works both ways. */
static void check_stream(SOCKET one, SOCKET other)
{
    char got = 0;

    ok(send(one, "1", 1, 0) == 1 && recv(other, &got, 1, 0) == 1 && got == '1', "not connected, error %d\n",
       WSAGetLastError());
    ok(send(other, "2", 1, 0) == 1 && recv(one, &got, 1, 0) == 1 && got == '2', "not connected, error %d\n",
       WSAGetLastError());
}

/* --- accept --- */

static void let_accept(struct blocked *b)
{
    b->peer = connect_to(b->s);
}

static void open_accept(struct blocked *b, BOOL at_once)
{
    b->s = listener(5);
    if (at_once) let_accept(b);
}

static int call_accept(struct blocked *b)
{
    b->address_len = sizeof(b->address);
    memset(&b->address, FILL, sizeof(b->address));
    b->result = accept(b->s, (struct sockaddr *)&b->address, &b->address_len);
    return b->result == INVALID_SOCKET ? -1 : 0;
}

static void check_accept(struct blocked *b)
{
    struct sockaddr_in peer = address_of(b->peer);

    ok(!b->ret, "got error %d\n", b->error);
    ok(b->address_len == sizeof(peer) && b->address.sin_family == AF_INET && b->address.sin_port == peer.sin_port
       && b->address.sin_addr.s_addr == peer.sin_addr.s_addr, "got length %d, port %u, expected port %u\n",
       b->address_len, ntohs(b->address.sin_port), ntohs(peer.sin_port));
    if (!b->ret) check_stream(b->peer, b->result);
    closesocket(b->result);
    closesocket(b->peer);
    b->result = b->peer = INVALID_SOCKET;
}

/* --- connect --- */

static void open_connect(struct blocked *b, BOOL at_once)
{
    if (!at_once)
    {
        crowded_listener(b);
        return;
    }
    b->peer = listener(5);
    b->address = address_of(b->peer);
    b->s = loopback(SOCK_STREAM);
}

static void let_connect(struct blocked *b)
{
    ok(accept_until(b), "the connection does not come\n");
}

static void check_connect(struct blocked *b)
{
    ok(!b->ret, "got %d, error %d\n", b->ret, b->error);
    if (b->extra == INVALID_SOCKET) let_connect(b);
    if (!b->ret) check_stream(b->s, b->extra);
}

/* --- recv, recvfrom --- */

static void let_recv(struct blocked *b)
{
    send_pattern(b, b->len);
}

static void open_recv(struct blocked *b, BOOL at_once)
{
    stream_pair(b);
    b->buf = walled(b->len);
    if (at_once) let_recv(b);
}

static void open_datagram(struct blocked *b, BOOL at_once)
{
    datagram_pair(b);
    b->buf = walled(b->len);
    if (at_once) let_recv(b);
}

static int call_recv(struct blocked *b)
{
    return recv(b->s, b->buf, b->len, 0);
}

static int call_recvfrom(struct blocked *b)
{
    b->address_len = sizeof(b->address);
    memset(&b->address, FILL, sizeof(b->address));
    return recvfrom(b->s, b->buf, b->len, 0, (struct sockaddr *)&b->address, &b->address_len);
}

static int call_recvfrom_stream(struct blocked *b)
{
    return recvfrom(b->s, b->buf, b->len, 0, NULL, NULL);
}

static void check_recv(struct blocked *b)
{
    ok(b->ret == b->len && is_pattern(b->buf, b->received, b->len), "got %d of %d bytes, %sin order, error %d\n",
       b->ret, b->len, b->ret > 0 && is_pattern(b->buf, b->received, b->ret) ? "" : "not ", b->error);
    b->received += b->len;
}

static void check_recvfrom(struct blocked *b)
{
    struct sockaddr_in peer = address_of(b->peer);

    check_recv(b);
    ok(b->address_len == sizeof(peer) && b->address.sin_port == peer.sin_port
       && b->address.sin_addr.s_addr == peer.sin_addr.s_addr, "from length %d, port %u, expected port %u\n",
       b->address_len, ntohs(b->address.sin_port), ntohs(peer.sin_port));
}

/* --- send, sendto --- */

static void open_send(struct blocked *b, BOOL at_once)
{
    stream_pair(b);
    if (!at_once) b->len = LARGE;
    b->buf = walled(b->len);
    pattern(b->buf, 0, b->len);
}

static int call_send(struct blocked *b)
{
    return send(b->s, b->buf, b->len, 0);
}

static int call_sendto(struct blocked *b)
{
    return sendto(b->s, b->buf, b->len, 0, NULL, 0);
}

int call_sendto_address(struct blocked *b)
{
    return sendto(b->s, b->buf, b->len, 0, (struct sockaddr *)&b->address, sizeof(b->address));
}

static void let_send(struct blocked *b)
{
    read_pattern(b, b->len - b->received);
}

static void check_send(struct blocked *b)
{
    ok(b->ret == b->len, "sent %d of %d, error %d\n", b->ret, b->len, b->error);
    if (b->ret == b->len) let_send(b);
    ok(b->received == (unsigned int)b->len, "%u of %d bytes came\n", b->received, b->len);
}

/* --- select --- */

/* The other socket of the set has nothing to tell. */
static void open_select_read(struct blocked *b, BOOL at_once)
{
    open_recv(b, at_once);
    b->extra = loopback(SOCK_DGRAM);
}

static void open_select_nonblocking(struct blocked *b, BOOL at_once)
{
    open_select_read(b, at_once);
    set_blocking(b->s, FALSE);
}

static void open_select_accept(struct blocked *b, BOOL at_once)
{
    open_accept(b, at_once);
    b->extra = loopback(SOCK_DGRAM);
}

static int call_select_read(struct blocked *b)
{
    struct timeval time = { 2 * PATIENCE / 1000, 0 };

    FD_ZERO(&b->reads);
    FD_SET(b->extra, &b->reads);
    FD_SET(b->s, &b->reads);
    return select(0, &b->reads, NULL, NULL, &time);
}

static void check_set(struct blocked *b, fd_set *set)
{
    ok(b->ret == 1 && set->fd_count == 1 && set->fd_array[0] == b->s, "got %d, error %d, %u in the set, %s\n", b->ret,
       b->error, set->fd_count, FD_ISSET(b->s, set) ? "the right one among them" : "not the right one");
}

static void check_select_read(struct blocked *b)
{
    check_set(b, &b->reads);
    b->ret = call_recv(b);
    check_recv(b);
}

static void check_select_accept(struct blocked *b)
{
    check_set(b, &b->reads);
    b->ret = call_accept(b);
    check_accept(b);
}

static void open_select_write(struct blocked *b, BOOL at_once)
{
    stream_pair(b);
    b->extra = listener(1);
    if (!at_once) fill(b);
}

static int call_select_write(struct blocked *b)
{
    FD_ZERO(&b->writes);
    FD_SET(b->extra, &b->writes);
    FD_SET(b->s, &b->writes);
    return select(0, NULL, &b->writes, NULL, NULL);
}

static void let_select_write(struct blocked *b)
{
    read_pattern(b, b->sent - b->received);
    ok(b->received == b->sent, "%u of %u bytes came\n", b->received, b->sent);
}

static void check_select_write(struct blocked *b)
{
    check_set(b, &b->writes);
    fill(b);
}

static void let_select_except(struct blocked *b)
{
    ok(send(b->peer, "!", 1, MSG_OOB) == 1, "error %d\n", WSAGetLastError());
}

static void open_select_except(struct blocked *b, BOOL at_once)
{
    stream_pair(b);
    b->extra = loopback(SOCK_DGRAM);
    if (at_once) let_select_except(b);
}

static int call_select_except(struct blocked *b)
{
    FD_ZERO(&b->excepts);
    FD_SET(b->extra, &b->excepts);
    FD_SET(b->s, &b->excepts);
    return select(0, NULL, NULL, &b->excepts, NULL);
}

static void check_select_except(struct blocked *b)
{
    char got = 0;

    check_set(b, &b->excepts);
    ok(recv(b->s, &got, 1, MSG_OOB) == 1 && got == '!', "got %#x, error %d\n", got, WSAGetLastError());
}

/* --- closesocket --- */

static void open_close(struct blocked *b, BOOL at_once)
{
    stream_pair(b);
    if (!at_once) fill(b);
    set_linger(b->s, PATIENCE / 1000);
}

static int call_close(struct blocked *b)
{
    return closesocket(b->s);
}

static void let_close(struct blocked *b)
{
    ok(!read_pattern(b, -1), "the stream ends with error %d\n", WSAGetLastError());
    ok(b->received == b->sent, "%u of %u bytes came\n", b->received, b->sent);
}

void check_gone(SOCKET s)
{
    int type, len = sizeof(type);

    ok(getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&type, &len) && says_no_socket(WSAGetLastError()),
       "the socket lives\n");
}

static void check_close(struct blocked *b)
{
    ok(!b->ret, "got %d, error %d\n", b->ret, b->error);
    check_gone(b->s);
    b->s = INVALID_SOCKET;
}

const struct kind kinds[KINDS] =
{
    [ACCEPT] = { "accept", open_accept, call_accept, let_accept, check_accept, TRUE },
    [CONNECT] = { "connect", open_connect, call_connect, let_connect, check_connect },
    [RECV] = { "recv", open_recv, call_recv, let_recv, check_recv, TRUE, TRUE },
    [RECVFROM] = { "recvfrom", open_datagram, call_recvfrom, let_recv, check_recvfrom, TRUE, TRUE },
    [RECVFROM_STREAM] = { "recvfrom, stream", open_recv, call_recvfrom_stream, let_recv, check_recv, TRUE, TRUE },
    [SEND] = { "send", open_send, call_send, let_send, check_send },
    [SENDTO] = { "sendto", open_send, call_sendto, let_send, check_send },
    [SELECT_READ] = { "select, data", open_select_read, call_select_read, let_recv, check_select_read, TRUE },
    [SELECT_ACCEPT] = { "select, connection", open_select_accept, call_select_read, let_accept, check_select_accept, TRUE },
    [SELECT_WRITE] = { "select, room", open_select_write, call_select_write, let_select_write, check_select_write, TRUE },
    [SELECT_EXCEPT] = { "select, out of band", open_select_except, call_select_except, let_select_except,
                        check_select_except, TRUE },
    [SELECT_NONBLOCKING] = { "select, non-blocking", open_select_nonblocking, call_select_read, let_recv,
                             check_select_read, TRUE },
    [CLOSE] = { "closesocket", open_close, call_close, let_close, check_close },
};
