/*
 * What must be known of a socket and cannot be asked of the platform: whether it is in blocking mode. Followed from its
 * creation through the calls that change it; a socket of unknown history is not in the table. Knows no hook.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"
#include <mswsock.h>

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define STRIPES 256
#define MAX_TRIES 1000              /* of an accept that should have waited */

struct socket
{
    struct socket *next;
    SOCKET s;
    BOOL mode_known;                /* else its history is not: inherited, duplicated */
    BOOL blocking;
    BOOL overlapped;
    BOOL broken;
    unsigned int lapses;            /* how often it was not blocking for a moment, see begin_lapse() */
};

static struct stripe
{
    SRWLOCK lock;                   /* guards the list, and the modes of its sockets against change by two calls at once */
    struct socket *first;
} stripes[STRIPES];

/* The socket's stripe, locked; NULL during process shutdown, when there is nothing to be known any more. */
static struct stripe *lock_stripe(SOCKET s)
{
    struct stripe *stripe = &stripes[(s >> 2) % STRIPES];

    if (process_ending())
        return NULL;
    AcquireSRWLockExclusive(&stripe->lock);
    return stripe;
}

static void unlock_stripe(struct stripe *stripe)
{
    if (stripe)
        ReleaseSRWLockExclusive(&stripe->lock);
}

/* NULL: nothing is known of the socket, or the stripe is NULL. */
static struct socket *find(struct stripe *stripe, SOCKET s)
{
    struct socket *socket = stripe ? stripe->first : NULL;

    while (socket && socket->s != s)
        socket = socket->next;
    return socket;
}

/* The socket's record, made if it has none; NULL without memory. */
static struct socket *get(struct stripe *stripe, SOCKET s)
{
    struct socket *socket = find(stripe, s);

    if (!socket && stripe && (socket = memory_alloc(sizeof(*socket))))
    {
        socket->s = s;
        socket->next = stripe->first;
        stripe->first = socket;
    }
    return socket;
}

static void remove_first(struct socket **at)
{
    struct socket *socket = *at;

    *at = socket->next;
    memory_free(socket);
}

/* The socket is gone. */
void sockets_forget(SOCKET s)
{
    struct stripe *stripe = lock_stripe(s);
    struct socket **at;

    if (!stripe)
        return;
    for (at = &stripe->first; *at && (*at)->s != s; at = &(*at)->next)
        ;
    if (*at)
        remove_first(at);
    unlock_stripe(stripe);
}

/* A new socket: its value may have been another's. Without memory it remains unknown. */
static void add(SOCKET s, BOOL blocking, BOOL overlapped)
{
    struct stripe *stripe;
    struct socket *socket;

    sockets_forget(s);
    if (s == INVALID_SOCKET || !(stripe = lock_stripe(s)))
        return;
    if ((socket = get(stripe, s)))
    {
        socket->mode_known = TRUE;
        socket->blocking = blocking;
        socket->overlapped = overlapped;
    }
    unlock_stripe(stripe);
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
    struct stripe *stripe = lock_stripe(s);
    struct socket *socket = find(stripe, s);
    enum socket_mode mode = is_blocking(socket) && socket->overlapped ? MODE_BLOCKING : MODE_PLAIN;

    if (socket && socket->broken)
        mode = MODE_BROKEN;
    unlock_stripe(stripe);
    return mode;
}

/* The socket's stream is of no use any more: MODE_BROKEN until it is closed. */
void sockets_break(SOCKET s)
{
    struct stripe *stripe = lock_stripe(s);
    struct socket *socket = find(stripe, s);

    if (socket)
        socket->broken = TRUE;
    unlock_stripe(stripe);
}

static void set_blocking(struct stripe *stripe, SOCKET s, BOOL blocking)
{
    struct socket *socket = find(stripe, s);

    TRACE("%#Ix: %s\n", s, blocking ? "blocking" : "not blocking");
    if (socket)
        socket->blocking = blocking;
}

/* An accepted socket has the modes of its listener. */
static void add_accepted(SOCKET listener, SOCKET s)
{
    struct stripe *stripe = lock_stripe(listener);
    struct socket *socket = find(stripe, listener);
    BOOL known = socket && socket->mode_known, blocking = known && socket->blocking;
    BOOL overlapped = known && socket->overlapped;

    unlock_stripe(stripe);
    if (known)
        add(s, blocking, overlapped);
    else
        sockets_forget(s);
}

/* Makes a blocking socket non-blocking for one call of the platform's, with its stripe locked all the time: what others
 * here do with the socket either waits for that, or is accept, which sees to it. FALSE: the socket does not block. */
static BOOL begin_lapse(struct stripe *stripe, SOCKET s)
{
    struct socket *socket = find(stripe, s);
    u_long on = 1;

    if (!is_blocking(socket) || platform.ioctlsocket(s, FIONBIO, &on))
        return FALSE;
    socket->lapses++;
    return TRUE;
}

/* Leaves the last error. */
static void end_lapse(SOCKET s)
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
    struct stripe *stripe = lock_stripe(s);
    BOOL done;

    if ((done = begin_lapse(stripe, s)))
    {
        *accepted = platform.accept(s, addr, len);
        end_lapse(s);
        if (*accepted != INVALID_SOCKET)
            end_lapse(*accepted);
    }
    unlock_stripe(stripe);
    if (done && *accepted != INVALID_SOCKET)
        add_accepted(s, *accepted);
    return done;
}

