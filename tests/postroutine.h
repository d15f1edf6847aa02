/*
 * A post routine (WSApSetPostRoutine) that does per window what a test wants: fail, wait, call back; and a measure of
 * time that is counted in re-posts instead of milliseconds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_POSTROUTINE_H
#define WSASYNC_TESTS_POSTROUTINE_H

#include "common.h"

#define FOR_EVER 0x7fffffff

/* What happens to posts to one window. Fill in the first part, zero the rest, then watch_window(). */
struct watched
{
    HWND hwnd;
    LONG failures;                      /* so many posts fail before one is let through */
    DWORD error;                        /* the last error of a failed one */
    BOOL swallow;                       /* say TRUE, post nothing */
    HANDLE leave;                       /* if not NULL: a post waits inside for this event */
    void (*inside)(struct watched *);   /* if not NULL: called in the routine, before anything is posted */

    HANDLE entered;                     /* auto-reset event, set at each post */
    LONG calls, mismatches;             /* mismatches: of message, wparam or lparam, between two posts */
    UINT msg;                           /* of the last post */
    WPARAM wparam;
    LPARAM lparam;
    DWORD thread;
    DWORD tick[64];                     /* when the first posts came */
    LONG inside_now, most_inside;       /* how many threads are in the routine for this window */
};

BOOL use_routine(void);                 /* sets the routine; FALSE, and a todo or skip, where there is no such thing */
void watch_window(struct watched *);    /* a new window of the calling thread, if hwnd is NULL */
void unwatch_windows(void);             /* all; the windows are destroyed; the routine stays */

/* Submits a local request to the window and waits until the routine has been entered for it. */
HANDLE submit_watched(struct watched *, void *buf, int len);

/* Returns when another request has been refused that many times and then got through: anything with a shorter delay
 * before its next attempt, begun before, has had it. */
void pass_attempts(int failures);

BOOL WINAPI watching_routine(HWND, UINT, WPARAM, LPARAM);

#endif
