/*
 * WSAAsyncGetXbyY and WSACancelAsyncRequest: from arguments to a request, nothing more. Bad arguments do not fail the
 * call, they are answered in the message. (observed on Windows)
 *
 * All six return the task handle, 0 if the request could not be made: WSANOTINITIALISED, WSAEWOULDBLOCK. `buf` is first
 * touched when the answer is there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

static HANDLE submit(HWND hwnd, UINT msg, char *buf, int size, const struct query *query)
{
    WORD handle;
    int error = request_submit(hwnd, msg, buf, size, query, &handle);

    if (error)
    {
        WARN("%s: error %d\n", debugstr_query(query), error);
        SetLastError(error);
        return NULL;
    }
    return (HANDLE)(ULONG_PTR)handle;
}

/***********************************************************************
 *              WSAAsyncGetHostByAddr      (WS2_32.102)
 *
 * `len` bytes at `addr`, of kind `type`. A length that is not the kind's gives WSAEFAULT, an unknown kind the
 * platform's error.
 */
HANDLE WINAPI own_WSAAsyncGetHostByAddr(HWND hwnd, UINT msg, const char *addr, int len, int type, char *buf, int size)
{
    struct query query;

    query_host_by_addr(&query, addr, len, type);
    TRACE("window %p, message %#x, %s, buffer %p, size %d\n", hwnd, msg, debugstr_query(&query), buf, size);
    return submit(hwnd, msg, buf, size, &query);
}

/***********************************************************************
 *              WSAAsyncGetHostByName      (WS2_32.103)
 *
 * An empty name is the local host.
 */
HANDLE WINAPI own_WSAAsyncGetHostByName(HWND hwnd, UINT msg, const char *name, char *buf, int size)
{
    struct query query;

    query_host_by_name(&query, name);
    TRACE("window %p, message %#x, %s, buffer %p, size %d\n", hwnd, msg, debugstr_query(&query), buf, size);
    return submit(hwnd, msg, buf, size, &query);
}

/***********************************************************************
 *              WSAAsyncGetProtoByNumber      (WS2_32.104)
 *
 * `number` in host byte order.
 */
HANDLE WINAPI own_WSAAsyncGetProtoByNumber(HWND hwnd, UINT msg, int number, char *buf, int size)
{
    struct query query;

    query_proto_by_number(&query, number);
    TRACE("window %p, message %#x, %s, buffer %p, size %d\n", hwnd, msg, debugstr_query(&query), buf, size);
    return submit(hwnd, msg, buf, size, &query);
}

/***********************************************************************
 *              WSAAsyncGetProtoByName      (WS2_32.105)
 */
HANDLE WINAPI own_WSAAsyncGetProtoByName(HWND hwnd, UINT msg, const char *name, char *buf, int size)
{
    struct query query;

    query_proto_by_name(&query, name);
    TRACE("window %p, message %#x, %s, buffer %p, size %d\n", hwnd, msg, debugstr_query(&query), buf, size);
    return submit(hwnd, msg, buf, size, &query);
}

/***********************************************************************
 *              WSAAsyncGetServByPort      (WS2_32.106)
 *
 * The low 16 bits of `port`, in network byte order. `proto` NULL or empty: any.
 */
HANDLE WINAPI own_WSAAsyncGetServByPort(HWND hwnd, UINT msg, int port, const char *proto, char *buf, int size)
{
    struct query query;

    query_serv_by_port(&query, port, proto);
    TRACE("window %p, message %#x, %s, buffer %p, size %d\n", hwnd, msg, debugstr_query(&query), buf, size);
    return submit(hwnd, msg, buf, size, &query);
}

/***********************************************************************
 *              WSAAsyncGetServByName      (WS2_32.107)
 *
 * `proto` NULL or empty: any.
 */
HANDLE WINAPI own_WSAAsyncGetServByName(HWND hwnd, UINT msg, const char *name, const char *proto, char *buf, int size)
{
    struct query query;

    query_serv_by_name(&query, name, proto);
    TRACE("window %p, message %#x, %s, buffer %p, size %d\n", hwnd, msg, debugstr_query(&query), buf, size);
    return submit(hwnd, msg, buf, size, &query);
}

/***********************************************************************
 *              WSACancelAsyncRequest      (WS2_32.108)
 *
 * Returns 0: no message will come. SOCKET_ERROR: WSAEALREADY, the request is over, its message is in the queue or was,
 * or never can be; WSAEINVAL, no such request was ever made; WSANOTINITIALISED. In every case the buffer is the
 * caller's again. Any handle value, any thread; never waits for a resolver. (Winsock 1.1; MS Learn)
 */
int WINAPI own_WSACancelAsyncRequest(HANDLE handle)
{
    int error = request_cancel(handle);

    TRACE("%p: error %d\n", handle, error);
    if (!error)
        return 0;
    SetLastError(error);
    return SOCKET_ERROR;
}
