/*
 * Name-space lookups: WSALookupServiceBegin, -Next, -End, WSANSPIoctl, and the last cleanup, which ends them all.
 * Knows handles and who waits for what; what is asked and answered is namespace_query.c's.
 *
 * One WSALookupServiceNext at a time works for a lookup: it alone touches the answer, and others of the same lookup
 * wait for it. What takes a while is done by a worker of the pool, which has all that it needs for itself: an End that
 * comes meanwhile wakes the Next, and the worker finishes alone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "namespace.h"
#include "handles.h"

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

struct lookup
{
    struct handle handle;           /* these, guarded by namespace_lock */
    struct list live;
    unsigned int references;        /* the handle's, and one of each Next */
    BOOL ended, busy;
    CONDITION_VARIABLE idle;        /* not busy any more, or ended */
    HANDLE cancel;                  /* set when it is ended; made by who first waits for a worker */

    unsigned int session;           /* never change */
    struct ns_query *query;

    struct ns_answer answer;        /* these are the busy one's */
    BOOL answered, refused;         /* refused: the caller had no room for the record at hand */
    unsigned int at;
};

static SRWLOCK namespace_lock = SRWLOCK_INIT;   /* guards the next line, and what lookups say it does */
static struct handles lookups;
static struct list live_lookups = LIST_INIT(live_lookups);

static int fail(const char *what, HANDLE handle, int error)
{
    WARN("%s %p: error %d\n", what, handle, error);
    SetLastError(error);
    return SOCKET_ERROR;
}

static void destroy(struct lookup *lookup)
{
    if (lookup->answered)
        ns_answer_release(&lookup->answer);
    if (lookup->query)
        ns_query_release(lookup->query);
    if (lookup->cancel)
        CloseHandle(lookup->cancel);
    memory_free(lookup);
}

static int begin(const WSAQUERYSETW *set, BOOL ansi, DWORD flags, HANDLE *handle, const void *return_address)
{
    struct lookup *lookup;
    HANDLE value;
    int error;

    if (!memory_writable(handle, sizeof(*handle)))
        return WSAEFAULT;
    if (!(lookup = memory_alloc(sizeof(*lookup))))
        return WSA_NOT_ENOUGH_MEMORY;
    error = ns_query_make(set, ansi, flags, &lookup->query);
    if (!error)
    {
        InitializeConditionVariable(&lookup->idle);
        lookup->references = 1;
        AcquireSRWLockExclusive(&namespace_lock);
        /* in this order: a start in between makes it one of the session before, and it is ended with that */
        lookup->session = startup_session();
        if (!ns_ready(return_address))
            error = WSANOTINITIALISED;
        else
        {
            handles_add(&lookups, &lookup->handle);
            list_add_before(&live_lookups, &lookup->live);
            value = lookup->handle.value;
            TRACE("%p: %s\n", value, debugstr_ns_query(lookup->query));
        }
        ReleaseSRWLockExclusive(&namespace_lock);
    }
    if (error)
        destroy(lookup);
    else
        memcpy(handle, &value, sizeof(value));
    return error;
}

/***********************************************************************
 *              WSALookupServiceBeginW      (WS2_32.@)
 *
 * Begins a lookup; asks nobody yet, and copies all that it needs of `set`. Returns 0, or SOCKET_ERROR with
 * WSANOTINITIALISED, WSAEFAULT (also for a NULL `set` or `handle`: observed on Windows), WSAEINVAL (dwSize, an unknown
 * provider, a name that the class cannot have), WSASERVICE_NOT_FOUND (another name space than DNS, an unknown class,
 * no protocol that DNS has, too long a name), WSANO_DATA (LUP_CONTAINERS: there are none), WSA_NOT_ENOUGH_MEMORY. (MS
 * Learn)
 */
