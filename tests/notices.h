/*
 * What the units listener and edges share: sockets over loopback, and the ways of being notified of what happens to
 * them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_NOTICES_H
#define WSASYNC_TESTS_NOTICES_H

#include "blocked.h"

enum way
{
    BY_EVENT,                           /* and no question what happened */
    BY_EVENT_ENUM,                      /* WSAEnumNetworkEvents says it */
    BY_MESSAGE
};

struct notice
{
    enum way way;
    HANDLE event;
    HWND window;                        /* of the thread that opened it */
    UINT message;                       /* no other notice's */
};

void open_notice(struct notice *, enum way);
void close_notice(struct notice *);
int select_events(const struct notice *, SOCKET, long mask);
int deselect_events(const struct notice *, SOCKET);     /* by the call that the notice's way selects with */

/* The next notification within ms: the events it tells of, all of them where the way tells none, 0 if there was none. */
long notified(const struct notice *, SOCKET, DWORD ms);
unsigned int forget_notices(const struct notice *, SOCKET);     /* how many were queued */

void listen_on_loopback(SOCKET, struct sockaddr_in *);          /* on a port of its own */
SOCKET new_listener(struct sockaddr_in *);
SOCKET visit(const struct sockaddr_in *);
void new_pair(SOCKET pair[2]);                  /* connected stream sockets */

unsigned int noise(unsigned int *state);
DWORD run_length(DWORD ms);             /* of a case: so long, or the seconds that the command line says */

#endif
