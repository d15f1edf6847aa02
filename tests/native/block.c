/*
 * See block.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "block.h"
#include "shim.h"

#define FILL 0xa5

struct block block_make(size_t size, unsigned int align)
{
    char *memory = malloc(align + size);        /* exactly: what lies behind is a sanitizer's to watch */

    memset(memory, FILL, align + size);
    return (struct block){memory + align, size, align, calloc(size + 1, 1), 0};
}

void block_use(struct block *block, const void *what, size_t size, const char *name)
{
    size_t offset = (const char *)what - block->at, i;

    if ((const char *)what < block->at || offset > block->size || size > block->size - offset)
        violation("%s is not inside the buffer", name);
    for (i = 0; i < size; i++)
    {
        if (block->used[offset + i]++)
            violation("%s lies where something else is", name);
    }
    block->used_count += size;
}

void block_use_bytes(struct block *block, const void *what, const void *expected, size_t size, const char *name)
{
    block_use(block, what, size, name);
    if (memcmp(what, expected, size))
        violation("%s is not what it must be", name);
}

void block_end(struct block *block, size_t zeroed)
{
    char *memory = block->at - block->align;
    size_t i;

    for (i = 0; i < block->align; i++)
    {
        if ((BYTE)memory[i] != FILL)
            violation("the byte %zu before the buffer is written", block->align - i);
    }
    for (i = 0; i < block->size; i++)
    {
        if (!block->used[i] && (BYTE)block->at[i] != (i < zeroed ? 0 : FILL))
            violation("byte %zu of %zu belongs to nothing, and is %02x", i, block->size, (BYTE)block->at[i]);
    }
    free(block->used);
    free(memory);
}
