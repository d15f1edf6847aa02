/*
 * WSAConnectByName and WSAConnectByList: what their arguments may be. It knows the documented API only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "connectby.h"

static struct sockaddr_in local, remote;
static DWORD local_len, remote_len;

static BOOL with_places(SOCKET s, const char *port, DWORD local_room, DWORD remote_room)
{
    memset(&local, FILL, sizeof(local));
    memset(&remote, FILL, sizeof(remote));
    local_len = local_room;
    remote_len = remote_room;
    return by_name_a(s, "127.0.0.1", port, &local_len, (struct sockaddr *)&local, &remote_len,
                     (struct sockaddr *)&remote, NULL, NULL);
}

/* What is wrong is noticed before anything is connected. */
static void test_names(SOCKET s, const char *port)
{
    SOCKET datagrams = socket(AF_INET, SOCK_DGRAM, 0);
    struct timeval negative = { -1, 0 };
    OVERLAPPED overlapped = { 0 };
    char *name = walled(1100);
    WCHAR long_name[1100] = { 0 };
    unsigned int i;

    expect_false(by_host(s, NULL, port, NULL), WSAEINVAL);
    expect_false(by_host(s, "127.0.0.1", NULL, NULL), WSAEINVAL);
    expect_false(by_name_w(s, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), WSAEINVAL);
    expect_false(by_name_a(s, "127.0.0.1", port, NULL, NULL, NULL, NULL, NULL, &overlapped), WSAEINVAL);
    expect_false(by_host(0, "127.0.0.1", port, NULL), WSAENOTSOCK);
    expect_false(by_host(INVALID_SOCKET, "127.0.0.1", port, NULL), WSAENOTSOCK);
    expect_false(by_host(datagrams, "127.0.0.1", port, NULL), WSAEFAULT);
    expect_false(by_host(s, "127.0.0.1", "no such service", NULL), WSATYPE_NOT_FOUND);
    expect_false(by_host(s, "127.0.0.1", "", NULL), WSATYPE_NOT_FOUND);
    expect_false(by_host(s, "127.0.0.1", "65536", NULL), WSATYPE_NOT_FOUND);
    expect_false(with_places(s, port, sizeof(local) - 1, sizeof(remote)), WSAEFAULT);
    expect_false(with_places(s, port, sizeof(local), sizeof(remote) - 1), WSAEFAULT);
    ok(untouched(&local, sizeof(local)) && untouched(&remote, sizeof(remote)), "wrote all the same\n");
    if (ours)
    {
        expect_false(by_host(s, "127.0.0.1", port, &negative), WSAEINVAL);
        memset(name, 'a', 1099);
        name[1099] = 0;
        expect_false(by_host(s, name, port, NULL), WSAHOST_NOT_FOUND);
        expect_false(by_host(s, "127.0.0.1", name, NULL), WSATYPE_NOT_FOUND);
        for (i = 0; i < 1099; i++) long_name[i] = 'a';
        expect_false(by_name_w(s, long_name, L"9", NULL, NULL, NULL, NULL, NULL, NULL), WSAHOST_NOT_FOUND);
        expect_false(by_name_w(s, L"127.0.0.1", long_name, NULL, NULL, NULL, NULL, NULL, NULL), WSATYPE_NOT_FOUND);
    }
    free_pages(name);
    closesocket(datagrams);
}

static void test_places(SOCKET s, const char *port)
{
    int ret;

    ret = with_places(s, port, 100, 100);
    ok(ret == TRUE, "returned %d, error %d\n", ret, WSAGetLastError());
    ok(local_len == sizeof(local) && remote_len == sizeof(remote), "lengths %lu, %lu\n", local_len, remote_len);
    ok(remote.sin_family == AF_INET && remote.sin_addr.s_addr == htonl(INADDR_LOOPBACK), "remote address\n");
    ok(local.sin_family == AF_INET && local.sin_addr.s_addr == htonl(INADDR_LOOPBACK), "local address %s\n",
       inet_ntoa(local.sin_addr));
}

