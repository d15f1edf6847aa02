/*
 * WSAAsyncGetXbyY and WSACancelAsyncRequest: the rules for arguments, nothing more. Each call copies all that it was
 * given into a query. Bad arguments do not fail the call, they are answered in the message. (observed on Windows)
 *
 * All six return the task handle, 0 if the request could not be made: WSANOTINITIALISED, WSAEWOULDBLOCK. `buf` is first
 * touched when the answer is there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

static void query_init(struct query *query, enum database database, int number)
{
    query->database = database;
    query->error = 0;
    query->number = number;
    query->text_size = query->proto_size = 0;
}

static void query_fails(struct query *query, int error)
{
    query->error = error;
    query->text_size = query->proto_size = 0;
}

/* Appends a string. Returns its size with the NUL; 0, the query failed, if it cannot be read, or is longer than any
 * name there is. */
static WORD add_string(struct query *query, const char *text, int not_found)
{
    int length;

    if (query->error)
        return 0;
    if ((length = memory_string_length(text, QUERY_TEXT_MAX + 1)) < 0)
        query_fails(query, WSAEFAULT);
    else if (length > QUERY_TEXT_MAX)
        query_fails(query, not_found);
    else
    {
        char *at = query->bytes + query->text_size;

        memcpy(at, text, length);
        at[length] = 0;
        return length + 1;
    }
    return 0;
}

static void add_text(struct query *query, const char *text, int not_found)
{
    query->text_size = add_string(query, text, not_found);
}

/* The protocol of a service; "" is any, as NULL is. (ReactOS; Wine's functions take it literally) */
static void add_proto(struct query *query, const char *proto)
{
    if (!proto)
        return;
    query->proto_size = add_string(query, proto, WSANO_DATA);
    if (query->proto_size == 1)
        query->proto_size = 0;
}

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

    query_init(&query, HOST_BY_ADDR, type);
    if (len <= 0 || len > 16 || (type == AF_INET && len != 4) || (type == AF_INET6 && len != 16)
        || !memory_readable(addr, len))
        query_fails(&query, WSAEFAULT);
    else
    {
        memcpy(query.bytes, addr, len);
        query.text_size = len;
    }
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

    query_init(&query, HOST_BY_NAME, 0);
    add_text(&query, name, WSAHOST_NOT_FOUND);
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

    query_init(&query, PROTO_BY_NUMBER, number);
    TRACE("window %p, message %#x, %s, buffer %p, size %d\n", hwnd, msg, debugstr_query(&query), buf, size);
    return submit(hwnd, msg, buf, size, &query);
}

/***********************************************************************
 *              WSAAsyncGetProtoByName      (WS2_32.105)
 */
HANDLE WINAPI own_WSAAsyncGetProtoByName(HWND hwnd, UINT msg, const char *name, char *buf, int size)
{
    struct query query;

    query_init(&query, PROTO_BY_NAME, 0);
    add_text(&query, name, WSANO_DATA);
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

    query_init(&query, SERV_BY_PORT, (WORD)port);
    add_proto(&query, proto);
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

    query_init(&query, SERV_BY_NAME, 0);
    add_text(&query, name, WSANO_DATA);
    add_proto(&query, proto);
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
