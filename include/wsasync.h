/*
 * wsasync.h: the user's side of Winsock's asynchronous database calls, for C and C++.
 *
 * Owns the protocol between a program and WSAAsyncGetXbyY: which request is outstanding, which message is its
 * own, when it is over. Must not know any particular ws2_32: it works over wsasync's, Wine's and Windows', by
 * Winsock 1.1 or 2.
 *
 *     static struct wsasync_task *table[16];           16 requests at a time
 *     static struct wsasync lookups;
 *     static struct wsasync_request request;           zeroed: not outstanding
 *
 *     void found(struct wsasync_request *request, int error, void *result)
 *     {
 *         if (!error) show(((struct hostent *)result)->h_addr_list[0]);
 *     }
 *
 *     wsasync_init(&lookups, window, WM_APP, table, 16);           after WSAStartup and CreateWindow
 *     request.done = found;
 *     wsasync_host_by_name(&lookups, &request, "www.example.org");
 *     wsasync_cancel(&request);                                    whenever, outstanding or not
 *     wsasync_end(&lookups);                                       in WM_DESTROY
 *
 *     and first in the window procedure:
 *         if (wsasync_dispatch(&lookups, hwnd, message, wparam, lparam)) return 0;
 *
 * What it gives
 *   - A request that was started ends in exactly one way: its handler is called once, or wsasync_cancel()
 *     returned and it is not called. Before the handler is called the request is over already.
 *   - A handler may do anything: cancel any or all requests, start new ones, start or free its own request,
 *     end it all.
 *   - Each outstanding request has a message number of its own, from the range given to wsasync_init(). So
 *     the message of a request that is cancelled too late is taken out of the queue by its number; nothing
 *     else is taken, moved or delivered early. A message that comes later all the same is known by its number
 *     and task handle, and swallowed.
 *   - Buffers belong to the helper, not to the program. One that is too small is replaced and the request is
 *     started again with the size its message asked for. The result lives until the handler returns: copy
 *     what must stay.
 *   - Over a ws2_32 whose cancel answers 0 to everything while the lookup runs on, writes its buffer and
 *     posts its message (Wine's own: wsasync_init() finds that out), the buffer of a cancelled request stays
 *     allocated until that message comes. What it cannot do there: free the buffers of lookups that still run
 *     at wsasync_end(). They leak.
 *
 * Rules
 *   - All calls are made on the thread that owns the window. (A worker may post before WSAAsyncGetXbyY has
 *     returned the handle. On that thread the message cannot be acted on before it is stored.)
 *   - The message numbers are used for nothing else, neither by the window nor by its children.
 *   - Until a request is over, its memory stays; that of the struct wsasync and its table stays longer than
 *     the window.
 *   - wsasync_cancel() calls PeekMessage. Like every PeekMessage it delivers messages *sent* by other
 *     threads, and a loop that waits with MsgWaitForMultipleObjects must look into the queue first (or use
 *     MWMO_INPUTAVAILABLE).
 *   - Cancel everything, or call wsasync_end(), before the last WSACleanup.
 *
 * Functions return 0 or a Winsock error code; WSAGetLastError() is not needed. Names that end in _ are
 * internal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_H
#define WSASYNC_H

#if !defined(_WINSOCKAPI_) && !defined(_WINSOCK2API_)
#include <winsock2.h>
#endif
#include <windows.h>
#include <string.h>

#ifdef __cplusplus
#define WSASYNC_INLINE static inline
extern "C" {
#else
#define WSASYNC_INLINE static __inline
#endif

#define WSASYNC_BIGGEST (1024 * 1024)   /* bytes; a result that needs more ends with WSAENOBUFS */

enum wsasync_kind
{
    WSASYNC_HOST_BY_NAME,
    WSASYNC_HOST_BY_ADDR,
    WSASYNC_SERV_BY_NAME,
    WSASYNC_SERV_BY_PORT,
    WSASYNC_PROTO_BY_NAME,
    WSASYNC_PROTO_BY_NUMBER
};

struct wsasync_request;
struct wsasync_task;

