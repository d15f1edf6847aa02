/*
 * Lookups in name spaces: results in buffers of every size, at every alignment, skipped ones, and what an old program
 * does with them. Beside namespace.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "namespace.h"

static int next_into(HANDLE handle, void *buf, DWORD *size, DWORD flags, BOOL ansi)
{
    int ret = ansi ? WSALookupServiceNextA(handle, flags, size, buf) : WSALookupServiceNextW(handle, flags, size, buf);

    return ret ? WSAGetLastError() : 0;
}

static BOOL inside(const void *ptr, size_t size, const char *buf, size_t room)
{
    return !ptr || ((const char *)ptr >= buf && (const char *)ptr + size <= buf + room);
}

/* Everything that the set points to is in the buffer, and whole. */
static void check_set(const char *buf, size_t room, BOOL ansi, const char *name)
{
    WSAQUERYSETW set;
    CSADDR_INFO info;
    BLOB blob;
    char text[300];
    unsigned int i;

    memcpy(&set, buf, sizeof(set));
    ok(set.lpszServiceInstanceName && inside(set.lpszServiceInstanceName, 1, buf, room), "the name is elsewhere\n");
    if (ansi) strcpy(text, (char *)set.lpszServiceInstanceName);
    else WideCharToMultiByte(CP_ACP, 0, set.lpszServiceInstanceName, -1, text, sizeof(text), NULL, NULL);
    ok(!strcmp(text, name), "name %s, not %s\n", text, name);
    ok(inside(set.lpServiceClassId, sizeof(GUID), buf, room) && inside(set.lpNSProviderId, sizeof(GUID), buf, room)
       && inside(set.lpszQueryString, 1, buf, room), "something is elsewhere\n");
    ok(set.lpNSProviderId && !memcmp(set.lpNSProviderId, &dns_provider, sizeof(GUID)), "another provider\n");
    ok(inside(set.lpcsaBuffer, set.dwNumberOfCsAddrs * sizeof(info), buf, room), "the addresses are elsewhere\n");
    for (i = 0; i < set.dwNumberOfCsAddrs; i++)
    {
        memcpy(&info, (char *)set.lpcsaBuffer + i * sizeof(info), sizeof(info));
        ok(inside(info.RemoteAddr.lpSockaddr, info.RemoteAddr.iSockaddrLength, buf, room)
           && inside(info.LocalAddr.lpSockaddr, info.LocalAddr.iSockaddrLength, buf, room),
           "address %u is elsewhere\n", i);
        ok(info.RemoteAddr.lpSockaddr && info.LocalAddr.lpSockaddr, "address %u is not there\n", i);
    }
    if (!set.lpBlob) return;
    ok(inside(set.lpBlob, sizeof(blob), buf, room), "the blob is elsewhere\n");
    memcpy(&blob, set.lpBlob, sizeof(blob));
    ok(blob.cbSize && inside(blob.pBlobData, blob.cbSize, buf, room), "the blob's data are elsewhere\n");
}

static HANDLE begin_subject(GUID *class, const char *name)
{
    question.lpszQueryString = (WCHAR *)L"domain";
    return begin(class, name, EVERYTHING);
}

static void test_subject(GUID *class, const char *name, const char *expected, BOOL ansi)
{
    static char block[0x20000];
    DWORD size = 0, needed, i, shift;
    HANDLE handle;
    char *buf;

    if (!(handle = begin_subject(class, name))) return;
    ok(next_into(handle, NULL, &size, 0, ansi) == WSAEFAULT, "no room, error %d\n", WSAGetLastError());
    needed = size;
    ok(needed > sizeof(WSAQUERYSETW) && needed < 2000, "%lu needed\n", needed);
    for (i = 0; i <= needed; i++)
    {
        int error;

        size = i;
        buf = walled(i);
        error = next_into(handle, buf, &size, i % 2 ? LUP_FLUSHCACHE : 0, ansi);
        if (i < needed) ok(error == WSAEFAULT && size == needed && untouched(buf, i), "size %lu: error %d\n", i, error);
        else
        {
            ok(!error && size == needed, "size %lu: error %d\n", i, error);
            check_set(buf, needed, ansi, expected);
        }
        free_pages(buf);
    }
    ok(next_into(handle, block, &size, 0, ansi) == WSA_E_NO_MORE, "more\n");
    end_lookup(handle);

    for (shift = 1; shift < 9; shift++)
    {
        if (!(handle = begin_subject(class, name))) return;
        memset(block, FILL, needed + 64);
        size = needed + 1;
        ok(!next_into(handle, block + 16 + shift, &size, 0, ansi), "at %lu: error %d\n", shift, WSAGetLastError());
        check_set(block + 16 + shift, needed, ansi, expected);
        ok(untouched(block, 16 + shift) && untouched(block + 16 + shift + needed, 32), "written beside\n");
        end_lookup(handle);
    }
}

