/*
 * A make-believe Winsock for the unit "helper": protocols by number only. It answers when it is told to, lies
 * about cancelling or refuses it, and reissues handles soon. It must not know who calls it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_HELPER_WINSOCK_H
#define WSASYNC_TESTS_HELPER_WINSOCK_H

#include <winsock2.h>
#include <windows.h>

enum honesty { HONEST, LIAR, BUSY };    /* how cancel answers; BUSY: WSAEINPROGRESS */

struct call                     /* one WSAAsyncGetProtoByNumber */
{
    HWND hwnd;
    UINT msg;
    WORD handle;
    int number, length;
    char *buffer;
    enum { RUNNING, POSTED, CANCELLED } state;
};

#define MANY_CALLS 20000        /* more fail with WSAEWOULDBLOCK */
extern struct call fake_calls[MANY_CALLS];
extern unsigned int fake_count, fake_running;

void fake_reset(enum honesty, WORD handles);    /* no calls; handles are reissued after so many */
HANDLE WSAAPI fake_start(HWND, UINT msg, int number, char *buffer, int length);
int WSAAPI fake_cancel(HANDLE);

/* Writes all of the buffer and posts the message: of a number that is its own result, or an error. */
void fake_complete(struct call *, int error);

#endif
