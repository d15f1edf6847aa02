/*
 * What a hook must not change: options, flags, addresses, buffers and arguments of all kinds. Each situation is made
 * twice, once on a thread without a hook, and must look the same.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "blockopts.h"

#define HELP_AFTER 300          /* ms without effect after which an act has none */
#define BATCH 8                 /* situations at a time, to share their waits */

/* --- the comparison --- */

static struct blocked runs[BATCH][2];           /* without a hook, with it */

static void judge(const struct situation *at, struct blocked *plain, struct blocked *hooked)
{
    winetest_push_context("%s", at->name);
    if (!old_wine || !at->old_differs)
        ok(!strcmp(plain->log, hooked->log), "without a hook:%s; with one:%s\n", plain->log, hooked->log);
    if (winetest_debug > 1) trace("%s\n", plain->log);
    if (at->waits == WAITS)
    {
        todo_builtin ok(hooked->calls, "the hook is not called\n");
    }
    if (at->waits == AT_ONCE) ok(!hooked->calls, "the hook is called %ld times\n", hooked->calls);
    winetest_pop_context();
}

static void conclude(const struct situation *at, struct blocked *b)
{
    DWORD took;

    winetest_push_context("%s", at->name);
    end(b);
    winetest_pop_context();
    took = b->returned - b->begun;
    note(b, " returned %d, error %d", b->ret, b->error);
    if (at->ms) note(b, took < at->ms * 7 / 10 ? ", early" : took > at->ms + 2500 ? ", late" : ", in time");
    if (at->after) at->after(b);
}

void run_situations(const struct situation *at, unsigned int count)
{
    DWORD acted;
    unsigned int i, n, k;

    for (; count; count -= n, at += n)
    {
        n = min(count, BATCH);
        for (i = 0; i < n; i++)
        {
            for (k = 0; k < 2; k++)
            {
                prepare_scene(&runs[i][k]);
                runs[i][k].hooked = k;
                if (at[i].waits != WAITS) runs[i][k].notice = 0;
                runs[i][k].arg = at[i].arg;
                runs[i][k].buf = walled(runs[i][k].len);
                at[i].open(&runs[i][k]);
            }
        }
        for (i = 0; i < 2 * n; i++) begin(&runs[i / 2][i % 2], at[i / 2].call);
        for (i = 0; i < 2 * n; i++)
            if (in_call(&runs[i / 2][i % 2]) && at[i / 2].act) at[i / 2].act(&runs[i / 2][i % 2]);
        acted = GetTickCount();
        for (i = 0; i < 2 * n; i++)
        {
            if (!at[i / 2].help) continue;
            k = min(HELP_AFTER, GetTickCount() - acted);
            if (returned(&runs[i / 2][i % 2], HELP_AFTER - k)) continue;
            note(&runs[i / 2][i % 2], " helped,");
            at[i / 2].help(&runs[i / 2][i % 2]);
        }
        for (i = 0; i < 2 * n; i++) conclude(at + i / 2, &runs[i / 2][i % 2]);
        for (i = 0; i < n; i++) judge(at + i, &runs[i][0], &runs[i][1]);
        for (i = 0; i < 2 * n; i++) close_scene(&runs[i / 2][i % 2]);
    }
}

/* --- what they are made of --- */

void open_nothing(struct blocked *b)
{
}

void open_pair(struct blocked *b)
{
    stream_pair(b);
}

void open_datagrams(struct blocked *b)
{
    datagram_pair(b);
}

void open_listener(struct blocked *b)
{
    b->s = listener(5);
}

void open_full(struct blocked *b)
{
    stream_pair(b);
    free_pages(b->buf);
    b->buf = walled(b->len = 0x100000);
    pattern(b->buf, 0, b->len);
}

void open_crowded(struct blocked *b)
{
    crowded_listener(b);
}

int call_recv(struct blocked *b)
{
    return recv(b->s, b->buf, b->len, b->arg);
}

int call_recvfrom(struct blocked *b)
{
    b->address_len = sizeof(b->address);
    memset(&b->address, FILL, sizeof(b->address));
    return recvfrom(b->s, b->buf, b->len, b->arg, (struct sockaddr *)&b->address, &b->address_len);
}

int call_send(struct blocked *b)
{
    return send(b->s, b->buf, b->len, 0);
}

