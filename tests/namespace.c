/*
 * Lookups in name spaces: what each class and each flag answers. Arguments, buffers, ends and service classes are the
 * other parts'. It knows the documented API only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "namespace.h"
#include "image.h"

GUID dns_provider = DNS_PROVIDER, by_hostname = SVCID_HOSTNAME, by_address = SVCID_INET_HOSTADDRBYINETSTRING,
     by_service_name = SVCID_INET_SERVICEBYNAME, by_host = SVCID_INET_HOSTADDRBYNAME;
WSAQUERYSETW question;
union result result;

static int try_begin(GUID *class, const char *name, DWORD flags, HANDLE *handle)
{
    int ret;

    question.dwSize = sizeof(question);
    question.lpServiceClassId = class;
    question.lpszServiceInstanceName = (WCHAR *)wide(name);
    WSASetLastError(0xdead);
    ret = WSALookupServiceBeginW(&question, flags, handle);
    memset(&question, 0xff, sizeof(question));      /* it was copied */
    memset(&question, 0, sizeof(question));
    winetest_ok(!ret || ret == SOCKET_ERROR, "returned %d\n", ret);
    return ret ? WSAGetLastError() : 0;
}

HANDLE begin_(GUID *class, const char *name, DWORD flags)
{
    HANDLE handle = NULL;
    int error = try_begin(class, name, flags, &handle);

    todo_wine_if(!ours) winetest_ok(!error, "lookup of %s did not begin, error %d\n", name, error);
    return error ? NULL : handle;
}

int begin_error(GUID *class, const char *name, DWORD flags)
{
    HANDLE handle = NULL;
    int error = try_begin(class, name, flags, &handle);

    if (!error) WSALookupServiceEnd(handle);
    return error;
}

int next_error(HANDLE handle, DWORD flags)
{
    DWORD size = sizeof(result);
    int ret;

    memset(&result, FILL, sizeof(result));
    WSASetLastError(0xdead);
    ret = WSALookupServiceNextW(handle, flags, &size, &result.set);
    return ret ? WSAGetLastError() : 0;
}

void expect_next_(HANDLE handle, DWORD flags, int error)
{
    int got = next_error(handle, flags);

    todo_wine_if(!ours && got != error) winetest_ok(got == error, "next: error %d, expected %d\n", got, error);
    if (got) memset(&result, 0, sizeof(result.set));
}

void end_lookup_(HANDLE handle)
{
    int ret = WSALookupServiceEnd(handle);

    winetest_ok(!ret, "not ended, error %d\n", WSAGetLastError());
}

const char *result_name(void)
{
    static char name[300];

    if (!result.set.lpszServiceInstanceName) return "none";
    WideCharToMultiByte(CP_ACP, 0, result.set.lpszServiceInstanceName, -1, name, sizeof(name), NULL, NULL);
    return name;
}

/* The endpoints of the result as text: "tcp 10.1.0.1 21, udp ..." */
static const char *endpoints(void)
{
    static char text[4096];
    unsigned int i;
    char *at = text;

    *at = 0;
    for (i = 0; i < result.set.dwNumberOfCsAddrs; i++)
    {
        const CSADDR_INFO *info = &result.set.lpcsaBuffer[i];
        const struct sockaddr_in *inet = (struct sockaddr_in *)info->RemoteAddr.lpSockaddr;
        BOOL inet6 = inet->sin_family == AF_INET6;

        at += sprintf(at, "%s%s%s ", i ? ", " : "", info->iProtocol == IPPROTO_TCP ? "tcp" : "udp", inet6 ? "6" : "");
        if (!inet6) at += sprintf(at, "%s ", inet_ntoa(inet->sin_addr));
        at += sprintf(at, "%u", ntohs(inet->sin_port));
        ok(info->iSocketType == (info->iProtocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM), "type %d\n",
           info->iSocketType);
        ok(info->RemoteAddr.iSockaddrLength == (inet6 ? (int)sizeof(struct sockaddr_in6) : (int)sizeof(*inet)),
           "%d bytes\n",
           info->RemoteAddr.iSockaddrLength);
        ok(info->LocalAddr.iSockaddrLength == info->RemoteAddr.iSockaddrLength, "local: %d bytes\n",
           info->LocalAddr.iSockaddrLength);
        ok(info->LocalAddr.lpSockaddr->sa_family == inet->sin_family, "local: family %d\n",
           info->LocalAddr.lpSockaddr->sa_family);
    }
    return text;
}

