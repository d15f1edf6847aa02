/*
 * accept, connect, select, closesocket on a thread with a blocking hook. The first three wait until they need not wait; a
 * closesocket that lingers is left to a worker. So each can be ended without harm to what it has done. Without a hook, or
 * on a socket that does not block, they are the platform's.
 *
 * All return SOCKET_ERROR and WSAEINTR when cancelled by the hook, their result if they had finished by then. (Winsock 1.1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

#define SELECT_READ (READY_READ | READY_ACCEPT | READY_HUP | READY_RESET)
#define SELECT_WRITE READY_WRITE
#define SELECT_EXCEPT (READY_OOB | READY_CONNECT_ERR)
#define SETS 3

static int fail(int error)
{
    SetLastError(error);
    return SOCKET_ERROR;
}

/* Waits until the socket is ready for one of `wanted`. `*flags` is what it is ready for, perhaps READY_CLOSE, 0 if nothing. */
static enum outcome wait_ready(struct thread *thread, SOCKET s, unsigned int wanted, unsigned int *flags)
{
    struct readiness *readiness = readiness_alloc(1);
    enum outcome outcome;
    SOCKET ready;

    *flags = 0;
    if (!readiness)
        return UNAVAILABLE;
    readiness_add(readiness, s, wanted);
    outcome = readiness_wait(thread, readiness, NO_TIMEOUT, FALSE);
    if (readiness_count(readiness))
        *flags = readiness_flags(readiness, 0, &ready);
    readiness_free(readiness);
    return outcome;
}

/* Waits for a connection to accept, until there is one that nobody else has taken. FALSE: make the plain call. */
static BOOL accept_with_hook(struct thread *thread, SOCKET s, struct sockaddr *addr, int *len, SOCKET *accepted)
{
    enum outcome outcome = FINISHED;
    unsigned int flags;

    for (;;)
    {
        if (!sockets_accept_now(s, addr, len, accepted))
            break;
        if (*accepted != INVALID_SOCKET || GetLastError() != WSAEWOULDBLOCK)
            return TRUE;
        if (outcome == CANCELLED)
            break;
        outcome = wait_ready(thread, s, READY_ACCEPT, &flags);
        if (flags & READY_CLOSE)
        {
            SetLastError(WSA_OPERATION_ABORTED);    /* as the platform's own call then (observed, Wine 8.0) */
            return TRUE;
        }
        if (outcome == UNAVAILABLE)
            break;
    }
    if (outcome != CANCELLED)
        return FALSE;
    *accepted = fail(WSAEINTR);
    return TRUE;
}

/***********************************************************************
 *              accept      (WS2_32.1)
 *
 * Cancelled, it leaves the listener as it was.
 */
SOCKET WINAPI own_accept(SOCKET s, struct sockaddr *addr, int *len)
{
    struct thread *thread = blocking_thread(__builtin_return_address(0));
    SOCKET accepted;

    if (thread && sockets_mode(s) == MODE_BLOCKING && (!len || sockets_good_address(addr, len))
        && accept_with_hook(thread, s, addr, len, &accepted))
        return accepted;
    return sockets_accept(s, addr, len);
}

/* Waits until the connection is made, or cannot be. FALSE: make the plain call. */
static BOOL connect_with_hook(struct thread *thread, SOCKET s, const struct sockaddr *addr, int len, int *ret)
{
    enum outcome outcome;
    int error;
    unsigned int flags;

    if (!sockets_connect_now(s, addr, len, ret))
        return FALSE;
    if (!*ret || GetLastError() != WSAEWOULDBLOCK)
        return TRUE;
    outcome = wait_ready(thread, s, READY_CONNECT | READY_CONNECT_ERR | READY_WRITE, &flags);
    if (!flags)
        error = outcome == CANCELLED ? WSAEINTR : WSAENOBUFS;
    else if (flags & READY_CLOSE)
        error = WSA_OPERATION_ABORTED;      /* as the platform's own call then (observed, Wine 8.0) */
    else if (!(flags & READY_CONNECT_ERR))
        error = 0;
    else
        error = sockets_connect_error(s);
    SetLastError(error);
    *ret = error ? SOCKET_ERROR : 0;
    return TRUE;
}

/***********************************************************************
 *              connect      (WS2_32.4)
 *
 * Cancelled, the attempt goes on; the socket is good for closesocket only, which ends it.
 */
int WINAPI own_connect(SOCKET s, const struct sockaddr *addr, int len)
{
    struct thread *thread = blocking_thread(__builtin_return_address(0));
    enum socket_mode mode = sockets_mode(s);
    int ret;

    if (mode == MODE_BROKEN)
        return fail(WSAECONNABORTED);
    if (thread && mode == MODE_BLOCKING && len >= 0 && memory_readable(addr, len)
        && connect_with_hook(thread, s, addr, len, &ret))
        return ret;
    return platform.connect(s, addr, len);
}

/* Returns how many there are more. */
static int add_to_set(fd_set *set, SOCKET s)
{
    u_int i;

    if (!set)
        return 0;
    for (i = 0; i < set->fd_count; i++)
    {
        if (set->fd_array[i] == s)
            return 0;
    }
    set->fd_array[set->fd_count++] = s;
    return 1;
}

/* Whether all of a set, any pointer, can be written. */
static BOOL good_set(fd_set *set)
{
    return !set || (memory_writable(set, offsetof(fd_set, fd_array)) && set->fd_count < 0x100000
                    && memory_writable(set, offsetof(fd_set, fd_array) + set->fd_count * sizeof(set->fd_array[0])));
}

