/*
 * The programs of the stress test. A ticket is its client's while the clients run, and anybody's between clients_stop() and
 * clients_start().
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NATIVE_CLIENTS_H
#define NATIVE_CLIENTS_H

#include "world.h"

enum count { SUBMITTED, ANSWERED, CANCELS, DROPPED, FAILED, COUNTS };

extern unsigned int client_counts[COUNTS];

/* Starts the threads; whether allocations and thread starts may fail now, and submits therefore. */
void clients_start(BOOL memory_may_fail, BOOL threads_may_fail);
void clients_stop(void);

static inline BOOL client_is_free(const struct ticket *ticket)
{
    return !ATOMIC(ticket->session);
}

/* Whether the ticket's request is over; then its outcome has been checked, and the ticket is free. */
BOOL client_review(struct ticket *ticket);

void client_cancel(struct ticket *ticket);

/* Gives all buffers back; none may have been written since its request was over. */
void clients_forget(void);

#endif
