/*
 * recv, recvfrom, send, sendto on a thread with a blocking hook: made overlapped, so that they can be ended. Without a hook,
 * or on a socket that does not block, they are the platform's.
 *
 * All return SOCKET_ERROR and WSAEINTR when cancelled by the hook, their result if they had finished by then. (Winsock 1.1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"
#include <winternl.h>
#include <ntstatus.h>

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define END_MS 5000                 /* for a transfer that was cancelled to end */
#define OVER_MS 50                  /* for one that was over before */
#define RECV_MAX 0x40000            /* bytes that are received at once; a datagram has less */

static int fail(int error)
{
    SetLastError(error);
    return SOCKET_ERROR;
}

/* What is received goes through memory of ours: the program's is written only when the call returns, not if its hook ends
 * the thread or jumps out of it. */
struct transfer
{
    struct pending pending;
    OVERLAPPED overlapped;
    SOCKET s;
    WSABUF buffer;
    DWORD flags;                    /* the platform writes them, late */
    DWORD size;
    int addr_size;
    struct sockaddr *addr;          /* behind the data */
    char data[1];
};

/* Whether the transfer has ended. Nothing can end a send whose socket was closed meanwhile. (observed, Wine 8.0) */
static BOOL end_transfer(struct transfer *transfer)
{
    BOOL found = CancelIoEx((HANDLE)transfer->s, &transfer->overlapped);

    return WaitForSingleObject(transfer->pending.done, found ? END_MS : OVER_MS) == WAIT_OBJECT_0;
}

static BOOL abandon_transfer(struct pending *pending)
{
    struct transfer *transfer = LIST_ENTRY_OF(pending, struct transfer, pending);
    BOOL ended = end_transfer(transfer);

    if (ended)
        memory_free(transfer);
    return ended;
}

/* With room for `room` bytes of data; NULL: there is no memory or event to be had. */
static struct transfer *new_transfer(struct thread *thread, SOCKET s, int flags, size_t room)
{
    HANDLE event = blocking_event(thread);
    struct transfer *transfer = event ? memory_alloc(offsetof(struct transfer, data) + room) : NULL;

    if (transfer)
    {
        transfer->pending.done = event;
        transfer->pending.alertable = TRUE;
        transfer->pending.abandon = abandon_transfer;
        /* the low bit: no packet for a completion port that the program has put the socket on */
        transfer->overlapped.hEvent = (HANDLE)((ULONG_PTR)event | 1);
        transfer->s = s;
        transfer->flags = flags;
    }
    return transfer;
}

/* The result of a transfer that has ended. */
static int transferred(const struct transfer *transfer)
{
    OVERLAPPED overlapped = transfer->overlapped;
    DWORD size, flags;

    if ((LONG)overlapped.Internal >= 0)
        return overlapped.InternalHigh;
    platform.WSAGetOverlappedResult(transfer->s, &overlapped, &size, FALSE, &flags);
    /* what the platform makes of these may be no error of Winsock (Wine 5.0) */
    if ((LONG)overlapped.Internal == STATUS_HANDLES_CLOSED)
        SetLastError(WSAEINVAL);            /* closed meanwhile; its own call fails so (observed, Wine 8.0) */
    else if ((LONG)overlapped.Internal == STATUS_CONNECTION_RESET)
        SetLastError(WSAECONNRESET);
    return SOCKET_ERROR;
}

/* A part of the data may have gone: the peer must not take it for whole, but see a reset when the socket is closed. */
static void break_stream(SOCKET s)
{
    const struct linger hard = {1, 0};
    int type, size = sizeof(type);

    if (platform.getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&type, &size) || type != SOCK_STREAM)
        return;
    platform.setsockopt(s, SOL_SOCKET, SO_LINGER, (const char *)&hard, sizeof(hard));
    platform.shutdown(s, SD_RECEIVE);
    sockets_break(s);
}

/* Waits for a transfer, begun with `ret`. `timeout` is the socket's option for it. Returns its result, the last error set;
 * the transfer is gone, `*transfer` NULL, if it cannot be ended. */
static int finish_transfer(struct thread *thread, struct transfer **transfer, int ret, int timeout)
{
    SOCKET s = (*transfer)->s;
    enum outcome outcome;
    int size = sizeof(DWORD);
    DWORD ms = 0;

    if (!ret)
        return (*transfer)->size;
    if (GetLastError() != WSA_IO_PENDING)
        return SOCKET_ERROR;

    if (platform.getsockopt(s, SOL_SOCKET, timeout, (char *)&ms, &size) || !ms)
        ms = INFINITE;
    outcome = blocking_wait(thread, &(*transfer)->pending, ms);
    if (outcome != FINISHED && !end_transfer(*transfer))
    {
        WARN("%#Ix: a transfer that cannot be ended\n", s);
        blocking_give_event(thread);
        *transfer = NULL;
        return fail(WSAEINTR);
    }
    ret = transferred(*transfer);
    if (ret == SOCKET_ERROR && GetLastError() == WSA_OPERATION_ABORTED && outcome != FINISHED)
    {
        if (outcome == CANCELLED && timeout == SO_SNDTIMEO)
            break_stream(s);
        SetLastError(outcome == TIMED_OUT ? WSAETIMEDOUT : WSAEINTR);
    }
    return ret;
}

