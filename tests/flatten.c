/*
 * The bytes of a result: what is in the caller's buffer, where, how much of it, at every alignment and every length;
 * compared with what the synchronous call says of the same thing. The buffer's whereabouts are tested in badargs.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"

#define ZONE 64                         /* bytes on both sides of a buffer that must stay as they are */
#define MAX_LIST 12000

enum kind { HOST, SERVICE, PROTOCOL };

/* What the three structs have in common; `lists` are NULL where there is none. */
struct view
{
    const char *text[2];
    char **aliases, **addresses;
    int type, length, number;
};

static const size_t struct_size[] = { sizeof(struct hostent), sizeof(struct servent), sizeof(struct protoent) };

static void look(enum kind kind, const void *record, struct view *view)
{
    struct hostent host;
    struct servent service;
    struct protoent protocol;

    memset(view, 0, sizeof(*view));
    switch (kind)
    {
    case HOST:
        memcpy(&host, record, sizeof(host));
        view->text[0] = host.h_name;
        view->aliases = host.h_aliases;
        view->addresses = host.h_addr_list;
        view->type = host.h_addrtype;
        view->length = host.h_length;
        break;
    case SERVICE:
        memcpy(&service, record, sizeof(service));
        view->text[0] = service.s_name;
        view->text[1] = service.s_proto;
        view->aliases = service.s_aliases;
        view->number = (WORD)service.s_port;
        break;
    case PROTOCOL:
        memcpy(&protocol, record, sizeof(protocol));
        view->text[0] = protocol.p_name;
        view->aliases = protocol.p_aliases;
        view->number = protocol.p_proto;
        break;
    }
}

/* A pointer out of a list that may lie at any address. */
static char *item(char **list, unsigned int i)
{
    char *value;

    memcpy(&value, (char *)list + i * sizeof(value), sizeof(value));
    return value;
}

static unsigned int count(char **list)
{
    unsigned int n = 0;

    while (list && item(list, n)) n++;
    return n;
}

/* --- what is looked up --- */

struct subject
{
    const char *name;
    enum kind kind;
    HANDLE (*submit)(const struct subject *, void *buf, int len);
    const void *(*ask)(const struct subject *);
    const char *arg, *proto;
    int number;
};

static HWND window;

static HANDLE submit_host(const struct subject *s, void *buf, int len) { return by_name(window, s->arg, buf, len); }
static HANDLE submit_addr(const struct subject *s, void *buf, int len) { return by_addr(window, s->arg, buf, len); }
static HANDLE submit_port(const struct subject *s, void *buf, int len)
{
    return by_port(window, s->number, s->proto, buf, len);
}
static HANDLE submit_service(const struct subject *s, void *buf, int len)
{
    return by_service(window, s->arg, s->proto, buf, len);
}
static HANDLE submit_protocol(const struct subject *s, void *buf, int len)
{
    return by_protocol(window, s->arg, buf, len);
}
static HANDLE submit_number(const struct subject *s, void *buf, int len)
{
    return by_number(window, s->number, buf, len);
}

static const void *ask_host(const struct subject *s) { return gethostbyname(s->arg); }
static const void *ask_port(const struct subject *s) { return getservbyport(htons(s->number), s->proto); }
static const void *ask_service(const struct subject *s) { return getservbyname(s->arg, s->proto); }
static const void *ask_protocol(const struct subject *s) { return getprotobyname(s->arg); }
static const void *ask_number(const struct subject *s) { return getprotobynumber(s->number); }
static const void *ask_addr(const struct subject *s)
{
    ULONG addr = inet_addr(s->arg);

    return gethostbyaddr((const char *)&addr, 4, AF_INET);
}

/* All records are small enough for every length to be tried but the last two. */
static const struct subject local_subjects[] =
{
    { "service without aliases", SERVICE, submit_service, ask_service, "ftp", "tcp", 0 },
    { "service with aliases", SERVICE, submit_service, ask_service, "kerberos", "udp", 0 },
    { "service with odd names", SERVICE, submit_service, ask_service, "discard", "tcp", 0 },
    { "port", SERVICE, submit_port, ask_port, NULL, "tcp", 110 },
    { "protocol", PROTOCOL, submit_protocol, ask_protocol, "tcp", NULL, 0 },
    { "protocol number", PROTOCOL, submit_number, ask_number, NULL, NULL, 58 },
    { "dotted host", HOST, submit_host, ask_host, "127.0.0.1", NULL, 0 },
};