int call_accept(struct blocked *b)
{
    b->result = accept(b->s, NULL, NULL);
    return b->result == INVALID_SOCKET ? -1 : 0;
}

void send_data(struct blocked *b)
{
    send_pattern(b, 50);
}

void send_urgent(struct blocked *b)
{
    ok(send(b->peer, "!", 1, MSG_OOB) == 1, "error %d\n", WSAGetLastError());
}

void connect_peer(struct blocked *b)
{
    b->peer = connect_to(b->s);
}

void accept_peer(struct blocked *b)
{
    ok(accept_until(b), "the connection does not come\n");
}

void read_peer(struct blocked *b)
{
    read_pattern(b, b->len - b->received);
}

void open_filled(struct blocked *b)
{
    open_pair(b);
    fill(b);
}

void read_filled(struct blocked *b)
{
    read_pattern(b, b->sent - b->received);
}

int call_select_read(struct blocked *b)
{
    FD_ZERO(&b->reads);
    FD_SET(b->s, &b->reads);
    return select(0, &b->reads, NULL, NULL, NULL);
}

int call_close(struct blocked *b)
{
    return closesocket(b->s);
}

/* What is there now, and no more; the mode of the socket changes. */
static void note_rest(struct blocked *b)
{
    u_long on = 1;
    char buf[200];
    int i, ret;

    ioctlsocket(b->s, FIONBIO, &on);
    for (i = 0; i < 3; i++)
    {
        ret = recv(b->s, buf, sizeof(buf), 0);
        note(b, ", then %d", ret < 0 ? -WSAGetLastError() : ret);
        if (ret > 0) note(b, " (%02x..%02x)", (BYTE)buf[0], (BYTE)buf[ret - 1]);
        if (ret <= 0) break;
    }
}

/* Its last byte that was written too, beyond what the result says. */
void after_data(struct blocked *b)
{
    int last = b->len;

    while (last && (BYTE)b->buf[last - 1] == FILL) last--;
    note(b, ", %d bytes", last);
    if (last) note(b, " (%02x..%02x)", (BYTE)b->buf[0], (BYTE)b->buf[last - 1]);
    note_rest(b);
}

void after_from(struct blocked *b)
{
    struct sockaddr_in peer = address_of(b->peer);

    after_data(b);
    note(b, ", from length %d, %s", b->address_len,
         untouched(&b->address, sizeof(b->address)) ? "nobody" :
         memcmp(&peer, &b->address, sizeof(peer)) ? "another" : "the peer");
}

static void note_set(struct blocked *b, const char *name, const fd_set *set)
{
    unsigned int i;

    note(b, ", %s:", name);
    for (i = 0; i < set->fd_count; i++)
        note(b, " %s", set->fd_array[i] == b->s ? "s" : set->fd_array[i] == b->extra ? "extra" : "?");
}

void after_sets(struct blocked *b)
{
    note_set(b, "read", &b->reads);
    note_set(b, "write", &b->writes);
    note_set(b, "except", &b->excepts);
}

/* --- timeouts --- */

static void set_timeouts(struct blocked *b)
{
    set_number(b->s, SOL_SOCKET, SO_RCVTIMEO, b->arg);
    set_number(b->s, SOL_SOCKET, SO_SNDTIMEO, b->arg);
    b->arg = 0;
}

static void open_timed_pair(struct blocked *b) { open_pair(b); set_timeouts(b); }
static void open_timed_datagrams(struct blocked *b) { open_datagrams(b); set_timeouts(b); }
static void open_timed_listener(struct blocked *b) { open_listener(b); set_timeouts(b); }
static void open_timed_full(struct blocked *b) { open_full(b); set_timeouts(b); }
static void open_timed_crowded(struct blocked *b) { open_crowded(b); set_timeouts(b); }

static int call_waitall(struct blocked *b)
{
    return recv(b->s, b->buf, b->len, MSG_WAITALL);
}

/* The socket is as good as before. */
static void after_timeout(struct blocked *b)
{
    send_pattern(b, 50);
    after_data(b);
}

