/*
 * WSAConnectByName and WSAConnectByList: which address gets the connection, and when they give up. It knows the
 * documented API only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "connectby.h"

BOOL (WINAPI *by_name_a)(SOCKET, const char *, const char *, DWORD *, struct sockaddr *, DWORD *, struct sockaddr *,
                         const struct timeval *, OVERLAPPED *);
BOOL (WINAPI *by_name_w)(SOCKET, const WCHAR *, const WCHAR *, DWORD *, struct sockaddr *, DWORD *, struct sockaddr *,
                         const struct timeval *, OVERLAPPED *);
BOOL (WINAPI *by_list)(SOCKET, SOCKET_ADDRESS_LIST *, DWORD *, struct sockaddr *, DWORD *, struct sockaddr *,
                       const struct timeval *, OVERLAPPED *);

static const struct timeval soon = { 0, 300000 };

SOCKET listen_at(const char *dotted, WORD *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(*port) };
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
    int len = sizeof(address);

    address.sin_addr.s_addr = inet_addr(dotted);
    if (bind(s, (struct sockaddr *)&address, len) || listen(s, 5) || getsockname(s, (struct sockaddr *)&address, &len))
    {
        ok(0, "no listener at %s, error %d\n", dotted, WSAGetLastError());
        closesocket(s);
        return INVALID_SOCKET;
    }
    *port = ntohs(address.sin_port);
    return s;
}

const char *decimal(WORD port)
{
    static char buffers[4][8];
    static unsigned int next;
    char *buffer = buffers[next++ % 4];

    sprintf(buffer, "%u", port);
    return buffer;
}

void expect_false_(const char *call, BOOL ret, int error)
{
    int last = WSAGetLastError();

    todo_builtin_if(ret) winetest_ok(!ret, "%s succeeded\n", call);
    todo_builtin_if(last != error) winetest_ok(last == error, "%s left %d, expected %d\n", call, last, error);
}

/* Whether a connection waits, or comes within ms; it is taken. */
static BOOL got_connection(SOCKET listener, DWORD ms)
{
    struct timeval wait = { ms / 1000, ms % 1000 * 1000 };
    fd_set set = { .fd_count = 1, .fd_array = { listener } };

    if (select(0, &set, NULL, NULL, &wait) != 1) return FALSE;
    closesocket(accept(listener, NULL, NULL));
    return TRUE;
}

/* Of a connected socket on which nothing comes. */
static BOOL blocks(SOCKET s)
{
    DWORD ms = 50;
    char c;

    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (const char *)&ms, sizeof(ms));
    WSASetLastError(0);
    recv(s, &c, 1, 0);
    return WSAGetLastError() == WSAETIMEDOUT;
}

/* The addresses are tried in the resolver's order; what is refused is passed over. */
static void test_order(BOOL wide)
{
    static const char *const dotted[] = { "127.0.0.2", "127.0.0.3" };
    const char *name = scripted("l3");
    SOCKET listeners[2], s = socket(AF_INET, SOCK_STREAM, 0);
    struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *info, *list = NULL;
    struct sockaddr_in local, remote, got;
    DWORD local_len = sizeof(local), remote_len = sizeof(remote);
    WCHAR wide_name[128], wide_port[16];
    int i, ret, len = sizeof(got), first = -1;
    WORD port = 0;

    if (!names_available()) return;
    for (i = 0; i < 2; i++) listeners[i] = listen_at(dotted[i], &port);
    ret = getaddrinfo(name, NULL, &hints, &list);
    ok(!ret, "the resolver says %d\n", ret);
    for (info = list; info && first < 0; info = info->ai_next)
        for (i = 0; i < 2; i++)
            if (((struct sockaddr_in *)info->ai_addr)->sin_addr.s_addr == inet_addr(dotted[i])) first = i;
    freeaddrinfo(list);
    ok(first >= 0, "none of the listeners' addresses\n");
    if (first < 0) first = 0;

    MultiByteToWideChar(CP_ACP, 0, name, -1, wide_name, ARRAY_SIZE(wide_name));
    MultiByteToWideChar(CP_ACP, 0, decimal(port), -1, wide_port, ARRAY_SIZE(wide_port));
    memset(&local, 0, sizeof(local));
    memset(&remote, 0, sizeof(remote));
    if (wide)
        ret = by_name_w(s, wide_name, wide_port, &local_len, (struct sockaddr *)&local, &remote_len,
                        (struct sockaddr *)&remote, NULL, NULL);
    else
        ret = by_name_a(s, name, decimal(port), &local_len, (struct sockaddr *)&local, &remote_len,
                        (struct sockaddr *)&remote, NULL, NULL);
    todo_builtin ok(ret == TRUE, "returned %d, error %d\n", ret, WSAGetLastError());
    if (ret)
    {
        ok(remote_len == sizeof(remote) && remote.sin_addr.s_addr == inet_addr(dotted[first])
           && remote.sin_port == htons(port), "remote address %s\n", inet_ntoa(remote.sin_addr));
        ok(!getsockname(s, (struct sockaddr *)&got, &len) && local_len == sizeof(local)
           && !memcmp(&got, &local, 8), "local address %s\n", inet_ntoa(local.sin_addr));
        ok(got_connection(listeners[first], PATIENCE), "the first got none\n");
        ok(!got_connection(listeners[!first], 0), "the second got one\n");
        ret = setsockopt(s, SOL_SOCKET, 0x7010 /* SO_UPDATE_CONNECT_CONTEXT */, NULL, 0);
        ok(!ret, "not updated, error %d\n", WSAGetLastError());
    }
    closesocket(s);
    for (i = 0; i < 2; i++) closesocket(listeners[i]);
}