static const struct subject scripted_subjects[] =
{
    { "one address", HOST, submit_host, ask_host, "h1000.test", NULL, 0 },
    { "three addresses", HOST, submit_host, ask_host, "m3.test", NULL, 0 },
    { "aliases", HOST, submit_host, ask_host, "c2.h7.test", NULL, 0 },
    { "aliases and addresses", HOST, submit_host, ask_host, "some-name.c3.m5.test", NULL, 0 },
    { "address", HOST, submit_addr, ask_addr, "10.1.2.3", NULL, 0 },
    { "200 addresses", HOST, submit_host, ask_host, "m200.test", NULL, 0 },
    { "2000 addresses", HOST, submit_host, ask_host, "m2000.test", NULL, 0 },
};

/* --- comparing --- */

static char *zones;             /* ZONE bytes, room, ZONE bytes; room is aligned */

/* A fresh buffer of that alignment; zones_intact() says whether nothing but its first `written` bytes changed. */
static char *fresh_buffer(unsigned int offset, SIZE_T size)
{
    memset(zones, FILL, 2 * ZONE + 16 + size);
    return zones + ZONE + offset;
}

static BOOL zones_intact(unsigned int offset, SIZE_T size, SIZE_T written)
{
    return untouched(zones, ZONE + offset)
        && untouched(zones + ZONE + offset + written, size - written + 16 - offset + ZONE);
}

static BOOL inside(const void *ptr, SIZE_T length, const char *buf, SIZE_T size)
{
    return (const char *)ptr >= buf && length <= size && (SIZE_T)((const char *)ptr - buf) <= size - length;
}

/* A string that ends inside the buffer and is the right one. */
static BOOL right_text(const char *text, const char *expected, const char *buf, SIZE_T size)
{
    return inside(text, strlen(expected) + 1, buf, size) && !strcmp(text, expected);
}

/* Length of a list whose entries and terminator are all inside; ~0 for a list that is not like that. */
static unsigned int list_length(char **list, const char *buf, SIZE_T size)
{
    unsigned int n;

    for (n = 0; n <= MAX_LIST; n++)
    {
        if (!inside((char *)list + n * sizeof(char *), sizeof(char *), buf, size)) return ~0u;
        if (!item(list, n)) return n;
    }
    return ~0u;
}

/* Everything in the buffer is true; with `whole`, everything is there. Returns how many addresses there are. */
static unsigned int check_record(enum kind kind, const char *buf, SIZE_T size, const struct view *expected, BOOL whole)
{
    unsigned int i, aliases = 0, addresses = 0, wrong = 0;
    struct view view;

    look(kind, buf, &view);
    ok(view.type == expected->type && view.length == expected->length && view.number == expected->number,
       "got type %d, length %d, number %d\n", view.type, view.length, view.number);
    for (i = 0; i < 2; i++)
    {
        if (!view.text[i]) ok(!whole || !expected->text[i], "text %u is missing\n", i);
        else ok(expected->text[i] && right_text(view.text[i], expected->text[i], buf, size), "text %u is wrong\n", i);
    }
    ok(!whole || view.aliases, "no list of aliases\n");
    if (view.aliases)
    {
        aliases = list_length(view.aliases, buf, size);
        ok(aliases <= count(expected->aliases), "list of %d aliases\n", aliases);
        if (aliases > count(expected->aliases)) return 0;
        for (i = 0; i < aliases; i++)
            wrong += !right_text(item(view.aliases, i), item(expected->aliases, i), buf, size);
        ok(!wrong, "%u aliases are wrong\n", wrong);
    }
    ok(kind == HOST || !view.addresses, "addresses of what is no host\n");
    ok(!whole || kind != HOST || view.addresses, "no list of addresses\n");
    if (view.addresses)
    {
        addresses = list_length(view.addresses, buf, size);
        ok(addresses <= count(expected->addresses), "list of %d addresses\n", addresses);
        if (addresses > count(expected->addresses)) return 0;
        for (i = wrong = 0; i < addresses; i++)
            wrong += !inside(item(view.addresses, i), expected->length, buf, size)
                || memcmp(item(view.addresses, i), item(expected->addresses, i), expected->length);
        ok(!wrong, "%u addresses are wrong\n", wrong);
    }
    ok(!whole || (aliases == count(expected->aliases) && addresses == count(expected->addresses)),
       "%u aliases of %u, %u addresses of %u\n", aliases, count(expected->aliases), addresses,
       count(expected->addresses));
    return addresses;
}

