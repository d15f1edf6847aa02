/*
 * GetAddrInfoExW and its cancel: alone knows in which state an operation is, and gives each exactly one completion.
 *
 *     PENDING --answer, timeout, cancel, last cleanup: whichever is first--> OVER --> event set, or routine called
 *
 * The step, with all that is written of the caller's, is one critical section; the completion follows outside the
 * lock, and then nothing of the caller's is touched any more: it may free all of it in the routine, or as soon as the
 * event is set. The event is a handle of ours, since who asks without waiting may have closed its own by then.
 *
 * An operation is one piece of memory with two items of work: the lookup, and one that is done later (the timeout; or
 * the call of the routine when somebody has cancelled). It is freed when the pool has neither.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "addrinfoex.h"
#include "handles.h"

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

typedef void (CALLBACK *completion_routine)(DWORD error, DWORD size, WSAOVERLAPPED *overlapped);

struct completion                   /* what is the caller's to know */
{
    DWORD error;
    OVERLAPPED *overlapped;
    completion_routine routine;     /* NULL: the event */
    HANDLE event;                   /* ours; NULL: the caller asks */
};

struct operation
{
    struct handle handle;
    struct list live;               /* in live_operations, while it is pending */
    struct work lookup, later;
    BOOL asking, waiting;           /* the pool has `lookup`, `later` */
    volatile BOOL over;
    BOOL owed;                      /* over, and `later` is to complete it */
    unsigned int session;           /* of startup.c's */
    unsigned int submitted;         /* as now() */
    struct completion completion;
    ADDRINFOEXW **result;
    struct addrinfo_question question;
    WCHAR text[];
};

struct timed                        /* a call that waits, with a timeout */
{
    struct errand errand;
    int error;
    ADDRINFOEXW *list;
    struct addrinfo_question question;
    WCHAR text[];
};

static SRWLOCK addrinfo_lock = SRWLOCK_INIT;    /* guards all below, and the operations */
static struct handles handles;                  /* of pending operations */
static struct list live_operations = LIST_INIT(live_operations);

/* Milliseconds, for traces alone. */
static unsigned int now(void)
{
    return TRACE_ON(wsasync) ? debug_milliseconds() : 0;
}

static struct operation *operation_of(struct handle *handle)
{
    return LIST_ENTRY_OF(handle, struct operation, handle);
}

/* With addrinfo_lock held. */
static void free_unless_used(struct operation *operation)
{
    if (!operation->asking && !operation->waiting)
        memory_free(operation);
}

/* The step to OVER, with addrinfo_lock held: what is the caller's is written, the handle retired. Memory that has gone
 * meanwhile is left alone; without a place for the list the error is WSAEFAULT. FALSE: the list is still ours. */
static BOOL end(struct operation *operation, DWORD error, ADDRINFOEXW *list)
{
    struct completion *completion = &operation->completion;
    BOOL given = FALSE;

    if (memory_writable(operation->result, sizeof(*operation->result)))
    {
        *operation->result = list;
        given = TRUE;
    }
    else if (!error)
        error = WSAEFAULT;
    completion->error = error;
    if (memory_writable(completion->overlapped, sizeof(*completion->overlapped)))
    {
        completion->overlapped->Pointer = operation->result;
        MemoryBarrier();            /* who asks without waiting may free all of it when this is written */
        *(volatile ULONG_PTR *)&completion->overlapped->Internal = error;
    }
    operation->over = TRUE;
    handles_remove(&handles, &operation->handle);
    list_remove(&operation->live);
    TRACE("operation %p over after %u ms, error %lu\n", operation->handle.value, now() - operation->submitted, error);
    return given;
}

/* Nothing of the operation is used: it may be gone, and `completion` is a copy. */
static void complete(const struct completion *completion)
{
    if (completion->routine)
        completion->routine(completion->error, 0, completion->overlapped);
    else if (completion->event)
    {
        SetEvent(completion->event);
        CloseHandle(completion->event);
    }
}

/* The lookup of an operation that was pending until now, addrinfo_lock held: taken from the queue, or left to its
 * worker. */
static void leave_lookup(struct operation *operation)
{
    if (pool_withdraw(&operation->lookup))
    {
        TRACE("%s: not asked, nobody waits for it any more\n", debugstr_question(&operation->question));
        operation->asking = FALSE;
    }
    else
    {
        TRACE("%s: nobody waits for it any more\n", debugstr_question(&operation->question));
        pool_abandon(&operation->lookup);
    }
}

