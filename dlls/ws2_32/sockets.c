/*
 * What must be known of a socket and cannot be asked of the platform: a table, and of what is in it whether the socket is in
 * blocking mode. Followed from its creation through the calls that change it. Knows no hook.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sockets.h"
#include <mswsock.h>

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define STRIPES 256

static struct stripe stripes[STRIPES];

/* The socket's stripe, locked; NULL during process shutdown, when there is nothing to be known any more. */
struct stripe *sockets_lock(SOCKET s)
{
    struct stripe *stripe = &stripes[(s >> 2) % STRIPES];

    if (process_ending())
        return NULL;
    AcquireSRWLockExclusive(&stripe->lock);
    return stripe;
}

void sockets_unlock(struct stripe *stripe)
{
    if (stripe)
        ReleaseSRWLockExclusive(&stripe->lock);
}

/* NULL: nothing is known of the socket, or the stripe is NULL. */
struct socket *sockets_find(struct stripe *stripe, SOCKET s)
{
    struct socket *socket = stripe ? stripe->first : NULL;

    while (socket && socket->s != s)
        socket = socket->next;
    return socket;
}

/* The socket's record, made if it has none; NULL without memory. */
static struct socket *get(struct stripe *stripe, SOCKET s)
{
    struct socket *socket = sockets_find(stripe, s);

    if (!socket && stripe && (socket = memory_alloc(sizeof(*socket))))
    {
        socket->s = s;
        socket->next = stripe->first;
        stripe->first = socket;
    }
    return socket;
}

/* The program is not to be told of connections any more. */
void sockets_forget_selection(struct socket *socket)
{
    if (socket->event)
        CloseHandle(socket->event);
    socket->event = NULL;
    socket->mask = 0;
}

static void remove_first(struct socket **at)
{
    struct socket *socket = *at;

    *at = socket->next;
    sockets_forget_selection(socket);
    memory_free(socket);
}

/* The socket is gone. */
void sockets_forget(SOCKET s)
{
    struct stripe *stripe = sockets_lock(s);
    struct socket **at;

    if (!stripe)
        return;
    for (at = &stripe->first; *at && (*at)->s != s; at = &(*at)->next)
        ;
    if (*at)
        remove_first(at);
    sockets_unlock(stripe);
}

/* A new socket: its value may have been another's. Without memory it remains unknown. */
static void add(SOCKET s, BOOL blocking, BOOL overlapped)
{
    struct stripe *stripe;
    struct socket *socket;

    sockets_forget(s);
    if (s == INVALID_SOCKET || !(stripe = sockets_lock(s)))
        return;
    if ((socket = get(stripe, s)))
    {
        socket->mode_known = TRUE;
        socket->blocking = blocking;
        socket->overlapped = overlapped;
    }
    sockets_unlock(stripe);
}

/* At the last cleanup, which closes all sockets. */
void sockets_forget_all(void)
{
    unsigned int i;

    if (process_ending())
        return;
    for (i = 0; i < STRIPES; i++)
    {
        AcquireSRWLockExclusive(&stripes[i].lock);
        while (stripes[i].first)
            remove_first(&stripes[i].first);
        ReleaseSRWLockExclusive(&stripes[i].lock);
    }
}

/* Whether `addr` and `len` of a call, any pointers, are good for an address to be written. */
BOOL sockets_good_address(struct sockaddr *addr, int *len)
{
    return !addr || (memory_writable(len, sizeof(*len)) && *len >= 0 && memory_writable(addr, *len));
}

static BOOL is_blocking(const struct socket *socket)
{
    return socket && socket->mode_known && socket->blocking;
}

/* How a call on the socket, any value, is to be made. MODE_BLOCKING: it may block, and can be ended, since the socket was
 * created for overlapped use. */
enum socket_mode sockets_mode(SOCKET s)
{
    struct stripe *stripe = sockets_lock(s);
    struct socket *socket = sockets_find(stripe, s);
    enum socket_mode mode = is_blocking(socket) && socket->overlapped ? MODE_BLOCKING : MODE_PLAIN;

    if (socket && socket->broken)
        mode = MODE_BROKEN;
    sockets_unlock(stripe);
    return mode;
}