/* The parts stand in the order of Windows: arrays, addresses, names; arrays are aligned when the buffer is. */
static void check_layout(enum kind kind, const char *buf)
{
    const char *place[6], *last = buf;
    BOOL ordered = TRUE, aligned;
    struct view view;
    unsigned int i, n = 0;

    look(kind, buf, &view);
    place[n++] = (char *)view.aliases;
    if (kind == HOST)
    {
        place[n++] = (char *)view.addresses;
        if (item(view.addresses, 0)) place[n++] = item(view.addresses, 0);
    }
    place[n++] = view.text[0];
    if (view.text[1]) place[n++] = view.text[1];
    if (item(view.aliases, 0)) place[n++] = item(view.aliases, 0);
    for (i = 0; i < n; last = place[i++]) ordered &= place[i] > last;
    todo_builtin ok(ordered, "the parts are in another order\n");

    aligned = !((ULONG_PTR)view.aliases % sizeof(char *)) && !((ULONG_PTR)view.addresses % sizeof(char *));
    if (kind == HOST && item(view.addresses, 0)) aligned &= !((ULONG_PTR)item(view.addresses, 0) % 4);
    /* with the builtin it depends on the lengths of the names */
    todo_builtin_if(!aligned) ok(aligned, "misaligned: %p, %p\n", view.aliases, view.addresses);
}

/* What a record takes with no padding at all. */
static int bare_size(enum kind kind, const struct view *view)
{
    unsigned int i, size = struct_size[kind] + (count(view->aliases) + 1) * sizeof(char *);

    for (i = 0; i < 2; i++) if (view->text[i]) size += strlen(view->text[i]) + 1;
    for (i = 0; i < count(view->aliases); i++) size += strlen(view->aliases[i]) + 1;
    if (view->addresses) size += sizeof(char *) + count(view->addresses) * (sizeof(char *) + view->length);
    return size;
}

static void check_subject(const struct subject *subject)
{
    unsigned int offset, addresses, empty = 0;
    const void *twin = subject->ask(subject);
    int needed, size, step, head = struct_size[subject->kind];
    struct view expected;
    char *buf;

    ok(twin != NULL, "the synchronous call fails, error %d\n", WSAGetLastError());
    if (!twin) return;
    look(subject->kind, twin, &expected);
    if ((needed = expect_completion(subject->submit(subject, NULL, 0), WSAENOBUFS, -1)) <= 0) return;
    size = bare_size(subject->kind, &expected);
    ok(needed == size || broken(needed > size && needed < size + 16), "%d bytes said to be needed, expected %d\n",
       needed, size);

    for (offset = 0; offset < 16; offset++)
    {
        winetest_push_context("exact, offset %u", offset);
        buf = fresh_buffer(offset, needed);
        expect_completion(subject->submit(subject, buf, needed), 0, needed);
        ok(zones_intact(offset, needed, needed), "written outside the buffer\n");
        check_record(subject->kind, buf, needed, &expected, TRUE);
        if (!offset) check_layout(subject->kind, buf);
        buf = fresh_buffer(offset, needed);
        expect_completion(subject->submit(subject, buf, needed - 1), WSAENOBUFS, needed);
        ok(zones_intact(offset, needed, needed - 1), "written outside the buffer\n");
        winetest_pop_context();
    }

    winetest_push_context("more than enough");
    buf = fresh_buffer(0, needed + 500);
    expect_completion(subject->submit(subject, buf, needed + 500), 0, needed);
    ok(zones_intact(0, needed + 500, needed), "written beyond what was reported\n");
    check_record(subject->kind, buf, needed, &expected, TRUE);
    winetest_pop_context();

    step = needed > 1000 ? needed / 61 : 1;
    for (size = 0; size < needed; size += size <= head + 64 ? 1 : step)
    {
        winetest_push_context("%d bytes of %d", size, needed);
        offset = size % 3 == 2 ? size % 16 : 0;
        buf = fresh_buffer(offset, needed);
        expect_completion(subject->submit(subject, buf, size), WSAENOBUFS, needed);
        ok(zones_intact(offset, needed, size < head ? 0 : size), "written outside the buffer\n");
        if (size >= head)
        {
            if (untouched(buf, size)) empty++;
            else
            {
                addresses = check_record(subject->kind, buf, size, &expected, FALSE);
                if (subject->kind == HOST && size >= head + 2 * (int)sizeof(char *) + expected.length)
                    ok(addresses, "no address, there is room for one\n");
            }
        }
        winetest_pop_context();
    }
    todo_builtin ok(!empty, "at %u lengths the struct would fit, and nothing is in the buffer\n", empty);
}

