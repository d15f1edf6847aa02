/*
 * What wsresolve and lookups say: results, errors by name, and which ws2_32 runs. Must not know requests or options.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSRESOLVE_PRINT_H
#define WSRESOLVE_PRINT_H

#include "wsresolve_query.h"

/* The error's name, "OK" for 0; one that has no name in the table as a number, in a static buffer. */
const char *error_name(int error);

/* The struct hostent, servent or protoent (by the kind of question) as a line without its end, to be freed with
 * free(); NULL when memory lacks. print_result(): the same on standard output. */
char *result_text(enum query_kind kind, const void *result);
void print_result(enum query_kind kind, const void *result);

/* Whose ws2_32 this process imports, its version, and Wine's, as a text to be freed likewise.
 * print_which(): a line with that, and where it came from, on standard output. */
char *which_text(void);
void print_which(void);

#endif