/* The call blocks whatever the mode, which stays. */
static void test_modes(void)
{
    u_long on = 1;
    WORD port = 0;
    SOCKET listener = listen_at("127.0.0.1", &port), s, peer;
    int i, ret;

    for (i = 0; i < 4; i++)
    {
        s = socket(AF_INET, SOCK_STREAM, 0);
        if (i & 1) ioctlsocket(s, FIONBIO, &on);
        ret = by_host(s, "127.0.0.1", decimal(port), i & 2 ? &soon : NULL);
        todo_builtin_if(!ret) ok(ret == TRUE, "%d: returned %d, error %d\n", i, ret, WSAGetLastError());
        peer = accept(listener, NULL, NULL);
        ok(blocks(s) == !(i & 1), "%d: the mode has changed\n", i);
        closesocket(peer);
        closesocket(s);
    }
    closesocket(listener);
}

/* A socket that was refused is as before. */
static void test_refused(void)
{
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0), listener;
    WORD port = 0;
    int ret;

    listener = listen_at("127.0.0.1", &port);
    closesocket(listener);
    expect_false(by_host(s, "127.0.0.1", decimal(port), NULL), WSAECONNREFUSED);
    listener = listen_at("127.0.0.1", &port);
    ret = by_host(s, "127.0.0.1", decimal(port), NULL);
    todo_builtin_if(!ret) ok(ret == TRUE, "then returned %d, error %d\n", ret, WSAGetLastError());
    /* an old Wine hands on that Linux once takes another connect for the end of the first */
    if (!old_wine) expect_false(by_host(s, "127.0.0.1", decimal(port), NULL), WSAEISCONN);
    closesocket(s);
    closesocket(listener);
}

/* A listener whose queue is full: who connects waits. */
enum { CROWD = 8 };
static SOCKET crowd[CROWD];