/* --- more than the message can say --- */

static const char databases[] = "System\\CurrentControlSet\\Services\\tcpip\\Parameters";

/* In a process of its own, so that no other file has been read before. */
static void giant(void)
{
    struct view expected;
    int needed;
    char *buf;

    /* It is not in our file, but found: the registry does not lead there (Wine before it had a database of its own). */
    if (getservbyname("ftp", "tcp"))
    {
        skip("this Wine's services are the system's\n");
        return;
    }
    ok(getservbyname("giant", "tcp") != NULL, "not found\n");
    look(SERVICE, getservbyname("giant", "tcp"), &expected);
    needed = bare_size(SERVICE, &expected);
    ok(needed > 0x10000 && count(expected.aliases) == 3000, "%d bytes, %u aliases\n", needed, count(expected.aliases));
    todo_builtin expect_completion(by_service(window, "giant", "tcp", NULL, 0), WSAENOBUFS, 0xffff);
    buf = walled(0xffff);
    todo_builtin expect_completion(by_service(window, "giant", "tcp", buf, 0xffff), WSAENOBUFS, 0xffff);
    if (ours) check_record(SERVICE, buf, 0xffff, &expected, FALSE);
    free_pages(buf);
    buf = walled(needed + sizeof(char *));
    todo_builtin expect_completion(by_service(window, "giant", "tcp", buf, needed + sizeof(char *)), 0, 0xffff);
    check_record(SERVICE, buf, needed + sizeof(char *), &expected, TRUE);
    free_pages(buf);
}

/* A services file with one record of about 100 KB; only Wine's platform reads it anew for a new process. */
static void test_giant(void)
{
    char path[MAX_PATH], file_name[MAX_PATH], old[MAX_PATH], *text, *end;
    DWORD size = sizeof(old), written;
    HANDLE file;
    unsigned int i;

    if (!on_wine || RegGetValueA(HKEY_LOCAL_MACHINE, databases, "DatabasePath", RRF_RT_REG_SZ, NULL, old, &size))
    {
        skip("needs a services file of its own\n");
        return;
    }
    GetTempPathA(sizeof(path), path);
    strcat(path, "wsasync-etc");
    CreateDirectoryA(path, NULL);
    sprintf(file_name, "%s\\services", path);
    end = text = malloc(200000);
    end += sprintf(end, "small 4241/tcp\ngiant 4242/tcp");
    for (i = 0; i < 3000; i++) end += sprintf(end, " a-rather-long-alias-%05u", i);
    end += sprintf(end, "\nsmall 4243/udp\n");
    file = CreateFileA(file_name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    ok(WriteFile(file, text, end - text, &written, NULL), "not written, error %lu\n", GetLastError());
    CloseHandle(file);
    free(text);

    RegSetKeyValueA(HKEY_LOCAL_MACHINE, databases, "DatabasePath", REG_SZ, path, strlen(path) + 1);
    run_self("flatten giant");
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, databases, "DatabasePath", REG_SZ, old, strlen(old) + 1);
    DeleteFileA(file_name);
    RemoveDirectoryA(path);
}

START_TEST(flatten)
{
    unsigned int i;

    start(MAKEWORD(2, 2));
    window = new_window();
    if (argument(1))
    {
        giant();
        finish();
        return;
    }
    test_giant();
    zones = VirtualAlloc(NULL, 0x40000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    for (i = 0; i < ARRAY_SIZE(local_subjects); i++)
    {
        winetest_push_context("%s", local_subjects[i].name);
        check_subject(local_subjects + i);
        winetest_pop_context();
    }
    for (i = 0; i < ARRAY_SIZE(scripted_subjects) && names_available(); i++)
    {
        winetest_push_context("%s", scripted_subjects[i].name);
        check_subject(scripted_subjects + i);
        winetest_pop_context();
    }
    expect_silence();
    finish();
}
