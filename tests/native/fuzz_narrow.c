/*
 * GetAddrInfoExA with names of any length, and any list that comes back. The input: the two names' lengths, the entries: four
 * numbers, the length of the address (none) and what it is filled with, the length of the name (none), its characters.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "input.h"
#include "narrowed.h"

/* 255: none. Above 240: around the longest. */
static char *take_text(struct input *input)
{
    unsigned int length = input_take(input), i;
    char *text;

    if (length == 0xff)
        return NULL;
    if (length > 240)
        length = ADDRINFO_TEXT_MAX - 247 + length;
    text = calloc(length + 1, 1);
    for (i = 0; i < length; i++)
        text[i] = 0x70 + i % 23;
    return text;
}

static WCHAR *take_wide(struct input *input)
{
    unsigned int length = input_take(input), i;
    WCHAR *text;

    if (length == 0xff)
        return NULL;
    text = calloc(length + 1, sizeof(*text));
    for (i = 0; i < length; i++)
    {
        text[i] = input_take(input);
        text[i] |= input_take(input) << 8;
        text[i] += !text[i];
    }
    return text;
}

static ADDRINFOEXW *take_entry(struct input *input)
{
    ADDRINFOEXW *entry = calloc(1, sizeof(*entry));

    entry->ai_flags = input_take(input);
    entry->ai_family = input_take(input);
    entry->ai_socktype = input_take(input);
    entry->ai_protocol = input_take(input);
    entry->ai_addrlen = input_take(input);
    if (entry->ai_addrlen != 0xff)
    {
        entry->ai_addr = malloc(entry->ai_addrlen);
        memset(entry->ai_addr, input_take(input), entry->ai_addrlen);
    }
    entry->ai_canonname = take_wide(input);
    return entry;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    narrow_begin();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    char *name = take_text(&input), *service = take_text(&input);
    ADDRINFOEXW *list = NULL, **end = &list, *entry;

    while (input.at < input.end)
    {
        *end = take_entry(&input);
        end = &(*end)->ai_next;
    }
    narrow_check(name, service, list);
    while ((entry = list))
    {
        list = entry->ai_next;
        free(entry->ai_addr);
        free(entry->ai_canonname);
        free(entry);
    }
    free(name);
    free(service);
    return 0;
}
