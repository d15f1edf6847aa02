/*
 * A call that blocks, on a thread of its own with or without a blocking hook, and loopback sockets that make it block.
 * Whoever watches it decides what is right: this knows the documented API only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_BLOCKED_H
#define WSASYNC_TESTS_BLOCKED_H

#include "common.h"

#define QUIET 200               /* ms in which a thread that nobody can see has come to wait */

struct blocked
{
    /* The scene: s is what the call is made on, peer its other end. */
    SOCKET s, peer, extra, result;
    SOCKET fills[16];           /* occupy a listener */
    struct sockaddr_in address; /* of the peer, or what the call filled in */
    int address_len;
    unsigned int sent, received;        /* bytes of the pattern, by the one side and the other */
    char *buf;
    int len, arg;
    fd_set reads, writes, excepts;

    /* The plan. */
    int (*call)(struct blocked *);      /* in the thread; below 0 is a failure */
    BOOL hooked;
    BOOL busy;                  /* what the hook returns */
    volatile LONG notice;       /* the hook's call that sets noticed: 2 unless told; none: 0 */
    volatile LONG cancel_at;    /* the hook's call that cancels; never: 0 */
    BOOL ask;                   /* before it cancels, it sets noticed and waits for answered */

    /* What came of it. */
    HANDLE thread, noticed, answered;
    DWORD started, begun, cancelled, returned;   /* ticks */
    volatile LONG calls;        /* of the hook */
    LONG strange;               /* of these, how many found WSAIsBlocking() FALSE */
    int cancel_ret, ret, error;
    BOOL still_blocking, no_hook;
    char log[1024];             /* see note() */
};

void prepare_scene(struct blocked *);           /* a plan without any feature */
void close_scene(struct blocked *);             /* all sockets that are left; the buffer */

void begin(struct blocked *, int (*call)(struct blocked *));
BOOL in_call(struct blocked *);                 /* it waits there; FALSE: it has returned */
BOOL returned(struct blocked *, DWORD ms);
#define end(b) (winetest_set_location(__FILE__, __LINE__), end_(b))
void end_(struct blocked *);                    /* joins the thread, checks what holds for every call */

void note(struct blocked *, const char *format, ...);   /* adds to the log */

/* --- sockets --- */

SOCKET loopback(int type);                      /* bound to loopback, any port */
SOCKET listener(int backlog);
struct sockaddr_in address_of(SOCKET);
SOCKET connect_to(SOCKET listening);            /* another socket, connected to it */
void stream_pair(struct blocked *);             /* s and peer, small buffers */
void datagram_pair(struct blocked *);           /* s and peer, which is connected; address is the peer's */
void crowded_listener(struct blocked *);        /* peer listens, and a further connect to it will hang; s is not connected */
int call_connect(struct blocked *);              /* s to address */
BOOL accept_until(struct blocked *);            /* accepts what waits at peer, until it was s: extra */
void set_blocking(SOCKET, BOOL);
BOOL readable(SOCKET, DWORD ms);
BOOL writable(SOCKET, DWORD ms);
void fill(struct blocked *);                    /* sends the pattern from s to peer until no more goes in */
void set_number(SOCKET, int level, int option, int value);
void set_linger(SOCKET, int seconds);

/* Byte i of every test's stream. */
void pattern(char *buf, unsigned int from, int len);
BOOL is_pattern(const char *buf, unsigned int from, int len);
#define send_pattern(b, len) (winetest_set_location(__FILE__, __LINE__), send_pattern_(b, len))
void send_pattern_(struct blocked *, int len);  /* from peer to s */
int read_pattern(struct blocked *, int len);    /* at peer what s sent: up to len, or to the end (len -1), or a failure; what the
                                                 * last recv returned; received counts what is right */
#endif
