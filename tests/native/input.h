/*
 * A fuzzer's input, read as long as there is some, then zeros; and the hostent, servent or protoent that it says. Each string
 * and address is a piece of memory of its own, for a sanitizer to see who reads behind it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NATIVE_INPUT_H
#define NATIVE_INPUT_H

#include "../../dlls/ws2_32/ws2_32_private.h"
#include "flat.h"

struct input
{
    const uint8_t *at, *end;
};

struct input_record
{
    enum flat_kind kind;
    union { struct hostent host; struct servent serv; struct protoent proto; } record;
};

static inline unsigned int input_take(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

/* `size` bytes of it; a text has a NUL behind. */
char *input_bytes(struct input *input, size_t size, BOOL text);

/* Kind, two bytes of number, length of an address, names, lists. */
void input_record(struct input *input, struct input_record *made);
void input_release(struct input_record *made);

/* Of a buffer for what has a head and needs so much: around the sizes where something changes, or any. */
size_t input_size(struct input *input, size_t head, size_t needed);

#endif
