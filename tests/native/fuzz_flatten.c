/*
 * Any hostent, servent or protoent, into a buffer of any size and alignment. The input, read as long as there is some: kind
 * and alignment, size, the numbers, the names, the lists.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../../dlls/ws2_32/ws2_32_private.h"
#include "flat.h"

struct input
{
    const uint8_t *at, *end;
};

static unsigned int take(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

/* Each string and address is a block of its own, for a sanitizer to see who reads behind it. */
static char *take_bytes(struct input *input, size_t size, BOOL text)
{
    char *bytes = calloc(size + text, 1);
    size_t i;

    for (i = 0; i < size; i++)
        bytes[i] = take(input);
    return bytes;
}

static char *take_text(struct input *input)
{
    unsigned int length = take(input);

    return length == 0xff ? NULL : take_bytes(input, length, TRUE);
}

/* size 0: of strings. */
static char **take_list(struct input *input, size_t size)
{
    unsigned int count = take(input), i;
    char **list;

    if (count == 0xff)
        return NULL;
    list = calloc(count + 1, sizeof(*list));
    for (i = 0; i < count; i++)
        list[i] = size ? take_bytes(input, size, FALSE) : take_bytes(input, take(input), TRUE);
    return list;
}

static void free_list(char **list)
{
    size_t i;

    for (i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

/* Around the sizes where something changes, or any. */
static size_t take_size(struct input *input, enum flat_kind kind, const void *record)
{
    unsigned int how = take(input), by = take(input);

    switch (how % 4)
    {
    case 0: return by * 8 + how / 32;
    case 1: return flat_head(kind) + by;
    case 2: return flat_needed(kind, record) - min(by, flat_needed(kind, record));
    default: return flat_needed(kind, record) + by % 32;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    unsigned int first = take(&input), align = take(&input) % 16;
    enum flat_kind kind = first % 3;
    short number = take(&input) | take(&input) << 8, length = (signed char)take(&input);
    char *texts[2] = {take_text(&input), take_text(&input)};
    char **aliases, **addresses;
    union { struct hostent host; struct servent serv; struct protoent proto; } record;

    if (first & 0x80)
        length *= 8;
    aliases = take_list(&input, 0);
    addresses = kind == FLAT_HOST && length > 0 ? take_list(&input, length) : NULL;
    memset(&record, 0, sizeof(record));
    if (kind == FLAT_HOST)
        record.host = (struct hostent){texts[0], aliases, number, length, addresses};
    else if (kind == FLAT_SERV)
        record.serv = (struct servent){texts[0], aliases, texts[1], number};
    else
        record.proto = (struct protoent){texts[0], aliases, number};
    flat_check(kind, &record, take_size(&input, kind, &record), align);
    free(texts[0]);
    free(texts[1]);
    free_list(aliases);
    free_list(addresses);
    return 0;
}
