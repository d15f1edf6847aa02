/*
 * Lookups in name spaces: arguments that are no good, each pointer and each member, and handles. Beside namespace.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "namespace.h"

static int begin_set(void *set, BOOL ansi, HANDLE *handle)
{
    int ret = ansi ? WSALookupServiceBeginA(set, EVERYTHING, handle) : WSALookupServiceBeginW(set, EVERYTHING, handle);

    return ret ? WSAGetLastError() : 0;
}

#define expect_begun(set, ansi, error) (winetest_set_location(__FILE__, __LINE__), expect_begun_(set, ansi, error))
static void expect_begun_(void *set, BOOL ansi, int error)
{
    HANDLE handle = NULL;
    int got = begin_set(set, ansi, &handle);

    todo_wine_if(!ours) winetest_ok(got == error, "%s: error %d, expected %d\n", ansi ? "A" : "W", got, error);
    if (!got) end_lookup(handle);
}

void test_bad_sets(void)
{
    const WSAQUERYSETW zero = {0};
    WSAQUERYSETW set, good = {.dwSize = sizeof(good), .lpServiceClassId = &by_host};
    char *no = wild(), *edge = walled(sizeof(set)), unaligned[sizeof(set) + 1];
    WCHAR *far_end = walled(2001 * sizeof(WCHAR));
    HANDLE handle = NULL;
    AFPROTOCOLS tcp = {AF_INET, IPPROTO_TCP};
    DWORD size = sizeof(result);
    int ansi, i;

    for (ansi = 0; ansi < 2; ansi++)
    {
        void *name = ansi ? (void *)"h1.test" : (void *)L"h1.test";

        good.lpszServiceInstanceName = name;
        expect_begun(NULL, ansi, WSAEFAULT);
        expect_begun(no, ansi, WSAEFAULT);
        expect_begun(edge + 1, ansi, WSAEFAULT);
        todo_builtin ok(begin_set(&good, ansi, NULL) == WSAEFAULT, "handle NULL: error %d\n", WSAGetLastError());
        todo_builtin ok(begin_set(&good, ansi, (HANDLE *)no) == WSAEFAULT, "wild: error %d\n", WSAGetLastError());
        set = zero;
        expect_begun(&set, ansi, WSAEINVAL);
        set = good;
        set.dwSize--;
        expect_begun(&set, ansi, WSAEINVAL);
        set.dwSize += 100;
        expect_begun(&set, ansi, 0);
        memcpy(edge, &good, sizeof(good));
        expect_begun(edge, ansi, 0);
        memcpy(unaligned + 1, &good, sizeof(good));
        expect_begun(unaligned + 1, ansi, 0);

#define MEMBER(member, value, error) (set = good, set.member = (void *)(value), expect_begun(&set, ansi, error))
        MEMBER(lpszServiceInstanceName, no, WSAEFAULT);
        MEMBER(lpszServiceInstanceName, far_end + 1990, WSAEFAULT);     /* not terminated */
        MEMBER(lpszServiceInstanceName, (char *)name + (ansi ? 7 : 14), 0);
        MEMBER(lpServiceClassId, no, WSAEFAULT);
        MEMBER(lpNSProviderId, no, WSAEFAULT);
        MEMBER(lpszQueryString, no, WSAEFAULT);
        set = good;
        set.dwNumberOfProtocols = 1;
        expect_begun(&set, ansi, WSAEFAULT);
        set.lpafpProtocols = (AFPROTOCOLS *)no;
        expect_begun(&set, ansi, WSAEFAULT);
        set.lpafpProtocols = &tcp;
        expect_begun(&set, ansi, 0);
        set.dwNumberOfProtocols = ~0u;
        expect_begun(&set, ansi, WSAEFAULT);
        set.dwNumberOfProtocols = 0;
        set.lpafpProtocols = (AFPROTOCOLS *)no;
        expect_begun(&set, ansi, 0);
        /* nothing of a question */
        MEMBER(lpVersion, no, 0);
        MEMBER(lpszComment, no, 0);
        MEMBER(lpszContext, no, 0);
        MEMBER(lpBlob, no, 0);
        set.lpcsaBuffer = (CSADDR_INFO *)no;
        set.dwNumberOfCsAddrs = set.dwOutputFlags = ~0u;
        expect_begun(&set, ansi, 0);
        MEMBER(lpServiceClassId, &by_address, WSAEINVAL);
        set.lpszServiceInstanceName = NULL;
        expect_begun(&set, ansi, WSAEINVAL);
        set.lpServiceClassId = &by_service_name;
        expect_begun(&set, ansi, WSAEINVAL);
    }
    for (i = 0; i < 2000; i++) far_end[i] = 'a';
    far_end[2000] = 0;
    good.lpszServiceInstanceName = far_end;
    expect_begun(&good, FALSE, WSASERVICE_NOT_FOUND);
    good.lpszServiceInstanceName = far_end + 2000 - 1024;
    expect_begun(&good, FALSE, 0);

    for (i = 0; i < 7; i++)
    {
        static const char *const quads[] =
        {
            "10.1.1", "10.1.1.256", "10.1.1.1.", "10.1.1.1 ", ".1.1.1", "0x1.1.1.1", "1.1.1.0001",
        };
        int error = begin_error(&by_address, quads[i], EVERYTHING);

        todo_builtin ok(error == WSAEINVAL, "%s: error %d\n", quads[i], error);
    }

    /* Next's, on a record that is there */
    if (!(handle = begin(&by_service_name, "ftp", LUP_RETURN_NAME))) return;
    ok(WSALookupServiceNextW(handle, 0, NULL, &result.set) && WSAGetLastError() == WSAEFAULT, "size NULL\n");
    ok(WSALookupServiceNextW(handle, 0, (DWORD *)no, &result.set) && WSAGetLastError() == WSAEFAULT, "size wild\n");
    ok(WSALookupServiceNextW(handle, 0, &size, NULL) && WSAGetLastError() == WSAEFAULT, "buffer NULL\n");
    ok(size > sizeof(WSAQUERYSETW) && size < 200, "size %lu\n", size);
    size = sizeof(result);
    ok(WSALookupServiceNextA(handle, 0, &size, (WSAQUERYSETA *)no) && WSAGetLastError() == WSAEFAULT, "buffer wild\n");
    ok(size < 200, "size %lu\n", size);
    expect_next(handle, ~(LUP_FLUSHPREVIOUS), 0);
    end_lookup(handle);
    free_pages(no);
    free_pages(edge);
    free_pages(far_end);
}