/* How many bytes a send has got rid of is nobody's to say, but in order they are. */
static void after_timed_send(struct blocked *b)
{
    int ret = 1;
    char buf[4096];

    while (readable(b->peer, 50) && (ret = recv(b->peer, buf, sizeof(buf), 0)) > 0)
    {
        if (!is_pattern(buf, b->received, ret)) note(b, ", other bytes");
        b->received += ret;
    }
    note(b, ", the peer reads %s, then %d", b->received < (unsigned int)b->len ? "a part" : "all",
         ret < 0 ? -WSAGetLastError() : 0);
    note(b, ", later %d", send(b->s, "x", 1, 0));
}

static void open_lingering(struct blocked *b)
{
    stream_pair(b);
    fill(b);
    set_linger(b->s, b->arg);
}

static void open_lingering_nonblocking(struct blocked *b)
{
    open_lingering(b);
    set_blocking(b->s, FALSE);
}

static void read_to_end(struct blocked *b)
{
    read_pattern(b, -1);
}

static void after_close(struct blocked *b)
{
    int ret = read_pattern(b, -1);

    note(b, ", the peer reads %s, then %d", b->received == b->sent ? "all" : "a part", ret < 0 ? -WSAGetLastError() : ret);
    b->s = INVALID_SOCKET;
}

static void after_hard_close(struct blocked *b)
{
    b->s = INVALID_SOCKET;
}

static const struct situation timeouts[] =
{
    { "recv times out", open_timed_pair, call_recv, NULL, NULL, after_timeout, .waits = WAITS, .arg = 600, .ms = 600 },
    { "recv times out soon", open_timed_pair, call_recv, NULL, NULL, after_timeout, .arg = 1 },
    { "recv does not time out", open_timed_pair, call_recv, send_data, NULL, after_data, .waits = WAITS, .arg = 20000 },
    { "recv, timeout 0", open_timed_pair, call_recv, NULL, send_data, after_data, .waits = WAITS },
    { "recvfrom times out", open_timed_datagrams, call_recvfrom, NULL, NULL, after_timeout, .waits = WAITS, .arg = 600, .ms = 600 },
    { "recvfrom does not time out", open_timed_datagrams, call_recvfrom, send_data, NULL, after_from, .waits = WAITS, .arg = 20000 },
    { "recv of all times out", open_timed_pair, call_waitall, send_data, send_data, after_data, .waits = WAITS, .arg = 400 },
    { "select, receive timeout", open_timed_pair, call_select_read, NULL, send_data, after_data, .waits = WAITS, .arg = 300 },
    { "accept, receive timeout", open_timed_listener, call_accept, NULL, connect_peer, NULL, .waits = WAITS, .arg = 300 },
    { "connect, timeouts", open_timed_crowded, call_connect, NULL, accept_peer, NULL, .waits = WAITS, .arg = 300 },
    { "send times out", open_timed_full, call_send, NULL, NULL, after_timed_send, .waits = WAITS, .arg = 600, .ms = 600 },
    { "send does not time out", open_timed_full, call_send, read_peer, NULL, NULL, .waits = WAITS, .arg = 20000 },
    { "closesocket, lingering is over", open_lingering, call_close, NULL, NULL, after_close, .waits = WAITS, .arg = 1, .ms = 1000 },
    { "closesocket, lingering ends", open_lingering, call_close, read_to_end, NULL, after_close, .waits = WAITS, .arg = 20 },
    { "closesocket, lingering, non-blocking", open_lingering_nonblocking, call_close, NULL, NULL, after_close,
      .waits = AT_ONCE, .arg = 1, .ms = 1000 },
    { "closesocket, not lingering", open_filled, call_close, NULL, NULL, after_close, .waits = AT_ONCE },
    { "closesocket, hard", open_lingering, call_close, NULL, NULL, after_hard_close, .waits = AT_ONCE },
};

/* --- flags --- */

static void open_inline(struct blocked *b)
{
    stream_pair(b);
    set_number(b->s, SOL_SOCKET, SO_OOBINLINE, 1);
}

static void send_and_close(struct blocked *b)
{
    send_pattern(b, 50);
    closesocket(b->peer);
    b->peer = INVALID_SOCKET;
}

static int call_send_flags(struct blocked *b)
{
    return send(b->s, "123", 3, b->arg);
}

