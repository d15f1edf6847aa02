/*
 * What wsresolve says: results, errors by name, and which ws2_32 runs. Must not know requests or options.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSRESOLVE_PRINT_H
#define WSRESOLVE_PRINT_H

#include "wsresolve_query.h"

/* The error's name, "OK" for 0; one that has no name in the table as a number, in a static buffer. */
const char *error_name(int error);

/* The struct hostent, servent or protoent (by the kind of question) on standard output, no line feed after
 * it. */
void print_result(enum query_kind kind, const void *result);

/* One line: whose ws2_32 this process imports, its version, where it came from. */
void print_which(void);

#endif
