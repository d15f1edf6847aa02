/*
 * What the unit hookwait's two files share: a scene whose thread may have a window.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_HOOKWAIT_H
#define WSASYNC_TESTS_HOOKWAIT_H

#include "scene.h"

#define NOTE  (WM_APP + 1)
#define QUERY (WM_APP + 2)

/* A thread with a window and what its hook has seen. */
struct pumping
{
    struct scene scene;
    HWND hwnd;
    HANDLE ready, idle, handled;        /* reset themselves; idle: the hook is about to return FALSE */
    volatile LONG notes, queries, timers;
    volatile LONG stop;
    volatile BOOL watched;              /* the next call of the hook is what the post led to */
    ULONGLONG called, seen;             /* times */
};

BOOL set_pumping(struct pumping *, enum call, BOOL (*hook)(struct scene *));
void end_pumping(struct pumping *);     /* waits for the thread */
void make_window(struct pumping *, DWORD style, HWND parent);   /* counts NOTE, QUERY and WM_TIMER */
void be_ready(struct scene *);
void window_only(struct scene *);       /* to be done before the call */

void test_cost(void);

#endif
