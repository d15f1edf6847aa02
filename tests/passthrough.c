/*
 * Sockets through our DLL are the platform's: what a program does with them works, by every way of waiting there is,
 * and errors come through. It knows the documented API only, and no more of it than shows that calls arrive whole.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"
#include "image.h"
#include <mswsock.h>

static SOCKET listen_on_loopback(struct sockaddr_in *address)
{
    SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    int len = sizeof(*address);

    ok(listener != INVALID_SOCKET, "socket fails, error %d\n", WSAGetLastError());
    memset(address, 0, sizeof(*address));
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ok(!bind(listener, (struct sockaddr *)address, sizeof(*address)), "bind fails, error %d\n", WSAGetLastError());
    ok(!getsockname(listener, (struct sockaddr *)address, &len), "getsockname fails\n");
    ok(len == sizeof(*address) && address->sin_port, "got length %d, port %u\n", len, ntohs(address->sin_port));
    ok(!listen(listener, 5), "listen fails, error %d\n", WSAGetLastError());
    return listener;
}

static void make_pair(SOCKET pair[2])
{
    struct sockaddr_in address, peer;
    SOCKET listener = listen_on_loopback(&address);
    int len = sizeof(peer);

    pair[0] = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
    ok(!connect(pair[0], (struct sockaddr *)&address, sizeof(address)), "connect fails, error %d\n", WSAGetLastError());
    pair[1] = accept(listener, (struct sockaddr *)&peer, &len);
    ok(pair[1] != INVALID_SOCKET, "accept fails, error %d\n", WSAGetLastError());
    ok(len == sizeof(peer) && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK), "peer is wrong\n");
    closesocket(listener);
}

static void close_pair(SOCKET pair[2])
{
    ok(!closesocket(pair[0]), "closesocket fails, error %d\n", WSAGetLastError());
    ok(!closesocket(pair[1]), "closesocket fails, error %d\n", WSAGetLastError());
}

static void test_tcp(void)
{
    struct sockaddr_in name, peer;
    SOCKET pair[2];
    char buf[64];
    int len, ret, value;
    u_long one = 1;

    make_pair(pair);
    len = sizeof(name);
    ok(!getsockname(pair[0], (struct sockaddr *)&name, &len), "getsockname fails\n");
    len = sizeof(peer);
    ok(!getpeername(pair[1], (struct sockaddr *)&peer, &len), "getpeername fails\n");
    ok(name.sin_port == peer.sin_port, "ports %u, %u\n", ntohs(name.sin_port), ntohs(peer.sin_port));

    ok(send(pair[0], "hello", 5, 0) == 5, "send fails, error %d\n", WSAGetLastError());
    ret = recv(pair[1], buf, sizeof(buf), 0);
    ok(ret == 5 && !memcmp(buf, "hello", 5), "got %d bytes\n", ret);

    value = 0;
    len = sizeof(value);
    ok(!getsockopt(pair[0], SOL_SOCKET, SO_TYPE, (char *)&value, &len) && value == SOCK_STREAM && len == sizeof(value),
       "type %d, length %d\n", value, len);
    value = 1;
    ok(!setsockopt(pair[0], IPPROTO_TCP, TCP_NODELAY, (char *)&value, sizeof(value)), "setsockopt fails\n");

    ok(!ioctlsocket(pair[1], FIONBIO, &one), "ioctlsocket fails\n");
    ret = recv(pair[1], buf, sizeof(buf), 0);
    ok(ret == SOCKET_ERROR && WSAGetLastError() == WSAEWOULDBLOCK, "got %d, error %d\n", ret, WSAGetLastError());
    ok(!shutdown(pair[0], SD_SEND), "shutdown fails\n");
    close_pair(pair);
    ret = send(pair[0], "x", 1, 0);
    ok(ret == SOCKET_ERROR && says_no_socket(WSAGetLastError()), "closed: got %d, error %d\n", ret, WSAGetLastError());
}

static void test_udp(void)
{
    struct sockaddr_in addresses[2], from;
    SOCKET sockets[2];
    int i, len, ret;
    char buf[16];

    for (i = 0; i < 2; i++)
    {
        sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
        memset(&addresses[i], 0, sizeof(addresses[i]));
        addresses[i].sin_family = AF_INET;
        addresses[i].sin_addr.s_addr = inet_addr("127.0.0.1");
        ok(!bind(sockets[i], (struct sockaddr *)&addresses[i], sizeof(addresses[i])), "bind fails\n");
        len = sizeof(addresses[i]);
        getsockname(sockets[i], (struct sockaddr *)&addresses[i], &len);
    }
    ret = sendto(sockets[0], "datagram", 8, 0, (struct sockaddr *)&addresses[1], sizeof(addresses[1]));
    ok(ret == 8, "sendto returned %d, error %d\n", ret, WSAGetLastError());
    len = sizeof(from);
    ret = recvfrom(sockets[1], buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);
    ok(ret == 8 && !memcmp(buf, "datagram", 8), "recvfrom returned %d, error %d\n", ret, WSAGetLastError());
    ok(len == sizeof(from) && from.sin_port == addresses[0].sin_port, "from port %u\n", ntohs(from.sin_port));
    sendto(sockets[0], "datagram", 8, 0, (struct sockaddr *)&addresses[1], sizeof(addresses[1]));
    ret = recv(sockets[1], buf, 4, 0);
    ok((ret == SOCKET_ERROR && WSAGetLastError() == WSAEMSGSIZE) || (old_wine && ret == 4), "got %d, error %d\n", ret,
       WSAGetLastError());
    close_pair(sockets);
}

static void test_select(void)
{
    struct timeval now = { 0, 0 }, later = { PATIENCE / 1000, 0 };
    fd_set reads, writes;
    WSAPOLLFD polls[1];
    SOCKET pair[2];
    int ret;

    make_pair(pair);
    FD_ZERO(&reads);
    FD_ZERO(&writes);
    FD_SET(pair[1], &reads);
    FD_SET(pair[0], &writes);
    ret = select(0, &reads, &writes, NULL, &now);
    ok(ret == 1, "select returned %d, error %d\n", ret, WSAGetLastError());
    ok(!FD_ISSET(pair[1], &reads) && FD_ISSET(pair[0], &writes), "wrong sets\n");
    ok(__WSAFDIsSet(pair[0], &writes) && !__WSAFDIsSet(pair[1], &writes), "__WSAFDIsSet is wrong\n");

    send(pair[0], "x", 1, 0);
    FD_ZERO(&reads);
    FD_SET(pair[1], &reads);
    FD_SET(pair[0], &reads);
    ret = select(0, &reads, NULL, NULL, &later);
    ok(ret == 1 && __WSAFDIsSet(pair[1], &reads) && !__WSAFDIsSet(pair[0], &reads), "select returned %d\n", ret);
    ret = select(0, NULL, NULL, NULL, &now);
    ok(ret == SOCKET_ERROR && WSAGetLastError() == WSAEINVAL, "no sets: got %d, error %d\n", ret, WSAGetLastError());

    polls[0].fd = pair[1];
    polls[0].events = POLLRDNORM;
    polls[0].revents = 0;
    ret = WSAPoll(polls, 1, PATIENCE);
    ok(ret == 1 && polls[0].revents == POLLRDNORM, "WSAPoll returned %d, events %#x\n", ret, polls[0].revents);
    close_pair(pair);
}

static void expect_event(SOCKET s, int event)
{
    struct completion completion;
    BOOL came;

    /* FD_WRITE may come before: it says that a new connection can be written. */
    while ((came = take_completion((HANDLE)s, &completion, PATIENCE)))
        if (WSAGETSELECTEVENT(completion.lparam) == event) break;
    ok(came, "no event %#x\n", event);
    if (came) ok(!WSAGETSELECTERROR(completion.lparam), "event %#x: error %d\n", event,
                 WSAGETSELECTERROR(completion.lparam));
}