/* Puts what is ready into the program's sets, which may be one and the same. Returns how many, or SOCKET_ERROR. (as the
 * platform's select; what was closed is readable, or no socket) */
static int fill_sets(const struct readiness *readiness, fd_set *const sets[SETS])
{
    unsigned int i, flags;
    BOOL closed = FALSE;
    int count = 0;
    SOCKET s;

    for (i = 0; i < SETS; i++)
    {
        if (sets[i])
            sets[i]->fd_count = 0;
    }
    for (i = 0; i < readiness_count(readiness); i++)
    {
        flags = readiness_flags(readiness, i, &s);
        if (flags & (SELECT_READ | READY_CLOSE) && readiness_asked(readiness, s, SELECT_READ))
            count += add_to_set(sets[0], s);
        else if (flags & READY_CLOSE)
            closed = TRUE;
        if (flags & SELECT_WRITE)
            count += add_to_set(sets[1], s);
        if (flags & SELECT_EXCEPT)
            count += add_to_set(sets[2], s);
    }
    return closed ? fail(WSAENOTSOCK) : count;
}

static BOOL select_with_hook(struct thread *thread, fd_set *const sets[SETS], LONGLONG timeout, int *ret)
{
    static const unsigned int flags[SETS] = {SELECT_READ, SELECT_WRITE, SELECT_EXCEPT};
    struct readiness *readiness;
    unsigned int i, j, count = 0;
    enum outcome outcome;

    for (i = 0; i < SETS; i++)
        count += sets[i] ? sets[i]->fd_count : 0;
    if (!count || !(readiness = readiness_alloc(count)))
        return FALSE;
    for (i = 0; i < SETS; i++)
    {
        for (j = 0; sets[i] && j < sets[i]->fd_count; j++)
            readiness_add(readiness, sets[i]->fd_array[j], flags[i]);
    }
    outcome = readiness_wait(thread, readiness, timeout, TRUE);
    if (outcome == CANCELLED && !readiness_count(readiness))
        *ret = fail(WSAEINTR);
    else if (outcome != UNAVAILABLE)
        *ret = fill_sets(readiness, sets);
    readiness_free(readiness);
    return outcome != UNAVAILABLE;
}

/***********************************************************************
 *              select      (WS2_32.18)
 *
 * May block whatever the mode of its sockets. Cancelled, it leaves them and the sets as they were.
 */
int WINAPI own_select(int unused, fd_set *read, fd_set *write, fd_set *except, const struct timeval *timeout)
{
    struct thread *thread = blocking_thread(__builtin_return_address(0));
    fd_set *const sets[SETS] = {read, write, except};
    LONGLONG wait = NO_TIMEOUT;
    int ret;

    if (!thread || !good_set(read) || !good_set(write) || !good_set(except)
        || (timeout && !memory_readable(timeout, sizeof(*timeout))))
        return platform.select(unused, read, write, except, timeout);
    if (timeout)
        wait = timeout->tv_sec * -10000000ll + timeout->tv_usec * -10ll;
    if (wait && select_with_hook(thread, sets, wait, &ret))
        return ret;
    return platform.select(unused, read, write, except, timeout);
}

struct closing
{
    struct errand errand;
    SOCKET s;
    int ret, error;
};

static void close_lingering(struct errand *errand)
{
    struct closing *closing = LIST_ENTRY_OF(errand, struct closing, errand);

    closing->ret = platform.closesocket(closing->s);
    closing->error = GetLastError();
}

/* What is unsent goes all the same: only nobody waits for it. */
static void close_at_once(struct errand *errand)
{
    const struct linger none = {0, 0};
    SOCKET s = LIST_ENTRY_OF(errand, struct closing, errand)->s;

    platform.setsockopt(s, SOL_SOCKET, SO_LINGER, (const char *)&none, sizeof(none));
    platform.closesocket(s);
}

static void free_closing(struct errand *errand)
{
    memory_free(LIST_ENTRY_OF(errand, struct closing, errand));
}

/* Whether closesocket waits until the data has gone. */
static BOOL lingers(SOCKET s)
{
    struct linger linger;
    int size = sizeof(linger);

    return !platform.getsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&linger, &size) && linger.l_onoff && linger.l_linger;
}

/* Has a worker close the socket. FALSE: make the plain call. */
static BOOL close_with_hook(struct thread *thread, SOCKET s, int *ret)
{
    struct closing *closing = memory_alloc(sizeof(*closing));
    enum outcome outcome;

    if (!closing)
        return FALSE;
    closing->errand.run = close_lingering;
    closing->errand.instead = close_at_once;
    closing->errand.free = free_closing;
    closing->s = s;
    outcome = errand_wait(thread, &closing->errand, LANE_NETWORK);
    if (outcome == CANCELLED)
    {
        *ret = fail(WSAEINTR);
        return TRUE;
    }
    if ((*ret = closing->ret))
        SetLastError(closing->error);
    memory_free(closing);
    return outcome == FINISHED;
}

/***********************************************************************
 *              closesocket      (WS2_32.3)
 *
 * Cancelled while it lingers, the socket is gone all the same, and what is unsent still goes.
 */
int WINAPI own_closesocket(SOCKET s)
{
    struct thread *thread = blocking_thread(__builtin_return_address(0));
    BOOL waits = thread && sockets_mode(s) == MODE_BLOCKING && lingers(s);
    int ret;

    /* first: once it is closed, its value may be another's at any time */
    sockets_forget(s);
    if (waits && close_with_hook(thread, s, &ret))
        return ret;
    return platform.closesocket(s);
}
