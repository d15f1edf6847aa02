/*
 * What flattening promises, checked on one record, buffer size and alignment: for the unit test and the fuzzer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NATIVE_FLAT_H
#define NATIVE_FLAT_H

#include <stddef.h>

enum flat_kind { FLAT_HOST, FLAT_SERV, FLAT_PROTO };

/* The size that the hostent, servent or protoent needs, and that of its struct. */
size_t flat_needed(enum flat_kind kind, const void *record);
size_t flat_head(enum flat_kind kind);

/* Flattens into a buffer of `size` bytes that begins `align` bytes (below 16) behind an address that is a multiple of 16,
 * and ends the process unless the size is right and all that is in the buffer is, and nothing else was written. */
void flat_check(enum flat_kind kind, const void *record, size_t size, unsigned int align);

#endif