static void test_async_select(void)
{
    struct sockaddr_in address;
    SOCKET listener = listen_on_loopback(&address), pair[2];
    HWND hwnd = new_window();
    char buf[8];
    int ret;

    ok(!WSAAsyncSelect(listener, hwnd, DONE, FD_ACCEPT), "WSAAsyncSelect fails, error %d\n", WSAGetLastError());
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    ok(!WSAAsyncSelect(pair[0], hwnd, DONE, FD_CONNECT | FD_READ | FD_CLOSE), "WSAAsyncSelect fails\n");
    ret = connect(pair[0], (struct sockaddr *)&address, sizeof(address));
    ok(ret == SOCKET_ERROR && WSAGetLastError() == WSAEWOULDBLOCK, "got %d, error %d\n", ret, WSAGetLastError());
    expect_event(pair[0], FD_CONNECT);
    expect_event(listener, FD_ACCEPT);
    pair[1] = accept(listener, NULL, NULL);
    ok(pair[1] != INVALID_SOCKET, "accept fails, error %d\n", WSAGetLastError());
    send(pair[1], "abc", 3, 0);
    expect_event(pair[0], FD_READ);
    ret = recv(pair[0], buf, sizeof(buf), 0);
    ok(ret == 3, "recv returned %d\n", ret);
    ok(!closesocket(pair[1]), "closesocket fails\n");
    expect_event(pair[0], FD_CLOSE);
    closesocket(pair[0]);
    ret = WSAAsyncSelect(pair[0], hwnd, DONE, FD_READ);
    ok(ret == SOCKET_ERROR && (WSAGetLastError() == WSAENOTSOCK || (old_wine && WSAGetLastError() == WSAEINVAL)),
       "closed: got %d, error %d\n", ret, WSAGetLastError());
    closesocket(listener);
    forget_completions();
    DestroyWindow(hwnd);
}

