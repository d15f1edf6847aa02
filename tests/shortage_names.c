/*
 * The unit shortage: calls that ask for names, addresses and services.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "shortage.h"
#include "addrinfoex.h"
#include "image.h"
#include "namespace.h"

BOOL have_names;

char quick_name[128], slow_name[128];
static char late_name[128];         /* long after a timeout of 5 ms */

void prepare_names(void)
{
    load_ex();
    strcpy(quick_name, have_names ? scripted("c1.l1") : "localhost");
    strcpy(slow_name, have_names ? scripted("h7.d25") : "localhost");
    strcpy(late_name, have_names ? scripted("h7.d200") : "localhost");
}

/* --- databases, with a hook --- */

/* Short of memory, the resolver's answer may have been lost: ask again. */
#define answered(record) worked((record) != NULL, WSAENOBUFS, WSATRY_AGAIN)

static void host_by_name(void)
{
    const struct hostent *host;

    fall_short();
    hasten_by_hook();
    if (answered(host = gethostbyname(quick_name)))
        /* an old Wine makes another loopback address of it */
        ok(host->h_length == 4 && *(BYTE *)host->h_addr_list[0] == 127, "another address\n");
}

static void host_later(void)
{
    const struct hostent *host;

    fall_short();
    hasten_by_hook();
    if (answered(host = gethostbyname(slow_name)))
        ok(!have_names || !memcmp(host->h_addr_list[0], "\x0a\x01\x00\x07", 4), "another address\n");
}

static void host_by_addr(void)
{
    static const BYTE slow[] = { 10, 9, 0, 25 };
    const struct hostent *host;

    if (!have_names) return;
    fall_short();
    hasten_by_hook();
    if (answered(host = gethostbyaddr((const char *)slow, sizeof(slow), AF_INET)))
        ok(!strcmp(host->h_name, "h25.test"), "%s\n", host->h_name);
}

static void services(void)
{
    const struct protoent *proto;
    const struct servent *serv;

    fall_short();
    hasten_by_hook();
    if (answered(serv = getservbyname("ftp", "tcp"))) ok(serv->s_port == htons(21), "port %u\n", ntohs(serv->s_port));
    if (answered(proto = getprotobyname("udp"))) ok(proto->p_proto == 17, "protocol %u\n", proto->p_proto);
    if (answered(serv = getservbyport(htons(25), NULL))) ok(!strcmp(serv->s_name, "smtp"), "%s\n", serv->s_name);
    if (answered(proto = getprotobynumber(6))) ok(!strcmp(proto->p_name, "tcp"), "%s\n", proto->p_name);
}

/* --- GetAddrInfoEx --- */

static void wait_for_list(void)
{
    struct timeval patience = { PATIENCE / 1000, 0 };
    ADDRINFOEXW *list = (void *)0xdeadbeef;
    int ret;

    fall_short();
    ret = GetAddrInfoExW(wide(slow_name), NULL, NS_DNS, NULL, NULL, &list, &patience, NULL, NULL, NULL);
    if (worked(!ret, WSA_NOT_ENOUGH_MEMORY, WSA_NOT_ENOUGH_MEMORY)) FreeAddrInfoExW(list);
    else ok(!list, "a list with an error\n");
    ret = GetAddrInfoExW(wide(slow_name), NULL, NS_DNS, NULL, NULL, &list, NULL, NULL, NULL, NULL);
    ok(!ret, "returned %d\n", ret);
    if (!ret) FreeAddrInfoExW(list);
}

static void wait_in_vain(void)
{
    struct timeval moment = { 0, 5000 };
    ADDRINFOEXW *list = NULL;
    int ret;

    if (!have_names) return;
    fall_short();
    ret = GetAddrInfoExW(wide(late_name), NULL, NS_DNS, NULL, NULL, &list, &moment, NULL, NULL, NULL);
    worked(ret == WSAETIMEDOUT, WSA_NOT_ENOUGH_MEMORY, WSA_NOT_ENOUGH_MEMORY);
    if (list) FreeAddrInfoExW(list);
}

