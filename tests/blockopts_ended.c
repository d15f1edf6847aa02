/*
 * Blocking calls that others interfere with: the peer ends, the socket is shut down or closed by another thread. What
 * wakes no call without a hook wakes none with one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "blockopts.h"

static void close_socket(struct blocked *b)
{
    note(b, " closed %d,", closesocket(b->s) ? WSAGetLastError() : 0);
}

static void shut_down(struct blocked *b, int how)
{
    note(b, " shutdown %d,", shutdown(b->s, how) ? WSAGetLastError() : 0);
}

static void shut_receive(struct blocked *b) { shut_down(b, SD_RECEIVE); }
static void shut_send(struct blocked *b) { shut_down(b, SD_SEND); }
static void shut_both(struct blocked *b) { shut_down(b, SD_BOTH); }

static void peer_shuts(struct blocked *b)
{
    shutdown(b->peer, SD_SEND);
}

static void peer_closes(struct blocked *b)
{
    closesocket(b->peer);
    b->peer = INVALID_SOCKET;
}

static void peer_resets(struct blocked *b)
{
    set_linger(b->peer, 0);
    peer_closes(b);
}

static void after_recv(struct blocked *b)
{
    after_data(b);
    note(b, ", send %d", send(b->s, "x", 1, 0) < 0 ? WSAGetLastError() : 0);
}

static void after_send(struct blocked *b)
{
    set_blocking(b->s, FALSE);
    note(b, ", send %d", send(b->s, "x", 1, 0) < 0 ? WSAGetLastError() : 0);
}

static void after_accept(struct blocked *b)
{
    note(b, ", listener %s", readable(b->s, 0) ? "readable" : "not readable");
}

/* Its value may be another's. */
static void after_closed(struct blocked *b)
{
    b->s = INVALID_SOCKET;
}

/* --- select --- */

static int call_select_write(struct blocked *b)
{
    FD_ZERO(&b->writes);
    FD_SET(b->s, &b->writes);
    return select(0, NULL, &b->writes, NULL, NULL);
}

static int call_select_except(struct blocked *b)
{
    FD_ZERO(&b->excepts);
    FD_SET(b->s, &b->excepts);
    return select(0, NULL, NULL, &b->excepts, NULL);
}

/* The socket has company in its set. */
static int call_select_more(struct blocked *b)
{
    FD_ZERO(&b->reads);
    FD_SET(b->extra, &b->reads);
    FD_SET(b->s, &b->reads);
    FD_ZERO(&b->excepts);
    FD_SET(b->extra, &b->excepts);
    return select(0, &b->reads, NULL, &b->excepts, NULL);
}

static void open_more(struct blocked *b)
{
    open_pair(b);
    b->extra = loopback(SOCK_DGRAM);
}

static void after_select_closed(struct blocked *b)
{
    after_sets(b);
    after_closed(b);
}

static void open_failing(struct blocked *b)
{
    crowded_listener(b);
    set_blocking(b->s, FALSE);
    connect(b->s, (struct sockaddr *)&b->address, sizeof(b->address));
}

/* The next attempt is refused. */
static void close_listener(struct blocked *b)
{
    peer_closes(b);
}