static SOCKET new_full_listener(WORD *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    SOCKET s = listen_at("127.0.0.1", port);
    struct timeval wait = { 0, 300000 };
    u_long on = 1;
    int i;

    listen(s, 0);
    address.sin_port = htons(*port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (i = 0; i < CROWD; i++)
    {
        fd_set set = { .fd_count = 1 };

        set.fd_array[0] = crowd[i] = socket(AF_INET, SOCK_STREAM, 0);
        ioctlsocket(crowd[i], FIONBIO, &on);
        connect(crowd[i], (struct sockaddr *)&address, sizeof(address));
        if (!select(0, NULL, &set, NULL, &wait)) return s;
    }
    ok(0, "the queue is not full\n");
    return s;
}

static void end_full_listener(SOCKET s)
{
    int i;

    for (i = 0; i < CROWD; i++)
    {
        if (crowd[i]) closesocket(crowd[i]);
        crowd[i] = 0;
    }
    closesocket(s);
}

static void test_timeout(void)
{
    WORD port = 0, other_port = 0;
    SOCKET listener, other = listen_at("127.0.0.1", &other_port), s;
    const struct timeval none = { 0, 0 };
    struct sockaddr_in addresses[2] = { { .sin_family = AF_INET }, { .sin_family = AF_INET } };
    struct { INT count; SOCKET_ADDRESS entries[2]; } list = { .count = 2 };
    DWORD begin, passed;
    int i;

    if (deadly("a connection that hangs")) return;
    listener = new_full_listener(&port);
    s = socket(AF_INET, SOCK_STREAM, 0);
    begin = GetTickCount();
    expect_false(by_host(s, "127.0.0.1", decimal(port), &soon), WSAETIMEDOUT);
    passed = GetTickCount() - begin;
    ok(passed >= 250 && passed < 10000, "after %lu ms\n", passed);
    expect_false(by_host(s, "127.0.0.1", decimal(port), &none), WSAEALREADY);
    closesocket(s);

    s = socket(AF_INET, SOCK_STREAM, 0);
    begin = GetTickCount();
    expect_false(by_host(s, "127.0.0.1", decimal(port), &none), WSAETIMEDOUT);
    passed = GetTickCount() - begin;
    ok(passed < 10000, "after %lu ms\n", passed);
    closesocket(s);

    /* what hangs has the rest of the time: the next address is not tried */
    for (i = 0; i < 2; i++)
    {
        addresses[i].sin_port = htons(i ? other_port : port);
        addresses[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        list.entries[i].lpSockaddr = (struct sockaddr *)&addresses[i];
        list.entries[i].iSockaddrLength = sizeof(addresses[i]);
    }
    s = socket(AF_INET, SOCK_STREAM, 0);
    expect_false(by_list(s, (SOCKET_ADDRESS_LIST *)&list, NULL, NULL, NULL, NULL, &soon, NULL), WSAETIMEDOUT);
    ok(!got_connection(other, 0), "the other got a connection\n");
    closesocket(s);
    end_full_listener(listener);
    closesocket(other);
}

struct closer
{
    SOCKET s;
    WORD port;
    BOOL ret;
    int error;
};

static DWORD WINAPI connect_for_ever(void *arg)
{
    struct closer *closer = arg;

    closer->ret = by_host(closer->s, "127.0.0.1", decimal(closer->port), NULL);
    closer->error = WSAGetLastError();
    return 0;
}

/* Another thread that closes the socket ends the call. */
static void test_closed(void)
{
    struct closer closer = { 0 };
    SOCKET listener;
    HANDLE thread;

    if (deadly("a connection that hangs")) return;
    listener = new_full_listener(&closer.port);
    closer.s = socket(AF_INET, SOCK_STREAM, 0);
    thread = CreateThread(NULL, 0, connect_for_ever, &closer, 0, NULL);
    ok(WaitForSingleObject(thread, 300) == WAIT_TIMEOUT, "it does not hang, error %d\n", closer.error);
    closesocket(closer.s);
    ok(WaitForSingleObject(thread, PATIENCE) == WAIT_OBJECT_0, "it goes on\n");
    ok(!closer.ret && closer.error, "returned %d, error %d\n", closer.ret, closer.error);
    CloseHandle(thread);
    end_full_listener(listener);
}

/* The timeout is also the resolver's. */
static void test_slow_names(void)
{
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0), listener;
    const struct timeval long_enough = { 20, 0 }, very_long = { 4294968, 0 };
    DWORD begin = GetTickCount(), passed;
    WORD port = 0;
    int ret;

    if (!names_available()) return;
    listener = listen_at("127.0.0.1", &port);
    expect_false(by_host(s, scripted("l1.d3000"), decimal(port), &soon), WSAETIMEDOUT);
    passed = GetTickCount() - begin;
    todo_builtin_if(passed >= 2900) ok(passed >= 250 && passed < 2900, "after %lu ms\n", passed);
    if (!ours)
    {
        closesocket(s);
        s = socket(AF_INET, SOCK_STREAM, 0);
    }
    ret = by_host(s, scripted("l1.d300"), decimal(port), &long_enough);
    ok(ret == TRUE, "in time: returned %d, error %d\n", ret, WSAGetLastError());
    closesocket(s);
    /* more milliseconds than a DWORD has */
    s = socket(AF_INET, SOCK_STREAM, 0);
    ret = by_host(s, scripted("l1.d1500"), decimal(port), &very_long);
    ok(ret == TRUE, "in 49 days: returned %d, error %d\n", ret, WSAGetLastError());
    closesocket(s);
    s = socket(AF_INET, SOCK_STREAM, 0);
    expect_false(by_host(s, scripted("nx"), decimal(port), &long_enough), WSAHOST_NOT_FOUND);
    expect_false(by_host(s, scripted("nx"), decimal(port), NULL), WSAHOST_NOT_FOUND);
    closesocket(s);
    closesocket(listener);
}

/* An IPv6 socket reaches IPv4 only with IPV6_V6ONLY off, by mapped addresses. */
static void test_mapped(void)
{
    SOCKET s = socket(AF_INET6, SOCK_STREAM, 0), listener;
    struct sockaddr_in6 remote = { 0 };
    DWORD remote_len = sizeof(remote), on = 1, off = 0;
    const char *name = scripted("l1");
    WORD port = 0;
    int ret;

    if (s == INVALID_SOCKET || !names_available())
    {
        skip("no IPv6\n");
        return;
    }
    listener = listen_at("127.0.0.1", &port);
    setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, (const char *)&on, sizeof(on));
    expect_false(by_host(s, name, decimal(port), NULL), WSAHOST_NOT_FOUND);
    expect_false(by_host(s, "127.0.0.1", decimal(port), NULL), WSAHOST_NOT_FOUND);
    setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, (const char *)&off, sizeof(off));
    ret = by_name_a(s, name, decimal(port), NULL, NULL, &remote_len, (struct sockaddr *)&remote, NULL, NULL);
    todo_builtin ok(ret == TRUE, "returned %d, error %d\n", ret, WSAGetLastError());
    if (ret)
        ok(remote_len == sizeof(remote) && IN6_IS_ADDR_V4MAPPED(&remote.sin6_addr), "not a mapped address\n");
    closesocket(s);
    closesocket(listener);
}

