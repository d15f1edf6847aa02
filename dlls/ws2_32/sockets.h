/*
 * The table of sockets, for the two that work with it: sockets.c, which owns it, and selection.c. Nobody else.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WS2_32_SOCKETS_H
#define WS2_32_SOCKETS_H

#include "ws2_32_private.h"

struct socket
{
    struct socket *next;
    SOCKET s;
    BOOL mode_known;                /* else its history is not: inherited, duplicated */
    BOOL blocking;
    BOOL overlapped;
    BOOL broken;
    unsigned int lapses;            /* how often it was not blocking for a moment */
    long mask;                      /* selected events, FD_ACCEPT among them; 0: FD_ACCEPT is not selected */
    HANDLE event;                   /* ours, to be closed; NULL: the events go to the window */
    HWND hwnd;
    UINT msg;
    unsigned int gaps;              /* how often nothing was selected for a moment, see renew_selection() */
};

struct stripe
{
    SRWLOCK lock;                   /* guards the list, and what is known of its sockets while a call changes it */
    struct socket *first;
};

struct stripe *sockets_lock(SOCKET s);
void sockets_unlock(struct stripe *stripe);
struct socket *sockets_find(struct stripe *stripe, SOCKET s);
void sockets_forget_selection(struct socket *socket);
void sockets_end_lapse(SOCKET s);
void sockets_add_accepted(SOCKET listener, SOCKET s);

#endif
