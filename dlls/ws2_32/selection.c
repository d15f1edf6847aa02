/*
 * Which events are selected for a listener, and accept, which must see that they are reported.
 *
 * The platform may take FD_ACCEPT for reported although no connection was left to accept, and then reports none any more. So
 * an accept that finds none has the events reported anew: WSAAsyncSelect makes the platform forget what it has reported,
 * WSAEventSelect does not. (observed, Wine 8.0 and 10.0)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sockets.h"

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define NO_WINDOW ((HWND)1)         /* stands in for one while nothing is selected */
#define MAX_TRIES 1000              /* of an accept that should have waited */

/* Whether the program is to be told of connections: then the socket is not blocking. */
static BOOL reports_accept(const struct socket *socket)
{
    return socket && socket->mask;
}

/* The platform's selection, as the program made it. */
static void select_again(SOCKET s, const struct socket *socket)
{
    if (socket->event)
        platform.WSAEventSelect(s, socket->event, socket->mask);
    else
        platform.WSAAsyncSelect(s, socket->hwnd, socket->msg, socket->mask);
}

/* Has the platform report again what there is to report; the selection stays. The stripe is locked: nobody else of this
 * process sees what is selected meanwhile. */
static void renew_selection(struct socket *socket)
{
    TRACE("%#Ix: events %#lx\n", socket->s, socket->mask);
    if (socket->event)
    {
        socket->gaps++;
        platform.WSAAsyncSelect(socket->s, NO_WINDOW, 0, 0);
    }
    select_again(socket->s, socket);
}

/* What another thread may change for a moment while this one accepts without a lock. */
struct moment
{
    BOOL blocking;
    unsigned int lapses, gaps;
};

static struct moment get_moment(SOCKET s)
{
    struct stripe *stripe = sockets_lock(s);
    struct socket *socket = sockets_find(stripe, s);
    struct moment moment = {FALSE, 0, 0};

    if (socket)
    {
        moment.blocking = socket->mode_known && socket->blocking;
        moment.lapses = socket->lapses;
        moment.gaps = socket->gaps;
    }
    sockets_unlock(stripe);
    return moment;
}

/* An accepted socket inherits from the listener: also what stood there for a moment only. */
static void mend_accepted(SOCKET listener, SOCKET s, const struct moment *before)
{
    struct stripe *stripe = sockets_lock(listener);
    struct socket *socket = sockets_find(stripe, listener);
    DWORD error = GetLastError();

    if (socket && before->blocking && socket->lapses != before->lapses)
        sockets_end_lapse(s);
    if (reports_accept(socket) && socket->gaps != before->gaps)
        select_again(s, socket);
    sockets_unlock(stripe);
    SetLastError(error);
}

static SOCKET platform_accept(SOCKET s, struct sockaddr *addr, int *len, LPCONDITIONPROC condition, DWORD_PTR data)
{
    return condition ? platform.WSAAccept(s, addr, len, condition, data) : platform.accept(s, addr, len);
}

/* Without a lock, as it may wait. A blocking one does not fail because another thread was quicker, as the platform's may.
 * (observed, Wine 8.0) */
static SOCKET accept_unlocked(SOCKET s, struct sockaddr *addr, int *len, LPCONDITIONPROC condition, DWORD_PTR data)
{
    unsigned int tries = 0;
    struct moment before;
    SOCKET accepted;

    do
    {
        before = get_moment(s);
        accepted = platform_accept(s, addr, len, condition, data);
    }
    while (accepted == INVALID_SOCKET && GetLastError() == WSAEWOULDBLOCK && before.blocking && tries++ < MAX_TRIES);
    if (accepted != INVALID_SOCKET)
        mend_accepted(s, accepted, &before);
    return accepted;
}

struct question                     /* to the program's condition function */
{
    LPCONDITIONPROC condition;
    DWORD_PTR data;
    struct stripe *stripe;          /* locked; NULL: not any more */
};

/* The platform asks when the connection is taken. The program's function may do anything: not with the lock held. */
static int CALLBACK ask_unlocked(WSABUF *caller, WSABUF *caller_data, QOS *sqos, QOS *gqos, WSABUF *callee, WSABUF *callee_data,
                                 GROUP *group, DWORD_PTR data)
{
    struct question *question = (struct question *)data;

    sockets_unlock(question->stripe);
    question->stripe = NULL;
    return question->condition(caller, caller_data, sqos, gqos, callee, callee_data, group, question->data);
}

/* accept() for any socket, without a hook, or with a condition WSAAccept(). All arguments may be anything. At most three more
 * calls to the platform, where FD_ACCEPT is selected and there is no connection. */