void test_other_spaces(void)
{
    static const DWORD spaces[] =
        {NS_SAP, NS_NDS, NS_TCPIP_LOCAL, NS_NETBT, NS_WINS, NS_NLA, NS_BTH, NS_NTDS, 0xffffffff};
    GUID other = {1, 2, 3, {4}}, unknown = {0x0002a804, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
    unsigned int i;
    HANDLE handle;

#define expect_error(error, ...) \
    do { int got_ = begin_error(__VA_ARGS__); \
         todo_builtin ok(got_ == (error), "error %d, expected %d\n", got_, error); } while (0)
    for (i = 0; i < ARRAY_SIZE(spaces); i++)
    {
        winetest_push_context("name space %lu", spaces[i]);
        question.dwNameSpace = spaces[i];
        expect_error(WSASERVICE_NOT_FOUND, &by_host, "h1.test", EVERYTHING | LUP_CONTAINERS);
        winetest_pop_context();
    }
    question.dwNameSpace = NS_DNS;
    expect_error(0, &by_host, "h1.test", EVERYTHING);
    question.lpNSProviderId = &dns_provider;
    expect_error(0, &by_host, "h1.test", EVERYTHING);
    question.lpNSProviderId = &other;
    expect_error(WSAEINVAL, &by_host, "h1.test", EVERYTHING);
    question.lpNSProviderId = &dns_provider;
    question.dwNameSpace = NS_BTH;
    expect_error(WSASERVICE_NOT_FOUND, &by_host, "h1.test", EVERYTHING);
    expect_error(WSASERVICE_NOT_FOUND, &unknown, "h1.test", EVERYTHING);
    expect_error(WSASERVICE_NOT_FOUND, &other, "h1.test", EVERYTHING);
    expect_error(WSANO_DATA, &by_host, "h1.test", EVERYTHING | LUP_CONTAINERS);

    /* what programs ask of NLA; there is none */
    if (!(handle = begin(NULL, NULL, LUP_RETURN_ALL | LUP_DEEP))) return;
    expect_next(handle, LUP_RETURN_ALL, WSA_E_NO_MORE);
    expect_next(handle, 0, WSA_E_NO_MORE);
    end_lookup(handle);
}

#define expect_ioctl(error, ...) \
    do { int ret_ = WSANSPIoctl(__VA_ARGS__), got_ = WSAGetLastError(), wanted_ = error; \
         todo_builtin_if(got_ != wanted_) \
         ok(ret_ == SOCKET_ERROR && got_ == wanted_, "returned %d, error %d, expected %d\n", ret_, got_, wanted_); \
    } while (0)

/* Of the system's handles; Wine does not count them. */
static ULONG_PTR first_free(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

    CloseHandle(event);
    return (ULONG_PTR)event;
}

void test_handles(void)
{
    HANDLE handle, others[] =
        {NULL, INVALID_HANDLE_VALUE, (HANDLE)1, (HANDLE)4, &handle, (HANDLE)(ULONG_PTR)0x7fffffff};
    ULONG_PTR *seen;
    DWORD returned, i, again = 0;
    ULONG_PTR before, after;
    WSACOMPLETION completion = {0};
    void *no = wild();

    for (i = 0; i < ARRAY_SIZE(others); i++)
    {
        WSASetLastError(0xdead);
        todo_builtin ok(WSALookupServiceEnd(others[i]) == SOCKET_ERROR && WSAGetLastError() == WSA_INVALID_HANDLE,
                        "%p: ended, error %d\n", others[i], WSAGetLastError());
        todo_builtin ok(next_error(others[i], 0) == WSA_INVALID_HANDLE, "%p: error %d\n", others[i], WSAGetLastError());
        expect_ioctl(WSA_INVALID_HANDLE, others[i], SIO_NSP_NOTIFY_CHANGE, NULL, 0, NULL, 0, &returned, NULL);
    }
    if (!(handle = begin(&by_service_name, "ftp", LUP_RETURN_NAME))) return;
    expect_ioctl(WSAEOPNOTSUPP, handle, SIO_NSP_NOTIFY_CHANGE, NULL, 0, NULL, 0, &returned, NULL);
    expect_ioctl(WSAEOPNOTSUPP, handle, SIO_NSP_NOTIFY_CHANGE, NULL, 0, NULL, 0, &returned, &completion);
    expect_ioctl(WSAEOPNOTSUPP, handle, 12345, NULL, 0, NULL, 0, &returned, NULL);
    expect_ioctl(WSAEFAULT, handle, SIO_NSP_NOTIFY_CHANGE, NULL, 0, NULL, 0, NULL, NULL);
    expect_ioctl(WSAEFAULT, handle, SIO_NSP_NOTIFY_CHANGE, NULL, 0, NULL, 0, no, NULL);
    expect_ioctl(WSAEFAULT, handle, SIO_NSP_NOTIFY_CHANGE, no, 1, NULL, 0, &returned, NULL);
    expect_ioctl(WSAEFAULT, handle, SIO_NSP_NOTIFY_CHANGE, NULL, 0, NULL, ~0u, &returned, NULL);
    expect_ioctl(WSAEFAULT, handle, SIO_NSP_NOTIFY_CHANGE, NULL, 0, NULL, 0, &returned, no);
    end_lookup(handle);
    expect_ioctl(WSA_INVALID_HANDLE, handle, SIO_NSP_NOTIFY_CHANGE, NULL, 0, NULL, 0, &returned, NULL);

    /* one that is ended never comes again: all are beyond the last */
    before = first_free();
    seen = HeapAlloc(GetProcessHeap(), 0, 600 * sizeof(*seen));
    for (i = 0; i < 600; i++)
    {
        if (!(seen[i] = (ULONG_PTR)begin(&by_service_name, "ftp", LUP_RETURN_NAME))) break;
        if (i % 3) end_lookup((HANDLE)seen[i]);
        again += i && seen[i] <= seen[i - 1];
    }
    ok(i == 600 && !again, "%lu handles, %lu given again\n", i, again);
    for (i = 0; i < 600; i += 3) end_lookup((HANDLE)seen[i]);
    HeapFree(GetProcessHeap(), 0, seen);
    after = first_free();
    ok(after < before + 4 * 100, "%#Ix is the first free handle, before %#Ix\n", after, before);
    free_pages(no);
}
