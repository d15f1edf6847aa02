/*
 * GetAddrInfoExA and FreeAddrInfoEx.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "addrinfoex.h"

static void (WINAPI *free_narrow)(ADDRINFOEXA *);

#define ask_narrow(name, service, hints, list) narrow_ex(name, service, NS_DNS, NULL, hints, list, NULL, NULL, NULL, NULL)

static void test_lists(void)
{
    const char *name = scripted("m300.c2");
    ADDRINFOEXA hints, *list = (void *)0xdeadbeef, *at;
    ADDRINFOEXW wide_hints, *list_wide, *at_wide;
    unsigned int count = 0, different = 0;
    char text[256];
    int ret;

    memset(&hints, 0, sizeof(hints));
    memset(&wide_hints, 0, sizeof(wide_hints));
    wide_hints.ai_flags = hints.ai_flags = AI_CANONNAME;
    WSASetLastError(0xdead);
    ret = ask_narrow(name, "80", &hints, &list);
    ok(!ret && !WSAGetLastError() && list, "returned %d, last error %d\n", ret, WSAGetLastError());
    if (ret) return;
    ret = GetAddrInfoExW(wide(name), L"80", NS_DNS, NULL, &wide_hints, &list_wide, NULL, NULL, NULL, NULL);
    ok(!ret, "returned %d\n", ret);
    for (at = list, at_wide = list_wide; at && at_wide; at = (void *)at->ai_next, at_wide = (void *)at_wide->ai_next)
    {
        count++;
        *text = 0;
        if (at_wide->ai_canonname) WideCharToMultiByte(CP_ACP, 0, at_wide->ai_canonname, -1, text, sizeof(text), NULL, NULL);
        different += at->ai_family != at_wide->ai_family || at->ai_socktype != at_wide->ai_socktype
                     || at->ai_protocol != at_wide->ai_protocol || at->ai_addrlen != at_wide->ai_addrlen
                     || at->ai_flags != at_wide->ai_flags || memcmp(at->ai_addr, at_wide->ai_addr, at->ai_addrlen)
                     || !at->ai_canonname != !at_wide->ai_canonname || strcmp(at->ai_canonname ? at->ai_canonname : "", text)
                     || at->ai_blob || at->ai_bloblen || at->ai_provider || (ULONG_PTR)at->ai_addr % 4;
    }
    ok(count >= 300 && !at && !at_wide && !different, "%u entries, %u differ from the wide ones\n", count, different);
    todo_wine_if(old_wine) ok(list->ai_canonname && strstr(list->ai_canonname, ".test"), "name %s\n", list->ai_canonname);
    free_narrow(list);
    /* programs give this one, too */
    free_narrow((ADDRINFOEXA *)list_wide);
}

static void test_errors(void)
{
    struct timeval timeout = { 1, 0 };
    char *long_name = HeapAlloc(GetProcessHeap(), 0, 70000), *open = walled(4), *edge = walled(10);
    ADDRINFOEXA hints, *list;
    OVERLAPPED ov;
    HANDLE handle = NO_HANDLE;
    int ret;

#define check(error, call) (list = (void *)0xdeadbeef, WSASetLastError(0xdead), ret = (call), \
    ok(ret == error && WSAGetLastError() == error && !list, "returned %d, last error %d, list %p\n", ret, WSAGetLastError(), list))

    memset(&ov, 0, sizeof(ov));
    check(WSAEINVAL, narrow_ex("127.0.0.1", NULL, NS_DNS, NULL, NULL, &list, &timeout, NULL, NULL, NULL));
    check(WSAEINVAL, narrow_ex("127.0.0.1", NULL, NS_DNS, NULL, NULL, &list, NULL, &ov, NULL, NULL));
    check(WSAEINVAL, narrow_ex("127.0.0.1", NULL, NS_DNS, NULL, NULL, &list, NULL, NULL, (void *)count_call, NULL));
    check(WSAEINVAL, narrow_ex("127.0.0.1", NULL, NS_DNS, NULL, NULL, &list, NULL, NULL, NULL, &handle));
    ok(handle == NO_HANDLE && !ov.Internal, "used\n");
    check(WSAHOST_NOT_FOUND, ask_narrow(NULL, NULL, NULL, &list));
    check(WSASERVICE_NOT_FOUND, narrow_ex("127.0.0.1", NULL, NS_WINS, NULL, NULL, &list, NULL, NULL, NULL, NULL));
    memset(&hints, 0, sizeof(hints));
    hints.ai_canonname = "x";
    check(WSANO_RECOVERY, ask_narrow("127.0.0.1", NULL, &hints, &list));
    check(WSAHOST_NOT_FOUND, ask_narrow(scripted("nx"), NULL, NULL, &list));
    memset(long_name, 'a', 69999);
    long_name[69999] = 0;
    check(WSAHOST_NOT_FOUND, ask_narrow(long_name, NULL, NULL, &list));
    check(WSATYPE_NOT_FOUND, ask_narrow("127.0.0.1", long_name, NULL, &list));
    check(WSAEFAULT, ask_narrow(open, NULL, NULL, &list));
    check(WSAEFAULT, ask_narrow(wild(), NULL, NULL, &list));
    check(WSAEFAULT, ask_narrow("127.0.0.1", (char *)1, NULL, &list));
    check(WSAEFAULT, ask_narrow("127.0.0.1", NULL, wild(), &list));
    ok(ask_narrow("127.0.0.1", NULL, NULL, NULL) == WSAEFAULT, "a result of nothing\n");
    ok(ask_narrow("127.0.0.1", NULL, NULL, wild()) == WSAEFAULT, "a result of nothing\n");
    memcpy(edge, "127.0.0.1", 10);
    ok(!ask_narrow(edge, NULL, NULL, &list), "returned %d\n", ret);
    expect_address((ADDRINFOEXW *)list, "127.0.0.1");
    free_narrow(list);
    free_narrow(NULL);
    free_narrow(wild());
    free_narrow((void *)1);
    free_narrow((void *)~(ULONG_PTR)0);
    finish();
    check(WSANOTINITIALISED, ask_narrow("127.0.0.1", NULL, NULL, &list));
    start(MAKEWORD(2, 2));
    free_pages(open);
    free_pages(edge);
    HeapFree(GetProcessHeap(), 0, long_name);
}

void test_ex_narrow(void)
{
    free_narrow = (void *)FreeAddrInfoEx;
    todo_builtin ok(narrow_ex != NULL || elsewhere, "no GetAddrInfoExA\n");
    if (!narrow_ex) return;
    test_lists();
    test_errors();
}