int WINAPI own_WSALookupServiceBeginW(WSAQUERYSETW *set, DWORD flags, HANDLE *handle)
{
    DWORD last_error = GetLastError();
    int error = WSANOTINITIALISED;

    if (!ns_ready(__builtin_return_address(0)) || (error = begin(set, FALSE, flags, handle, __builtin_return_address(0))))
        return fail("begin", NULL, error);
    SetLastError(last_error);
    return 0;
}

/***********************************************************************
 *              WSALookupServiceBeginA      (WS2_32.@)
 */
int WINAPI own_WSALookupServiceBeginA(WSAQUERYSETA *set, DWORD flags, HANDLE *handle)
{
    DWORD last_error = GetLastError();
    int error = WSANOTINITIALISED;

    if (!ns_ready(__builtin_return_address(0)) || (error = begin((const WSAQUERYSETW *)set, TRUE, flags, handle,
                                                                                   __builtin_return_address(0))))
        return fail("begin", NULL, error);
    SetLastError(last_error);
    return 0;
}

static struct lookup *find(HANDLE value)
{
    struct handle *handle = handles_find(&lookups, value);
    struct lookup *lookup = handle ? LIST_ENTRY_OF(handle, struct lookup, handle) : NULL;

    return lookup && lookup->session == startup_session() ? lookup : NULL;
}

static void drop(struct lookup *lookup)
{
    BOOL last;

    AcquireSRWLockExclusive(&namespace_lock);
    last = !--lookup->references;
    ReleaseSRWLockExclusive(&namespace_lock);
    if (last)
        destroy(lookup);
}

/* Waits until the lookup is the caller's, who owes a leave(). */
static int enter(HANDLE handle, struct lookup **entered)
{
    struct lookup *lookup;
    BOOL ended;

    AcquireSRWLockExclusive(&namespace_lock);
    if (!(lookup = find(handle)))
    {
        ReleaseSRWLockExclusive(&namespace_lock);
        return WSA_INVALID_HANDLE;
    }
    if (lookup->busy && loader_locked())
    {
        /* its worker may only start when the loader is free again */
        ReleaseSRWLockExclusive(&namespace_lock);
        return WSAEWOULDBLOCK;
    }
    lookup->references++;
    while (lookup->busy && !lookup->ended)
        SleepConditionVariableSRW(&lookup->idle, &namespace_lock, INFINITE, 0);
    if (!(ended = lookup->ended))
        lookup->busy = TRUE;
    ReleaseSRWLockExclusive(&namespace_lock);
    if (!ended)
        *entered = lookup;
    else
        drop(lookup);
    return ended ? WSA_E_CANCELLED : 0;
}

static void leave(struct lookup *lookup)
{
    AcquireSRWLockExclusive(&namespace_lock);
    lookup->busy = FALSE;
    WakeConditionVariable(&lookup->idle);
    ReleaseSRWLockExclusive(&namespace_lock);
    drop(lookup);
}

/* Takes the handle from a lookup, with the lock held, which is released. */
static void end_lookup(struct lookup *lookup)
{
    handles_remove(&lookups, &lookup->handle);
    list_remove(&lookup->live);
    lookup->ended = TRUE;
    WakeAllConditionVariable(&lookup->idle);
    ReleaseSRWLockExclusive(&namespace_lock);
    if (lookup->cancel)
        SetEvent(lookup->cancel);
    drop(lookup);
}

/* The event that ends a wait for a worker: made the first time. NULL: it is ended already, or there is none to be had. */
static HANDLE cancel_event(struct lookup *lookup, int *error)
{
    HANDLE event = lookup->cancel ? lookup->cancel : CreateEventW(NULL, TRUE, FALSE, NULL);

    *error = WSA_NOT_ENOUGH_MEMORY;
    if (!event)
        return NULL;
    AcquireSRWLockExclusive(&namespace_lock);
    lookup->cancel = event;
    if (lookup->ended)
    {
        *error = WSA_E_CANCELLED;
        event = NULL;
    }
    ReleaseSRWLockExclusive(&namespace_lock);
    return event;
}

struct asking                       /* a worker's */
{
    struct errand errand;
    struct ns_query *query;
    struct ns_answer answer;
};

