/*
 * Of the unit test, the files of the DLL that have no threads: records of name-space lookups in buffers of every size and
 * alignment, and their blobs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "packed.h"
#include "unit.h"

/* --- records of name-space lookups --- */

static void pack_all_sizes(const struct ns_record *record)
{
    size_t needed = pack_needed(record), size;
    unsigned int align;

    for (size = 0; size <= needed + 3; size++)
    {
        for (align = 0; align < 16; align++)
            pack_check(record, size, align);
    }
}

static void set_endpoint(struct ns_endpoint *endpoint, int family, int protocol, char fill)
{
    memset(&endpoint->address, fill, sizeof(endpoint->address));
    endpoint->address.sin6_family = family;
    endpoint->protocol = protocol;
}

/* Every choice of the parts. */
void test_pack(void)
{
    GUID class_id = {1, 2, 3, {4}}, provider = {5, 6, 7, {8}};
    struct ns_endpoint endpoints[4];
    unsigned int parts;

    set_endpoint(&endpoints[0], AF_INET, IPPROTO_UDP, 1);
    set_endpoint(&endpoints[1], AF_INET6, IPPROTO_TCP, 2);
    set_endpoint(&endpoints[2], AF_INET, IPPROTO_TCP, 3);
    set_endpoint(&endpoints[3], AF_INET6, 0, 4);
    for (parts = 0; parts < 0x80; parts++)
    {
        struct ns_record record = {.flags = parts, .both_halves = (parts & 1) != 0, .endpoints = endpoints};

        if (parts & 2)
            record.name = parts & 8 ? (struct ns_bytes){"even\0", 6} : (struct ns_bytes){"odd.", 5};
        if (parts & 4)
            record.query_string = (struct ns_bytes){"query", 6};
        if (parts & 8)
            record.class_id = (struct ns_bytes){&class_id, sizeof(class_id)};
        if (parts & 0x10)
            record.provider = (struct ns_bytes){&provider, sizeof(provider)};
        if (parts & 0x20)
            record.blob = (struct ns_bytes){"seven..", 7};
        record.endpoint_count = parts & 0x40 ? 1 + parts % 4 : 0;
        pack_all_sizes(&record);
    }
}

/* With all that may be NULL. */
void test_offsets(void)
{
    char *none[] = {NULL}, *aliases[] = {"", "two words", NULL}, *addresses[] = {"\1\2\3\4", "5678", NULL};
    struct hostent hosts[] = {{"name.test", aliases, AF_INET, 4, addresses}, {NULL, none, AF_INET, 4, none},
                              {"n", aliases, AF_INET, 0, addresses}};
    struct servent servs[] = {{"name", aliases, "tcp", 1}, {NULL, NULL, NULL, -1}};
    unsigned int i;

    for (i = 0; i < ARRAYSIZE(hosts); i++)
        free(pack_check_offsets(FLAT_HOST, &hosts[i]));
    for (i = 0; i < ARRAYSIZE(servs); i++)
        free(pack_check_offsets(FLAT_SERV, &servs[i]));
}
