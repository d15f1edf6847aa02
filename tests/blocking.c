/*
 * Blocking calls on sockets under a hook: what completes and what is cancelled, and that neither loses data. Which
 * options and errors come through is in blockopts.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "blocking.h"

void open_scene(struct blocked *b, const struct kind *kind, BOOL at_once)
{
    prepare_scene(b);
    kind->open(b, at_once);
}

/* The builtin calls no hook, so nobody cancels there: the call is let complete. */
BOOL wait_cancelled(struct blocked *b, const struct kind *kind)
{
    if (in_call(b) && !returned(b, ours ? PATIENCE / 3 : 0)) kind->let(b);
    end(b);
    todo_builtin ok(b->ret == -1 && b->error == WSAEINTR, "got %d, error %d\n", b->ret, b->error);
    todo_builtin ok(b->cancelled && !b->cancel_ret, "the cancel %s\n", b->cancelled ? "failed" : "was not reached");
    if (b->ret != -1) return FALSE;
    ok(b->returned - b->cancelled < SOON, "%lu ms after the cancel\n", b->returned - b->cancelled);
    ok(b->calls == b->cancel_at, "the hook is called %ld times, the last %ld after the cancel\n", b->calls,
       b->calls - b->cancel_at);
    return TRUE;
}

/* Waits again where it waited before, under a hook, and completes. */
static void do_again(struct blocked *b, const struct kind *kind)
{
    winetest_push_context("again");
    b->cancel_at = 0;
    b->notice = 2;
    begin(b, kind->call);
    ok(in_call(b), "does not wait\n");
    todo_builtin ok(b->calls, "no hook\n");
    kind->let(b);
    end(b);
    kind->check(b);
    winetest_pop_context();
}

static void test_at_once(const struct kind *kind)
{
    /* These two go to and fro between the ends, and on a busy machine that takes time. */
    int i, hooked = 0, rounds = kind == kinds + CONNECT || kind == kinds + CLOSE ? 8 : 1;
    struct blocked b;

    for (i = 0; i < rounds; i++)
    {
        open_scene(&b, kind, TRUE);
        begin(&b, kind->call);
        end(&b);
        hooked += b.calls != 0;
        kind->check(&b);
        close_scene(&b);
    }
    ok(hooked < rounds, "the hook is called in %d of %d\n", hooked, rounds);
}

static void test_completes(const struct kind *kind, BOOL busy)
{
    struct blocked b;

    winetest_push_context("hook returns %s", busy ? "TRUE" : "FALSE");
    open_scene(&b, kind, FALSE);
    b.busy = busy;
    b.notice = busy ? 200 : 3;
    begin(&b, kind->call);
    ok(in_call(&b), "does not wait\n");
    kind->let(&b);
    end(&b);
    todo_builtin ok(b.calls >= b.notice, "the hook is called %ld times\n", b.calls);
    kind->check(&b);
    close_scene(&b);
    winetest_pop_context();
}

static void test_cancelled(const struct kind *kind, BOOL busy)
{
    struct blocked b;

    winetest_push_context("cancelled, hook returns %s", busy ? "TRUE" : "FALSE");
    open_scene(&b, kind, FALSE);
    b.busy = busy;
    b.cancel_at = busy ? 200 : 3;
    begin(&b, kind->call);
    if (!wait_cancelled(&b, kind)) kind->check(&b);
    if (kind->usable) do_again(&b, kind);
    close_scene(&b);
    winetest_pop_context();
}

/* From another thread: what lies in the socket, and no call has taken yet. */
static BOOL taken(SOCKET s)
{
    DWORD begin = GetTickCount();
    u_long left = 1;

    while (!ioctlsocket(s, FIONREAD, &left) && left && GetTickCount() - begin < 300) Sleep(10);
    return !left;
}