/* The socket's stream is of no use any more: MODE_BROKEN until it is closed. */
void sockets_break(SOCKET s)
{
    struct stripe *stripe = sockets_lock(s);
    struct socket *socket = sockets_find(stripe, s);

    if (socket)
        socket->broken = TRUE;
    sockets_unlock(stripe);
}

static void set_blocking(struct stripe *stripe, SOCKET s, BOOL blocking)
{
    struct socket *socket = sockets_find(stripe, s);

    TRACE("%#Ix: %s\n", s, blocking ? "blocking" : "not blocking");
    if (socket)
        socket->blocking = blocking;
}

/* An accepted socket has the modes of its listener. */
void sockets_add_accepted(SOCKET listener, SOCKET s)
{
    struct stripe *stripe = sockets_lock(listener);
    struct socket *socket = sockets_find(stripe, listener);
    BOOL known = socket && socket->mode_known, blocking = known && socket->blocking;
    BOOL overlapped = known && socket->overlapped;

    sockets_unlock(stripe);
    if (known)
        add(s, blocking, overlapped);
    else
        sockets_forget(s);
}

/* Makes a blocking socket non-blocking for one call of the platform's, with its stripe locked all the time: what others
 * here do with the socket either waits for that, or is accept, which sees to it. FALSE: the socket does not block. */
static BOOL begin_lapse(struct stripe *stripe, SOCKET s)
{
    struct socket *socket = sockets_find(stripe, s);
    u_long on = 1;

    if (!is_blocking(socket) || platform.ioctlsocket(s, FIONBIO, &on))
        return FALSE;
    socket->lapses++;
    return TRUE;
}

/* Leaves the last error. */
void sockets_end_lapse(SOCKET s)
{
    DWORD error = GetLastError();
    u_long off = 0;

    platform.ioctlsocket(s, FIONBIO, &off);
    SetLastError(error);
}

/* Accepts from a listener in blocking mode, but does not wait: accept() with its error WSAEWOULDBLOCK. `addr` and `len`
 * are good, or both NULL. FALSE: not done, the listener is not in blocking mode any more. */
BOOL sockets_accept_now(SOCKET s, struct sockaddr *addr, int *len, SOCKET *accepted)
{
    struct stripe *stripe = sockets_lock(s);
    BOOL done;

    if ((done = begin_lapse(stripe, s)))
    {
        *accepted = platform.accept(s, addr, len);
        sockets_end_lapse(s);
        if (*accepted != INVALID_SOCKET)
            sockets_end_lapse(*accepted);
    }
    sockets_unlock(stripe);
    if (done && *accepted != INVALID_SOCKET)
        sockets_add_accepted(s, *accepted);
    return done;
}

/* Begins to connect a socket in blocking mode, but does not wait: connect() with its error WSAEWOULDBLOCK. `addr` is
 * good. FALSE: not done, the socket is not in blocking mode any more. */
BOOL sockets_connect_now(SOCKET s, const struct sockaddr *addr, int len, int *ret)
{
    struct stripe *stripe = sockets_lock(s);
    BOOL done;

    if ((done = begin_lapse(stripe, s)))
    {
        *ret = platform.connect(s, addr, len);
        sockets_end_lapse(s);
    }
    sockets_unlock(stripe);
    return done;
}

/***********************************************************************
 *              socket      (WS2_32.23)
 */
SOCKET WINAPI own_socket(int family, int type, int protocol)
{
    SOCKET s = platform.socket(family, type, protocol);
    int synchronous = 0, size = sizeof(synchronous);
    DWORD error = GetLastError();

    if (platform.getsockopt(INVALID_SOCKET, SOL_SOCKET, SO_OPENTYPE, (char *)&synchronous, &size))
        synchronous = 0;
    add(s, TRUE, !synchronous);
    SetLastError(error);
    return s;
}

static void created(SOCKET s, const void *info, DWORD flags)
{
    /* from a description it may be another process's socket, in whatever mode */
    if (info)
        sockets_forget(s);
    else
        add(s, TRUE, (flags & WSA_FLAG_OVERLAPPED) != 0);
}

