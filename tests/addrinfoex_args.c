/*
 * The arguments of the GetAddrInfoExW family: what is refused, at once and with nothing told, and that no pointer is
 * taken on trust.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "addrinfoex.h"

static GUID dns = { 0x22059d40, 0x7e9e, 0x11cf, { 0xae, 0x5a, 0x00, 0xaa, 0x00, 0xa7, 0x11, 0x2b } };
static GUID nobody = { 0x22059d40, 0x7e9e, 0x11cf, { 0xae, 0x5a, 0x00, 0xaa, 0x00, 0xa7, 0x11, 0x2c } };

/* A call of both kinds with the same error; the second tells nobody. */
#define refused(error, name, service, space, provider, hints, timeout) \
    (winetest_set_location(__FILE__, __LINE__), refused_(error, name, service, space, provider, hints, timeout))
static void refused_(int error, const WCHAR *name, const WCHAR *service, DWORD space, GUID *provider,
                     const ADDRINFOEXW *hints, struct timeval *timeout)
{
    struct lookup *lookup = new_lookup(BY_EVENT);
    int ret, last;

    WSASetLastError(0xdead);
    ret = GetAddrInfoExW(name, service, space, provider, hints, &lookup->list, timeout, NULL, NULL, NULL);
    last = WSAGetLastError();
    todo_builtin_if(ret != error)
    winetest_ok(ret == error && last == error && !lookup->list, "waiting: returned %d, last error %d, list %p\n", ret, last,
                lookup->list);
    if (lookup->list) FreeAddrInfoExW(lookup->list);

    lookup->list = (void *)0xdeadbeef;
    WSASetLastError(0xdead);
    ret = GetAddrInfoExW(name, service, space, provider, hints, &lookup->list, timeout, &lookup->ov, NULL, &lookup->handle);
    last = WSAGetLastError();
    todo_builtin_if(ret != error)
    winetest_ok(ret == error && last == error && !lookup->list, "not waiting: returned %d, last error %d, list %p\n", ret,
                last, lookup->list);
    if (ret == WSA_IO_PENDING) wait_over(lookup);
    else winetest_ok(WaitForSingleObject(lookup->done, 20) == WAIT_TIMEOUT && lookup->ov.Internal == 0xdeadbeef
                     && lookup->handle == NO_HANDLE, "refused, yet told\n");
    free_lookup(lookup);
}

static void test_refused(void)
{
    static const struct timeval no_times[] = { { -1, 0 }, { 0, -1 }, { 1, 1000000 }, { 0, LONG_MIN }, { LONG_MIN, 0 } };
    static const DWORD spaces[] = { NS_NETBT, NS_WINS, NS_BTH, NS_NTDS, NS_EMAIL, 1, 11, 0xffffffff };
    struct timeval timeout;
    ADDRINFOEXW hints;
    unsigned int i;

    refused(WSAHOST_NOT_FOUND, NULL, NULL, NS_DNS, NULL, NULL, NULL);
    for (i = 0; i < ARRAY_SIZE(spaces); i++) refused(WSASERVICE_NOT_FOUND, L"127.0.0.1", NULL, spaces[i], NULL, NULL, NULL);
    refused(WSASERVICE_NOT_FOUND, L"127.0.0.1", NULL, NS_DNS, &nobody, NULL, NULL);
    for (i = 0; i < 4; i++)
    {
        memset(&hints, 0, sizeof(hints));
        switch (i)
        {
        case 0: hints.ai_addrlen = 1; break;
        case 1: hints.ai_canonname = L"x"; break;
        case 2: hints.ai_addr = (void *)&hints; break;
        default: hints.ai_next = (void *)&hints;
        }
        winetest_push_context("hint %u", i);
        refused(WSANO_RECOVERY, L"127.0.0.1", NULL, NS_DNS, NULL, &hints, NULL);
        winetest_pop_context();
    }
    for (i = 0; i < ARRAY_SIZE(no_times); i++)
    {
        timeout = no_times[i];
        winetest_push_context("timeout %ld, %ld", timeout.tv_sec, timeout.tv_usec);
        refused(WSAEINVAL, L"127.0.0.1", NULL, NS_DNS, NULL, NULL, &timeout);
        winetest_pop_context();
    }
}