/* The IPv4 address that an address leads to; 0: none. */
static DWORD leads_to(const struct sockaddr *addr)
{
    if (addr->sa_family == AF_INET) return ((const struct sockaddr_in *)addr)->sin_addr.s_addr;
    if (!IN6_IS_ADDR_V4MAPPED(&((const struct sockaddr_in6 *)addr)->sin6_addr)) return 0;
    return *(const DWORD *)(((const struct sockaddr_in6 *)addr)->sin6_addr.s6_addr + 12);
}

/* The families take turns: ::1, 127.0.0.1, ::ffff:127.0.1.1, 127.0.0.2, ...; the resolver has both of IPv4 together. */
static void test_families(void)
{
    static const struct
    {
        const char *listen, *expected;
    }
    tests[] = { { "127.0.0.2", "127.0.1.1" }, { "127.0.1.1", "127.0.0.1" } };
    static const char *const order[] = { "", "127.0.0.1", "127.0.0.2", "127.0.1.1", "127.0.1.2" };
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *info, *list = NULL;
    const char *name = scripted("v2.l2");
    struct sockaddr_in6 remote = { 0 };
    DWORD remote_len, off = 0;
    SOCKET s, listeners[2];
    unsigned int i, k;
    int ret;

    if (!names_available()) return;
    getaddrinfo(name, NULL, &hints, &list);
    for (info = list, i = 0; info && i < ARRAY_SIZE(order); info = info->ai_next, i++)
        if (leads_to(info->ai_addr) != (i ? inet_addr(order[i]) : 0)) break;
    if (list) freeaddrinfo(list);
    if (info || i < ARRAY_SIZE(order))
    {
        skip("the resolver has another order, or no IPv6\n");
        return;
    }
    for (i = 0; i < ARRAY_SIZE(tests); i++)
    {
        WORD port = 0;

        listeners[0] = listen_at(tests[i].listen, &port);
        listeners[1] = listen_at(tests[i].expected, &port);
        s = socket(AF_INET6, SOCK_STREAM, 0);
        setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, (const char *)&off, sizeof(off));
        remote_len = sizeof(remote);
        ret = by_name_a(s, name, decimal(port), NULL, NULL, &remote_len, (struct sockaddr *)&remote, NULL, NULL);
        todo_builtin ok(ret == TRUE, "%u: returned %d, error %d\n", i, ret, WSAGetLastError());
        todo_builtin ok(leads_to((struct sockaddr *)&remote) == inet_addr(tests[i].expected), "%u: %#lx reached\n", i,
                        leads_to((struct sockaddr *)&remote));
        closesocket(s);
        for (k = 0; k < 2; k++) closesocket(listeners[k]);
    }
}

START_TEST(connectby)
{
    start(MAKEWORD(2, 2));
    by_name_a = (void *)GetProcAddress(GetModuleHandleA("ws2_32"), "WSAConnectByNameA");
    by_name_w = (void *)GetProcAddress(GetModuleHandleA("ws2_32"), "WSAConnectByNameW");
    by_list = (void *)GetProcAddress(GetModuleHandleA("ws2_32"), "WSAConnectByList");
    if (!by_name_a || !by_name_w)
    {
        todo_builtin ok(0, "no WSAConnectByName\n");
        finish();
        return;
    }
    connectby_arguments();
    test_order(FALSE);
    test_order(TRUE);
    test_modes();
    test_refused();
    test_timeout();
    test_closed();
    test_slow_names();
    test_mapped();
    test_families();
    finish();
}