/***********************************************************************
 *              WSASocketA      (WS2_32.@)
 */
SOCKET WINAPI own_WSASocketA(int family, int type, int protocol, WSAPROTOCOL_INFOA *info, GROUP group, DWORD flags)
{
    SOCKET s = platform.WSASocketA(family, type, protocol, info, group, flags);

    created(s, info, flags);
    return s;
}

/***********************************************************************
 *              WSASocketW      (WS2_32.@)
 */
SOCKET WINAPI own_WSASocketW(int family, int type, int protocol, WSAPROTOCOL_INFOW *info, GROUP group, DWORD flags)
{
    SOCKET s = platform.WSASocketW(family, type, protocol, info, group, flags);

    created(s, info, flags);
    return s;
}

/* Of a socket with two handles neither's mode and selection are known any more: a change by one is one of both. */
static void duplicated(SOCKET s)
{
    struct stripe *stripe = sockets_lock(s);
    struct socket *socket = sockets_find(stripe, s);

    if (socket)
    {
        socket->mode_known = FALSE;
        sockets_forget_selection(socket);
    }
    sockets_unlock(stripe);
}

/* Why a connect failed that was made without waiting; 0: it did not. */
int sockets_connect_error(SOCKET s)
{
    /* an old Wine gives the system's own (observed, 5.0) */
    static const struct
    {
        int system, winsock;
    }
    errors[] =
    {
        {101, WSAENETUNREACH}, {104, WSAECONNRESET}, {110, WSAETIMEDOUT}, {111, WSAECONNREFUSED}, {113, WSAEHOSTUNREACH},
    };
    int error, size = sizeof(error);
    unsigned int i;

    if (platform.getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&error, &size))
        return GetLastError();
    for (i = 0; i < ARRAYSIZE(errors); i++)
    {
        if (error == errors[i].system)
            return errors[i].winsock;
    }
    return error;
}

/***********************************************************************
 *              WSADuplicateSocketA      (WS2_32.@)
 */
int WINAPI own_WSADuplicateSocketA(SOCKET s, DWORD process, WSAPROTOCOL_INFOA *info)
{
    int ret = platform.WSADuplicateSocketA(s, process, info);

    if (!ret)
        duplicated(s);
    return ret;
}

/***********************************************************************
 *              WSADuplicateSocketW      (WS2_32.@)
 */
int WINAPI own_WSADuplicateSocketW(SOCKET s, DWORD process, WSAPROTOCOL_INFOW *info)
{
    int ret = platform.WSADuplicateSocketW(s, process, info);

    if (!ret)
        duplicated(s);
    return ret;
}

/***********************************************************************
 *              ioctlsocket      (WS2_32.10)
 */
int WINAPI own_ioctlsocket(SOCKET s, long code, u_long *argument)
{
    struct stripe *stripe;
    int ret;

    /* an argument that is no good may raise an exception: not with the lock held */
    if (code != (long)FIONBIO || !memory_readable(argument, sizeof(*argument)))
        return platform.ioctlsocket(s, code, argument);
    stripe = sockets_lock(s);
    ret = platform.ioctlsocket(s, code, argument);
    if (!ret)
        set_blocking(stripe, s, !*argument);
    sockets_unlock(stripe);
    return ret;
}

/***********************************************************************
 *              WSAIoctl      (WS2_32.@)
 */
int WINAPI own_WSAIoctl(SOCKET s, DWORD code, void *in, DWORD in_size, void *out, DWORD out_size, DWORD *size,
                        OVERLAPPED *overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE completion)
{
    struct stripe *stripe;
    int ret;

    if (code != (DWORD)FIONBIO || !memory_readable(in, sizeof(u_long)) || !memory_writable(size, sizeof(*size)))
        return platform.WSAIoctl(s, code, in, in_size, out, out_size, size, overlapped, completion);
    stripe = sockets_lock(s);
    ret = platform.WSAIoctl(s, code, in, in_size, out, out_size, size, overlapped, completion);
    if (!ret)
        set_blocking(stripe, s, !*(u_long *)in);
    sockets_unlock(stripe);
    return ret;
}
