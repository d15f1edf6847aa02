/*
 * What detach.dll and its user share: how it is told what to do when it is detached, and where it reports.
 * The report lies in memory that outlives the process.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_DETACH_H
#define WSASYNC_TESTS_DETACH_H

#include <windows.h>

#define DETACH_HANDLES 8

struct detach_report
{
    LONG process_ended;                 /* DllMain's third argument */
    LONG begun, done;                   /* how often it was entered, and got through */
    LONG cancel[DETACH_HANDLES];        /* results of WSACancelAsyncRequest */
    LONG submitted;                     /* WSAAsyncGetProtoByNumber gave a handle */
    LONG cleanups;                      /* successful WSACleanups, 100 at most */
    LONG error;                         /* after the last */
    /* what follows is lifetime_detach.c's */
    struct { LONG offset, takers; } locks[32];
    LONG held;
    LONG forbidden;
};

/* detach.dll's only export, by this name. */
typedef void (*detach_watch)(struct detach_report *, HWND, const HANDLE *handles, unsigned int count);

#endif
