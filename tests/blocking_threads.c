/*
 * Several threads' blocking calls on one socket, with hooks and without: none sees what becomes of another's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "blocking.h"

/* Two calls wait on one socket, one of them is cancelled: the other one goes on. */
static void test_other_call(const struct kind *one, const struct kind *other, const char *name)
{
    struct blocked b[2];

    winetest_push_context("%s", name);
    open_scene(&b[1], other, FALSE);
    prepare_scene(&b[0]);
    b[0].s = b[1].s;
    b[0].extra = loopback(SOCK_DGRAM);
    b[0].buf = walled(b[0].len);
    begin(&b[1], other->call);
    ok(in_call(&b[1]), "does not wait\n");
    b[0].cancel_at = 3;
    if (ours)
    {
        begin(&b[0], one->call);
        wait_cancelled(&b[0], one);
    }
    ok(!returned(&b[1], 0), "the other call has returned %d, error %d\n", b[1].ret, b[1].error);
    other->let(&b[1]);
    end(&b[1]);
    other->check(&b[1]);
    b[0].s = INVALID_SOCKET;
    close_scene(&b[0]);
    close_scene(&b[1]);
    winetest_pop_context();
}

/* Two threads wait for connections, one comes: who has none waits on, with its hook, and can be cancelled. */
static void test_two_accepts(void)
{
    struct blocked b[2];
    HANDLE threads[2];
    DWORD first;
    SOCKET peer;

    winetest_push_context("two threads accept");
    open_scene(&b[0], kinds + ACCEPT, FALSE);
    prepare_scene(&b[1]);
    b[1].s = b[0].s;
    begin(&b[0], kinds[ACCEPT].call);
    begin(&b[1], kinds[ACCEPT].call);
    ok(in_call(&b[0]) && in_call(&b[1]), "do not wait\n");
    peer = connect_to(b[0].s);
    threads[0] = b[0].thread;
    threads[1] = b[1].thread;
    first = WaitForMultipleObjects(2, threads, FALSE, PATIENCE);
    ok(first < 2, "no connection\n");
    first = first == 1;
    ResetEvent(b[!first].noticed);
    b[!first].notice = b[!first].calls + 4;
    ok(in_call(&b[!first]), "both return, with %d, error %d and %d, error %d\n", b[first].ret, b[first].error,
       b[!first].ret, b[!first].error);
    todo_builtin ok(b[!first].calls >= b[!first].notice, "who has no connection has no hook any more\n");
    end(&b[first]);
    b[first].peer = peer;
    kinds[ACCEPT].check(&b[first]);
    b[!first].cancel_at = b[!first].calls + 3;
    ResetEvent(b[!first].noticed);
    if (!wait_cancelled(&b[!first], kinds + ACCEPT)) kinds[ACCEPT].check(&b[!first]);
    b[1].s = INVALID_SOCKET;
    close_scene(&b[0]);
    close_scene(&b[1]);
    winetest_pop_context();
}

static void test_two_recvs(void)
{
    struct blocked b[2];
    char got[2] = { 0 };

    winetest_push_context("two threads receive");
    open_scene(&b[0], kinds + RECV, FALSE);
    prepare_scene(&b[1]);
    b[0].len = b[1].len = 1;
    b[1].s = b[0].s;
    b[1].buf = walled(1);
    begin(&b[0], kinds[RECV].call);
    begin(&b[1], kinds[RECV].call);
    ok(in_call(&b[0]) && in_call(&b[1]), "do not wait\n");
    send_pattern(&b[0], 2);
    end(&b[0]);
    end(&b[1]);
    ok(b[0].ret == 1 && b[1].ret == 1, "got %d, error %d and %d, error %d\n", b[0].ret, b[0].error, b[1].ret,
       b[1].error);
    got[0] = *b[0].buf;
    got[1] = *b[1].buf;
    if (!is_pattern(got, 0, 1)) { got[1] = got[0]; got[0] = *b[1].buf; }
    ok(is_pattern(got, 0, 2), "got %#x, %#x\n", *b[0].buf, *b[1].buf);
    b[1].s = INVALID_SOCKET;
    close_scene(&b[0]);
    close_scene(&b[1]);
    winetest_pop_context();
}

/* --- a thread with a hook beside one without --- */

struct acceptor
{
    struct blocked b;
    SOCKET listening;
    volatile BOOL *stop;
    int accepted, failed, error;
};