void test_sizes(void)
{
    AFPROTOCOLS all = {AF_UNSPEC, 0};
    int ansi;

    for (ansi = 0; ansi < 2; ansi++)
    {
        test_subject(&by_service_name, "21/tcp", "ftp", ansi);
        test_subject(&by_host, "h258.test", "h258.test", ansi);
        test_subject(&by_hostname, "m4.test", "m4.test", ansi);
        question.lpafpProtocols = &all;
        question.dwNumberOfProtocols = 1;
        test_subject(&by_hostname, "h9.test", "h9.test", ansi);
    }
}

/* A record that was refused can be skipped; one that was not, cannot. */
void test_skipping(void)
{
    static const char *const names[] = {"http", "discard", "echo", "whois", "domain", "smtp", "time", "hostnames"};
    struct servent *service = NULL;
    HANDLE handle;
    DWORD size;
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(names); i++)
    {
        service = getservbyname(names[i], "tcp");
        if (service && service->s_aliases[0]) break;
    }
    if (!service || !service->s_aliases[0])
    {
        skip("no service with an alias\n");
        return;
    }
    if (!(handle = begin(&by_service_name, service->s_aliases[0], LUP_RETURN_ALL))) return;
    expect_next(handle, LUP_FLUSHPREVIOUS | LUP_RETURN_ALL, 0);
    ok(!strcmp(result_name(), service->s_name), "name %s, not %s\n", result_name(), service->s_name);
    expect_next(handle, LUP_FLUSHPREVIOUS | LUP_RETURN_ALL, 0);
    ok(!strcmp(result_name(), service->s_aliases[0]), "name %s, not %s\n", result_name(), service->s_aliases[0]);
    ok(result.set.dwOutputFlags == RESULT_IS_ALIAS, "flags %#lx\n", result.set.dwOutputFlags);
    end_lookup(handle);

    if (!(handle = begin(&by_service_name, service->s_name, LUP_RETURN_ALL))) return;
    size = 4;
    ok(next_into(handle, &result, &size, 0, FALSE) == WSAEFAULT, "no room\n");
    expect_next(handle, 0x2000 | LUP_RETURN_ALL, 0);
    ok(!strcmp(result_name(), service->s_aliases[0]), "not skipped: %s\n", result_name());
    end_lookup(handle);
    if (!(handle = begin(&by_service_name, service->s_name, LUP_RETURN_ALL))) return;
    size = 4;
    ok(next_into(handle, &result, &size, 0, FALSE) == WSAEFAULT, "no room\n");
    expect_next(handle, 0x1000 | LUP_RETURN_ALL, 0);
    ok(!strcmp(result_name(), service->s_name), "LUP_FLUSHCACHE skips: %s\n", result_name());
    end_lookup(handle);
    /* aliases that Next does not want are none */
    if (!(handle = begin(&by_service_name, service->s_name, LUP_RETURN_ALL))) return;
    expect_next(handle, LUP_RETURN_NAME, 0);
    expect_next(handle, LUP_RETURN_NAME, WSA_E_NO_MORE);
    expect_next(handle, LUP_RETURN_NAME | LUP_RETURN_ALIASES, 0);
    end_lookup(handle);
}