static void test_event_select(void)
{
    WSANETWORKEVENTS events;
    SOCKET pair[2];
    WSAEVENT event = WSACreateEvent();
    DWORD ret;

    make_pair(pair);
    ok(event != WSA_INVALID_EVENT, "no event\n");
    ok(!WSAEventSelect(pair[1], event, FD_READ | FD_CLOSE), "WSAEventSelect fails, error %d\n", WSAGetLastError());
    ret = WSAWaitForMultipleEvents(1, &event, FALSE, 0, FALSE);
    ok(ret == WSA_WAIT_TIMEOUT, "set too early: %#lx\n", ret);
    send(pair[0], "x", 1, 0);
    ret = WSAWaitForMultipleEvents(1, &event, FALSE, PATIENCE, FALSE);
    ok(ret == WSA_WAIT_EVENT_0, "not set: %#lx\n", ret);
    ok(!WSAEnumNetworkEvents(pair[1], event, &events), "WSAEnumNetworkEvents fails\n");
    ok(events.lNetworkEvents == FD_READ && !events.iErrorCode[FD_READ_BIT], "events %#lx\n", events.lNetworkEvents);
    ok(WSASetEvent(event) && WSAResetEvent(event), "event functions fail\n");
    ok(WSACloseEvent(event), "WSACloseEvent fails\n");
    close_pair(pair);
}

static BOOL routine_called;

static void CALLBACK received(DWORD error, DWORD bytes, WSAOVERLAPPED *overlapped, DWORD flags)
{
    ok(overlapped && !flags, "completion routine: %p, flags %#lx\n", overlapped, flags);
    ok(!error && bytes == 3, "completion routine: error %lu, %lu bytes\n", error, bytes);
    routine_called = TRUE;
}

static void test_overlapped(void)
{
    WSAOVERLAPPED overlapped = { 0 }, routine = { 0 };
    char first[2], second[8];
    WSABUF bufs[2] = { { sizeof(first), first }, { sizeof(second), second } };
    WSABUF out = { 5, (char *)"hello" };
    DWORD bytes = 0, flags = 0;
    SOCKET pair[2];
    int ret;

    make_pair(pair);
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    ret = WSARecv(pair[0], bufs, 2, NULL, &flags, &overlapped, NULL);
    ok(ret == SOCKET_ERROR && WSAGetLastError() == WSA_IO_PENDING, "got %d, error %d\n", ret, WSAGetLastError());
    ok(!WSAGetOverlappedResult(pair[0], &overlapped, &bytes, FALSE, &flags) && WSAGetLastError() == WSA_IO_INCOMPLETE,
       "complete too early, error %d\n", WSAGetLastError());
    ok(!WSASend(pair[1], &out, 1, &bytes, 0, NULL, NULL) && bytes == 5, "WSASend sent %lu\n", bytes);
    ok(WaitForSingleObject(overlapped.hEvent, PATIENCE) == WAIT_OBJECT_0, "not signalled\n");
    bytes = 0;
    ok(WSAGetOverlappedResult(pair[0], &overlapped, &bytes, TRUE, &flags), "no result, error %d\n", WSAGetLastError());
    ok(bytes == 5 && !memcmp(first, "he", 2) && !memcmp(second, "llo", 3), "%lu bytes, or in the wrong place\n", bytes);

    bufs[1].buf = second;
    ret = WSARecv(pair[0], bufs + 1, 1, NULL, &flags, &routine, received);
    ok(ret == SOCKET_ERROR && WSAGetLastError() == WSA_IO_PENDING, "got %d, error %d\n", ret, WSAGetLastError());
    out.len = 3;
    WSASend(pair[1], &out, 1, &bytes, 0, NULL, NULL);
    ok(SleepEx(PATIENCE, TRUE) == WAIT_IO_COMPLETION && routine_called, "completion routine not called\n");

    /* A pending one is given up when its socket closes. */
    ResetEvent(overlapped.hEvent);
    WSARecv(pair[0], bufs, 1, NULL, &flags, &overlapped, NULL);
    closesocket(pair[0]);
    ok(WaitForSingleObject(overlapped.hEvent, PATIENCE) == WAIT_OBJECT_0, "not signalled\n");
    ok(overlapped.Internal != STATUS_PENDING && overlapped.Internal, "status %#Ix\n", overlapped.Internal);
    closesocket(pair[1]);
    CloseHandle(overlapped.hEvent);
}