static void test_good(void)
{
    struct timeval ages = { LONG_MAX, 999999 };
    struct lookup *lookup = new_lookup(BY_EVENT);
    ADDRINFOEXW hints, *list;
    int ret;

    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_INET;
    hints.ai_blob = &hints;             /* what else there is in them is nothing */
    hints.ai_bloblen = 7;
    hints.ai_provider = (void *)1;
    hints.ai_socktype = SOCK_STREAM;
    ret = GetAddrInfoExW(L"127.0.0.1", L"80", NS_ALL, &dns, &hints, &lookup->list, &ages, &lookup->ov, NULL, NULL);
    expect_pending(lookup, ret);
    expect_over(lookup, 0);
    expect_address(lookup->list, "127.0.0.1");
    free_lookup(lookup);

    /* who waits has no use for the last two */
    lookup = new_lookup(BY_ROUTINE);
    ret = GetAddrInfoExW(L"127.0.0.1", L"80", NS_DNS, NULL, &hints, &lookup->list, &ages, NULL, (void *)count_call,
                         &lookup->handle);
    ok(!ret && !WSAGetLastError(), "returned %d, last error %d\n", ret, WSAGetLastError());
    expect_address(lookup->list, "127.0.0.1");
    todo_builtin ok(lookup->handle == NO_HANDLE, "handle %p\n", lookup->handle);
    ok(!lookup->calls && lookup->ov.Internal == 0xdeadbeef, "told\n");
    free_lookup(lookup);

    ret = GetAddrInfoExW(NULL, L"80", NS_DNS, NULL, &hints, &list, NULL, NULL, NULL, NULL);
    ok(!ret && list && ((struct sockaddr_in *)list->ai_addr)->sin_port == htons(80), "returned %d\n", ret);
    FreeAddrInfoExW(list);
    FreeAddrInfoExW(NULL);

    hints.ai_family = 77;
    lookup = new_lookup(BY_EVENT);
    ret = GetAddrInfoExW(L"127.0.0.1", NULL, NS_DNS, NULL, &hints, &list, NULL, NULL, NULL, NULL);
    todo_wine_if(old_wine) ok(ret, "a family that there is not\n");
    if (!ret) FreeAddrInfoExW(list);
    expect_pending(lookup, GetAddrInfoExW(L"127.0.0.1", NULL, NS_DNS, NULL, &hints, &lookup->list, NULL, &lookup->ov, NULL,
                                          NULL));
    todo_builtin_if(ret) expect_over(lookup, ret);
    free_lookup(lookup);
}

/* The call that waits keeps to its time, and leaves the resolver's answer to nobody. */
static void test_waiting(void)
{
    struct timeval soon = { 0, 400001 }, late = { 20, 0 }, none = { 0, 0 };
    ADDRINFOEXW *list = (void *)0xdeadbeef;
    DWORD begin = GetTickCount(), passed;
    int ret;

    ret = GetAddrInfoExW(wide(scripted("h1.d2500")), NULL, NS_DNS, NULL, NULL, &list, &soon, NULL, NULL, NULL);
    passed = GetTickCount() - begin;
    todo_builtin ok(ret == WSAETIMEDOUT && WSAGetLastError() == WSAETIMEDOUT && !list, "returned %d, list %p\n", ret, list);
    todo_builtin ok(passed >= 390 && passed < 2300, "after %lu ms\n", passed);
    if (!ret) FreeAddrInfoExW(list);

    ret = GetAddrInfoExW(wide(scripted("h81.d100")), NULL, NS_DNS, NULL, NULL, &list, &late, NULL, NULL, NULL);
    ok(!ret && !WSAGetLastError(), "returned %d, last error %d\n", ret, WSAGetLastError());
    expect_address(list, "10.1.0.81");
    if (!ret) FreeAddrInfoExW(list);
    ret = GetAddrInfoExW(wide(scripted("nx")), NULL, NS_DNS, NULL, NULL, &list, &late, NULL, NULL, NULL);
    todo_builtin_if(ret != WSAHOST_NOT_FOUND)
    ok(ret == WSAHOST_NOT_FOUND && WSAGetLastError() == ret && !list, "returned %d, last error %d\n", ret, WSAGetLastError());
    ret = GetAddrInfoExW(wide(scripted("h1.d500")), NULL, NS_DNS, NULL, NULL, &list, &none, NULL, NULL, NULL);
    todo_builtin ok(ret == WSAETIMEDOUT && !list, "no time: returned %d\n", ret);
    if (!ret) FreeAddrInfoExW(list);
}