/* Called once for a request that was not cancelled, by wsasync_dispatch().
 * error: 0, or the one of the message (WSAHOST_NOT_FOUND, WSATRY_AGAIN, WSANO_DATA ...)
 * result: the struct hostent, servent or protoent, until the handler returns; NULL when there is an error */
typedef void (*wsasync_done)(struct wsasync_request *request, int error, void *result);

struct wsasync_request
{
    wsasync_done done;          /* the program's; NULL: only end the request */
    void *context;              /* the program's */
    HANDLE handle;              /* read only: the latest task handle, also after the end */
    struct wsasync_task *task;  /* internal: not NULL while outstanding */
};

struct wsasync
{
    int size;                   /* bytes of a request's first buffer; may be changed after wsasync_init() */
    unsigned int strays;        /* read only: messages that came although cancel had answered 0 */
    unsigned int waiting;       /* read only: cancelled requests whose buffer the ws2_32 may still write */
    HWND window;                /* from here on internal */
    UINT first;
    int count, next;
    DWORD thread;
    int honest;                 /* cancel can say no, so its yes is believed */
    int ended;
    struct wsasync_task **table;
};

struct wsasync_query_           /* what was asked; name is the address for WSASYNC_HOST_BY_ADDR */
{
    enum wsasync_kind kind;
    const char *name, *proto;
    int number, length, type;
};

/* One WSAAsyncGetXbyY: this, its buffer, the copied name and protocol in one block. A message number's chain
 * has at most one task that is taken (outstanding, or watched by a wsasync_cancel()), and that one is the
 * first. */
struct wsasync_task
{
    struct wsasync_task *next;
    struct wsasync *owner;
    struct wsasync_request *request;    /* NULL once cancelled */
    struct wsasync_task **watch;        /* is to become NULL when this block goes away */
    struct wsasync_query_ query;
    HANDLE handle;
    int slot, size;
    int verdict;                        /* of its cancel: 0 or the error */
    int over;                           /* the buffer is certainly not written any more */
    double align;
    /* then size bytes of buffer, then the strings */
};

WSASYNC_INLINE char *wsasync_buffer_(struct wsasync_task *task)
{
    return (char *)(task + 1);
}

WSASYNC_INLINE void wsasync_free_(struct wsasync_task *task)
{
    if (task->watch) *task->watch = NULL;
    HeapFree(GetProcessHeap(), 0, task);
}

WSASYNC_INLINE void wsasync_unlink_(struct wsasync_task *task)
{
    struct wsasync_task **link = &task->owner->table[task->slot];

    while (*link != task) link = &(*link)->next;
    *link = task->next;
    if (!task->request) task->owner->waiting--;
}

/* A message number for a new task: in turn, so that one rests long; one without late comers if there is any;
 * or -1. */
WSASYNC_INLINE int wsasync_slot_(const struct wsasync *lookups)
{
    const struct wsasync_task *task;
    int i, slot, found = -1;

    for (i = 0; i < lookups->count; i++)
    {
        slot = (lookups->next + i) % lookups->count;
        if (!(task = lookups->table[slot])) return slot;
        if (found < 0 && !task->request && !task->watch) found = slot;
    }
    return found;
}

WSASYNC_INLINE HANDLE wsasync_call_(HWND window, UINT message, const struct wsasync_query_ *query,
                                    char *buffer, int size)
{
    switch (query->kind)
    {
    case WSASYNC_HOST_BY_NAME:
        return WSAAsyncGetHostByName(window, message, query->name, buffer, size);
    case WSASYNC_HOST_BY_ADDR:
        return WSAAsyncGetHostByAddr(window, message, query->name, query->length, query->type, buffer, size);
    case WSASYNC_SERV_BY_NAME:
        return WSAAsyncGetServByName(window, message, query->name, query->proto, buffer, size);
    case WSASYNC_SERV_BY_PORT:
        return WSAAsyncGetServByPort(window, message, query->number, query->proto, buffer, size);
    case WSASYNC_PROTO_BY_NAME:
        return WSAAsyncGetProtoByName(window, message, query->name, buffer, size);
    case WSASYNC_PROTO_BY_NUMBER:
        return WSAAsyncGetProtoByNumber(window, message, query->number, buffer, size);
    }
    WSASetLastError(WSAEINVAL);
    return NULL;
}