/* With addrinfo_lock held. FALSE: a worker has the timeout already, and will see that it comes too late. */
static BOOL withdraw_timeout(struct operation *operation)
{
    if (operation->waiting && pool_withdraw(&operation->later))
        operation->waiting = FALSE;
    return !operation->waiting;
}

/* Ends a pending operation from a thread of the program's, addrinfo_lock held; it may be gone afterwards. In
 * `completion` what that thread is to do when it has let go of the lock: the routine is only called by workers. */
static void give_up(struct operation *operation, struct completion *completion)
{
    end(operation, WSA_E_CANCELLED, NULL);
    *completion = operation->completion;
    completion->routine = NULL;
    if (withdraw_timeout(operation) && operation->completion.routine)
    {
        /* while the pool still has the lookup, so that a worker stays */
        operation->waiting = TRUE;
        pool_queue_after(&operation->later, 0);
    }
    operation->owed = operation->completion.routine != NULL;
    leave_lookup(operation);
    free_unless_used(operation);
}

/* Its time is over, or its routine to be called. */
static void run_later(struct work *work)
{
    struct operation *operation = LIST_ENTRY_OF(work, struct operation, later);
    struct completion completion;
    BOOL owed;

    lock_exclusive(&addrinfo_lock);
    operation->waiting = FALSE;
    if (!(owed = operation->owed) && !operation->over)
    {
        TRACE("operation %p timed out\n", operation->handle.value);
        end(operation, WSAETIMEDOUT, NULL);
        leave_lookup(operation);
        owed = TRUE;
    }
    completion = operation->completion;
    free_unless_used(operation);
    ReleaseSRWLockExclusive(&addrinfo_lock);
    if (owed)
        complete(&completion);
}

static void run_lookup(struct work *work)
{
    struct operation *operation = LIST_ENTRY_OF(work, struct operation, lookup);
    struct completion completion;
    ADDRINFOEXW *list = NULL;
    BOOL first, given = FALSE;
    int error = 0;

    if (!operation->over)
    {
        TRACE("operation %p: running\n", operation->handle.value);
        error = addrinfo_ask(&operation->question, &list);
    }

    lock_exclusive(&addrinfo_lock);
    if ((first = !operation->over))
    {
        TRACE("operation %p: answered, error %d\n", operation->handle.value, error);
        given = end(operation, error, list);
        withdraw_timeout(operation);
    }
    else
        TRACE("%s: late result dropped, error %d\n", debugstr_question(&operation->question), error);
    completion = operation->completion;
    operation->asking = FALSE;
    free_unless_used(operation);
    ReleaseSRWLockExclusive(&addrinfo_lock);

    if (list && !given)
        platform.FreeAddrInfoExW(list);
    if (first)
        complete(&completion);
}

/* Begins an operation that was allocated and has a worker reserved. Returns 0 or WSANOTINITIALISED. */
static int begin(struct operation *operation, HANDLE *handle, DWORD ms)
{
    int error = 0;

    lock_exclusive(&addrinfo_lock);
    /* in this order: a start in between makes it one of the session before, and it is cancelled with that */
    operation->session = startup_session();
    if (!startup_done())
        error = WSANOTINITIALISED;
    else
    {
        handles_add(&handles, &operation->handle);
        list_add_before(&live_operations, &operation->live);
        operation->submitted = now();
        if (handle)
            *handle = operation->handle.value;
        operation->completion.overlapped->Internal = WSAEINPROGRESS;
        TRACE("operation %p queued: %s, %s\n", operation->handle.value, debugstr_question(&operation->question),
              operation->completion.routine ? "with a routine"
              : operation->completion.event ? "with an event" : "to be asked for");
        operation->asking = TRUE;
        pool_queue(&operation->lookup, LANE_NETWORK);
        if (ms != INFINITE)
        {
            operation->waiting = TRUE;
            pool_queue_after(&operation->later, ms);
        }
    }
    ReleaseSRWLockExclusive(&addrinfo_lock);
    return error;
}