static void expect_endpoints_(const char *expected)
{
    const char *got = endpoints();

    winetest_ok(!strcmp(got, expected), "got %s, expected %s\n", got, expected);
}
#define expect_endpoints(text) (winetest_set_location(__FILE__, __LINE__), expect_endpoints_(text))

/* One name, all of its record. */
static void test_host(void)
{
    const char *name = scripted("h258");
    struct sockaddr_in *local;
    struct hostent *host;
    HANDLE handle;

    if (!(handle = begin(&by_host, name, EVERYTHING))) return;
    ok(!asked(name), "Begin has asked for the name\n");
    expect_next(handle, 0, 0);
    ok(result.set.dwSize == sizeof(result.set), "size %lu\n", result.set.dwSize);
    ok(result.set.dwNameSpace == NS_DNS, "name space %lu\n", result.set.dwNameSpace);
    ok(IsEqualGUID(result.set.lpNSProviderId, &dns_provider), "another provider\n");
    ok(IsEqualGUID(result.set.lpServiceClassId, &by_host), "another class\n");
    ok(!strcmp(result_name(), name), "name %s\n", result_name());
    ok(!result.set.lpszQueryString && !result.set.lpszComment && !result.set.lpVersion && !result.set.lpszContext
       && !result.set.lpafpProtocols && !result.set.dwNumberOfProtocols && !result.set.dwOutputFlags,
       "more than asked\n");
    expect_endpoints("tcp 10.1.1.2 0, udp 10.1.1.2 0");
    local = (struct sockaddr_in *)result.set.lpcsaBuffer[0].LocalAddr.lpSockaddr;
    ok(!local->sin_addr.s_addr && !local->sin_port, "local: %s\n", inet_ntoa(local->sin_addr));
    host = (struct hostent *)result.set.lpBlob->pBlobData;
    ok(host->h_addrtype == AF_INET && host->h_length == 4, "type %d, length %d\n", host->h_addrtype, host->h_length);
    ok((ULONG_PTR)host->h_name < result.set.lpBlob->cbSize
       && !strcmp((char *)host + (ULONG_PTR)host->h_name, name), "the blob has another name\n");
    expect_next(handle, 0, WSA_E_NO_MORE);
    expect_next(handle, 0, WSA_E_NO_MORE);
    end_lookup(handle);
    ok(WSALookupServiceEnd(handle) == SOCKET_ERROR && WSAGetLastError() == WSA_INVALID_HANDLE, "ended twice\n");
    ok(next_error(handle, 0) == WSA_INVALID_HANDLE, "next of what is ended\n");
}

static DWORD members(void)
{
    return (result.set.lpszServiceInstanceName ? LUP_RETURN_NAME : 0)
           | (result.set.lpServiceClassId ? LUP_RETURN_TYPE : 0) | (result.set.dwNumberOfCsAddrs ? LUP_RETURN_ADDR : 0)
           | (result.set.lpBlob ? LUP_RETURN_BLOB : 0) | (result.set.lpszQueryString ? LUP_RETURN_QUERY_STRING : 0)
           | (result.set.lpVersion ? LUP_RETURN_VERSION : 0) | (result.set.lpszComment ? LUP_RETURN_COMMENT : 0);
}

