/*
 * What the files of the unit shortage share: scenarios, and when in them something is refused.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_SHORTAGE_H
#define WSASYNC_TESTS_SHORTAGE_H

#include "common.h"

struct scenario
{
    const char *name;
    void (*run)(void);                  /* in a thread of its own */
    BOOL fresh;                         /* in new processes, too */
};

extern const struct scenario blocking_scenarios[], name_scenarios[], connect_scenarios[];   /* to the first without a name */
extern BOOL have_names;                 /* names_available() */
extern char quick_name[], slow_name[];        /* the second takes the resolver a while */
void prepare_names(void);

void fall_short(void);                  /* from now on things are refused, as the run wants it */
void suffice(void);                     /* and from now on not */
BOOL is_short(void);                    /* something was refused */
void close_theirs(HANDLE);              /* a handle that the DLL has made for its caller */

/* What a blocking call waits for: done by another thread when the hook is called, or something was refused, as then the
 * call may be one that calls no hook. */
void later(void (*what)(void));
void at_the_latest(void);               /* the call has returned: done at once, if it was not; waits for it */
void hasten_by_hook(void);                  /* sets that hook */

/* A call succeeded, or something was refused and its last error is one of these. Whether it succeeded. */
#define worked(succeeded, error, other) \
    (winetest_set_location(__FILE__, __LINE__), worked_(#succeeded, succeeded, error, other))
BOOL worked_(const char *what, BOOL succeeded, int error, int other);

#endif