static void test_acceptex(void)
{
    GUID accept_id = WSAID_ACCEPTEX, addresses_id = WSAID_GETACCEPTEXSOCKADDRS;
    LPFN_GETACCEPTEXSOCKADDRS get_addresses = NULL;
    LPFN_ACCEPTEX accept_ex = NULL;
    struct sockaddr_in address;
    SOCKET listener = listen_on_loopback(&address), client, accepted;
    struct sockaddr *local, *remote;
    OVERLAPPED overlapped = { 0 };
    int local_len, remote_len;
    char buf[2 * (sizeof(address) + 16) + 16];
    DWORD bytes = 0;
    BOOL ret;

    ok(!WSAIoctl(listener, SIO_GET_EXTENSION_FUNCTION_POINTER, &accept_id, sizeof(accept_id), &accept_ex,
                 sizeof(accept_ex), &bytes, NULL, NULL), "WSAIoctl fails, error %d\n", WSAGetLastError());
    ok(accept_ex != NULL && bytes == sizeof(accept_ex), "no AcceptEx, %lu bytes\n", bytes);
    WSAIoctl(listener, SIO_GET_EXTENSION_FUNCTION_POINTER, &addresses_id, sizeof(addresses_id), &get_addresses,
             sizeof(get_addresses), &bytes, NULL, NULL);
    if (!accept_ex || !get_addresses) return;

    accepted = socket(AF_INET, SOCK_STREAM, 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    ret = accept_ex(listener, accepted, buf, 16, sizeof(address) + 16, sizeof(address) + 16, &bytes, &overlapped);
    ok(!ret && WSAGetLastError() == ERROR_IO_PENDING, "AcceptEx returned %d, error %d\n", ret, WSAGetLastError());
    ok(!connect(client, (struct sockaddr *)&address, sizeof(address)), "connect fails\n");
    ok(send(client, "first", 5, 0) == 5, "send fails\n");
    ok(WaitForSingleObject(overlapped.hEvent, PATIENCE) == WAIT_OBJECT_0, "not accepted\n");
    ret = GetOverlappedResult((HANDLE)listener, &overlapped, &bytes, FALSE);
    ok(ret && bytes == 5 && !memcmp(buf, "first", 5), "got %d, %lu bytes\n", ret, bytes);
    get_addresses(buf, 16, sizeof(address) + 16, sizeof(address) + 16, &local, &local_len, &remote, &remote_len);
    ok(((struct sockaddr_in *)local)->sin_port == address.sin_port, "local port is wrong\n");
    ok(!setsockopt(accepted, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char *)&listener, sizeof(listener)),
       "SO_UPDATE_ACCEPT_CONTEXT fails, error %d\n", WSAGetLastError());
    closesocket(client);
    closesocket(accepted);
    closesocket(listener);
    CloseHandle(overlapped.hEvent);
}