static void ask(struct errand *errand)
{
    struct asking *asking = LIST_ENTRY_OF(errand, struct asking, errand);

    ns_ask(asking->query, &asking->answer);
}

static void free_asking(struct errand *errand)
{
    struct asking *asking = LIST_ENTRY_OF(errand, struct asking, errand);

    ns_answer_release(&asking->answer);
    ns_query_release(asking->query);
    memory_free(asking);
}

static int ask_worker(struct lookup *lookup)
{
    struct asking *asking;
    enum outcome outcome;
    HANDLE cancel;
    int error;

    if (!(cancel = cancel_event(lookup, &error)))
        return error;
    if (!(asking = memory_alloc(sizeof(*asking))))
        return WSA_NOT_ENOUGH_MEMORY;
    asking->query = ns_query_hold(lookup->query);
    asking->errand.run = ask;
    asking->errand.free = free_asking;
    outcome = errand_wait_for(&asking->errand, ns_query_lane(lookup->query), INFINITE, cancel);
    if (outcome == CANCELLED)
        return WSA_E_CANCELLED;
    if (outcome == FINISHED)
    {
        lookup->answer = asking->answer;
        memset(&asking->answer, 0, sizeof(asking->answer));
    }
    free_asking(&asking->errand);
    return outcome == FINISHED ? 0 : WSA_NOT_ENOUGH_MEMORY;
}

/* Has the answer there; what it says is another matter. In some DllMain no worker can start: the caller asks. */
static int find_answer(struct lookup *lookup)
{
    int error = 0;

    if (lookup->answered)
        return 0;
    if (ns_at_once(lookup->query, &lookup->answer))
        TRACE("%p: answered at once, error %d\n", lookup->handle.value, lookup->answer.error);
    else if (loader_locked())
        ns_ask(lookup->query, &lookup->answer);
    else
        error = ask_worker(lookup);
    lookup->answered = !error;
    return error;
}

static int next(struct lookup *lookup, DWORD flags, DWORD *size, void *buf, BOOL ansi)
{
    int error;

    if ((error = find_answer(lookup)))
        return error;
    if (!memory_writable(size, sizeof(*size)))      /* it may have gone meanwhile */
        return WSAEFAULT;
    if ((flags & LUP_FLUSHPREVIOUS) && lookup->refused)
        lookup->at++;
    lookup->refused = FALSE;
    error = ns_give(lookup->query, &lookup->answer, lookup->at, flags, ansi, size, buf);
    if (!error)
        lookup->at++;
    lookup->refused = error == WSAEFAULT;
    return error;
}

static int lookup_next(HANDLE handle, DWORD flags, DWORD *size, void *buf, BOOL ansi, const void *return_address)
{
    DWORD last_error = GetLastError();
    struct lookup *lookup;
    int error;

    if (!ns_ready(return_address))
        return fail("next", handle, WSANOTINITIALISED);
    if ((error = enter(handle, &lookup)))
        return fail("next", handle, error);
    if (memory_writable(size, sizeof(*size)))
        error = next(lookup, flags, size, buf, ansi);
    else
        error = WSAEFAULT;
    leave(lookup);
    if (error)
        return fail("next", handle, error);
    SetLastError(last_error);
    return 0;
}

/***********************************************************************
 *              WSALookupServiceNextW      (WS2_32.@)
 *
 * Waits for the answer, and puts the next record into the `*size` bytes at `buf`. Returns 0, or SOCKET_ERROR with
 * WSANOTINITIALISED, WSA_INVALID_HANDLE, WSAEFAULT (`*size` is what is needed, the record is offered again, unless
 * LUP_FLUSHPREVIOUS skips it), WSA_E_NO_MORE, WSA_E_CANCELLED (ended meanwhile), WSASERVICE_NOT_FOUND, WSANO_DATA,
 * WSATRY_AGAIN, WSANO_RECOVERY, WSA_NOT_ENOUGH_MEMORY. Of the LUP_RETURN flags of Begin those count that `flags` has
 * too; if it has none, all. (MS Learn: they narrow; older texts: they have no meaning here)
 */
