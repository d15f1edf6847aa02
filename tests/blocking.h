/*
 * The kinds of blocking call that the unit "blocking" drives through the same tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "blocked.h"

struct kind
{
    const char *name;
    void (*open)(struct blocked *, BOOL at_once);       /* a scene in which the call waits, or does not */
    int (*call)(struct blocked *);
    void (*let)(struct blocked *);                      /* makes a call that waits, or comes later, complete */
    void (*check)(struct blocked *);                    /* it has succeeded, and all of its results are right */
    BOOL usable;                /* what was cancelled can simply be done again */
    BOOL consumes;              /* let() sends bytes, which the call takes from the socket */
};

enum { ACCEPT, CONNECT, RECV, RECVFROM, RECVFROM_STREAM, SEND, SENDTO, SELECT_READ, SELECT_ACCEPT, SELECT_WRITE,
       SELECT_EXCEPT, SELECT_NONBLOCKING, CLOSE, KINDS };

extern const struct kind kinds[KINDS];

void check_gone(SOCKET);                /* nothing of a socket any more */
int call_sendto_address(struct blocked *);

#define SOON 1000               /* ms: a bound for what is promised within 100 */

void open_scene(struct blocked *, const struct kind *, BOOL at_once);
BOOL wait_cancelled(struct blocked *, const struct kind *);     /* joins the call; FALSE (and a failure): it was not cancelled */
void test_threads(void);
void test_kinds_briefly(void);