static void test_both(void)
{
    struct lookup *lookup = new_lookup(BY_EVENT);
    int ret;

    WSASetLastError(0xdead);
    ret = GetAddrInfoExW(L"127.0.0.1", NULL, NS_DNS, NULL, NULL, &lookup->list, NULL, &lookup->ov, (void *)count_call,
                         &lookup->handle);
    ok(ret == WSAEINVAL && !lookup->list && lookup->handle == NO_HANDLE, "returned %d, list %p\n", ret, lookup->list);
    todo_builtin ok(WSAGetLastError() == WSAEINVAL, "last error %d\n", WSAGetLastError());
    ok(WaitForSingleObject(lookup->done, 100) == WAIT_TIMEOUT && !lookup->calls, "refused, yet told\n");
    free_lookup(lookup);

    lookup = new_lookup(BY_ASKING);
    lookup->ov.hEvent = (HANDLE)0xdeadbee4;
    ret = ask_ex(lookup, "127.0.0.1", NULL);
    todo_builtin ok(ret == WSA_INVALID_HANDLE, "no such event: returned %d\n", ret);
    if (ret == WSA_IO_PENDING) wait_over(lookup);
    free_lookup(lookup);
}

static void test_cancel_values(void)
{
    static const ULONG_PTR values[] = { 0, 1, 4, 0x10000, 0x10004, 0x7ffffffc, 0xdeadbeef, ~(ULONG_PTR)0 };
    struct lookup *lookup = new_lookup(BY_EVENT);
    HANDLE value;
    unsigned int i;

    expect_pending(lookup, ask_ex(lookup, scripted("h1.d300"), NULL));
    for (i = 0; i < ARRAY_SIZE(values); i++)
    {
        value = (HANDLE)values[i];
        if (value != lookup->handle) ok(cancel_ex(&value) == WSA_INVALID_HANDLE, "%p was cancelled\n", value);
    }
    value = (HANDLE)((ULONG_PTR)lookup->handle + 1);
    ok(cancel_ex(&value) == WSA_INVALID_HANDLE, "%p was cancelled\n", value);
    ok(cancel_ex(NULL) == WSA_INVALID_HANDLE, "NULL was cancelled\n");
    ok(cancel_ex(wild()) == WSA_INVALID_HANDLE, "nothing was cancelled\n");
    expect_over(lookup, 0);
    free_lookup(lookup);
    if (!old_wine || !deadly("NULL is asked for a result"))
        ok(result_ex(NULL) == WSAEINVAL, "returned %d\n", result_ex(NULL));
    if (!deadly("memory that is not there is asked for a result"))
        ok(result_ex(wild()) == WSAEINVAL && result_ex((void *)1) == WSAEINVAL, "a result of nothing\n");
}