int WINAPI own_WSALookupServiceNextW(HANDLE handle, DWORD flags, DWORD *size, WSAQUERYSETW *buf)
{
    return lookup_next(handle, flags, size, buf, FALSE, __builtin_return_address(0));
}

/***********************************************************************
 *              WSALookupServiceNextA      (WS2_32.@)
 */
int WINAPI own_WSALookupServiceNextA(HANDLE handle, DWORD flags, DWORD *size, WSAQUERYSETA *buf)
{
    return lookup_next(handle, flags, size, buf, TRUE, __builtin_return_address(0));
}

/***********************************************************************
 *              WSALookupServiceEnd      (WS2_32.@)
 *
 * Ends a lookup; a Next that another thread is in returns WSA_E_CANCELLED. Waits for nobody. Returns 0, or
 * SOCKET_ERROR with WSANOTINITIALISED, WSA_INVALID_HANDLE. (MS Learn; observed on Windows for NULL)
 */
int WINAPI own_WSALookupServiceEnd(HANDLE handle)
{
    struct lookup *lookup;

    if (!ns_ready(__builtin_return_address(0)))
        return fail("end", handle, WSANOTINITIALISED);
    AcquireSRWLockExclusive(&namespace_lock);
    if (!(lookup = find(handle)))
    {
        ReleaseSRWLockExclusive(&namespace_lock);
        return fail("end", handle, WSA_INVALID_HANDLE);
    }
    end_lookup(lookup);
    TRACE("%p: ended\n", handle);
    return 0;
}

/* Winsock was cleaned up for the last time: ends the lookups from before, with no lock held. */
void namespace_settle(void)
{
    unsigned int session;
    struct list *at;

    for (;;)
    {
        AcquireSRWLockExclusive(&namespace_lock);
        /* each time: another thread may start, and even clean up, meanwhile */
        session = startup_session();
        at = live_lookups.next;
        while (at != &live_lookups && LIST_ENTRY_OF(at, struct lookup, live)->session == session)
            at = at->next;
        if (at == &live_lookups)
            break;
        TRACE("%p: ended by the last cleanup\n", LIST_ENTRY_OF(at, struct lookup, live)->handle.value);
        end_lookup(LIST_ENTRY_OF(at, struct lookup, live));
    }
    ReleaseSRWLockExclusive(&namespace_lock);
}

/* What WSANSPIoctl fails with. */
static int ioctl_error(HANDLE handle, const void *in, DWORD in_size, void *out, DWORD out_size, DWORD *returned,
                       const WSACOMPLETION *completion)
{
    BOOL found;

    AcquireSRWLockExclusive(&namespace_lock);
    found = find(handle) != NULL;
    ReleaseSRWLockExclusive(&namespace_lock);
    if (!found)
        return WSA_INVALID_HANDLE;
    if (!memory_writable(returned, sizeof(*returned)) || !memory_readable(in, in_size)
        || !memory_writable(out, out_size) || (completion && !memory_readable(completion, sizeof(*completion))))
        return WSAEFAULT;
    return WSAEOPNOTSUPP;
}

/***********************************************************************
 *              WSANSPIoctl      (WS2_32.@)
 *
 * DNS tells of no changes: SOCKET_ERROR with WSAEOPNOTSUPP, whatever `code` is; before that WSANOTINITIALISED,
 * WSA_INVALID_HANDLE, WSAEFAULT for a pointer that is no good. (MS Learn)
 */
int WINAPI own_WSANSPIoctl(HANDLE handle, DWORD code, void *in, DWORD in_size, void *out, DWORD out_size,
                           DWORD *returned, WSACOMPLETION *completion)
{
    if (!ns_ready(__builtin_return_address(0)))
        return fail("ioctl", handle, WSANOTINITIALISED);
    return fail("ioctl", handle, ioctl_error(handle, in, in_size, out, out_size, returned, completion));
}
