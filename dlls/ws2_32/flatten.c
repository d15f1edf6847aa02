/*
 * hostent, servent and protoent into one block of memory that points into itself. Pure functions: no state, no Winsock
 * call, no look at whether the memory is there.
 *
 * In the block: the struct, the array of aliases, the array of addresses, the addresses, the name (servent: and the
 * protocol), the aliases. Nothing is padded, so the size needed is exact for a block of any alignment, and the arrays
 * are aligned whenever the block is. Stores go through memcpy, the block may be anywhere.
 *
 * A block that is too small for all gets, if the struct fits, as much as is whole: an address first, then the names,
 * then more addresses, then aliases. What did not fit is NULL or not in its list; each list that is there is terminated.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

#define TEXTS 2

struct record                       /* what the three structs have in common */
{
    size_t head;                    /* size of the struct */
    const char *texts[TEXTS];
    char **aliases;
    char **addresses;
    size_t address_size;            /* 0: a record without addresses */
};

struct part                         /* how much of a record fits, then where it went */
{
    BOOL has_text[TEXTS], has_aliases, has_addresses;
    size_t alias_count, address_count;
    char *texts[TEXTS], **aliases, **addresses;
};

static size_t count(char **list)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static BOOL take(size_t *room, size_t size)
{
    if (*room < size)
        return FALSE;
    *room -= size;
    return TRUE;
}

/* The choice of what goes into `room` bytes behind the struct. Returns what all of it would take. */
static size_t choose(const struct record *record, size_t room, struct part *part)
{
    size_t aliases = count(record->aliases), addresses = record->address_size ? count(record->addresses) : 0;
    size_t per_address = sizeof(char *) + record->address_size, needed, i;

    needed = (aliases + 1) * sizeof(char *) + (record->address_size ? sizeof(char *) + addresses * per_address : 0);
    for (i = 0; i < TEXTS; i++)
        needed += text_size(record->texts[i]);
    for (i = 0; i < aliases; i++)
        needed += text_size(record->aliases[i]);

    memset(part, 0, sizeof(*part));
    if (record->address_size && (part->has_addresses = take(&room, sizeof(char *))) && addresses)
        part->address_count = take(&room, per_address);
    for (i = 0; i < TEXTS; i++)
        part->has_text[i] = record->texts[i] && take(&room, text_size(record->texts[i]));
    part->has_aliases = take(&room, sizeof(char *));
    while (part->address_count && part->address_count < addresses && take(&room, per_address))
        part->address_count++;
    while (part->has_aliases && part->alias_count < aliases
           && take(&room, sizeof(char *) + text_size(record->aliases[part->alias_count])))
        part->alias_count++;
    return needed;
}

static void put_pointer(char **array, size_t i, char *value)
{
    memcpy((char *)array + i * sizeof(value), &value, sizeof(value));
}

static char *put_text(char *at, const char *text)
{
    size_t size = text_size(text);

    memcpy(at, text, size);
    return at + size;
}

/* Writes what was chosen, from `at` on. */
static void write_part(const struct record *record, struct part *part, char *at)
{
    size_t i;

    if (part->has_aliases)
    {
        part->aliases = (char **)at;
        at += (part->alias_count + 1) * sizeof(char *);
        put_pointer(part->aliases, part->alias_count, NULL);
    }
    if (part->has_addresses)
    {
        part->addresses = (char **)at;
        at += (part->address_count + 1) * sizeof(char *);
        put_pointer(part->addresses, part->address_count, NULL);
    }
    for (i = 0; i < part->address_count; i++)
    {
        put_pointer(part->addresses, i, at);
        memcpy(at, record->addresses[i], record->address_size);
        at += record->address_size;
    }
    for (i = 0; i < TEXTS; i++)
    {
        if (!part->has_text[i])
            continue;
        part->texts[i] = at;
        at = put_text(at, record->texts[i]);
    }
    for (i = 0; i < part->alias_count; i++)
    {
        put_pointer(part->aliases, i, at);
        at = put_text(at, record->aliases[i]);
    }
}

/* Returns the size that the whole record needs. `part` says what is in `buf`; the caller writes the struct, which is
 * not there if `size` is below record->head. */
static size_t flatten(const struct record *record, char *buf, size_t size, struct part *part)
{
    size_t needed = record->head + choose(record, size < record->head ? 0 : size - record->head, part);

    if (size >= record->head)
        write_part(record, part, buf + record->head);
    return needed;
}

/* Puts `host` into the `size` bytes at `buf`, of any alignment. Returns the bytes that it needs; if that is more than
 * `size`, `buf` holds part of it, or is untouched when not even the struct fits. (reference: Winsock 1.1, MS Learn) */
size_t flatten_hostent(const struct hostent *host, char *buf, size_t size)
{
    struct record record = {sizeof(*host), {host->h_name}, host->h_aliases, host->h_addr_list,
                            host->h_length > 0 ? host->h_length : 0};
    struct part part;
    size_t needed = flatten(&record, buf, size, &part);
    struct hostent flat;

    if (size >= sizeof(flat))
    {
        memset(&flat, 0, sizeof(flat));
        flat.h_name = part.texts[0];
        flat.h_aliases = part.aliases;
        flat.h_addrtype = host->h_addrtype;
        flat.h_length = host->h_length;
        flat.h_addr_list = part.addresses;
        memcpy(buf, &flat, sizeof(flat));
    }
    return needed;
}

/* As flatten_hostent(), for a servent. */
size_t flatten_servent(const struct servent *serv, char *buf, size_t size)
{
    struct record record = {sizeof(*serv), {serv->s_name, serv->s_proto}, serv->s_aliases, NULL, 0};
    struct part part;
    size_t needed = flatten(&record, buf, size, &part);
    struct servent flat;

    if (size >= sizeof(flat))
    {
        memset(&flat, 0, sizeof(flat));
        flat.s_name = part.texts[0];
        flat.s_proto = part.texts[1];
        flat.s_aliases = part.aliases;
        flat.s_port = serv->s_port;
        memcpy(buf, &flat, sizeof(flat));
    }
    return needed;
}

/* As flatten_hostent(), for a protoent. */
size_t flatten_protoent(const struct protoent *proto, char *buf, size_t size)
{
    struct record record = {sizeof(*proto), {proto->p_name}, proto->p_aliases, NULL, 0};
    struct part part;
    size_t needed = flatten(&record, buf, size, &part);
    struct protoent flat;

    if (size >= sizeof(flat))
    {
        memset(&flat, 0, sizeof(flat));
        flat.p_name = part.texts[0];
        flat.p_aliases = part.aliases;
        flat.p_proto = proto->p_proto;
        memcpy(buf, &flat, sizeof(flat));
    }
    return needed;
}
