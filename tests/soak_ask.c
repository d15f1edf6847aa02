/*
 * The questions of the unit soak, each with what its answer must be, and whether a buffer holds that answer. It knows the
 * script of the DNS server and a few lines of the files of services and protocols; no requests, no time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "soak.h"

/* --- asking --- */

BOOL find_calls(HMODULE module, struct calls *calls)
{
#define FIND(name) if (!(calls->name = (void *)GetProcAddress(module, #name))) return FALSE;
    FIND(WSAAsyncGetHostByName)
    FIND(WSAAsyncGetHostByAddr)
    FIND(WSAAsyncGetServByName)
    FIND(WSAAsyncGetServByPort)
    FIND(WSAAsyncGetProtoByName)
    FIND(WSAAsyncGetProtoByNumber)
    FIND(WSACancelAsyncRequest)
#undef FIND
    return TRUE;
}

/* All that is passed is gone when this returns, but the buffer. */
HANDLE ask(const struct calls *calls, const struct question *question, HWND hwnd, UINT msg, void *buf, int size)
{
    char text[sizeof(question->name)], *name = question->text ? text : NULL;
    ULONG address = htonl(question->address);
    HANDLE handle = NULL;

    memcpy(text, question->name, sizeof(text));
    WSASetLastError(0xdead);
    switch (question->kind)
    {
    case HOST_NAME: handle = calls->WSAAsyncGetHostByName(hwnd, msg, name, buf, size); break;
    case HOST_ADDRESS:
        handle = calls->WSAAsyncGetHostByAddr(hwnd, msg, (char *)&address, sizeof(address), AF_INET, buf, size);
        break;
    case SERVICE_NAME: handle = calls->WSAAsyncGetServByName(hwnd, msg, name, question->proto, buf, size); break;
    case SERVICE_PORT:
        handle = calls->WSAAsyncGetServByPort(hwnd, msg, htons(question->number), question->proto, buf, size);
        break;
    case PROTOCOL_NAME: handle = calls->WSAAsyncGetProtoByName(hwnd, msg, name, buf, size); break;
    case PROTOCOL_NUMBER: handle = calls->WSAAsyncGetProtoByNumber(hwnd, msg, question->number, buf, size); break;
    }
    memset(text, '?', sizeof(text));
    address = ~0u;
    return handle;
}

/* --- questions --- */