WSASYNC_INLINE int wsasync_start_(struct wsasync *lookups, struct wsasync_request *request,
                                  const struct wsasync_query_ *query, int size)
{
    int name = 0, proto = query->proto ? (int)strlen(query->proto) + 1 : 0;
    struct wsasync_task *task;
    int slot, error;
    char *buffer;

    if (GetCurrentThreadId() != lookups->thread) return WSAEACCES;
    if (lookups->ended) return WSAESHUTDOWN;
    if (request->task) return WSAEALREADY;
    if ((slot = wsasync_slot_(lookups)) < 0) return WSAEWOULDBLOCK;
    if (size < 0) size = 0;
    if (query->kind == WSASYNC_HOST_BY_ADDR) name = query->length;
    else if (query->name) name = (int)strlen(query->name) + 1;
    task = (struct wsasync_task *)HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY,
                                            sizeof(*task) + size + name + proto);
    if (!task) return WSAEWOULDBLOCK;

    task->owner = lookups;
    task->request = request;
    task->query = *query;
    task->slot = slot;
    task->size = size;
    buffer = wsasync_buffer_(task);
    if (name) task->query.name = (char *)memcpy(buffer + size, query->name, name);
    if (proto) task->query.proto = (char *)memcpy(buffer + size + name, query->proto, proto);

    task->handle = wsasync_call_(lookups->window, lookups->first + slot, &task->query, buffer, size);
    if (!task->handle)
    {
        error = WSAGetLastError();
        wsasync_free_(task);
        return error ? error : WSAEWOULDBLOCK;
    }
    task->next = lookups->table[slot];
    lookups->table[slot] = task;
    lookups->next = (slot + 1) % lookups->count;
    request->task = task;
    request->handle = task->handle;
    return 0;
}

WSASYNC_INLINE int wsasync_ask_(struct wsasync *lookups, struct wsasync_request *request,
                                enum wsasync_kind kind, const char *name, const char *proto, int number,
                                int length, int type)
{
    struct wsasync_query_ query;

    query.kind = kind;
    query.name = name;
    query.proto = proto;
    query.number = number;
    query.length = length;
    query.type = type;
    return wsasync_start_(lookups, request, &query, lookups->size);
}

/* Makes ready for the requests of one window; nothing is outstanding.
 * window: one of the calling thread's; first: the first of count message numbers, from WM_USER to 0xbfff
 * table: memory for count pointers: so many requests can be outstanding at a time
 * Errors: WSAEINVAL for a window of another thread or numbers out of range. */
WSASYNC_INLINE int wsasync_init(struct wsasync *lookups, HWND window, UINT first, struct wsasync_task **table,
                                int count)
{
    memset(lookups, 0, sizeof(*lookups));
    lookups->ended = 1;         /* should what follows fail */
    lookups->thread = GetCurrentThreadId();
    if (!window || GetWindowThreadProcessId(window, NULL) != lookups->thread) return WSAEINVAL;
    if (!table || count <= 0 || count > 0xc000 || first < WM_USER || first > 0xc000 - (UINT)count)
        return WSAEINVAL;
    memset(table, 0, count * sizeof(*table));
    lookups->size = MAXGETHOSTSTRUCT;
    lookups->window = window;
    lookups->first = first;
    lookups->count = count;
    lookups->table = table;
    /* No ws2_32 issues this handle. One that says it cancelled that request lies about others too. */
    lookups->honest = WSACancelAsyncRequest(INVALID_HANDLE_VALUE) == SOCKET_ERROR;
    lookups->ended = 0;
    return 0;
}

/* Whether the request was started and is not over: neither cancelled nor handed to its handler. */
WSASYNC_INLINE int wsasync_outstanding(const struct wsasync_request *request)
{
    return request->task != NULL;
}