static const struct situation ended[] =
{
    { "recv, closed", open_pair, call_recv, close_socket, send_data, after_closed, .waits = WAITS, .old_differs = TRUE },
    { "recv, shut for receiving", open_pair, call_recv, shut_receive, send_data, after_recv, .waits = WAITS,
      .old_differs = TRUE },
    { "recv, shut for sending", open_pair, call_recv, shut_send, send_data, after_recv, .waits = WAITS },
    { "recv, shut", open_pair, call_recv, shut_both, send_data, after_recv, .waits = WAITS, .old_differs = TRUE },
    { "recv, peer closes", open_pair, call_recv, peer_closes, NULL, after_data, .waits = WAITS },
    { "recv, peer resets", open_pair, call_recv, peer_resets, NULL, after_data, .waits = WAITS, .old_differs = TRUE },
    { "recv, peer shuts", open_pair, call_recv, peer_shuts, NULL, after_recv, .waits = WAITS },
    { "recvfrom, closed", open_datagrams, call_recvfrom, close_socket, send_data, after_closed, .waits = WAITS,
      .old_differs = TRUE },
    { "recvfrom, shut for receiving", open_datagrams, call_recvfrom, shut_receive, send_data, after_data, .waits = WAITS },
    { "recvfrom, shut", open_datagrams, call_recvfrom, shut_both, send_data, after_data, .waits = WAITS },
    { "recvfrom, stream, closed", open_pair, call_recvfrom, close_socket, send_data, after_closed, .waits = WAITS,
      .old_differs = TRUE },
    { "recvfrom, stream, shut", open_pair, call_recvfrom, shut_both, send_data, after_recv, .waits = WAITS,
      .old_differs = TRUE },
    { "recvfrom, stream, peer resets", open_pair, call_recvfrom, peer_resets, NULL, after_data, .waits = WAITS,
      .old_differs = TRUE },
    { "accept, closed", open_listener, call_accept, close_socket, NULL, after_closed, .waits = WAITS },
    { "accept, shut", open_listener, call_accept, shut_both, connect_peer, after_accept, .waits = WAITS },
    { "connect, closed", open_crowded, call_connect, close_socket, accept_peer, after_closed, .waits = WAITS,
      .old_differs = TRUE },
    { "connect, shut", open_crowded, call_connect, shut_both, close_listener, NULL, .waits = WAITS },
    { "connect, refused later", open_crowded, call_connect, close_listener, NULL, NULL, .waits = WAITS },
    { "send, closed", open_full, call_send, close_socket, read_peer, after_closed, .waits = WAITS, .old_differs = TRUE },
    { "send, shut for receiving", open_full, call_send, shut_receive, read_peer, after_send, .waits = WAITS },
    { "send, shut for sending", open_full, call_send, shut_send, read_peer, after_send, .waits = WAITS,
      .old_differs = TRUE },
    { "send, shut", open_full, call_send, shut_both, read_peer, after_send, .waits = WAITS, .old_differs = TRUE },
    { "send, peer closes", open_full, call_send, peer_closes, NULL, after_send, .waits = WAITS },
    { "send, peer resets", open_full, call_send, peer_resets, NULL, after_send, .waits = WAITS },
    { "send, peer shuts", open_full, call_send, peer_shuts, read_peer, after_send, .waits = WAITS },
    { "select, closed", open_pair, call_select_read, close_socket, NULL, after_select_closed, .waits = WAITS },
    { "select, one of two closed", open_more, call_select_more, close_socket, NULL, after_select_closed, .waits = WAITS },
    { "select, shut for receiving", open_pair, call_select_read, shut_receive, send_data, after_sets, .waits = WAITS },
    { "select, shut for sending", open_pair, call_select_read, shut_send, send_data, after_sets, .waits = WAITS },
    { "select, shut", open_pair, call_select_read, shut_both, send_data, after_sets, .waits = WAITS },
    { "select, peer closes", open_pair, call_select_read, peer_closes, NULL, after_sets, .waits = WAITS },
    { "select, peer resets", open_pair, call_select_read, peer_resets, NULL, after_sets, .waits = WAITS },
    { "select, one of two, peer resets", open_more, call_select_more, peer_resets, NULL, after_sets, .waits = WAITS },
    { "select, peer shuts", open_pair, call_select_read, peer_shuts, NULL, after_sets, .waits = WAITS },
    { "select, listener closed", open_listener, call_select_read, close_socket, NULL, after_select_closed, .waits = WAITS },
    { "select, room, closed", open_filled, call_select_write, close_socket, NULL, after_select_closed, .waits = WAITS,
      .old_differs = TRUE },
    { "select, room, shut for sending", open_filled, call_select_write, shut_send, read_filled, after_sets, .waits = WAITS },
    { "select, room, shut for receiving", open_filled, call_select_write, shut_receive, read_filled, after_sets, .waits = WAITS },
    { "select, room, peer resets", open_filled, call_select_write, peer_resets, NULL, after_sets, .waits = WAITS },
    { "select, out of band, closed", open_pair, call_select_except, close_socket, NULL, after_select_closed, .waits = WAITS,
      .old_differs = TRUE },
    { "select, out of band, shut", open_pair, call_select_except, shut_both, send_urgent, after_sets, .waits = WAITS },
    { "select, connection fails", open_failing, call_select_except, close_listener, NULL, after_sets, .waits = WAITS },
    { "select, connection closed", open_failing, call_select_write, close_socket, NULL, after_select_closed, .waits = WAITS,
      .old_differs = TRUE },
};

void test_ended(void)
{
    RUN(ended);
}
