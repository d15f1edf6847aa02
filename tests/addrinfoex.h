/*
 * What the files of the unit addrinfoex share: the functions of the family, of which the headers at hand lack some, and
 * lookups whose completions are counted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_ADDRINFOEX_H
#define WSASYNC_TESTS_ADDRINFOEX_H

#include "common.h"

#define NO_HANDLE ((HANDLE)0x5eed)      /* what stands in a lookup's handle before */

typedef void (CALLBACK *routine)(DWORD, DWORD, WSAOVERLAPPED *);

extern int (WINAPI *cancel_ex)(HANDLE *);
extern int (WINAPI *result_ex)(OVERLAPPED *);
extern int (WINAPI *narrow_ex)(const char *, const char *, DWORD, GUID *, const ADDRINFOEXA *, ADDRINFOEXA **,
                               struct timeval *, OVERLAPPED *, void *, HANDLE *);     /* NULL on the builtin */
void load_ex(void);

enum told { BY_EVENT, BY_ROUTINE, BY_ASKING };

struct lookup
{
    OVERLAPPED ov;                      /* first: the routine knows nothing else */
    ADDRINFOEXW *list;
    HANDLE handle, done;                /* done: the event, or set by the routine */
    volatile LONG calls;                /* of the routine */
    DWORD error, bytes, thread;         /* that it was given, and where */
};

struct lookup *new_lookup(enum told);
void free_lookup(struct lookup *);      /* its list, too */
void CALLBACK count_call(DWORD error, DWORD bytes, WSAOVERLAPPED *);
int ask_ex(struct lookup *, const char *name, struct timeval *);
BOOL wait_over(struct lookup *);        /* FALSE after PATIENCE */

/* One check each. */
#define expect_pending(lookup, ret) (winetest_set_location(__FILE__, __LINE__), expect_pending_(lookup, ret))
void expect_pending_(struct lookup *, int ret);
#define expect_over(lookup, error) (winetest_set_location(__FILE__, __LINE__), expect_over_(lookup, error))
void expect_over_(struct lookup *, int error);          /* waits; the memory says so, and the routine was called once */
#define expect_address(list, address) (winetest_set_location(__FILE__, __LINE__), expect_address_(list, address))
void expect_address_(const ADDRINFOEXW *, const char *address);

void test_ex_arguments(void);
void test_ex_ended(void);
void test_outstanding(void);
void test_ex_narrow(void);
void test_ex_race(void);
void test_ex_restart(void);
void test_ex_routines_wait(void);

#endif