/* Begins to connect a socket in blocking mode, but does not wait: connect() with its error WSAEWOULDBLOCK. `addr` is
 * good. FALSE: not done, the socket is not in blocking mode any more. */
BOOL sockets_connect_now(SOCKET s, const struct sockaddr *addr, int len, int *ret)
{
    struct stripe *stripe = lock_stripe(s);
    BOOL done;

    if ((done = begin_lapse(stripe, s)))
    {
        *ret = platform.connect(s, addr, len);
        end_lapse(s);
    }
    unlock_stripe(stripe);
    return done;
}

/* Whether the listener is in blocking mode; how often it was not for a moment. */
static BOOL get_lapses(SOCKET s, unsigned int *lapses)
{
    struct stripe *stripe = lock_stripe(s);
    struct socket *socket = find(stripe, s);
    BOOL blocking = is_blocking(socket);

    *lapses = blocking ? socket->lapses : 0;
    unlock_stripe(stripe);
    return blocking;
}

/* accept() or, with a condition, WSAAccept(), without a hook. All arguments may be anything. Another thread's lapse makes
 * neither it nor what it accepts non-blocking; nor does it fail because another thread was quicker, as the platform's may.
 * (observed, Wine 8.0) */
static SOCKET accept_plain(SOCKET s, struct sockaddr *addr, int *len, LPCONDITIONPROC condition, DWORD_PTR data)
{
    unsigned int before, after, tries = 0;
    SOCKET accepted;
    BOOL blocking;

    do
    {
        blocking = get_lapses(s, &before);
        accepted = condition ? platform.WSAAccept(s, addr, len, condition, data) : platform.accept(s, addr, len);
    }
    while (accepted == INVALID_SOCKET && GetLastError() == WSAEWOULDBLOCK && blocking && tries++ < MAX_TRIES);
    if (accepted == INVALID_SOCKET)
        return accepted;
    if (blocking && get_lapses(s, &after) && after != before)
        end_lapse(accepted);
    add_accepted(s, accepted);
    return accepted;
}

/* accept() for any socket, without a hook. `addr` and `len` may be anything. */
SOCKET sockets_accept(SOCKET s, struct sockaddr *addr, int *len)
{
    return accept_plain(s, addr, len, NULL, 0);
}

/***********************************************************************
 *              WSAAccept      (WS2_32.@)
 */
SOCKET WINAPI own_WSAAccept(SOCKET s, struct sockaddr *addr, int *len, LPCONDITIONPROC condition, DWORD_PTR data)
{
    return accept_plain(s, addr, len, condition, data);
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

/* Of a socket with two handles neither's mode is known any more: a change by one is one of both. */
static void forget_mode(SOCKET s)
{
    struct stripe *stripe = lock_stripe(s);
    struct socket *socket = find(stripe, s);

    if (socket)
        socket->mode_known = FALSE;
    unlock_stripe(stripe);
}

/***********************************************************************
 *              WSADuplicateSocketA      (WS2_32.@)
 */
int WINAPI own_WSADuplicateSocketA(SOCKET s, DWORD process, WSAPROTOCOL_INFOA *info)
{
    int ret = platform.WSADuplicateSocketA(s, process, info);

    if (!ret)
        forget_mode(s);
    return ret;
}

/***********************************************************************
 *              WSADuplicateSocketW      (WS2_32.@)
 */
int WINAPI own_WSADuplicateSocketW(SOCKET s, DWORD process, WSAPROTOCOL_INFOW *info)
{
    int ret = platform.WSADuplicateSocketW(s, process, info);

    if (!ret)
        forget_mode(s);
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
    stripe = lock_stripe(s);
    ret = platform.ioctlsocket(s, code, argument);
    if (!ret)
        set_blocking(stripe, s, !*argument);
    unlock_stripe(stripe);
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
    stripe = lock_stripe(s);
    ret = platform.WSAIoctl(s, code, in, in_size, out, out_size, size, overlapped, completion);
    if (!ret)
        set_blocking(stripe, s, !*(u_long *)in);
    unlock_stripe(stripe);
    return ret;
}

/***********************************************************************
 *              WSAAsyncSelect      (WS2_32.101)
 *
 * Whatever the mask, the socket is not blocking any more.
 */
int WINAPI own_WSAAsyncSelect(SOCKET s, HWND hwnd, UINT msg, long mask)
{
    struct stripe *stripe = lock_stripe(s);
    int ret = platform.WSAAsyncSelect(s, hwnd, msg, mask);

    if (!ret)
        set_blocking(stripe, s, FALSE);
    unlock_stripe(stripe);
    return ret;
}

/***********************************************************************
 *              WSAEventSelect      (WS2_32.@)
 *
 * As WSAAsyncSelect().
 */
int WINAPI own_WSAEventSelect(SOCKET s, HANDLE event, long mask)
{
    struct stripe *stripe = lock_stripe(s);
    int ret = platform.WSAEventSelect(s, event, mask);

    if (!ret)
        set_blocking(stripe, s, FALSE);
    unlock_stripe(stripe);
    return ret;
}