/* Returns 0, the operation is under way, or the error. */
static int submit(const struct addrinfo_question *question, DWORD ms, ADDRINFOEXW **result, OVERLAPPED *overlapped,
                  completion_routine routine, HANDLE *handle)
{
    HANDLE process = GetCurrentProcess(), event = NULL;
    struct operation *operation;
    int error = 0;

    if (overlapped->hEvent
        && !DuplicateHandle(process, overlapped->hEvent, process, &event, 0, FALSE, DUPLICATE_SAME_ACCESS))
        return GetLastError() == ERROR_INVALID_HANDLE ? WSA_INVALID_HANDLE : WSA_NOT_ENOUGH_MEMORY;
    if (!(operation = memory_alloc(offsetof(struct operation, text) + addrinfo_text_size(question))))
        error = WSA_NOT_ENOUGH_MEMORY;
    else if (!pool_reserve(LANE_NETWORK))
        error = WSA_NOT_ENOUGH_MEMORY;
    else
    {
        addrinfo_keep(&operation->question, operation->text, question);
        operation->lookup.run = run_lookup;
        operation->later.run = run_later;
        list_init(&operation->lookup.entry);
        list_init(&operation->later.entry);
        operation->completion.overlapped = overlapped;
        operation->completion.routine = routine;
        operation->completion.event = event;
        operation->result = result;
        if (!(error = begin(operation, handle, ms)))
            return 0;
        pool_unreserve(LANE_NETWORK);
    }
    memory_free(operation);
    if (event)
        CloseHandle(event);
    return error;
}

static void run_timed(struct errand *errand)
{
    struct timed *timed = LIST_ENTRY_OF(errand, struct timed, errand);

    timed->error = addrinfo_ask(&timed->question, &timed->list);
}

static void free_timed(struct errand *errand)
{
    struct timed *timed = LIST_ENTRY_OF(errand, struct timed, errand);

    if (timed->list)
        platform.FreeAddrInfoExW(timed->list);
    memory_free(timed);
}

/* Asks, and waits for so long. */
static int ask_for(const struct addrinfo_question *question, DWORD ms, ADDRINFOEXW **result)
{
    struct timed *timed = memory_alloc(offsetof(struct timed, text) + addrinfo_text_size(question));
    int error;

    if (!timed)
        return WSA_NOT_ENOUGH_MEMORY;
    addrinfo_keep(&timed->question, timed->text, question);
    timed->errand.run = run_timed;
    timed->errand.free = free_timed;
    TRACE("%s, for %lu ms\n", debugstr_question(&timed->question), ms);
    switch (errand_wait_for(&timed->errand, LANE_NETWORK, ms, NULL))
    {
    case FINISHED:
        if (!(error = timed->error))
        {
            *result = timed->list;
            timed->list = NULL;
        }
        break;
    case UNAVAILABLE:
        error = WSA_NOT_ENOUGH_MEMORY;
        break;
    default:
        return WSAETIMEDOUT;
    }
    free_timed(&timed->errand);
    return error;
}

/* All arguments but the question's; `result` is good. Returns what GetAddrInfoExW does. */
static int ask(const struct addrinfo_question *question, ADDRINFOEXW **result, const struct timeval *timeout,
               OVERLAPPED *overlapped, completion_routine routine, HANDLE *handle)
{
    int error;
    DWORD ms;

    if ((error = addrinfo_check_timeout(timeout, &ms)))
        return error;
    if (!overlapped)
    {
        /* in some DllMain no worker starts; during process shutdown there is none */
        if (ms == INFINITE || loader_locked() || process_ending() || !addrinfo_needs_server(question))
            return addrinfo_ask(question, result);
        return ask_for(question, ms, result);
    }
    if (process_ending())
        return WSANOTINITIALISED;
    if (!memory_writable(overlapped, sizeof(*overlapped)) || (handle && !memory_writable(handle, sizeof(*handle)))
        || (routine && !memory_executable(routine)))
        return WSAEFAULT;
    if (routine && overlapped->hEvent)
        return WSAEINVAL;
    error = submit(question, ms, result, overlapped, routine, handle);
    return error ? error : WSA_IO_PENDING;
}

/***********************************************************************
 *              GetAddrInfoExW      (WS2_32.@)
 *
 * Any pointers. Without `overlapped` the caller waits, at most for `timeout`; `routine` and `handle` are then nothing.
 * With it WSA_IO_PENDING is returned, and later, once, the event in `overlapped` is set or the routine called on a
 * thread of ours, never both, with the error in `overlapped` (see GetAddrInfoExOverlappedResult), the list in
 * `*result`, NULL on an error, and `result` itself in `overlapped`. `*handle` is for GetAddrInfoExCancel until then.
 * `*result` is NULL as soon as the call returns. What else is returned is all there is: no event, no routine.
 *
 * Returns 0, WSA_IO_PENDING, or the error, also as last error: the platform's; those of addrinfo_check();
 * WSANOTINITIALISED; WSAEFAULT, a pointer that is no good; WSAEINVAL, event and routine, or no time for a timeout;
 * WSA_INVALID_HANDLE, no such event; WSAETIMEDOUT; WSA_NOT_ENOUGH_MEMORY, also where no thread is to be had. (MS
 * Learn; observed on Windows by Wine's tests; the timeout's error is nowhere said)
 */