/* The hook waits until the call could complete, and only then cancels: it may be too late, but nothing is lost. */
static void test_cancelled_late(const struct kind *kind)
{
    struct blocked b;
    BOOL completed = kind == kinds + SEND || kind == kinds + SENDTO;

    winetest_push_context("cancelled late");
    open_scene(&b, kind, FALSE);
    b.cancel_at = 3;
    b.notice = 0;
    b.ask = TRUE;
    begin(&b, kind->call);
    ok(in_call(&b), "does not wait\n");
    kind->let(&b);
    if (kind->consumes && taken(b.s)) completed = TRUE;
    SetEvent(b.answered);
    end(&b);
    todo_builtin ok(b.cancelled && !b.cancel_ret, "the cancel %s\n", b.cancelled ? "failed" : "was not reached");
    if (b.ret == -1)
    {
        ok(b.error == WSAEINTR, "got error %d\n", b.error);
        ok(!completed, "the completed call is cancelled\n");
        ok(b.returned - b.cancelled < SOON, "%lu ms after the cancel\n", b.returned - b.cancelled);
    }
    trace("%s: %s\n", kind->name, b.ret == -1 ? "cancelled" : "succeeded");
    if (b.ret == -1 && kind->usable)
    {
        b.cancel_at = 0;
        begin(&b, kind->call);
        end(&b);
    }
    if (b.ret != -1) kind->check(&b);
    if (kind->usable) do_again(&b, kind);
    close_scene(&b);
    winetest_pop_context();
}

/* Cancel and completion at the same time, again and again on one socket. */
static void test_race(const struct kind *kind)
{
    enum { ROUNDS = 40 };
    struct blocked b;
    int i, spin, cancelled = 0, other = 0;

    winetest_push_context("race");
    open_scene(&b, kind, FALSE);
    for (i = 0; i < ROUNDS; i++)
    {
        b.cancel_at = 1 + i % 2;
        b.busy = TRUE;
        begin(&b, kind->call);
        for (spin = 0; spin < i % 20 * 3000; spin++) YieldProcessor();
        kind->let(&b);
        end(&b);
        if (b.ret == -1)
        {
            cancelled++;
            other += b.error != WSAEINTR;
            b.cancel_at = 0;
            begin(&b, kind->call);
            end(&b);
        }
        kind->check(&b);
    }
    ok(!other, "%d failed in another way\n", other);
    trace("%d of %d cancelled\n", cancelled, ROUNDS);
    close_scene(&b);
    winetest_pop_context();
}

/* --- what is different after a cancel --- */

static int call_small_send(struct blocked *b)
{
    return send(b->s, "x", 1, 0);
}

static int call_small_recv(struct blocked *b)
{
    char buf[16];

    return recv(b->s, buf, sizeof(buf), 0);
}

static int call_small_sendto(struct blocked *b)
{
    return sendto(b->s, "more", 4, 0, NULL, 0);
}

static int call_small_recvfrom(struct blocked *b)
{
    char buf[4];

    return recvfrom(b->s, buf, sizeof(buf), 0, NULL, NULL);
}

static int call_shutdown(struct blocked *b)
{
    return shutdown(b->s, SD_BOTH);
}

static int call_select_both(struct blocked *b)
{
    struct timeval time = { PATIENCE / 10000, 0 };

    FD_ZERO(&b->reads);
    FD_SET(b->s, &b->reads);
    b->writes = b->excepts = b->reads;
    return select(0, &b->reads, &b->writes, &b->excepts, &time);
}

static const struct later_call
{
    const char *name;
    int (*call)(struct blocked *);
} later_calls[] =
{
    { "send", call_small_send }, { "recv", call_small_recv }, { "send", call_small_send },
    { "recvfrom", call_small_recvfrom }, { "sendto", call_small_sendto }, { "connect", call_connect },
    { "shutdown", call_shutdown }, { "select", call_select_both },
};

/* How many of send and recv, the first five, do not fail, or wait. */
static int later_codes(struct blocked *b, const char *what)
{
    unsigned int i;
    int fine = 0;

    for (i = 0; i < ARRAY_SIZE(later_calls); i++)
    {
        /* The hook would cancel what blocks. */
        b->cancel_at = 10;
        begin(b, later_calls[i].call);
        end(b);
        trace("after a cancelled %s: %s returns %d, error %d\n", what, later_calls[i].name, b->ret, b->error);
        if (i < 5) fine += b->ret != -1 || b->error == WSAEINTR;
    }
    return fine;
}