/* A service's name, in any case, may be an alias. */
static void test_services(void)
{
    SOCKET listener, s;
    WORD port = 21;
    int ret;

    listener = listen_at("127.0.0.1", &port);
    s = socket(AF_INET, SOCK_STREAM, 0);
    ret = by_host(s, "127.0.0.1", "ftp", NULL);
    ok(ret == TRUE, "returned %d, error %d\n", ret, WSAGetLastError());
    closesocket(s);
    s = socket(AF_INET, SOCK_STREAM, 0);
    ret = by_host(s, "127.0.0.1", "FTP", NULL);
    todo_builtin_if(!ret) ok(ret == TRUE, "upper case: returned %d, error %d\n", ret, WSAGetLastError());
    closesocket(s);
    closesocket(listener);
}

static void test_pointers(SOCKET s, const char *port)
{
    char *endless = walled(4);
    struct sockaddr_in got;
    DWORD len = sizeof(got), huge = ~0u;
    struct sockaddr *to = (struct sockaddr *)&got;
    void *bad[] = { NULL, wild(), (void *)(ULONG_PTR)16 };
    unsigned int i;

    if (deadly("bad pointers")) return;
    memset(endless, '1', 4);
    expect_false(by_host(s, endless, port, NULL), WSAEFAULT);
    expect_false(by_host(s, "127.0.0.1", endless, NULL), WSAEFAULT);
    expect_false(by_name_w(s, (WCHAR *)endless, L"9", NULL, NULL, NULL, NULL, NULL, NULL), WSAEFAULT);
    expect_false(by_name_w(s, L"127.0.0.1", (WCHAR *)endless, NULL, NULL, NULL, NULL, NULL, NULL), WSAEFAULT);
    expect_false(by_name_a(s, "127.0.0.1", port, &huge, to, NULL, NULL, NULL, NULL), WSAEFAULT);
    for (i = 0; i < ARRAY_SIZE(bad); i++)
    {
        if (bad[i])
        {
            expect_false(by_host(s, bad[i], port, NULL), WSAEFAULT);
            expect_false(by_host(s, "127.0.0.1", bad[i], NULL), WSAEFAULT);
            expect_false(by_host(s, "127.0.0.1", port, bad[i]), WSAEFAULT);
            expect_false(by_name_a(s, "127.0.0.1", port, &len, bad[i], NULL, NULL, NULL, NULL), WSAEFAULT);
            expect_false(by_name_a(s, "127.0.0.1", port, NULL, NULL, &len, bad[i], NULL, NULL), WSAEFAULT);
            expect_false(by_name_a(s, "127.0.0.1", port, NULL, NULL, NULL, NULL, NULL, bad[i]), WSAEINVAL);
        }
        expect_false(by_name_a(s, "127.0.0.1", port, bad[i], to, NULL, NULL, NULL, NULL), WSAEFAULT);
        expect_false(by_name_a(s, "127.0.0.1", port, NULL, NULL, bad[i], to, NULL, NULL), WSAEFAULT);
    }
    free_pages(endless);
    free_pages(bad[1]);
}

#define LIST(s, list, timeout) by_list(s, (SOCKET_ADDRESS_LIST *)(list), NULL, NULL, NULL, NULL, timeout, NULL)

