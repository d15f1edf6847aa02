/*
 * WSAStartup and WSACleanup: how often the program has started Winsock, and with which lowest version.
 * Knows no request or operation, only that they end with the last cleanup.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define NEWEST MAKEWORD(2, 2)

static SRWLOCK startup_lock = SRWLOCK_INIT;     /* guards all below, and whether calls are checked */
static volatile unsigned int count;
static WORD lowest;                             /* of the versions granted since the first start: the process's */
static volatile unsigned int session;           /* counts the last cleanups */

static BOOL older(WORD a, WORD b)
{
    return MAKEWORD(HIBYTE(a), LOBYTE(a)) < MAKEWORD(HIBYTE(b), LOBYTE(b));
}

/***********************************************************************
 *              WSAStartup      (WS2_32.115)
 *
 * `data` may be any pointer. Returns the error, never in the last error: WSAVERNOTSUPPORTED, WSAEFAULT, WSASYSNOTREADY.
 * Negotiation is the platform's, the count the program's own: a DLL of the platform is counted by the platform only.
 * Rule: Windows as Wine's tests observed it; the lowest version counts: ReactOS.
 */
int WINAPI own_WSAStartup(WORD version, WSADATA *data)
{
    int error;

    if (!platform.WSAStartup || process_ending())
        return WSASYSNOTREADY;
    if (platform_calls(__builtin_return_address(0)))
    {
        TRACE("version %u.%u for a DLL of the platform\n", LOBYTE(version), HIBYTE(version));
        return platform.WSAStartup(version, data);
    }
    if (!memory_writable(data, sizeof(*data)))
        data = NULL;
    error = platform.WSAStartup(version, data);
    if (error == WSAEINVAL && !data)
        error = WSAEFAULT;          /* (observed, Wine 5.0) */
    if (!error)
    {
        WORD granted = data->wVersion;

        AcquireSRWLockExclusive(&startup_lock);
        if (!count++)
        {
            lowest = NEWEST;
            request_open();
        }
        if (older(granted, lowest))
            lowest = granted;
        TRACE("version %u.%u, count %u, lowest version %u.%u\n", LOBYTE(version), HIBYTE(version), count,
              LOBYTE(lowest), HIBYTE(lowest));
        ReleaseSRWLockExclusive(&startup_lock);
    }
    else
        WARN("version %u.%u: error %d\n", LOBYTE(version), HIBYTE(version), error);
    return error;
}

/* One cleanup less to come. Returns FALSE if there was none; in `last` whether it was the last. */
static BOOL count_down(BOOL *last)
{
    if (!count)
        return FALSE;
    if ((*last = !--count))
    {
        session++;
        platform_check_calls(FALSE);
        sockets_forget_all();
        request_close();
        deliver_set_routine(NULL);
    }
    return TRUE;
}

/***********************************************************************
 *              WSACleanup      (WS2_32.116)
 *
 * Returns 0, last error 0 (observed on Windows); SOCKET_ERROR, WSANOTINITIALISED when the count is 0. The last one
 * cancels all requests silently: when it returns, no message comes and no buffer is written any more. Operations of
 * GetAddrInfoExW complete as cancelled, lookups in name spaces end. Waits for posts in progress, never for a resolver.
 * During process shutdown it only counts.
 */
int WINAPI own_WSACleanup(void)
{
    BOOL ending = process_ending(), started, last = FALSE;
    int ret;

    if (!ending && platform.WSACleanup && platform_calls(__builtin_return_address(0)))
    {
        TRACE("for a DLL of the platform\n");
        return platform.WSACleanup();
    }
    if (!ending)
        AcquireSRWLockExclusive(&startup_lock);
    started = count_down(&last);
    TRACE("count %u\n", count);
    if (!ending)
        ReleaseSRWLockExclusive(&startup_lock);
    if (!started)
    {
        WARN("not started\n");
        SetLastError(WSANOTINITIALISED);
        return SOCKET_ERROR;
    }

    if (ending)
        ret = 0;
    else
    {
        if (last)
        {
            addrinfo_close();
            namespace_settle();     /* before the next: a post routine may wait for such a lookup */
            request_settle();
        }
        ret = platform.WSACleanup();
    }
    SetLastError(ret ? GetLastError() : 0);
    return ret;
}

/* Whether the process may use blocking hooks: 0, WSANOTINITIALISED, or WSAEOPNOTSUPP where it has asked for nothing below
 * version 2. (Winsock 1.1; which version counts: ReactOS) */
static int hooks_error(void)
{
    if (!count)
        return WSANOTINITIALISED;
    return LOBYTE(lowest) < 2 ? 0 : WSAEOPNOTSUPP;
}

/* As hooks_error(). */
int startup_allows_hooks(void)
{
    int error;

    if (process_ending())
        return WSANOTINITIALISED;
    AcquireSRWLockShared(&startup_lock);
    error = hooks_error();
    ReleaseSRWLockShared(&startup_lock);
    return error;
}

/* Returns hooks_error(); without one calls are checked from now on until the last cleanup, and `session` is the one that
 * the hook lasts for. */
int startup_use_hooks(unsigned int *hook_session)
{
    int error;

    AcquireSRWLockExclusive(&startup_lock);
    if (!(error = hooks_error()))
    {
        platform_check_calls(TRUE);
        *hook_session = session;
    }
    ReleaseSRWLockExclusive(&startup_lock);
    return error;
}

/* Whether the program has started Winsock; without the lock: another thread may change it at any time anyway. */
BOOL startup_done(void)
{
    return count != 0;
}

/* Changes with every last cleanup. */
unsigned int startup_session(void)
{
    return session;
}

/***********************************************************************
 *              WEP      (WS2_32.500)
 *
 * The exit procedure of 16-bit DLLs: nothing to do, but imported by number.
 */
int WINAPI own_WEP(void)
{
    return 0;
}
