/*
 * Blocking calls in the situations of the unit "blockopts", each made without a hook and with one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "blocked.h"

enum waits { EITHER, AT_ONCE, WAITS };

struct situation
{
    const char *name;
    void (*open)(struct blocked *);
    int (*call)(struct blocked *);
    void (*act)(struct blocked *);      /* what happens while it waits */
    void (*help)(struct blocked *);     /* lets it complete, if that did not */
    void (*after)(struct blocked *);    /* notes what there is to see afterwards */
    enum waits waits;                   /* whether the hook has its turn */
    int arg;                            /* for any of these */
    DWORD ms;                           /* how long the call takes */
    BOOL old_differs;                   /* an old Wine's plain call ends in a way of its own: not compared there */
};

/* All that is noted, and result and error, must be the same with a hook and without. */
void run_situations(const struct situation *, unsigned int count);
#define RUN(table) run_situations(table, ARRAY_SIZE(table))

/* --- what many of them are made of; the buffer has 100 bytes --- */

void open_nothing(struct blocked *);
void open_pair(struct blocked *);
void open_datagrams(struct blocked *);
void open_listener(struct blocked *);
void open_full(struct blocked *);               /* a pair, and more data than it takes */
void open_filled(struct blocked *);             /* a pair without room for more */
void open_crowded(struct blocked *);            /* a connect will hang */

int call_recv(struct blocked *);                /* arg: flags */
int call_recvfrom(struct blocked *);            /* arg: flags */
int call_send(struct blocked *);
int call_accept(struct blocked *);
int call_close(struct blocked *);
int call_select_read(struct blocked *);         /* without a timeout */

void send_data(struct blocked *);               /* 50 bytes from the peer */
void send_urgent(struct blocked *);
void connect_peer(struct blocked *);            /* to the listener */
void accept_peer(struct blocked *);             /* the call's connect */
void read_peer(struct blocked *);               /* all of a send */
void read_filled(struct blocked *);

void after_data(struct blocked *);              /* what is in the buffer, and what is left in the socket */
void after_from(struct blocked *);              /* also the address */
void after_sets(struct blocked *);

void test_arguments(void);
void test_ended(void);
void test_selects(void);
void memory_child(void);