enum end { ANSWERED, CANCELLED, TIMED_OUT };

static void go_on(enum told told, enum end end)
{
    struct timeval patience = { end == TIMED_OUT ? 0 : PATIENCE / 1000, 5000 };
    struct lookup *lookup = new_lookup(told);
    HANDLE event = lookup->done;
    int ret, error = 0;

    fall_short();
    ret = ask_ex(lookup, end == TIMED_OUT ? late_name : slow_name, end == ANSWERED && told == BY_ASKING ? NULL : &patience);
    if (worked(ret == WSA_IO_PENDING, WSA_NOT_ENOUGH_MEMORY, WSA_NOT_ENOUGH_MEMORY))
    {
        if (end == CANCELLED && !cancel_ex(&lookup->handle)) error = WSA_E_CANCELLED;
        if (end == TIMED_OUT && have_names) error = WSAETIMEDOUT;
        todo_builtin_if(end == TIMED_OUT) expect_over(lookup, error);
    }
    else if (ours)
        ok(!lookup->list && lookup->ov.Internal == 0xdeadbeef && lookup->handle == NO_HANDLE && !lookup->calls
           && (!event || WaitForSingleObject(event, 0)), "an error, and list %p, error %lu, handle %p, %ld calls\n",
           lookup->list, (DWORD)lookup->ov.Internal, lookup->handle, lookup->calls);
    free_lookup(lookup);
}

static void event_answered(void) { go_on(BY_EVENT, ANSWERED); }
static void event_cancelled(void) { go_on(BY_EVENT, CANCELLED); }
static void event_timed_out(void) { go_on(BY_EVENT, TIMED_OUT); }
static void routine_answered(void) { go_on(BY_ROUTINE, ANSWERED); }
static void routine_cancelled(void) { go_on(BY_ROUTINE, CANCELLED); }
static void asking_answered(void) { go_on(BY_ASKING, ANSWERED); }

static void narrow_list(void)
{
    ADDRINFOEXA *list = (void *)0xdeadbeef, hints = { .ai_family = AF_INET, .ai_flags = AI_CANONNAME };
    void (WINAPI *free_narrow)(ADDRINFOEXA *) = (void *)GetProcAddress(winsock(), "FreeAddrInfoEx");
    int ret;

    if (!narrow_ex || (!ours && deadly("GetAddrInfoExA"))) return;
    fall_short();
    ret = narrow_ex(quick_name, "80", NS_DNS, NULL, &hints, &list, NULL, NULL, NULL, NULL);
    if (worked(!ret, WSA_NOT_ENOUGH_MEMORY, WSA_NOT_ENOUGH_MEMORY))
        ok(((struct sockaddr_in *)list->ai_addr)->sin_port == htons(80), "another port\n");
    else ok(!list, "a list with an error\n");
    if (list) free_narrow(list);
}

/* --- name spaces --- */

static DWORD mix(DWORD sum, const void *data, size_t size)
{
    const BYTE *at = data;

    while (size--) sum = (sum ^ *at++) * 16777619u;
    return sum;
}

/* A Next that was short of something gives its record when there is enough. But what the resolver said may have been lost,
 * and then that is said: ask again. */
