/*
 * Implementation of held.h. All Winsock calls for a call that blocks are made by a thread of its own: they would be
 * refused on the one that is blocked.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "held.h"

void open_blocked(struct blocked *blocked)
{
    int len = sizeof(blocked->address);

    memset(blocked, 0, sizeof(*blocked));
    blocked->bound = ours ? 10000 : 100;
    blocked->enough = CreateEventW(NULL, TRUE, FALSE, NULL);
    blocked->socket = socket(AF_INET, SOCK_DGRAM, 0);
    blocked->sender = socket(AF_INET, SOCK_DGRAM, 0);
    blocked->address.sin_family = AF_INET;
    blocked->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (blocked->socket == INVALID_SOCKET || blocked->sender == INVALID_SOCKET
        || bind(blocked->socket, (struct sockaddr *)&blocked->address, len)
        || getsockname(blocked->socket, (struct sockaddr *)&blocked->address, &len))
        winetest_ok(0, "no sockets, error %d\n", WSAGetLastError());
}

void close_blocked(struct blocked *blocked)
{
    closesocket(blocked->socket);
    closesocket(blocked->sender);
    CloseHandle(blocked->enough);
}

static DWORD WINAPI rescue(void *arg)
{
    struct blocked *blocked = arg;

    WaitForSingleObject(blocked->enough, blocked->bound);
    if (!blocked->over)
        sendto(blocked->sender, "x", 1, 0, (struct sockaddr *)&blocked->address, sizeof(blocked->address));
    return 0;
}

int block(struct blocked *blocked)
{
    u_long left = 0;
    char byte;
    int ret, error;

    /* A call that was let go and then cancelled may have left its datagram. */
    while (!ioctlsocket(blocked->socket, FIONREAD, &left) && left) recv(blocked->socket, &byte, 1, 0);
    ResetEvent(blocked->enough);
    blocked->over = FALSE;
    blocked->rescuer = CreateThread(NULL, 0, rescue, blocked, 0, NULL);
    ret = recv(blocked->socket, &byte, 1, 0);
    error = WSAGetLastError();
    InterlockedExchange(&blocked->over, TRUE);
    SetEvent(blocked->enough);
    WaitForSingleObject(blocked->rescuer, INFINITE);
    CloseHandle(blocked->rescuer);
    WSASetLastError(error);
    return ret;
}

int block_plainly(struct blocked *blocked)
{
    DWORD bound = blocked->bound;
    int ret;

    blocked->bound = 200;
    ret = block(blocked);
    blocked->bound = bound;
    return ret;
}

void let_go(struct blocked *blocked)
{
    SetEvent(blocked->enough);
}

static DWORD WINAPI watch_delivery(void *arg)
{
    struct blocked *blocked = arg;
    DWORD begin = GetTickCount();
    u_long left = 1;

    WaitForSingleObject(blocked->rescuer, PATIENCE);
    do
        if (ioctlsocket(blocked->socket, FIONREAD, &left)) return FALSE;
    while (left && GetTickCount() - begin < 2000);      /* nobody tells when it is taken */
    return !left;
}

BOOL delivered(struct blocked *blocked)
{
    HANDLE thread;
    DWORD ret = FALSE;

    let_go(blocked);
    thread = CreateThread(NULL, 0, watch_delivery, blocked, 0, NULL);
    WaitForSingleObject(thread, PATIENCE);
    GetExitCodeThread(thread, &ret);
    CloseHandle(thread);
    return ret;
}

void expect_not_set_(FARPROC hook, int error)
{
    FARPROC ret;
    int got;

    WSASetLastError(0xdead);
    ret = WSASetBlockingHook(hook);
    got = WSAGetLastError();
    winetest_ok(!ret && got == error, "hook %p: got %p, error %d, expected error %d\n", hook, ret, ret ? 0 : got, error);
}
