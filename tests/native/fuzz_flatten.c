/*
 * Any hostent, servent or protoent, into a buffer of any size and alignment. The input: alignment, the record (input.h), size.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    unsigned int align = input_take(&input) % 16;
    struct input_record made;
    const void *record = &made.record;

    input_record(&input, &made);
    flat_check(made.kind, record, input_size(&input, flat_head(made.kind), flat_needed(made.kind, record)), align);
    input_release(&made);
    return 0;
}