/* The six ways to start a request. Strings and addresses are copied. When one fails the request is not
 * outstanding and its handler is not called. Errors of all six: WSAEALREADY, the request is outstanding;
 * WSAEWOULDBLOCK, the table is full or memory or threads are short: again after a completion; WSAESHUTDOWN,
 * after wsasync_end(); WSAEACCES, on another thread than the window's; WSAEFAULT, no name or no possible
 * address; and what WSAAsyncGetXbyY fails with, such as WSANOTINITIALISED. */

/* name: "" is this host */
WSASYNC_INLINE int wsasync_host_by_name(struct wsasync *lookups, struct wsasync_request *request,
                                        const char *name)
{
    if (!name) return WSAEFAULT;
    return wsasync_ask_(lookups, request, WSASYNC_HOST_BY_NAME, name, NULL, 0, 0, 0);
}

/* address: length bytes (1 to 16) in network order; type: AF_INET (4 bytes) or AF_INET6 (16) */
WSASYNC_INLINE int wsasync_host_by_addr(struct wsasync *lookups, struct wsasync_request *request,
                                        const void *address, int length, int type)
{
    if (!address || length <= 0 || length > 16) return WSAEFAULT;
    return wsasync_ask_(lookups, request, WSASYNC_HOST_BY_ADDR, (const char *)address, NULL, 0, length, type);
}

/* proto: "tcp", "udp" ...; NULL: any */
WSASYNC_INLINE int wsasync_serv_by_name(struct wsasync *lookups, struct wsasync_request *request,
                                        const char *name, const char *proto)
{
    if (!name) return WSAEFAULT;
    return wsasync_ask_(lookups, request, WSASYNC_SERV_BY_NAME, name, proto, 0, 0, 0);
}

/* port: in network order, as htons() makes it; proto: NULL: any */
WSASYNC_INLINE int wsasync_serv_by_port(struct wsasync *lookups, struct wsasync_request *request, int port,
                                        const char *proto)
{
    return wsasync_ask_(lookups, request, WSASYNC_SERV_BY_PORT, NULL, proto, port, 0, 0);
}

WSASYNC_INLINE int wsasync_proto_by_name(struct wsasync *lookups, struct wsasync_request *request,
                                         const char *name)
{
    if (!name) return WSAEFAULT;
    return wsasync_ask_(lookups, request, WSASYNC_PROTO_BY_NAME, name, NULL, 0, 0, 0);
}

/* number: in host order */
WSASYNC_INLINE int wsasync_proto_by_number(struct wsasync *lookups, struct wsasync_request *request,
                                           int number)
{
    return wsasync_ask_(lookups, request, WSASYNC_PROTO_BY_NUMBER, NULL, NULL, number, 0, 0);
}

/* For the window procedure: ends the request that the message belongs to and calls its handler.
 * Returns nonzero when the message was one of this range for this window: nothing more is to be done with it.
 * That includes messages of requests that were cancelled; they reach no handler. After it the struct wsasync
 * may be ended, and the request freed, by the handler. */
WSASYNC_INLINE int wsasync_dispatch(struct wsasync *lookups, HWND window, UINT message, WPARAM wparam,
                                    LPARAM lparam)
{
    struct wsasync_request *request;
    struct wsasync_task *task;
    int error, size;

    if (window != lookups->window || message < lookups->first ||
        message >= lookups->first + (UINT)lookups->count) return 0;

    task = lookups->table[message - lookups->first];
    while (task && (WPARAM)task->handle != wparam) task = task->next;
    if (!task) return 1;

    request = task->request;
    wsasync_unlink_(task);
    if (!request)
    {
        if (!task->verdict) lookups->strays++;
        wsasync_free_(task);
        return 1;
    }

    request->task = NULL;
    error = WSAGETASYNCERROR(lparam);
    if (error == WSAENOBUFS && task->size < WSASYNC_BIGGEST)
    {
        /* The size comes in 16 bits, possibly with the upper ones lost. */
        size = WSAGETASYNCBUFLEN(lparam);
        if (size <= task->size) size = 2 * task->size + MAXGETHOSTSTRUCT;
        if (size > WSASYNC_BIGGEST) size = WSASYNC_BIGGEST;
        error = wsasync_start_(lookups, request, &task->query, size);
        if (!error) request = NULL;
    }
    if (request && request->done) request->done(request, error, error ? NULL : wsasync_buffer_(task));
    wsasync_free_(task);
    return 1;
}