int WINAPI own_GetAddrInfoExW(const WCHAR *name, const WCHAR *service, DWORD name_space, GUID *provider,
                              const ADDRINFOEXW *hints, ADDRINFOEXW **result, struct timeval *timeout,
                              OVERLAPPED *overlapped, void *routine, HANDLE *handle)
{
    struct addrinfo_question question;
    BOOL writable;
    int error;

    if (platform_calls(__builtin_return_address(0)))
        return platform.GetAddrInfoExW(name, service, name_space, provider, hints, result, timeout, overlapped, routine,
                                       handle);
    if ((writable = memory_writable(result, sizeof(*result))))
        *result = NULL;
    if (!startup_done())
        error = WSANOTINITIALISED;
    else if (!writable)
        error = WSAEFAULT;
    else if (!(error = addrinfo_check(&question, name, service, name_space, provider, hints)))
        error = ask(&question, result, timeout, overlapped, routine, handle);
    if (error && error != WSA_IO_PENDING)
        WARN("error %d\n", error);
    SetLastError(error);
    return error;
}

/***********************************************************************
 *              GetAddrInfoExCancel      (WS2_32.@)
 *
 * `handle` points to what GetAddrInfoExW gave; any pointer, any value, any thread. Returns 0: the operation was
 * pending, and completes now, with WSA_E_CANCELLED; its event is set before this returns, its routine is called by a
 * thread of ours. WSA_INVALID_HANDLE: it is over, or there never was such a one. Never waits. (MS Learn)
 */
int WINAPI own_GetAddrInfoExCancel(HANDLE *handle)
{
    struct completion completion;
    struct handle *found;
    HANDLE value;

    if (process_ending() || !memory_readable(handle, sizeof(*handle)))
        return WSA_INVALID_HANDLE;
    value = *handle;
    lock_exclusive(&addrinfo_lock);
    if ((found = handles_find(&handles, value)))
    {
        TRACE("operation %p cancelled by thread %#lx\n", value, GetCurrentThreadId());
        give_up(operation_of(found), &completion);
    }
    ReleaseSRWLockExclusive(&addrinfo_lock);
    if (!found)
    {
        TRACE("%p: not pending\n", value);
        return WSA_INVALID_HANDLE;
    }
    complete(&completion);
    return 0;
}

/***********************************************************************
 *              GetAddrInfoExOverlappedResult      (WS2_32.@)
 *
 * The error of an operation, 0 or WSAEINPROGRESS; WSAEINVAL where there is nothing to read, NULL included. Leaves the
 * last error. (MS Learn; observed on Windows)
 */
int WINAPI own_GetAddrInfoExOverlappedResult(OVERLAPPED *overlapped)
{
    if (!memory_readable(overlapped, sizeof(*overlapped)))
        return WSAEINVAL;
    return *(volatile ULONG_PTR *)&overlapped->Internal;
}

/* Winsock was cleaned up for the last time: what is pending from before completes with WSA_E_CANCELLED, as by cancel.
 * Not during process shutdown. */
void addrinfo_close(void)
{
    struct completion completion;
    unsigned int session;
    struct list *at;

    for (;;)
    {
        lock_exclusive(&addrinfo_lock);
        /* each time: another thread may start, and even clean up, meanwhile */
        session = startup_session();
        at = live_operations.next;
        while (at != &live_operations && LIST_ENTRY_OF(at, struct operation, live)->session == session)
            at = at->next;
        if (at == &live_operations)
            break;
        TRACE("operation %p cancelled at the last cleanup\n", LIST_ENTRY_OF(at, struct operation, live)->handle.value);
        give_up(LIST_ENTRY_OF(at, struct operation, live), &completion);
        ReleaseSRWLockExclusive(&addrinfo_lock);
        complete(&completion);
    }
    ReleaseSRWLockExclusive(&addrinfo_lock);
}
