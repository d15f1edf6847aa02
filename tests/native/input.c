/*
 * See input.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "input.h"

char *input_bytes(struct input *input, size_t size, BOOL text)
{
    char *bytes = calloc(size + text, 1);
    size_t i;

    for (i = 0; i < size; i++)
        bytes[i] = input_take(input);
    return bytes;
}

static char *take_text(struct input *input)
{
    unsigned int length = input_take(input);

    return length == 0xff ? NULL : input_bytes(input, length, TRUE);
}

/* size 0: of strings. */
static char **take_list(struct input *input, size_t size)
{
    unsigned int count = input_take(input), i;
    char **list;

    if (count == 0xff)
        return NULL;
    list = calloc(count + 1, sizeof(*list));
    for (i = 0; i < count; i++)
        list[i] = size ? input_bytes(input, size, FALSE) : input_bytes(input, input_take(input), TRUE);
    return list;
}

static void free_list(char **list)
{
    size_t i;

    for (i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

void input_record(struct input *input, struct input_record *made)
{
    unsigned int first = input_take(input);
    short number = input_take(input), length;
    char *texts[2], **aliases, **addresses;

    number |= input_take(input) << 8;
    length = (signed char)input_take(input) * (first & 0x80 ? 8 : 1);
    texts[0] = take_text(input);
    texts[1] = take_text(input);
    aliases = take_list(input, 0);
    memset(made, 0, sizeof(*made));
    made->kind = first % 3;
    addresses = made->kind == FLAT_HOST && length > 0 ? take_list(input, length) : NULL;
    if (made->kind == FLAT_HOST)
        made->record.host = (struct hostent){texts[0], aliases, number, length, addresses};
    else if (made->kind == FLAT_SERV)
        made->record.serv = (struct servent){texts[0], aliases, texts[1], number};
    else
        made->record.proto = (struct protoent){texts[0], aliases, number};
    if (made->kind != FLAT_SERV)
        free(texts[1]);
}

void input_release(struct input_record *made)
{
    /* the three begin alike */
    free(made->record.host.h_name);
    free_list(made->record.host.h_aliases);
    if (made->kind == FLAT_HOST)
        free_list(made->record.host.h_addr_list);
    else if (made->kind == FLAT_SERV)
        free(made->record.serv.s_proto);
}

size_t input_size(struct input *input, size_t head, size_t needed)
{
    unsigned int how = input_take(input), by = input_take(input);

    switch (how % 4)
    {
    case 0: return by * 8 + how / 32;
    case 1: return head + by;
    case 2: return needed - min(by, needed);
    default: return needed + by % 32;
    }
}