/* Ends a request, at once and in every case: when it returns, the request is not outstanding, no handler is
 * going to be called for it, its memory may be reused or freed. WSACancelAsyncRequest is called only for one
 * that is outstanding.
 * Returns what that answered: 0, cancelled; WSAEALREADY (some DLLs: WSAEINVAL), it had finished, and its
 * message has been taken out of the queue. ERROR_INVALID_HANDLE: it was not outstanding, nothing was done.
 * The one failure is WSAEACCES, on another thread than the window's: the request goes on. */
WSASYNC_INLINE int wsasync_cancel(struct wsasync_request *request)
{
    struct wsasync_task *task = request->task;
    struct wsasync *lookups;
    int verdict = 0;
    HWND window;
    UINT number;
    MSG msg;

    if (!task) return ERROR_INVALID_HANDLE;
    lookups = task->owner;
    if (GetCurrentThreadId() != lookups->thread) return WSAEACCES;

    request->task = NULL;
    task->request = NULL;
    lookups->waiting++;
    if (WSACancelAsyncRequest(task->handle) == SOCKET_ERROR)
    {
        verdict = WSAGetLastError();
        if (!verdict) verdict = WSAEINVAL;
    }
    task->verdict = verdict;
    /* Refused for another reason, such as a blocking call on this thread, it goes on. */
    task->over = lookups->honest && (!verdict || verdict == WSAEALREADY || verdict == WSAEINVAL ||
                                     verdict == WSANOTINITIALISED);

    /* From here on the request is not touched any more. PeekMessage may run the program's window procedures,
     * which may do anything, also bring this task to its end: then it becomes NULL. Until then its number is
     * not given away. */
    window = lookups->window;
    number = lookups->first + (UINT)task->slot;
    task->watch = &task;
    while (task && PeekMessageA(&msg, window, number, number, PM_REMOVE))
    {
        if (msg.message == WM_QUIT)
        {
            PostQuitMessage((int)msg.wParam);   /* it passes every filter; this puts it back as it was */
            break;
        }
        /* Only a child window's, or one that took the number over meanwhile, is not for here. */
        if (task && wsasync_dispatch(lookups, msg.hwnd, msg.message, msg.wParam, msg.lParam)) continue;
        PostMessageA(msg.hwnd, msg.message, msg.wParam, msg.lParam);
        break;
    }
    if (task)
    {
        task->watch = NULL;
        if (task->over)
        {
            wsasync_unlink_(task);
            wsasync_free_(task);
        }
    }
    return verdict;
}

/* wsasync_cancel() for all requests that are outstanding. Returns how many there were. */
WSASYNC_INLINE int wsasync_cancel_all(struct wsasync *lookups)
{
    int i, count = 0;

    for (i = 0; i < lookups->count; i++)
    {
        if (!lookups->table[i] || !lookups->table[i]->request) continue;
        if (wsasync_cancel(lookups->table[i]->request) != WSAEACCES) count++;
    }
    return count;
}

/* Cancels all that is outstanding, for good: nothing can be started after it. Late messages are still
 * swallowed by wsasync_dispatch(). Does nothing when it was ended already, or initialised without success. */
WSASYNC_INLINE void wsasync_end(struct wsasync *lookups)
{
    struct wsasync_task *task;
    int i;

    if (lookups->ended || GetCurrentThreadId() != lookups->thread) return;
    lookups->ended = 1;
    wsasync_cancel_all(lookups);
    for (i = 0; i < lookups->count; i++)
    {
        while ((task = lookups->table[i]))
        {
            wsasync_unlink_(task);
            if (task->watch) *task->watch = NULL;
            task->watch = NULL;
            if (task->over) wsasync_free_(task);    /* else left to the ws2_32, which may still write it */
        }
    }
}

#ifdef __cplusplus
}
#endif

#endif