/* Receives with the thread's hook. FALSE: make the plain call. */
static BOOL receive(struct thread *thread, SOCKET s, char *buf, int size, int flags, struct sockaddr *addr, int *len, int *ret)
{
    int room = flags & MSG_WAITALL ? size : min(size, RECV_MAX), addr_room, count;
    struct transfer *transfer;
    DWORD error;

    if (size < 0 || !memory_writable(buf, size) || !sockets_good_address(addr, len))
        return FALSE;
    addr_room = addr ? *len : 0;
    if (!(transfer = new_transfer(thread, s, flags, (size_t)room + addr_room)))
        return FALSE;
    transfer->buffer.buf = transfer->data;
    transfer->buffer.len = room;
    if (addr)
    {
        transfer->addr = memcpy(transfer->data + room, addr, addr_room);
        transfer->addr_size = addr_room;
    }
    *ret = platform.WSARecvFrom(s, &transfer->buffer, 1, &transfer->size, &transfer->flags, transfer->addr,
                                addr ? &transfer->addr_size : NULL, &transfer->overlapped, NULL);
    *ret = finish_transfer(thread, &transfer, *ret, SO_RCVTIMEO);
    if (!transfer)
        return TRUE;

    error = GetLastError();
    /* of a datagram that is too large there is as much as fits */
    count = *ret != SOCKET_ERROR ? *ret : error == WSAEMSGSIZE ? room : 0;
    if (memory_writable(buf, count) && sockets_good_address(addr, len))
    {
        memcpy(buf, transfer->data, count);
        if (addr)
        {
            memcpy(addr, transfer->addr, min(addr_room, *len));
            if (transfer->addr_size != addr_room)
                *len = transfer->addr_size;
        }
    }
    else
    {
        *ret = SOCKET_ERROR;
        error = WSAEFAULT;
    }
    memory_free(transfer);
    SetLastError(error);
    return TRUE;
}

/***********************************************************************
 *              recv      (WS2_32.16)
 */
int WINAPI own_recv(SOCKET s, char *buf, int size, int flags)
{
    struct thread *thread = blocking_thread(__builtin_return_address(0));
    enum socket_mode mode = sockets_mode(s);
    int ret;

    if (mode == MODE_BROKEN)
        return fail(WSAECONNABORTED);
    if (thread && mode == MODE_BLOCKING && receive(thread, s, buf, size, flags, NULL, NULL, &ret))
        return ret;
    return platform.recv(s, buf, size, flags);
}

/***********************************************************************
 *              recvfrom      (WS2_32.17)
 */
int WINAPI own_recvfrom(SOCKET s, char *buf, int size, int flags, struct sockaddr *addr, int *len)
{
    struct thread *thread = blocking_thread(__builtin_return_address(0));
    enum socket_mode mode = sockets_mode(s);
    int ret;

    if (mode == MODE_BROKEN)
        return fail(WSAECONNABORTED);
    if (thread && mode == MODE_BLOCKING && receive(thread, s, buf, size, flags, addr, len, &ret))
        return ret;
    return platform.recvfrom(s, buf, size, flags, addr, len);
}

/* Sends with the thread's hook. FALSE: make the plain call. */
static BOOL transmit(struct thread *thread, SOCKET s, const char *buf, int size, int flags, const struct sockaddr *addr,
                     int len, int *ret)
{
    struct transfer *transfer;

    if (addr && (len < 0 || !memory_readable(addr, len)))
        return FALSE;
    if (!(transfer = new_transfer(thread, s, flags, 0)))
        return FALSE;
    transfer->buffer.buf = (char *)buf;
    transfer->buffer.len = size;
    *ret = platform.WSASendTo(s, &transfer->buffer, 1, &transfer->size, flags, addr, len, &transfer->overlapped, NULL);
    *ret = finish_transfer(thread, &transfer, *ret, SO_SNDTIMEO);
    memory_free(transfer);
    return TRUE;
}

/***********************************************************************
 *              send      (WS2_32.19)
 *
 * Once cancelled on a stream, it and recv fail with WSAECONNABORTED: part of the data may have gone.
 */
int WINAPI own_send(SOCKET s, const char *buf, int size, int flags)
{
    struct thread *thread = blocking_thread(__builtin_return_address(0));
    enum socket_mode mode = sockets_mode(s);
    int ret;

    if (mode == MODE_BROKEN)
        return fail(WSAECONNABORTED);
    if (thread && mode == MODE_BLOCKING && transmit(thread, s, buf, size, flags, NULL, 0, &ret))
        return ret;
    return platform.send(s, buf, size, flags);
}

/***********************************************************************
 *              sendto      (WS2_32.20)
 *
 * As send.
 */
int WINAPI own_sendto(SOCKET s, const char *buf, int size, int flags, const struct sockaddr *addr, int len)
{
    struct thread *thread = blocking_thread(__builtin_return_address(0));
    enum socket_mode mode = sockets_mode(s);
    int ret;

    if (mode == MODE_BROKEN)
        return fail(WSAECONNABORTED);
    if (thread && mode == MODE_BLOCKING && transmit(thread, s, buf, size, flags, addr, len, &ret))
        return ret;
    return platform.sendto(s, buf, size, flags, addr, len);
}
