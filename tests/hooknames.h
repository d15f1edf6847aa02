/*
 * What the parts of the unit "hooknames" share: hooks that count and cancel, threads, results as text to be compared.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_HOOKNAMES_H
#define WSASYNC_TESTS_HOOKNAMES_H

#include "held.h"

extern int calls;                       /* of the hooks */
extern int cancel_at;                   /* at which call */
extern DWORD cancelled;                 /* tick count */
BOOL WINAPI counting_hook(void);
BOOL WINAPI cancelling_hook(void);

/* The call at hand, at once after it was cancelled, returned that: one check. */
#define expect_given_up(result) (winetest_set_location(__FILE__, __LINE__), expect_given_up_(result))
void expect_given_up_(const void *result);

struct hostent *host_by_addr(BYTE, BYTE, BYTE, BYTE);
DWORD WINAPI look_up(void *name);       /* for a thread: whether a host has the name */
HANDLE begin_asking(LPTHREAD_START_ROUTINE, const void *);
void end(HANDLE thread);

/* hooknames_same.c. Each returns one of a thread's own rotating buffers; with the last error if there is no result. */
const char *host_text(const struct hostent *);
const char *serv_text(const struct servent *);
const char *proto_text(const struct protoent *);

void test_same(void);
void bad_child(void);                   /* in a process of its own: the platform may crash */

void test_left(void);                   /* hooknames_left.c */

#endif