static void test_strings(void)
{
    WCHAR *long_name = HeapAlloc(GetProcessHeap(), 0, 70000 * sizeof(WCHAR)), *edge = walled(5 * sizeof(WCHAR));
    WCHAR *open = walled(4 * sizeof(WCHAR));
    unsigned int i;

    /* the last character before a wall, and one byte off */
    memcpy(edge, L"::1\0", 5 * sizeof(WCHAR));
    refused(WSASERVICE_NOT_FOUND, edge, NULL, NS_NLA, NULL, NULL, NULL);
    if (deadly("strings and pointers that cannot be read")) return;
    for (i = 0; i < 70000; i++) long_name[i] = 'a' + (i % 64 == 63 ? '.' - 'a' : 0);
    long_name[69999] = 0;
    refused(WSAHOST_NOT_FOUND, long_name, NULL, NS_DNS, NULL, NULL, NULL);
    refused(WSATYPE_NOT_FOUND, L"127.0.0.1", long_name, NS_DNS, NULL, NULL, NULL);
    refused(WSAEFAULT, open, NULL, NS_DNS, NULL, NULL, NULL);
    refused(WSAEFAULT, (WCHAR *)((char *)open + 1), NULL, NS_DNS, NULL, NULL, NULL);
    refused(WSAEFAULT, wild(), NULL, NS_DNS, NULL, NULL, NULL);
    refused(WSAEFAULT, L"x", wild(), NS_DNS, NULL, NULL, NULL);
    refused(WSAEFAULT, (void *)1, NULL, NS_DNS, NULL, NULL, NULL);
    refused(WSAEFAULT, L"127.0.0.1", NULL, NS_DNS, wild(), NULL, NULL);
    refused(WSAEFAULT, L"127.0.0.1", NULL, NS_DNS, NULL, wild(), NULL);
    refused(WSAEFAULT, L"127.0.0.1", NULL, NS_DNS, NULL, (void *)(~(ULONG_PTR)0 - 8), NULL);
    refused(WSAEFAULT, L"127.0.0.1", NULL, NS_DNS, NULL, NULL, wild());
    free_pages(edge);
    free_pages(open);
    HeapFree(GetProcessHeap(), 0, long_name);
}

static void test_outputs(void)
{
    struct lookup *lookup = new_lookup(BY_EVENT);
    void *const bad[] = { NULL, wild(), (void *)3, (void *)~(ULONG_PTR)0, (void *)test_outputs };
    unsigned int i;
    int ret;

    if (deadly("results for memory that is not there")) return;
    lookup->list = NULL;
    for (i = 0; i < ARRAY_SIZE(bad); i++)
    {
        winetest_push_context("%p", bad[i]);
        ret = GetAddrInfoExW(L"127.0.0.1", NULL, NS_DNS, NULL, NULL, bad[i], NULL, NULL, NULL, NULL);
        ok(ret == WSAEFAULT && WSAGetLastError() == WSAEFAULT, "result: returned %d\n", ret);
        ret = GetAddrInfoExW(L"127.0.0.1", NULL, NS_DNS, NULL, NULL, bad[i], NULL, &lookup->ov, NULL, NULL);
        ok(ret == WSAEFAULT, "result: returned %d\n", ret);
        if (bad[i])
        {
            ret = GetAddrInfoExW(L"127.0.0.1", NULL, NS_DNS, NULL, NULL, &lookup->list, NULL, bad[i], NULL, NULL);
            ok(ret == WSAEFAULT, "OVERLAPPED: returned %d\n", ret);
            ret = GetAddrInfoExW(L"127.0.0.1", NULL, NS_DNS, NULL, NULL, &lookup->list, NULL, &lookup->ov, NULL, bad[i]);
            ok(ret == WSAEFAULT, "handle: returned %d\n", ret);
        }
        if (bad[i] && bad[i] != (void *)test_outputs)
        {
            lookup->ov.hEvent = NULL;
            ret = GetAddrInfoExW(L"127.0.0.1", NULL, NS_DNS, NULL, NULL, &lookup->list, NULL, &lookup->ov, bad[i], NULL);
            ok(ret == WSAEFAULT, "routine: returned %d\n", ret);
            lookup->ov.hEvent = lookup->done;
        }
        winetest_pop_context();
    }
    ok(WaitForSingleObject(lookup->done, 50) == WAIT_TIMEOUT && lookup->ov.Internal == 0xdeadbeef, "refused, yet told\n");
    free_lookup(lookup);
}

void test_ex_arguments(void)
{
    test_refused();
    test_good();
    test_waiting();
    test_both();
    test_cancel_values();
    test_strings();
    test_outputs();
}