/* Nobody knows how much of it has gone: the connection must not look whole. */
static void test_send_cancelled(const struct kind *kind)
{
    struct blocked b;
    int fine;

    winetest_push_context("cancelled, and then");
    open_scene(&b, kind, FALSE);
    b.cancel_at = 3;
    begin(&b, kind->call);
    if (wait_cancelled(&b, kind))
    {
        fine = later_codes(&b, kind->name);
        ok(!fine, "%d later calls do not fail\n", fine);
        ok(!closesocket(b.s), "closesocket: error %d\n", WSAGetLastError());
        b.s = INVALID_SOCKET;
        fine = read_pattern(&b, -1);
        trace("the peer has %u of %d bytes, then %d, error %d\n", b.received, b.len, fine, fine ? WSAGetLastError() : 0);
        ok(fine <= 0, "the peer has other bytes, from byte %u\n", b.received);
        ok(b.received < (unsigned int)b.len, "all bytes have come\n");
    }
    close_scene(&b);
    winetest_pop_context();
}

static void test_connect_cancelled(void)
{
    struct blocked b;
    DWORD begun;

    winetest_push_context("cancelled, and then");
    open_scene(&b, kinds + CONNECT, FALSE);
    b.cancel_at = 3;
    begin(&b, kinds[CONNECT].call);
    if (wait_cancelled(&b, kinds + CONNECT))
    {
        begun = GetTickCount();
        ok(!closesocket(b.s), "closesocket: error %d\n", WSAGetLastError());
        ok(GetTickCount() - begun < SOON, "closesocket takes %lu ms\n", GetTickCount() - begun);
        check_gone(b.s);
        b.s = INVALID_SOCKET;
    }
    close_scene(&b);
    test_at_once(kinds + CONNECT);
    winetest_pop_context();

    winetest_push_context("cancelled, not closed");
    open_scene(&b, kinds + CONNECT, FALSE);
    b.cancel_at = 3;
    begin(&b, kinds[CONNECT].call);
    if (wait_cancelled(&b, kinds + CONNECT)) later_codes(&b, "connect");
    close_scene(&b);
    winetest_pop_context();
}

static void test_close_cancelled(void)
{
    struct blocked b;
    int last;

    winetest_push_context("cancelled, and then");
    open_scene(&b, kinds + CLOSE, FALSE);
    b.cancel_at = 3;
    begin(&b, kinds[CLOSE].call);
    if (wait_cancelled(&b, kinds + CLOSE))
    {
        check_gone(b.s);
        b.s = INVALID_SOCKET;
        last = read_pattern(&b, -1);
        trace("the peer has %u of %u bytes, then %d, error %d\n", b.received, b.sent, last, last ? WSAGetLastError() : 0);
        ok(last <= 0, "the peer has other bytes, from byte %u\n", b.received);
    }
    close_scene(&b);
    winetest_pop_context();
}

/* A datagram has room on loopback, always. */
static void test_datagram_sendto(void)
{
    struct blocked b;
    int i;

    winetest_push_context("sendto, datagram");
    prepare_scene(&b);
    datagram_pair(&b);
    b.buf = walled(b.len);
    pattern(b.buf, 0, b.len);
    for (i = 0; i < 3; i++)
    {
        b.received = 0;
        begin(&b, call_sendto_address);
        end(&b);
        ok(b.ret == b.len && !b.calls, "sent %d, error %d, %ld calls of the hook\n", b.ret, b.error, b.calls);
        read_pattern(&b, b.len);
        ok(b.received == (unsigned int)b.len, "%u bytes came\n", b.received);
    }
    close_scene(&b);
    winetest_pop_context();
}

/* For the unit nodriver. */
void test_kinds_briefly(void)
{
    unsigned int i;

    for (i = 0; i < KINDS; i++)
    {
        winetest_push_context("%s", kinds[i].name);
        test_at_once(kinds + i);
        test_completes(kinds + i, FALSE);
        test_cancelled(kinds + i, FALSE);
        winetest_pop_context();
    }
}

START_TEST(blocking)
{
    unsigned int i;

    start(MAKEWORD(1, 1));
    for (i = 0; i < KINDS; i++)
    {
        winetest_push_context("%s", kinds[i].name);
        test_at_once(kinds + i);
        test_completes(kinds + i, FALSE);
        test_completes(kinds + i, TRUE);
        test_cancelled(kinds + i, FALSE);
        test_cancelled(kinds + i, TRUE);
        test_cancelled_late(kinds + i);
        if (kinds[i].consumes || i == ACCEPT) test_race(kinds + i);
        if (i == SEND || i == SENDTO) test_send_cancelled(kinds + i);
        if (i == CONNECT) test_connect_cancelled();
        if (i == CLOSE) test_close_cancelled();
        winetest_pop_context();
    }
    test_datagram_sendto();
    test_threads();
    finish();
}