static void name_it(struct question *question, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void name_it(struct question *question, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(question->name, sizeof(question->name), format, args);
    va_end(args);
    question->text = question->name;
}

static void make_local(struct question *question, unsigned int n)
{
    static const struct { const char *name; int number; } protocols[] = { { "tcp", 6 }, { "udp", 17 }, { "icmp", 1 } };
    static const struct { const char *name, *proto; int port; } services[] =
    {
        { "http", "tcp", 80 }, { "ftp", "tcp", 21 }, { "domain", "udp", 53 }, { "smtp", NULL, 25 }, { "pop3", "tcp", 110 }
    };
    unsigned int which = n / 4;

    question->kind = SERVICE_NAME + n % 4;
    if (which % 16 == 0)
    {
        question->error = WSANO_DATA;
        question->number = question->kind == SERVICE_PORT ? 8 : 200 + which % 50;      /* nowhere assigned */
        name_it(question, "nonesuch%u", which % 1000);
        question->proto = which & 32 ? "tcp" : NULL;
    }
    else if (question->kind == PROTOCOL_NAME || question->kind == PROTOCOL_NUMBER)
    {
        which %= ARRAY_SIZE(protocols);
        question->number = protocols[which].number;
        name_it(question, "%s", protocols[which].name);
    }
    else
    {
        which %= ARRAY_SIZE(services);
        question->number = services[which].port;
        question->proto = services[which].proto;
        name_it(question, "%s", services[which].name);
    }
}

/* The names are many but not without end: the server remembers each. */
static void make_host(struct question *question, unsigned int n)
{
    static const unsigned int delays[] = { 1, 5, 20, 100, 300 };
    unsigned int host = n / 64 % 2048;

    question->kind = HOST_NAME;
    question->address = 0x0a010000 + host;
    question->addresses = 1;
    switch (n % 16)
    {
    case 0: case 1: case 2: case 3: case 4:
        name_it(question, "h%u.test", host);
        break;
    case 5: case 6: case 7:
        name_it(question, "h%u.d%u.test", host, delays[n / 16 % ARRAY_SIZE(delays)]);
        break;
    case 8:
        question->addresses = 1 + host % 40;
        question->address = 0x0a020001;
        name_it(question, "m%u.test", question->addresses);
        break;
    case 9:
        name_it(question, "h%u.nx.test", host);
        question->error = WSAHOST_NOT_FOUND;
        break;
    case 10:
        name_it(question, "h%u.d%u.nx.test", host, delays[n / 16 % ARRAY_SIZE(delays)]);
        question->error = WSAHOST_NOT_FOUND;
        break;
    case 11:
        name_it(question, "localhost");
        question->address = 0x7f000001;
        break;
    case 12: case 13:
        question->kind = HOST_ADDRESS;
        name_it(question, "h%u.test", host);
        break;
    case 14:
        question->kind = HOST_ADDRESS;
        name_it(question, "h%u.test", host % 256);
        question->address = 0x0a090000 + host % 256;
        break;
    case 15:
        question->kind = HOST_ADDRESS;
        question->address = 0x0a070000 + host;
        question->error = WSAHOST_NOT_FOUND;
        break;
    }
}

void make_question(struct question *question, ULONGLONG *state)
{
    unsigned int n = noise(state);

    memset(question, 0, sizeof(*question));
    if (n % 64 == 0)
    {
        question->kind = n & 64 ? HOST_NAME : n & 128 ? SERVICE_NAME : PROTOCOL_NAME;
        question->error = WSAEFAULT;
    }
    else if (names && n % 64 < 14) make_host(question, noise(state));
    else make_local(question, noise(state));
}

void make_hanging_question(struct question *question, ULONGLONG *state)
{
    unsigned int n = noise(state);

    memset(question, 0, sizeof(*question));
    question->hangs = TRUE;
    question->error = WSATRY_AGAIN;
    if (n & 1)
    {
        question->kind = HOST_ADDRESS;
        question->address = 0x0a080000 + n / 2 % 65536;
    }
    else name_it(question, "h%u.never.test", n / 2 % 2048);
}

/* --- answers --- */

static BOOL inside(const BYTE *buf, int needed, const void *ptr, SIZE_T size)
{
    const BYTE *begin = ptr, *end = buf + needed;

    return begin >= buf && begin <= end && size <= (SIZE_T)(end - begin);
}

static BOOL text_is(const BYTE *buf, int needed, const char *text, const char *expected)
{
    SIZE_T size = strlen(expected) + 1;

    return inside(buf, needed, text, size) && !memcmp(text, expected, size);
}

/* The list lies inside, its strings too; returns their number, or -1. */
static int count_list(const BYTE *buf, int needed, char **list, int item_size)
{
    char *item;
    int count;

    for (count = 0;; count++)
    {
        if (!inside(buf, needed, list + count, sizeof(*list))) return -1;
        memcpy(&item, list + count, sizeof(item));
        if (!item) return count;
        if (!inside(buf, needed, item, item_size ? item_size : 1)) return -1;
        if (!item_size && !memchr(item, 0, buf + needed - (BYTE *)item)) return -1;
    }
}

static const char *wrong_host(const struct question *question, const BYTE *buf, int needed)
{
    ULONG address, seen[64] = { 0 };
    struct hostent host;
    unsigned int i, n;
    char *item;

    memcpy(&host, buf, sizeof(host));
    if (host.h_addrtype != AF_INET || host.h_length != 4) return "family or length";
    if (!text_is(buf, needed, host.h_name, question->name)) return "the host's name";
    if (count_list(buf, needed, host.h_aliases, 0) < 0) return "the host's aliases";
    if (count_list(buf, needed, host.h_addr_list, 4) != (int)question->addresses) return "the number of addresses";
    for (i = 0; i < question->addresses; i++)
    {
        memcpy(&item, host.h_addr_list + i, sizeof(item));
        memcpy(&address, item, sizeof(address));
        n = ntohl(address) - question->address;
        if (n >= question->addresses || seen[n]++) return "the address";
    }
    return NULL;
}

static const char *wrong_service(const struct question *question, const BYTE *buf, int needed)
{
    struct servent service;

    memcpy(&service, buf, sizeof(service));
    if (!text_is(buf, needed, service.s_name, question->name)) return "the service's name";
    if (count_list(buf, needed, service.s_aliases, 0) < 0) return "the service's aliases";
    if (ntohs(service.s_port) != question->number) return "the port";
    if (!text_is(buf, needed, service.s_proto, question->proto ? question->proto : "tcp")) return "the service's protocol";
    return NULL;
}

static const char *wrong_protocol(const struct question *question, const BYTE *buf, int needed)
{
    struct protoent protocol;

    memcpy(&protocol, buf, sizeof(protocol));
    if (!text_is(buf, needed, protocol.p_name, question->name)) return "the protocol's name";
    if (count_list(buf, needed, protocol.p_aliases, 0) < 0) return "the protocol's aliases";
    if (protocol.p_proto != question->number) return "the protocol's number";
    return NULL;
}

const char *wrong_answer(const struct question *question, const BYTE *buf, int size, int needed)
{
    static const int least[] = { sizeof(struct hostent), sizeof(struct hostent), sizeof(struct servent),
                                 sizeof(struct servent), sizeof(struct protoent), sizeof(struct protoent) };

    if (needed > size || needed < least[question->kind]) return "the size";
    if (!untouched(buf + needed, size - needed)) return "more was written than the size says";
    switch (question->kind)
    {
    case HOST_NAME: case HOST_ADDRESS: return wrong_host(question, buf, needed);
    case SERVICE_NAME: case SERVICE_PORT: return wrong_service(question, buf, needed);
    default: return wrong_protocol(question, buf, needed);
    }
}