/* Each flag brings its own member; Next's can take away, not add. */
static void test_flags(void)
{
    const DWORD possible = LUP_RETURN_NAME | LUP_RETURN_TYPE | LUP_RETURN_ADDR | LUP_RETURN_BLOB
                           | LUP_RETURN_QUERY_STRING;
    const char *name = scripted("h1");
    DWORD flag, other;
    HANDLE handle;

    for (flag = LUP_RETURN_NAME; flag < LUP_RETURN_ALL; flag <<= 1)
    {
        winetest_push_context("%#lx", flag);
        question.lpszQueryString = (WCHAR *)L"21/tcp";
        if (!(handle = begin(&by_host, name, flag))) { winetest_pop_context(); return; }
        expect_next(handle, LUP_RETURN_ALL, 0);
        ok(members() == (flag & possible), "members %#lx\n", members());
        end_lookup(handle);

        other = flag == LUP_RETURN_NAME ? LUP_RETURN_TYPE : LUP_RETURN_NAME;
        question.lpszQueryString = (WCHAR *)L"21/tcp";
        if (!(handle = begin(&by_host, name, flag | other))) { winetest_pop_context(); return; }
        expect_next(handle, other, 0);
        ok(members() == other, "Next asked for %#lx, members %#lx\n", other, members());
        end_lookup(handle);
        winetest_pop_context();
    }
    question.lpszQueryString = (WCHAR *)L"21/tcp";
    if (!(handle = begin(&by_host, name, LUP_RETURN_ALL))) return;
    expect_next(handle, LUP_DEEP | LUP_NOCONTAINERS | LUP_NEAREST | LUP_FLUSHCACHE, 0);
    ok(members() == possible, "members %#lx\n", members());
    ok(!lstrcmpW(result.set.lpszQueryString, L"21/tcp"), "another query string\n");
    end_lookup(handle);
}

static int found(GUID *class, const char *name, DWORD flags)
{
    HANDLE handle = begin(class, name, flags);
    int error;

    if (!handle) return -1;
    error = next_error(handle, 0);
    if (error) memset(&result, 0, sizeof(result.set));
    end_lookup(handle);
    return error;
}

#define expect_found(class, name, flags, error) \
    (winetest_set_location(__FILE__, __LINE__), expect_found_(class, name, flags, error))
static void expect_found_(GUID *class, const char *name, DWORD flags, int error)
{
    int got = found(class, name, flags);

    todo_wine_if(!ours) winetest_ok(got == error, "%s: error %d, expected %d\n", name, got, error);
}

