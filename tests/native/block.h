/*
 * A block of memory that the DLL fills, byte by byte: what lies where, and that nothing else was written.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NATIVE_BLOCK_H
#define NATIVE_BLOCK_H

#include <stddef.h>

struct block
{
    char *at;
    size_t size;
    unsigned int align;
    unsigned char *used;            /* for each byte, whether something is there */
    size_t used_count;
};

/* A block of `size` bytes that begins `align` bytes (below 16) behind an address that is a multiple of 16. */
struct block block_make(size_t size, unsigned int align);

/* Something lies there: inside the block, and nothing else in the same place; the second: and it is what it must be. */
void block_use(struct block *block, const void *what, size_t size, const char *name);
void block_use_bytes(struct block *block, const void *what, const void *expected, size_t size, const char *name);

/* Gives the block back. Nothing was written before it; of the bytes that nothing lies in, the first `zeroed` of the block are
 * 0, and those behind were not written. */
void block_end(struct block *block, size_t zeroed);

#endif