static void test_list(SOCKET listener, WORD port)
{
    struct sockaddr_in in[2] = { { .sin_family = AF_INET }, { .sin_family = AF_INET } };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    struct { INT count; SOCKET_ADDRESS entries[3]; } list = { .count = 3 };
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
    OVERLAPPED overlapped = { 0 };
    void *bad[] = { NULL, wild(), (void *)(ULONG_PTR)16 };
    unsigned int i;
    int ret;
    INT *cut;

    if (!by_list)
    {
        todo_builtin ok(0, "no WSAConnectByList\n");
        return;
    }
    in[0].sin_port = in[1].sin_port = htons(port);
    in[0].sin_addr.s_addr = inet_addr("127.0.0.9");     /* nobody listens there */
    in[1].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    in6.sin6_addr.s6_addr[15] = 1;
    list.entries[0].lpSockaddr = (struct sockaddr *)&in6;       /* is passed over */
    list.entries[0].iSockaddrLength = sizeof(in6);
    for (i = 0; i < 2; i++)
    {
        list.entries[i + 1].lpSockaddr = (struct sockaddr *)&in[i];
        list.entries[i + 1].iSockaddrLength = sizeof(in[i]);
    }
    for (i = 0; i < 2; i++)
    {
        list.count = !i - 1;
        expect_false(LIST(s, &list, NULL), WSAEINVAL);
    }
    list.count = 0x7fffffff;
    expect_false(LIST(s, &list, NULL), WSAEINVAL);
    list.count = 1;
    expect_false(LIST(s, &list, NULL), WSAEHOSTUNREACH);
    list.count = 2;
    expect_false(LIST(s, &list, NULL), WSAECONNREFUSED);
    in6.sin6_family = AF_IPX;
    list.count = 1;
    expect_false(LIST(s, &list, NULL), WSAEHOSTUNREACH);
    cut = walled(sizeof(list) - 1);
    memcpy(cut, &list, sizeof(list) - 1);
    *cut = 3;
    expect_false(LIST(s, cut, NULL), WSAEFAULT);
    free_pages(cut);
    list.count = 3;
    expect_false(by_list(s, (void *)&list, NULL, NULL, NULL, NULL, NULL, &overlapped), WSAEINVAL);
    expect_false(LIST(INVALID_SOCKET, &list, NULL), WSAENOTSOCK);
    list.entries[2].iSockaddrLength = sizeof(in[0]) - 1;
    expect_false(LIST(s, &list, NULL), WSAEFAULT);
    list.entries[2].iSockaddrLength = -1;
    expect_false(LIST(s, &list, NULL), WSAEFAULT);
    list.entries[2].iSockaddrLength = sizeof(in[0]);
    for (i = 0; i < ARRAY_SIZE(bad); i++)
    {
        expect_false(LIST(s, bad[i], NULL), WSAEFAULT);
        if (bad[i]) expect_false(LIST(s, &list, bad[i]), WSAEFAULT);
        list.entries[1].lpSockaddr = bad[i];
        expect_false(LIST(s, &list, NULL), WSAEFAULT);
        list.entries[1].lpSockaddr = (struct sockaddr *)&in[0];
    }
    local_len = sizeof(local);
    remote_len = sizeof(remote);
    ret = by_list(s, (SOCKET_ADDRESS_LIST *)&list, &local_len, (struct sockaddr *)&local, &remote_len,
                  (struct sockaddr *)&remote, NULL, NULL);
    ok(ret == TRUE, "returned %d, error %d\n", ret, WSAGetLastError());
    ok(remote.sin_addr.s_addr == htonl(INADDR_LOOPBACK) && remote.sin_port == htons(port), "remote address\n");
    closesocket(accept(listener, NULL, NULL));
    closesocket(s);
    finish();
    expect_false(LIST(s, &list, NULL), WSANOTINITIALISED);
    start(MAKEWORD(2, 2));
    free_pages(bad[1]);
}

void connectby_arguments(void)
{
    WORD port = 0;
    SOCKET listener = listen_at("127.0.0.1", &port), s = socket(AF_INET, SOCK_STREAM, 0);

    test_pointers(s, decimal(port));
    test_names(s, decimal(port));
    if (!ours)
    {
        closesocket(s);         /* it may be connected all the same */
        s = socket(AF_INET, SOCK_STREAM, 0);
    }
    test_places(s, decimal(port));
    closesocket(accept(listener, NULL, NULL));
    closesocket(s);
    test_services();
    test_list(listener, port);
    closesocket(listener);
    finish();
    expect_false(by_host(s, "127.0.0.1", "9", NULL), WSANOTINITIALISED);
    expect_false(by_name_w(s, L"127.0.0.1", L"9", NULL, NULL, NULL, NULL, NULL, NULL), WSANOTINITIALISED);
    start(MAKEWORD(2, 2));
}