static void test_hosts(void)
{
    char own[256], self[256];
    unsigned int i;
    HANDLE handle;

    expect_found(&by_host, scripted("nx"), EVERYTHING, WSASERVICE_NOT_FOUND);
    expect_found(&by_host, scripted("servfail"), EVERYTHING, WSATRY_AGAIN);
    expect_found(&by_host, scripted("nodata"), EVERYTHING, WSANO_DATA);
    expect_found(&by_hostname, scripted("nx"), LUP_RETURN_NAME, WSASERVICE_NOT_FOUND);
    expect_found(&by_host, "10.1.1.2", EVERYTHING, WSASERVICE_NOT_FOUND);       /* (MS Learn) */
    expect_found(&by_hostname, "10.1.1.2", EVERYTHING, 0);
    if (!ours) return;
    expect_endpoints("tcp 10.1.1.2 0, udp 10.1.1.2 0");
    expect_found(&by_address, "10.1.1.2", EVERYTHING, 0);
    ok(!strcmp(result_name(), "h258.test"), "10.1.1.2 is %s\n", result_name());
    expect_endpoints("tcp 10.1.1.2 0, udp 10.1.1.2 0");
    expect_found(&by_address, "10.2.1.2", EVERYTHING, WSASERVICE_NOT_FOUND);
    expect_found(&by_host, scripted("m3"), EVERYTHING, 0);
    ok(result.set.dwNumberOfCsAddrs == 6, "%lu addresses\n", result.set.dwNumberOfCsAddrs);
    for (i = 1; i <= 3; i++)        /* in the resolver's order, which is any on Wine 10 */
    {
        char pair[64];

        sprintf(pair, "tcp 10.2.0.%u 0, udp 10.2.0.%u 0", i, i);
        ok(strstr(endpoints(), pair) != NULL, "%s is not in %s\n", pair, endpoints());
    }

    ok(!gethostname(own, sizeof(own)), "no own name\n");
    expect_found(&by_hostname, NULL, LUP_RETURN_NAME, 0);
    ok(!strcmp(result_name(), own), "NULL is %s, not %s\n", result_name(), own);
    expect_found(&by_hostname, "", LUP_RETURN_NAME, 0);
    ok(!strcmp(result_name(), own), "\"\" is %s, not %s\n", result_name(), own);
    strcpy(self, gethostbyname("")->h_name);
    expect_found(&by_hostname, "", LUP_RETURN_NAME | LUP_RETURN_ADDR, 0);
    ok(!strcmp(result_name(), self), "\"\" is %s, not %s\n", result_name(), self);
    ok(result.set.dwNumberOfCsAddrs >= 2, "%lu addresses\n", result.set.dwNumberOfCsAddrs);

    expect_found(&by_host, scripted("h4"), EVERYTHING | LUP_RES_SERVICE, 0);
    expect_endpoints("tcp 10.1.0.4 0, udp 10.1.0.4 0");
    ok(!memcmp(result.set.lpcsaBuffer[0].LocalAddr.lpSockaddr, result.set.lpcsaBuffer[0].RemoteAddr.lpSockaddr, 16),
       "the local half is no address of a service\n");
    handle = begin(&by_host, scripted("h4"), EVERYTHING);
    expect_next(handle, LUP_RES_SERVICE, 0);
    ok(!memcmp(result.set.lpcsaBuffer[0].LocalAddr.lpSockaddr, result.set.lpcsaBuffer[0].RemoteAddr.lpSockaddr, 16),
       "LUP_RES_SERVICE of Next has no effect\n");
    ok(members() == (LUP_RETURN_NAME | LUP_RETURN_TYPE | LUP_RETURN_ADDR | LUP_RETURN_BLOB), "it has another\n");
    end_lookup(handle);
}

/* A name's aliases are records of their own. */
static void test_aliases(void)
{
    const char *name = scripted("c2.h7");
    struct hostent *host = gethostbyname(name);
    char canonical[256], aliases[4][256];
    unsigned int i, count = 0;
    HANDLE handle;

    ok(host && host->h_aliases[0], "%s has no aliases\n", name);
    if (!host) return;
    strcpy(canonical, host->h_name);
    for (; count < 4 && host->h_aliases[count]; count++) strcpy(aliases[count], host->h_aliases[count]);
    if (!(handle = begin(&by_host, name, LUP_RETURN_ALL))) return;
    expect_next(handle, 0, 0);
    ok(!strcmp(result_name(), canonical), "name %s, not %s\n", result_name(), canonical);
    ok(!result.set.dwOutputFlags, "flags %#lx\n", result.set.dwOutputFlags);
    for (i = 0; i < count; i++)
    {
        expect_next(handle, 0, 0);
        ok(!strcmp(result_name(), aliases[i]), "alias %s, not %s\n", result_name(), aliases[i]);
        ok(result.set.dwOutputFlags == RESULT_IS_ALIAS, "flags %#lx\n", result.set.dwOutputFlags);
        ok(members() == (LUP_RETURN_NAME | LUP_RETURN_TYPE), "members %#lx\n", members());
    }
    expect_next(handle, 0, WSA_E_NO_MORE);
    end_lookup(handle);
    if (!(handle = begin(&by_host, name, EVERYTHING))) return;
    expect_next(handle, LUP_RETURN_ALL, 0);
    expect_next(handle, LUP_RETURN_ALL, WSA_E_NO_MORE);
    end_lookup(handle);
}