static int call_accepts(struct blocked *b)
{
    struct acceptor *self = CONTAINING_RECORD(b, struct acceptor, b);
    SOCKET s;

    while (!*self->stop)
    {
        s = accept(self->listening, NULL, NULL);
        if (s != INVALID_SOCKET) self->accepted++;
        else
        {
            self->failed++;
            self->error = WSAGetLastError();
        }
        closesocket(s);
    }
    return 0;
}

/* Threads accept what comes, in whatever order; the listener is in blocking mode for all of them. */
static void test_mixed_accepts(void)
{
    enum { CONNECTIONS = 500, ACCEPTORS = 6 };
    struct acceptor acceptors[ACCEPTORS] = { 0 };
    SOCKET listening = listener(5);
    BOOL stop = FALSE;
    int i;

    winetest_push_context("accepts with and without a hook");
    for (i = 0; i < ACCEPTORS; i++)
    {
        prepare_scene(&acceptors[i].b);
        acceptors[i].b.hooked = i % 2;
        acceptors[i].listening = listening;
        acceptors[i].stop = &stop;
        begin(&acceptors[i].b, call_accepts);
    }
    for (i = 0; i < CONNECTIONS; i++) closesocket(connect_to(listening));
    stop = TRUE;
    for (i = 0; i < ACCEPTORS; i++)
    {
        while (!returned(&acceptors[i].b, 50)) closesocket(connect_to(listening));
        end(&acceptors[i].b);
        /* the builtin's fails now and then where another thread was quicker */
        todo_builtin_if(acceptors[i].failed) ok(!acceptors[i].failed, "%d accepts fail %s hook, the last with error %d, %d succeed\n", acceptors[i].failed,
           acceptors[i].b.hooked ? "with a" : "without a", acceptors[i].error, acceptors[i].accepted);
        close_scene(&acceptors[i].b);
    }
    closesocket(listening);
    winetest_pop_context();
}

/* A socket is closed while it is waited for, and its value is another socket's when the call is cancelled. */
static void test_reused(const struct kind *kind)
{
    struct blocked b, other;
    SOCKET sockets[64];
    int count = 0;

    winetest_push_context("%s, closed, cancelled when the value is another's", kind->name);
    open_scene(&b, kind, FALSE);
    b.ask = TRUE;
    b.notice = 0;
    b.cancel_at = 3;
    begin(&b, kind->call);
    ok(in_call(&b), "does not wait\n");
    ok(!closesocket(b.s), "closesocket: error %d\n", WSAGetLastError());
    prepare_scene(&other);
    while ((other.s = loopback(SOCK_STREAM)) != b.s && count < (int)ARRAY_SIZE(sockets)) sockets[count++] = other.s;
    ok(other.s == b.s, "the value is nobody's\n");
    other.extra = listener(1);
    other.address = address_of(other.extra);
    ok(!call_connect(&other), "connect: error %d\n", WSAGetLastError());
    other.peer = accept(other.extra, NULL, NULL);
    SetEvent(b.answered);
    if (!ours) kind->let(&b);
    end(&b);
    trace("%s: got %d, error %d\n", kind->name, b.ret, b.error);
    ok(!b.cancelled || b.returned - b.cancelled < SOON, "%lu ms after the cancel\n", b.returned - b.cancelled);
    send_pattern(&other, 4);
    other.buf = walled(4);
    ok(recv(other.s, other.buf, 4, 0) == 4 && is_pattern(other.buf, 0, 4), "the other socket suffers, error %d\n",
       WSAGetLastError());
    ok(send(other.s, other.buf, 4, 0) == 4, "the other socket suffers, error %d\n", WSAGetLastError());
    while (count) closesocket(sockets[--count]);
    b.s = INVALID_SOCKET;
    close_scene(&b);
    close_scene(&other);
    winetest_pop_context();
}

void test_threads(void)
{
    test_other_call(kinds + RECV, kinds + SEND, "recv cancelled, send goes on");
    test_other_call(kinds + RECV, kinds + RECV, "recv cancelled, recv goes on");
    test_other_call(kinds + RECVFROM, kinds + RECVFROM, "recvfrom cancelled, recvfrom goes on");
    test_other_call(kinds + SELECT_READ, kinds + RECV, "select cancelled, recv goes on");
    test_other_call(kinds + ACCEPT, kinds + ACCEPT, "accept cancelled, accept goes on");
    test_two_accepts();
    test_two_recvs();
    test_mixed_accepts();
    test_reused(kinds + RECV);
    test_reused(kinds + SEND);
    /* without a hook nobody knows when the select has begun: it may be one of the other socket */
    if (ours) test_reused(kinds + SELECT_READ);
}