/* As old libraries look up a host: the size, the buffer, the blob moved to where it is. */
void test_consumer(void)
{
    const char *name = scripted("c1.m2");
    WSAQUERYSETA set = {.dwSize = sizeof(set)}, *found;
    struct hostent *host;
    DWORD size = 1;
    HANDLE handle;
    unsigned int i, count = 0;
    char *base;

    set.lpszServiceInstanceName = (char *)name;
    set.lpServiceClassId = &by_host;
    set.dwNameSpace = NS_ALL;
    if (WSALookupServiceBeginA(&set, LUP_RETURN_BLOB | LUP_RETURN_NAME, &handle))
    {
        todo_builtin ok(0, "error %d\n", WSAGetLastError());
        return;
    }
    found = HeapAlloc(GetProcessHeap(), 0, size);
    while (next_into(handle, found, &size, 0, TRUE) == WSAEFAULT && count++ < 3)
        found = HeapReAlloc(GetProcessHeap(), 0, found, size);
    ok(count == 1, "%u tries\n", count);
    base = (char *)found->lpBlob->pBlobData;
    host = (struct hostent *)base;
    host->h_name = base + (ULONG_PTR)host->h_name;
    host->h_aliases = (char **)(base + (ULONG_PTR)host->h_aliases);
    host->h_addr_list = (char **)(base + (ULONG_PTR)host->h_addr_list);
    for (i = 0; host->h_aliases[i]; i++) host->h_aliases[i] = base + (ULONG_PTR)host->h_aliases[i];
    for (i = 0; host->h_addr_list[i]; i++) host->h_addr_list[i] = base + (ULONG_PTR)host->h_addr_list[i];
    ok(i == 2, "%u addresses\n", i);
    /* in the resolver's order */
    ok(!memcmp(host->h_addr_list[0], "\x0a\x02\x00", 3) && !memcmp(host->h_addr_list[1], "\x0a\x02\x00", 3)
       && host->h_addr_list[0][3] + host->h_addr_list[1][3] == 1 + 2, "other addresses\n");
    ok(!strcmp(host->h_aliases[0], name), "alias %s\n", host->h_aliases[0]);
    ok(!strcmp(host->h_name, found->lpszServiceInstanceName), "%s and %s\n", host->h_name,
       found->lpszServiceInstanceName);
    ok(base + found->lpBlob->cbSize <= (char *)found + size, "the blob is longer than the buffer\n");
    end_lookup(handle);
    HeapFree(GetProcessHeap(), 0, found);
}

/* A lookup is one, whichever way it is begun and read. */
void test_ansi(void)
{
    const char *name = scripted("h5");
    WSAQUERYSETA set = {.dwSize = sizeof(set), .lpszServiceInstanceName = (char *)name, .lpServiceClassId = &by_host,
                        .lpszQueryString = (char *)"21/tcp"};
    DWORD size = sizeof(result);
    HANDLE handle;

    if (WSALookupServiceBeginA(&set, EVERYTHING, &handle))
    {
        todo_builtin ok(0, "error %d\n", WSAGetLastError());
        return;
    }
    expect_next(handle, 0, 0);
    ok(!strcmp(result_name(), name), "name %s\n", result_name());
    ok(!lstrcmpW(result.set.lpszQueryString, L"21/tcp"), "another query string\n");
    end_lookup(handle);

    question.lpszQueryString = (WCHAR *)L"21/tcp";
    handle = begin(&by_host, name, EVERYTHING);
    ok(!WSALookupServiceNextA(handle, 0, &size, &result.ansi), "error %d\n", WSAGetLastError());
    ok(!strcmp(result.ansi.lpszServiceInstanceName, name), "name %s\n", result.ansi.lpszServiceInstanceName);
    ok(!strcmp(result.ansi.lpszQueryString, "21/tcp"), "query string %s\n", result.ansi.lpszQueryString);
    end_lookup(handle);

    /* what is no text of the code page is no name */
    question.dwSize = sizeof(question);
    question.lpServiceClassId = &by_host;
    question.lpszServiceInstanceName = (WCHAR *)L"\x4e2d\x6587.test";
    ok(!WSALookupServiceBeginW(&question, EVERYTHING, &handle), "error %d\n", WSAGetLastError());
    memset(&question, 0, sizeof(question));
    expect_next(handle, 0, WSASERVICE_NOT_FOUND);
    end_lookup(handle);
}