static void look_up(GUID *class, const char *name, const char *query_string, BOOL ansi, DWORD *expected)
{
    AFPROTOCOLS protocols[] = { { AF_INET, IPPROTO_TCP }, { AF_INET6, IPPROTO_TCP } };
    DWORD flags = LUP_RETURN_ALL | LUP_RES_SERVICE, size, sum = 2166136261u;
    unsigned int records = 0;
    WSAQUERYSETW set = { .dwSize = sizeof(set), .dwNameSpace = NS_ALL, .lpServiceClassId = class };
    HANDLE handle = NO_HANDLE;
    int ret;

    set.lpszServiceInstanceName = ansi ? (WCHAR *)name : (WCHAR *)wide(name);
    set.lpszQueryString = ansi ? (WCHAR *)query_string : (WCHAR *)wide(query_string);
    if (query_string)
    {
        set.dwNumberOfProtocols = ARRAY_SIZE(protocols);
        set.lpafpProtocols = protocols;
    }
    fall_short();
    WSASetLastError(0xdead);
    ret = ansi ? WSALookupServiceBeginA((WSAQUERYSETA *)&set, flags, &handle) : WSALookupServiceBeginW(&set, flags, &handle);
    if (!worked(!ret, WSA_NOT_ENOUGH_MEMORY, WSA_NOT_ENOUGH_MEMORY))
    {
        ok(handle == NO_HANDLE || !ours, "a handle with an error\n");
        return;
    }
    for (;;)
    {
        memset(&result, FILL, sizeof(result));
        size = sizeof(result);
        WSASetLastError(0xdead);
        ret = ansi ? WSALookupServiceNextA(handle, flags, &size, &result.ansi)
              : WSALookupServiceNextW(handle, flags, &size, &result.set);
        if (ret && (WSAGetLastError() == WSA_E_NO_MORE || !worked(!ret, WSA_NOT_ENOUGH_MEMORY, WSATRY_AGAIN)))
        {
            if (WSAGetLastError() != WSA_NOT_ENOUGH_MEMORY) break;
            ok(untouched(&result, sizeof(result)), "an error, and a record\n");
            suffice();
            continue;
        }
        records++;
        sum = mix(sum, &result, sizeof(result));
    }
    if (WSAGetLastError() == WSA_E_NO_MORE)
    {
        ok(records > 0, "no records\n");
        if (!*expected) *expected = sum;
        ok(sum == *expected, "%u records, not the same as before\n", records);
    }
    WSALookupServiceEnd(handle);
}

static void look_up_host(void) { static DWORD sum; look_up(&by_hostname, quick_name, NULL, FALSE, &sum); }
static void look_up_host_ansi(void) { static DWORD sum; look_up(&by_hostname, quick_name, NULL, TRUE, &sum); }
static void look_up_port(void) { static DWORD sum; look_up(&by_hostname, quick_name, "ftp", FALSE, &sum); }
static void look_up_self(void) { static DWORD sum; look_up(&by_hostname, NULL, NULL, FALSE, &sum); }
static void look_up_address(void) { static DWORD sum; look_up(&by_address, "127.0.0.1", NULL, FALSE, &sum); }
static void look_up_service(void) { static DWORD sum; look_up(&by_service_name, "ftp/tcp", NULL, FALSE, &sum); }
static void look_up_service_ansi(void) { static DWORD sum; look_up(&by_service_name, "smtp", NULL, TRUE, &sum); }

const struct scenario name_scenarios[] =
{
    { "gethostbyname", host_by_name, FALSE },
    { "gethostbyname, later", host_later, TRUE },
    { "gethostbyaddr", host_by_addr, FALSE },
    { "services and protocols", services, TRUE },
    { "GetAddrInfoExW", wait_for_list, FALSE },
    { "GetAddrInfoExW times out", wait_in_vain, FALSE },
    { "GetAddrInfoExW, event", event_answered, TRUE },
    { "GetAddrInfoExW, event, cancelled", event_cancelled, FALSE },
    { "GetAddrInfoExW, event, times out", event_timed_out, FALSE },
    { "GetAddrInfoExW, routine", routine_answered, FALSE },
    { "GetAddrInfoExW, routine, cancelled", routine_cancelled, FALSE },
    { "GetAddrInfoExW, asking", asking_answered, FALSE },
    { "GetAddrInfoExA", narrow_list, FALSE },
    { "lookup of a host", look_up_host, FALSE },
    { "lookup of a host, ANSI", look_up_host_ansi, FALSE },
    { "lookup of a host's service", look_up_port, TRUE },
    { "lookup of this host", look_up_self, FALSE },
    { "lookup of an address", look_up_address, FALSE },
    { "lookup of a service", look_up_service, FALSE },
    { "lookup of a service, ANSI", look_up_service_ansi, FALSE },
    { NULL, NULL, FALSE }
};
