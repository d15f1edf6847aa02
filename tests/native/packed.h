/*
 * What a record of a name-space lookup in one block promises, checked on one record, buffer size and alignment: for the unit
 * test and the fuzzer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NATIVE_PACKED_H
#define NATIVE_PACKED_H

#include "../../dlls/ws2_32/namespace.h"
#include "flat.h"

/* The size that the record needs. */
size_t pack_needed(const struct ns_record *record);

/* Packs into a buffer of `size` bytes that begins `align` bytes (below 16) behind an address that is a multiple of 16, and
 * ends the process unless the size is right and all that is in the buffer is, and nothing else was written. */
void pack_check(const struct ns_record *record, size_t size, unsigned int align);

/* The hostent or servent as a blob has it, with offsets; ends the process unless they say what the pointers said. The caller
 * frees it. */
char *pack_check_offsets(enum flat_kind kind, const void *record);

#endif