static void test_names(void)
{
    struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *list = NULL;
    struct sockaddr_in address;
    char text[64], service[32];
    struct hostent *host;
    struct servent *serv;
    struct in_addr in;
    BYTE raw[4];
    int ret;

    ret = getaddrinfo("127.0.0.1", "80", &hints, &list);
    ok(!ret && list, "getaddrinfo returned %d\n", ret);
    if (list)
    {
        address = *(struct sockaddr_in *)list->ai_addr;
        ok(address.sin_port == htons(80) && address.sin_addr.s_addr == htonl(INADDR_LOOPBACK), "wrong address\n");
        ok(list->ai_addrlen == sizeof(address), "length %u\n", (unsigned int)list->ai_addrlen);
        ret = getnameinfo(list->ai_addr, list->ai_addrlen, text, sizeof(text), service, sizeof(service),
                          NI_NUMERICHOST | NI_NUMERICSERV);
        ok(!ret && !strcmp(text, "127.0.0.1") && !strcmp(service, "80"), "getnameinfo returned %d\n", ret);
        freeaddrinfo(list);
    }
    ok(inet_addr("1.2.3.4") == htonl(0x01020304) && inet_addr("300.1.1.1") == INADDR_NONE, "inet_addr is wrong\n");
    in.s_addr = htonl(0x0a0b0c0d);
    ok(!strcmp(inet_ntoa(in), "10.11.12.13"), "inet_ntoa gave %s\n", inet_ntoa(in));
    ok(inet_pton(AF_INET, "9.8.7.6", raw) == 1 && raw[0] == 9 && raw[3] == 6, "inet_pton is wrong\n");
    ok(inet_ntop(AF_INET, raw, text, sizeof(text)) && !strcmp(text, "9.8.7.6"), "inet_ntop is wrong\n");
    ok(htons(0x1234) == 0x3412 && ntohs(0x3412) == 0x1234 && htonl(0x12345678) == 0x78563412
       && ntohl(0x78563412) == 0x12345678, "byte order is wrong\n");
    host = gethostbyname("localhost");
    ok(host && host->h_length == 4 && !memcmp(host->h_addr_list[0], "\x7f\0\0\1", 4), "gethostbyname is wrong\n");
    serv = getservbyname("http", "tcp");
    ok(serv && serv->s_port == htons(80), "getservbyname is wrong\n");
    ok(!gethostname(text, sizeof(text)) && text[0], "gethostname fails\n");
}

/* One last error for all, per thread. */
static DWORD WINAPI other_thread(void *arg)
{
    WSASetLastError((ULONG_PTR)arg);
    return WSAGetLastError();
}

static void test_last_error(void)
{
    HANDLE thread;
    DWORD code;

    WSASetLastError(WSAECONNRESET);
    ok(GetLastError() == WSAECONNRESET, "GetLastError gave %lu\n", GetLastError());
    SetLastError(ERROR_FILE_NOT_FOUND);
    ok(WSAGetLastError() == ERROR_FILE_NOT_FOUND, "WSAGetLastError gave %d\n", WSAGetLastError());
    WSASetLastError(WSAEACCES);
    thread = CreateThread(NULL, 0, other_thread, (void *)WSAEINTR, 0, NULL);
    ok(WaitForSingleObject(thread, PATIENCE) == WAIT_OBJECT_0, "thread does not end\n");
    ok(GetExitCodeThread(thread, &code) && code == WSAEINTR, "the other thread had %lu\n", code);
    CloseHandle(thread);
    ok(WSAGetLastError() == WSAEACCES, "now %d\n", WSAGetLastError());
}

static void test_not_started(void)
{
    SOCKET s;

    ok(cleanup_all() == 0, "started up\n");
    s = socket(AF_INET, SOCK_STREAM, 0);
    ok(s == INVALID_SOCKET && WSAGetLastError() == WSANOTINITIALISED, "got %Ix, error %d\n", s, WSAGetLastError());
}

/* The program's last cleanup closes its sockets, whatever references ours holds. */
static void test_sockets_closed(void)
{
    SOCKET s;
    int ret;

    start(MAKEWORD(2, 2));
    s = socket(AF_INET, SOCK_STREAM, 0);
    ok(s != INVALID_SOCKET, "socket fails, error %d\n", WSAGetLastError());
    finish();
    start(MAKEWORD(2, 2));
    ret = closesocket(s);
    if (old_wine) ok(!ret, "error %d\n", WSAGetLastError());      /* its cleanup closes none */
    else ok(ret == SOCKET_ERROR && WSAGetLastError() == WSAENOTSOCK, "survived the cleanup: %d, error %d\n", ret,
       WSAGetLastError());
    finish();
}

START_TEST(passthrough)
{
    test_not_started();
    start(MAKEWORD(2, 2));
    test_tcp();
    test_udp();
    test_select();
    test_async_select();
    test_event_select();
    test_overlapped();
    test_acceptex();
    test_names();
    test_last_error();
    finish();
    test_sockets_closed();
}