static SOCKET accept_any(SOCKET s, struct sockaddr *addr, int *len, LPCONDITIONPROC condition, DWORD_PTR data)
{
    /* a pointer that is no good may raise an exception: not with the lock held */
    BOOL good = !len || sockets_good_address(addr, len);
    struct question question = {condition, data, sockets_lock(s)};
    struct socket *socket = sockets_find(question.stripe, s);
    SOCKET accepted;
    DWORD error;

    if (!good || !reports_accept(socket))
    {
        sockets_unlock(question.stripe);
        accepted = accept_unlocked(s, addr, len, condition, data);
    }
    else
    {
        if (condition)
        {
            condition = ask_unlocked;
            data = (DWORD_PTR)&question;
        }
        accepted = platform_accept(s, addr, len, condition, data);
        error = GetLastError();
        if (accepted == INVALID_SOCKET && error == WSAEWOULDBLOCK && question.stripe)
        {
            renew_selection(socket);
            if (socket->event)
            {
                /* one that came before the selection was renewed may not be reported (observed) */
                accepted = platform_accept(s, addr, len, condition, data);
                error = GetLastError();
            }
        }
        sockets_unlock(question.stripe);
        SetLastError(error);
    }
    if (accepted != INVALID_SOCKET)
        sockets_add_accepted(s, accepted);
    return accepted;
}

/* accept() for any socket, without a hook. `addr` and `len` may be anything. */
SOCKET sockets_accept(SOCKET s, struct sockaddr *addr, int *len)
{
    return accept_any(s, addr, len, NULL, 0);
}

/***********************************************************************
 *              WSAAccept      (WS2_32.@)
 */
SOCKET WINAPI own_WSAAccept(SOCKET s, struct sockaddr *addr, int *len, LPCONDITIONPROC condition, DWORD_PTR data)
{
    return accept_any(s, addr, len, condition, data);
}

/* A selection took effect: of any kind, it makes the socket non-blocking. */
static void selected(struct stripe *stripe, SOCKET s, HWND hwnd, UINT msg, HANDLE event, long mask)
{
    struct socket *socket = sockets_find(stripe, s);
    DWORD error = GetLastError();

    TRACE("%#Ix: events %#lx, window %p, event %p\n", s, mask, hwnd, event);
    if (!socket)
        return;
    socket->blocking = FALSE;
    sockets_forget_selection(socket);
    /* An event of ours, since the program may close its own. A socket whose mode others may change is left alone: its accept
     * could wait. */
    if (mask & FD_ACCEPT && socket->mode_known
        && (!event || DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &socket->event, 0, FALSE,
                                      DUPLICATE_SAME_ACCESS)))
    {
        socket->hwnd = hwnd;
        socket->msg = msg;
        socket->mask = mask;
    }
    SetLastError(error);
}

/* The program is told that the connection was reset. */
static void post_reset(SOCKET s, HWND hwnd, UINT msg)
{
    BOOL (WINAPI *post)(HWND, UINT, WPARAM, LPARAM) = (void *)GetProcAddress(GetModuleHandleW(L"user32.dll"), "PostMessageW");

    TRACE("%#Ix: reset before the selection\n", s);
    if (post)
        post(hwnd, msg, s, WSAMAKESELECTREPLY(FD_CLOSE, WSAECONNRESET));
}

/***********************************************************************
 *              WSAAsyncSelect      (WS2_32.101)
 *
 * Of a connection that was reset before, the platform tells an event, but no window. (observed, Wine 8.0)
 */
int WINAPI own_WSAAsyncSelect(SOCKET s, HWND hwnd, UINT msg, long mask)
{
    struct stripe *stripe = sockets_lock(s);
    int ret = platform.WSAAsyncSelect(s, hwnd, msg, mask);
    DWORD error = GetLastError();

    if (!ret)
        selected(stripe, s, hwnd, msg, NULL, mask);
    sockets_unlock(stripe);
    if (!ret && hwnd && mask & FD_CLOSE && readiness_now(s, READY_RESET))
        post_reset(s, hwnd, msg);
    SetLastError(error);
    return ret;
}

/***********************************************************************
 *              WSAEventSelect      (WS2_32.@)
 */
int WINAPI own_WSAEventSelect(SOCKET s, HANDLE event, long mask)
{
    struct stripe *stripe = sockets_lock(s);
    int ret = platform.WSAEventSelect(s, event, mask);

    if (!ret)
        selected(stripe, s, NULL, 0, event, mask);
    sockets_unlock(stripe);
    return ret;
}