static void test_services(void)
{
    static const struct { const char *text, *name, *proto; int port; } good[] =
    {
        {"ftp", "ftp", NULL, 0}, {"ftp/tcp", "ftp", "tcp", 0}, {"FTP/TCP", "ftp", "tcp", 0},
        {"21/tcp", NULL, "tcp", 21}, {"21", NULL, NULL, 21}, {"domain/udp", "domain", "udp", 0},
        {"53/udp", NULL, "udp", 53}, {"ftp/", "ftp", NULL, 0},
    };
    static const char *const bad[] =
    {
        "no-such-service", "ftp/nosuch", "65536/tcp", "21/udp/tcp", "/tcp", "999999999999",
    };
    struct servent expected, *service;
    GUID class;
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(good); i++)
    {
        winetest_push_context("%s", good[i].text);
        service = good[i].name ? getservbyname(good[i].name, good[i].proto)
                               : getservbyport(htons(good[i].port), good[i].proto);
        ok(service != NULL, "unknown\n");
        if (service) expected = *service;
        expect_found(&by_service_name, good[i].text, EVERYTHING, 0);
        if (service && ours)
        {
            service = (struct servent *)result.set.lpBlob->pBlobData;
            ok(!strcmp(result_name(), expected.s_name), "name %s\n", result_name());
            ok(service->s_port == expected.s_port, "port %u\n", ntohs(service->s_port));
            ok(!strcmp((char *)service + (ULONG_PTR)service->s_proto, expected.s_proto), "another protocol\n");
            if (!strcmp(expected.s_proto, "tcp")) SET_TCP_SVCID(&class, ntohs(expected.s_port))
            else SET_UDP_SVCID(&class, ntohs(expected.s_port))
            ok(IsEqualGUID(result.set.lpServiceClassId, &class), "another class\n");
            ok(!result.set.dwNumberOfCsAddrs, "%lu addresses\n", result.set.dwNumberOfCsAddrs);
        }
        winetest_pop_context();
    }
    for (i = 0; i < ARRAY_SIZE(bad); i++) expect_found(&by_service_name, bad[i], EVERYTHING, WSASERVICE_NOT_FOUND);
}

/* Ports and protocols of a host's addresses. */
static void test_ports(void)
{
    static const struct { const WCHAR *text; int error; const char *expected; } cases[] =
    {
        {L"", 0, "tcp 10.1.0.9 0, udp 10.1.0.9 0"},
        {L"21/tcp", 0, "tcp 10.1.0.9 21"},
        {L"4567", 0, "tcp 10.1.0.9 4567, udp 10.1.0.9 4567"},
        {L"domain", 0, "tcp 10.1.0.9 53, udp 10.1.0.9 53"},
        {L"domain/udp", 0, "udp 10.1.0.9 53"},
        {L"no-such-service", WSASERVICE_NOT_FOUND, ""},
        {L"70000", WSASERVICE_NOT_FOUND, ""},
    };
    AFPROTOCOLS tcp[] = {{AF_IPX, 0}, {AF_INET, IPPROTO_TCP}}, udp = {AF_INET, IPPROTO_UDP}, any = {AF_INET, 0},
                inet6 = {AF_INET6, IPPROTO_TCP}, all = {AF_UNSPEC, 0}, ipx = {AF_IPX, 0},
                icmp = {AF_INET, IPPROTO_ICMP};
    GUID tcp_ftp = SVCID_TCP(21), udp_domain = SVCID_UDP(53), type_a = SVCID_DNS(1), type_aaaa = SVCID_DNS(28),
         type_mx = SVCID_DNS(15), tcp_domain = SVCID_TCP(53);
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(cases); i++)
    {
        question.lpszQueryString = (WCHAR *)cases[i].text;
        expect_found(&by_hostname, scripted("h9"), LUP_RETURN_ADDR, cases[i].error);
        if (ours && !cases[i].error) expect_endpoints(cases[i].expected);
    }
    if (!ours) return;
