/*
 * See flat.h. Sizes are counted here without flatten.c's help.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../../dlls/ws2_32/ws2_32_private.h"
#include "block.h"
#include "flat.h"
#include "shim.h"

struct view                         /* of a record, or of what was made of it */
{
    char *texts[2], **aliases, **addresses;
    int numbers[2];
    size_t address_size;
};

static struct view view_of(enum flat_kind kind, const void *record)
{
    struct view view = {{NULL}, NULL, NULL, {0}, 0};
    struct hostent host;
    struct servent serv;
    struct protoent proto;

    switch (kind)
    {
    case FLAT_HOST:
        memcpy(&host, record, sizeof(host));
        view = (struct view){{host.h_name}, host.h_aliases, host.h_addr_list, {host.h_addrtype, host.h_length},
                             max(host.h_length, 0)};
        break;
    case FLAT_SERV:
        memcpy(&serv, record, sizeof(serv));
        view = (struct view){{serv.s_name, serv.s_proto}, serv.s_aliases, NULL, {serv.s_port}, 0};
        break;
    case FLAT_PROTO:
        memcpy(&proto, record, sizeof(proto));
        view = (struct view){{proto.p_name}, proto.p_aliases, NULL, {proto.p_proto}, 0};
    }
    return view;
}

static size_t flatten(enum flat_kind kind, const void *record, char *buf, size_t size)
{
    switch (kind)
    {
    case FLAT_HOST: return flatten_hostent(record, buf, size);
    case FLAT_SERV: return flatten_servent(record, buf, size);
    default: return flatten_protoent(record, buf, size);
    }
}

size_t flat_head(enum flat_kind kind)
{
    static const size_t sizes[] = {sizeof(struct hostent), sizeof(struct servent), sizeof(struct protoent)};

    return sizes[kind];
}

size_t flat_needed(enum flat_kind kind, const void *record)
{
    struct view view = view_of(kind, record);
    size_t needed = flat_head(kind) + sizeof(char *), i;

    for (i = 0; i < 2; i++)
        needed += view.texts[i] ? strlen(view.texts[i]) + 1 : 0;
    for (i = 0; view.aliases && view.aliases[i]; i++)
        needed += sizeof(char *) + strlen(view.aliases[i]) + 1;
    if (!view.address_size)
        return needed;
    for (i = 0; view.addresses && view.addresses[i]; i++)
        needed += sizeof(char *) + view.address_size;
    return needed + sizeof(char *);
}

/* A string that ends inside the block and is the right one. */
static void use_text(struct block *block, const char *text, const char *expected, const char *name)
{
    block_use(block, text, strlen(expected) + 1, name);
    if (memcmp(text, expected, strlen(expected) + 1))
        violation("%s is '%s' instead of '%s'", name, text, expected);
}

static char *item(char **list, size_t i)
{
    char *value;

    memcpy(&value, (char *)list + i * sizeof(value), sizeof(value));
    return value;
}

/* A list whose entries are the first of `expected`, each of `size` bytes, 0: strings. Returns how many. */
static size_t use_list(struct block *block, char **list, char **expected, size_t size, const char *name)
{
    size_t i;

    for (i = 0;; i++)
    {
        block_use(block, (char *)list + i * sizeof(char *), sizeof(char *), name);
        if (!item(list, i))
            return i;
        if (!expected || !expected[i])
            violation("%s has more than there is", name);
        if (!size)
        {
            use_text(block, item(list, i), expected[i], name);
            continue;
        }
        block_use(block, item(list, i), size, name);
        if (memcmp(item(list, i), expected[i], size))
            violation("%s: an address is wrong", name);
    }
}

static void check_record(enum flat_kind kind, struct block *block, const struct view *expected, BOOL whole)
{
    struct view got = view_of(kind, block->at);
    size_t aliases = 0, addresses = 0, room = block->size - flat_head(kind), i;

    block_use(block, block->at, flat_head(kind), "the struct");
    if (got.numbers[0] != expected->numbers[0] || got.numbers[1] != expected->numbers[1])
        violation("a number is wrong");
    for (i = 0; i < 2; i++)
    {
        if (got.texts[i] && !expected->texts[i])
            violation("a string comes from nowhere");
        if (got.texts[i])
            use_text(block, got.texts[i], expected->texts[i], "a name");
        else if (whole && expected->texts[i])
            violation("a name is missing");
    }
    if (got.aliases)
        aliases = use_list(block, got.aliases, expected->aliases, 0, "the aliases");
    else if (whole)
        violation("no list of aliases");
    if (got.addresses)
        addresses = use_list(block, got.addresses, expected->addresses, expected->address_size, "the addresses");
    else if (whole && expected->address_size)
        violation("no list of addresses");
    if (whole && expected->aliases && expected->aliases[aliases])
        violation("an alias is missing");
    if (!expected->address_size || !expected->addresses)
        return;
    if (whole && expected->addresses[addresses])
        violation("an address is missing");
    if (!addresses && expected->addresses[0] && room >= 2 * sizeof(char *) + expected->address_size)
        violation("there is room for an address, and none is there");
}

void flat_check(enum flat_kind kind, const void *record, size_t size, unsigned int align)
{
    struct view expected = view_of(kind, record);
    struct block block = block_make(size, align);
    size_t needed = flat_needed(kind, record), got;

    got = flatten(kind, record, block.at, size);
    if (got != needed)
        violation("%zu bytes are said to be needed instead of %zu", got, needed);
    if (size >= flat_head(kind))
        check_record(kind, &block, &expected, size >= needed);
    if (size >= needed && block.used_count != needed)
        violation("%zu bytes are used of %zu", block.used_count, needed);
    block_end(&block, 0);
}
