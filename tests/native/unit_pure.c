/*
 * Of the unit test, the files of the DLL that have no threads: records of name-space lookups in buffers of every size and
 * alignment, and their blobs; handles by their values; lists of addresses made narrow.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../../dlls/ws2_32/handles.h"
#include "narrowed.h"
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

/* --- handles --- */

#define ENTRIES 3000                /* of two kinds, in turn */
#define KEPT 100                    /* the first of them stay */

static struct handles kinds[2];
static struct { struct handle handle; BOOL live; } entries[ENTRIES];
static volatile LONG *counter;
static ULONG_PTR highest;

/* Who asks for it is the only one that counts. */
LONG InterlockedIncrement(volatile LONG *value)
{
    counter = value;
    return __atomic_add_fetch(value, 1, __ATOMIC_SEQ_CST);
}

static struct handle *live_one(unsigned int kind, HANDLE value)
{
    unsigned int i;

    for (i = kind; i < ENTRIES; i += 2)
    {
        if (entries[i].live && entries[i].handle.value == value)
            return &entries[i].handle;
    }
    return NULL;
}

static void turn(unsigned int i)
{
    HANDLE value;

    if (entries[i].live)
    {
        entries[i].live = FALSE;
        handles_remove(&kinds[i % 2], &entries[i].handle);
        CHECK(!handles_find(&kinds[i % 2], entries[i].handle.value));
        return;
    }
    handles_add(&kinds[i % 2], &entries[i].handle);
    value = entries[i].handle.value;
    CHECK(value && (ULONG_PTR)value < 0x80000000 && !((ULONG_PTR)value & 3));
    CHECK(!live_one(i % 2, value) && handles_find(&kinds[i % 2], value) == &entries[i].handle);
    entries[i].live = TRUE;
    highest = max(highest, (ULONG_PTR)value);
}

static void check_values(void)
{
    unsigned int i, kind;

    for (i = 0; i < ENTRIES; i++)
    {
        for (kind = 0; kind < 2; kind++)
        {
            HANDLE value = entries[i].handle.value;

            CHECK(handles_find(&kinds[kind], value) == live_one(kind, value));
            CHECK(!handles_find(&kinds[kind], (char *)value + 1));
        }
    }
    CHECK(!handles_find(&kinds[0], NULL) && !handles_find(&kinds[0], (HANDLE)-1));
}

/* Found while they are there, and new: never given before, until all have been given that there are, and they come round to 0,
 * to those in use, or to LONG's end. */
void test_handle_values(void)
{
    static const LONG rounds[] = {0x1fffc000, 0x20000000, 0x7fffffff};
    unsigned int i, j;
    ULONG_PTR before;

    for (i = 0; i < KEPT; i++)
        turn(i);
    for (i = 0; i < 4 * ENTRIES; i++)
    {
        j = KEPT + shim_random(ENTRIES - KEPT);
        before = highest;
        turn(j);
        CHECK(!entries[j].live || highest > before);
    }
    check_values();
    for (i = 0; i < ARRAYSIZE(rounds); i++)
    {
        *counter = rounds[i] - KEPT;
        for (j = 0; j < 4 * ENTRIES; j++)
            turn(KEPT + shim_random(ENTRIES - KEPT));
        CHECK(highest == 0x7ffffffc);
        check_values();
    }
    for (i = 0; i < ENTRIES; i++)
    {
        if (entries[i].live)
            turn(i);
    }
    for (i = 0; i < ARRAYSIZE(kinds[0].buckets); i++)
        CHECK(!kinds[0].buckets[i] && !kinds[1].buckets[i]);
}

/* --- lists of addresses --- */

/* Lists of up to four entries, each with address and name or without, of every length up to two words and something. */
void test_narrow(void)
{
    WCHAR names[][4] = {{0}, {'n', 0}, {0x3b1, 'n', 0}, {0x20ac, 0x20ac, 0x20ac, 0}};
    char longest[ADDRINFO_TEXT_MAX + 2] = "";
    ADDRINFOEXW list[4];
    unsigned int i, j;

    narrow_begin();
    for (i = 0; i < 18 * ARRAYSIZE(list) * 0x10; i++)
    {
        memset(list, 0, sizeof(list));
        for (j = 0; j <= i / 18 % ARRAYSIZE(list); j++)
        {
            list[j] = (ADDRINFOEXW){.ai_flags = i, .ai_family = j, .ai_socktype = 2, .ai_protocol = 3, .ai_addrlen = i % 18};
            if (!((i / 18 / ARRAYSIZE(list) >> j) & 1))
                list[j].ai_canonname = names[(i + j) % ARRAYSIZE(names)];
            if ((i + j) % 3)
                list[j].ai_addr = (struct sockaddr *)"1234567890abcdefgh";
            if (j)
                list[j - 1].ai_next = &list[j];
        }
        narrow_check("name", i & 1 ? "http" : NULL, list);
    }
    memset(longest, 'x', ADDRINFO_TEXT_MAX);
    narrow_check(longest, longest, NULL);
    longest[ADDRINFO_TEXT_MAX] = 'x';
    narrow_check(longest, "", list);
    narrow_check("\xe4", longest, list);
    narrow_check(NULL, "80", list);
    narrow_check(NULL, NULL, list);
    narrow_check_without_memory(list);
    narrow_check_other();
    narrow_end();
}