#define WITH(list, n) (question.lpafpProtocols = list, question.dwNumberOfProtocols = n)
    WITH(tcp, 2);
    expect_found(&by_host, scripted("h9"), LUP_RETURN_ADDR, 0);
    expect_endpoints("tcp 10.1.0.9 0");
    WITH(&udp, 1);
    expect_found(&by_host, scripted("h9"), LUP_RETURN_ADDR, 0);
    expect_endpoints("udp 10.1.0.9 0");
    WITH(&any, 1);
    expect_found(&by_host, scripted("h9"), LUP_RETURN_ADDR, 0);
    expect_endpoints("tcp 10.1.0.9 0, udp 10.1.0.9 0");
    WITH(&udp, 1);
    question.lpszQueryString = (WCHAR *)L"21/tcp";
    expect_found(&by_host, scripted("h9"), LUP_RETURN_ADDR, WSASERVICE_NOT_FOUND);
    WITH(&inet6, 1);
    expect_found(&by_hostname, "::1", EVERYTHING, 0);
    expect_endpoints("tcp6 0");
    ok(!result.set.lpBlob, "a blob without IPv4\n");
    WITH(&inet6, 1);
    i = found(&by_hostname, scripted("h9"), EVERYTHING);       /* which, is the platform's affair */
    ok(i == WSANO_DATA || i == WSASERVICE_NOT_FOUND, "no IPv6: error %u\n", i);
    WITH(&all, 1);
    expect_found(&by_hostname, scripted("h9"), EVERYTHING, 0);
    expect_endpoints("tcp 10.1.0.9 0, udp 10.1.0.9 0");
    WITH(&udp, 1);
    expect_found(&by_service_name, "domain", EVERYTHING, 0);
    ok(IsEqualGUID(result.set.lpServiceClassId, &udp_domain), "not the one of UDP\n");
    WITH(tcp, 2);
    expect_found(&by_service_name, "domain", EVERYTHING, 0);
    ok(IsEqualGUID(result.set.lpServiceClassId, &tcp_domain), "not the one of TCP\n");
    WITH(&ipx, 1);
    ok(begin_error(&by_host, "h9.test", EVERYTHING) == WSASERVICE_NOT_FOUND, "IPX\n");
    WITH(&icmp, 1);
    ok(begin_error(&by_host, "h9.test", EVERYTHING) == WSASERVICE_NOT_FOUND, "ICMP\n");
    WITH(&inet6, 1);
    ok(begin_error(&by_address, "10.1.0.9", EVERYTHING) == WSASERVICE_NOT_FOUND, "an IPv4 address by IPv6\n");

    expect_found(&tcp_ftp, scripted("h9"), EVERYTHING, 0);
    expect_endpoints("tcp 10.1.0.9 21");
    ok(IsEqualGUID(result.set.lpServiceClassId, &tcp_ftp), "another class\n");
    expect_found(&udp_domain, scripted("h9"), EVERYTHING, 0);
    expect_endpoints("udp 10.1.0.9 53");
    expect_found(&type_aaaa, "127.0.0.1", LUP_RETURN_ADDR, WSASERVICE_NOT_FOUND);
    expect_found(&type_a, scripted("h9"), EVERYTHING, 0);
    expect_endpoints("tcp 10.1.0.9 0, udp 10.1.0.9 0");
    ok(begin_error(&type_mx, "h9.test", EVERYTHING) == WSASERVICE_NOT_FOUND, "MX\n");
}

START_TEST(namespace)
{
    if (argument(1))
    {
        test_in_dllmain();
        return;
    }
    ok(cleanup_all() == 0, "started up\n");
    ok(begin_error(&by_host, "h1.test", EVERYTHING) == WSANOTINITIALISED || !ours, "Begin before WSAStartup\n");
    ok(next_error(NULL, 0) == WSANOTINITIALISED || !ours, "Next before WSAStartup\n");
    test_not_started();
    start(MAKEWORD(2, 2));
    test_bad_sets();
    test_other_spaces();
    test_handles();
    test_classes();
    test_providers();
    test_registering();
    test_services();
    test_skipping();
    if (names_available())
    {
        test_host();
        test_flags();
        test_hosts();
        test_aliases();
        test_ports();
        test_sizes();
        test_consumer();
        test_ansi();
        test_many_threads();
        test_end_while_asking();
        test_size_gone();
        test_cleaned_up();
        test_restarted();
        run_program(NULL, "namespace dllmain", TIME_LIMIT, FAILURES);
    }
    finish();
}
