/*
 * A blocking call in the test's hands: recv on a datagram socket of its own, which ends when the test says so, and by
 * itself after a while, since Wine's builtin calls no hook that could say it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_HELD_H
#define WSASYNC_TESTS_HELD_H

#include "common.h"

typedef BOOL (WINAPI *hook_routine)(void);

struct blocked
{
    SOCKET socket, sender;
    struct sockaddr_in address;
    DWORD bound;                    /* ms after which it ends by itself; may be set after open_blocked() */
    HANDLE enough, rescuer;
    LONG over;
};

void open_blocked(struct blocked *);    /* Winsock must be started */
void close_blocked(struct blocked *);
int block(struct blocked *);            /* what recv returned, with its last error; 1 when let go */
int block_plainly(struct blocked *);    /* the same, where no hook is there to let it go */
void let_go(struct blocked *);          /* by anybody, in a hook too */
BOOL delivered(struct blocked *);       /* lets go, waits until the datagram has left the socket's own buffer */

static inline FARPROC set_hook(hook_routine hook)
{
    return WSASetBlockingHook((FARPROC)(void *)hook);
}

/* WSASetBlockingHook fails, in its way, with that error. */
#define expect_not_set(hook, error) (winetest_set_location(__FILE__, __LINE__), expect_not_set_(hook, error))
void expect_not_set_(FARPROC hook, int error);

#endif