static const struct situation flags[] =
{
    { "peek", open_pair, call_recv, send_data, NULL, after_data, .waits = WAITS, .arg = MSG_PEEK },
    { "peek, datagram", open_datagrams, call_recvfrom, send_data, NULL, after_from, .waits = WAITS, .arg = MSG_PEEK },
    { "out of band", open_pair, call_recv, send_urgent, send_data, after_data, .arg = MSG_OOB },
    { "out of band, inline", open_inline, call_recv, send_urgent, send_data, after_data, .arg = MSG_OOB },
    { "out of band comes", open_pair, call_recv, send_urgent, send_data, after_data, .waits = WAITS },
    { "out of band comes, inline", open_inline, call_recv, send_urgent, send_data, after_data, .waits = WAITS },
    { "all", open_pair, call_recv, send_data, send_data, after_data, .waits = WAITS, .arg = MSG_WAITALL },
    { "all, and the end", open_pair, call_recv, send_and_close, NULL, after_data, .waits = WAITS, .arg = MSG_WAITALL },
    { "all, peek", open_pair, call_recv, send_data, send_data, after_data, .waits = WAITS, .arg = MSG_WAITALL | MSG_PEEK },
    { "send out of band", open_pair, call_send_flags, NULL, NULL, NULL, .waits = AT_ONCE, .arg = MSG_OOB },
    { "send, no route", open_pair, call_send_flags, NULL, NULL, NULL, .waits = AT_ONCE, .arg = MSG_DONTROUTE },
    { "send, unknown flags", open_pair, call_send_flags, NULL, NULL, NULL, .arg = 0x7f00 },
};

/* An old Wine waits where others refuse, and fails where others wait. */
static const struct situation refused_flags[] =
{
    { "out of band, there is none", open_pair, call_recv, send_data, send_urgent, after_data, .arg = MSG_OOB },
    { "unknown flags", open_pair, call_recv, send_data, NULL, after_data, .arg = 0x7f00 },
    { "unknown flags, datagram", open_datagrams, call_recvfrom, send_data, NULL, after_from, .arg = 0x7f00 },
};

/* --- what only a thread with a hook can do --- */

static void open_long_timed_pair(struct blocked *b)
{
    b->arg = 20000;
    open_timed_pair(b);
}

static void test_cancel_before_timeout(void)
{
    static const struct
    {
        const char *name;
        void (*open)(struct blocked *);
        int (*call)(struct blocked *);
    } tests[] =
    {
        { "recv", open_long_timed_pair, call_recv },
        { "recv of all", open_long_timed_pair, call_waitall },
    };
    unsigned int i;
    struct blocked b;

    for (i = 0; i < ARRAY_SIZE(tests); i++)
    {
        winetest_push_context("%s, cancelled before its timeout", tests[i].name);
        prepare_scene(&b);
        b.buf = walled(b.len);
        tests[i].open(&b);
        b.cancel_at = 4;
        begin(&b, tests[i].call);
        /* A part may have come: the call returns it, or leaves it. */
        if (in_call(&b) && i) send_data(&b);
        if (!returned(&b, ours || i ? PATIENCE / 3 : 0)) send_data(&b);
        end(&b);
        todo_builtin_if(!i) ok((b.ret == -1 && b.error == WSAEINTR) || (i && b.ret == 50), "got %d, error %d\n", b.ret,
                               b.error);
        todo_builtin_if(!i) ok(i || b.returned - b.cancelled < 1000, "%lu ms after the cancel\n", b.returned - b.cancelled);
        if (b.ret > 0)
        {
            ok(is_pattern(b.buf, 0, b.ret), "wrong data\n");
            b.received = b.ret;
        }
        if (b.sent == b.received) send_data(&b);
        set_blocking(b.s, FALSE);
        b.ret = recv(b.s, b.buf, b.len, 0);
        ok(b.ret == (int)(b.sent - b.received) && is_pattern(b.buf, b.received, b.ret),
           "%u of %u bytes had come, then %d, error %d\n", b.received, b.sent, b.ret, WSAGetLastError());
        close_scene(&b);
        winetest_pop_context();
    }
}

START_TEST(blockopts)
{
    start(MAKEWORD(1, 1));
    if (argument(1))
    {
        memory_child();
        return;
    }
    RUN(timeouts);
    RUN(flags);
    if (old_wine) skip("an old Wine refuses other flags\n");
    else RUN(refused_flags);
    test_cancel_before_timeout();
    test_arguments();
    test_ended();
    test_selects();
    finish();
}
