/*
 * A question (wsresolve_query.h) as a request (wsasync.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSRESOLVE_ASK_H
#define WSRESOLVE_ASK_H

#include "wsasync.h"
#include "wsresolve_query.h"

/* Starts the request that the question is. Returns what wsasync_host_by_name() and its like do. */
int ask(struct wsasync *lookups, struct wsasync_request *request, const struct query *query);

#endif
