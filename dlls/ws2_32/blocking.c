/*
 * Blocking hooks: which thread has one, the wait during which it is called, and what it may call. Knows no socket and no
 * database; a blocking call hands over an event that ends its wait.
 *
 * A thread has at most one blocking call, since from within it may make no other. All that is kept for a thread is its
 * own; no lock. A hook lasts until the process's last cleanup.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define ROUND_MS 50                 /* a hook may look at what no message tells of: so often it is called at least */

typedef BOOL (CALLBACK *blocking_hook)(void);

struct thread
{
    blocking_hook hook;             /* NULL: none */
    unsigned int session;           /* of startup.c, that the hook was set in */
    struct pending *pending;        /* what the thread waits for; NULL: it is in no blocking call */
    const char *frame;              /* on the stack, of that call */
    BOOL cancelled;
    HANDLE event;                   /* for one operation at a time */
};

static DWORD thread_slot = TLS_OUT_OF_INDEXES;
static volatile BOOL any_hook;      /* a hook has been set in this process */

/* From DllMain. */
void blocking_attach(void)
{
    thread_slot = TlsAlloc();
}

/* From DllMain, when we are unloaded: no thread is in a call of ours. */
void blocking_detach(void)
{
    TlsFree(thread_slot);
}

static struct thread *this_thread(void)
{
    DWORD error = GetLastError();
    struct thread *thread = NULL;

    if (any_hook)
    {
        thread = TlsGetValue(thread_slot);
        SetLastError(error);
    }
    return thread;
}

static struct thread *make_thread(void)
{
    struct thread *thread = TlsGetValue(thread_slot);

    if (!thread && (thread = memory_alloc(sizeof(*thread))) && !TlsSetValue(thread_slot, thread))
    {
        memory_free(thread);
        thread = NULL;
    }
    return thread;
}

/* The call that the thread was in will not return: the thread ends, or has jumped out of it. */
static void leave_call(struct thread *thread)
{
    struct pending *pending = thread->pending;

    TRACE("a blocking call is left behind\n");
    thread->pending = NULL;
    if (!pending->abandon(pending))
        blocking_give_event(thread);
}

/* From DllMain, on a thread that ends, perhaps by its hook. */
void blocking_thread_ends(void)
{
    struct thread *thread = this_thread();

    if (!thread)
        return;
    if (thread->pending)
        leave_call(thread);
    if (thread->event)
        CloseHandle(thread->event);
    TlsSetValue(thread_slot, NULL);
    memory_free(thread);
}

/* Whether the thread is in a blocking call. During process shutdown no call comes back to that. A jump that does not unwind
 * the stack is noticed here, if the stack now ends above the call. (Another stack may be a fiber's.) */
static BOOL is_blocking(struct thread *thread)
{
    const char *here = __builtin_frame_address(0);

    if (!thread || !thread->pending || process_ending())
        return FALSE;
    if (here < thread->frame || !memory_together(here, thread->frame))
        return TRUE;
    leave_call(thread);
    return FALSE;
}

/* Called when the stack of call_hook() is unwound: an exception that is caught outside the blocking call, or longjmp. */
static __attribute__((used)) EXCEPTION_DISPOSITION __cdecl hook_unwound(EXCEPTION_RECORD *record, void *frame,
                                                                       CONTEXT *context, void *dispatch)
{
    struct thread *thread = this_thread();

    if (record->ExceptionFlags & (EXCEPTION_UNWINDING | EXCEPTION_EXIT_UNWIND) && thread && thread->pending)
        leave_call(thread);
    return ExceptionContinueSearch;
}

/* The compiler has no words for either. */
static __attribute__((noinline)) BOOL call_hook(blocking_hook hook)
{
    volatile BOOL again;
#ifdef __x86_64__
    __asm__ volatile(".seh_handler hook_unwound, @unwind");
    again = hook();
#else
    struct
    {
        void *previous;
        void *handler;
    } volatile registration = {NULL, (void *)hook_unwound};

    __asm__ volatile("movl %%fs:0, %0" : "=r" (registration.previous));
    __asm__ volatile("movl %0, %%fs:0" : : "r" (&registration) : "memory");
    again = hook();
    __asm__ volatile("movl %0, %%fs:0" : : "r" (registration.previous) : "memory");
#endif
    return again;
}

/* Whether a call from `return_address` fails with WSAEINPROGRESS: any on a thread that is in a blocking call (Winsock 1.1),
 * but not those of the platform's DLLs, which know nothing of hooks. */
BOOL WINAPI blocking_refuses(const void *return_address)
{
    return is_blocking(this_thread()) && !platform_calls(return_address);
}

/* The calling thread if a call that it makes from `return_address`, and that may block, is to be made with its hook; NULL
 * for the plain call. Under the loader's lock no worker can start, and a hook would run inside some DllMain. */
struct thread *blocking_thread(const void *return_address)
{
    struct thread *thread = this_thread();

    if (!thread || !thread->hook || thread->session != startup_session() || thread->pending || process_ending()
        || loader_locked() || platform_calls(return_address))
        return NULL;
    return thread;
}

/* The thread's event, not set, for one operation; NULL if there is none to be had. */
HANDLE blocking_event(struct thread *thread)
{
    if (thread->event)
        ResetEvent(thread->event);
    else
        thread->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    return thread->event;
}

/* The event belongs to an operation that could not be ended; the thread gets a new one. */
void blocking_give_event(struct thread *thread)
{
    thread->event = NULL;
}

/* Calls the hook while the event of `pending` is not set, for `ms` milliseconds at most, or INFINITE. Afterwards nothing
 * was done to `pending`: what is not FINISHED is the caller's to end. CANCELLED also when another thread has ended
 * Winsock. (the loop: Winsock 1.1; the waits: observed) */
enum outcome blocking_wait(struct thread *thread, struct pending *pending, DWORD ms)
{
    ULONGLONG start = GetTickCount64(), passed;
    /* once Winsock was ended and started again, the hook may set another */
    unsigned int session = thread->session;
    blocking_hook hook = thread->hook;
    enum outcome outcome;

    TRACE("waiting, hook %p\n", hook);
    thread->frame = __builtin_frame_address(0);
    thread->cancelled = FALSE;
    thread->pending = pending;
    for (;;)
    {
        BOOL again;

        /* before the hook looks into the queue, so that what comes after its look ends the wait */
        input_forget();
        again = call_hook(hook);
        if (thread->cancelled || session != startup_session())
        {
            outcome = CANCELLED;
            break;
        }
        if (WaitForSingleObject(pending->done, 0) == WAIT_OBJECT_0)
        {
            outcome = FINISHED;
            break;
        }
        passed = ms == INFINITE ? 0 : GetTickCount64() - start;
        if (passed >= ms)
        {
            outcome = TIMED_OUT;
            break;
        }
        if (!again && input_wait(pending->done, min(ROUND_MS, ms - passed), pending->alertable) == WAIT_OBJECT_0)
        {
            outcome = FINISHED;
            break;
        }
    }
    thread->pending = NULL;
    TRACE("%s\n", outcome == FINISHED ? "finished" : outcome == CANCELLED ? "cancelled" : "timed out");
    return outcome;
}

/* What stands for "no hook". A program may call it, as the previous hook: takes one message. (Winsock 1.1) */
static BOOL CALLBACK default_hook(void)
{
    return input_dispatch_one();
}

/* Sets the calling thread's hook. Returns 0 and the hook before, or an error. */
static int set_hook(blocking_hook hook, blocking_hook *previous)
{
    struct thread *thread;
    unsigned int session = 0;
    int error = startup_allows_hooks();

    if (error)
        return error;
    /* code on a heap need not look executable: that it can be read is what Windows asks (ReactOS) */
    if (!memory_readable(hook, 1))
        return WSAEFAULT;
    if (hook == default_hook && !this_thread())
    {
        *previous = default_hook;
        return 0;
    }
    if (!platform_pin_self() || !(thread = make_thread()))
        return WSAENOBUFS;
    any_hook = TRUE;
    if ((error = startup_use_hooks(&session)))
        return error;
    *previous = thread->hook && thread->session == session ? thread->hook : default_hook;
    thread->hook = hook == default_hook ? NULL : hook;
    thread->session = session;
    return 0;
}

/***********************************************************************
 *              WSASetBlockingHook      (WS2_32.109)
 *
 * Returns the calling thread's hook before, that of no hook if it had none; NULL: WSANOTINITIALISED, WSAEOPNOTSUPP for a
 * process of version 2, WSAEINPROGRESS inside a blocking call, WSAEFAULT for what cannot be called, WSAENOBUFS. (Winsock
 * 1.1; no default hook that pumps: its preemptive Windows; WSAEOPNOTSUPP, WSAEFAULT: ReactOS)
 */
FARPROC WINAPI own_WSASetBlockingHook(FARPROC hook)
{
    blocking_hook previous = NULL;
    int error = process_ending() ? WSANOTINITIALISED : set_hook((blocking_hook)(void *)hook, &previous);

    TRACE("%p: error %d, previous %p\n", hook, error, previous);
    if (error)
        SetLastError(error);
    return (FARPROC)(void *)previous;
}

/***********************************************************************
 *              WSAUnhookBlockingHook      (WS2_32.110)
 *
 * The calling thread has no hook any more. Returns 0; SOCKET_ERROR: WSANOTINITIALISED, WSAEOPNOTSUPP, WSAEINPROGRESS.
 */
int WINAPI own_WSAUnhookBlockingHook(void)
{
    struct thread *thread = this_thread();
    int error = startup_allows_hooks();

    TRACE("error %d\n", error);
    if (error)
    {
        SetLastError(error);
        return SOCKET_ERROR;
    }
    if (thread)
        thread->hook = NULL;
    return 0;
}

/***********************************************************************
 *              WSAIsBlocking      (WS2_32.114)
 *
 * Whether the calling thread is in a blocking call, so that this is its hook that asks. At any time; cannot fail.
 */
BOOL WINAPI own_WSAIsBlocking(void)
{
    return is_blocking(this_thread());
}

/***********************************************************************
 *              WSACancelBlockingCall      (WS2_32.113)
 *
 * From a hook: the call that it runs in will fail with WSAEINTR, unless it has finished by then. Returns 0; SOCKET_ERROR:
 * WSANOTINITIALISED, WSAEOPNOTSUPP, WSAEINVAL if the thread is in no blocking call. (Winsock 1.1; ReactOS)
 */
int WINAPI own_WSACancelBlockingCall(void)
{
    struct thread *thread = this_thread();
    int error = startup_allows_hooks();

    if (!error && !is_blocking(thread))
        error = WSAEINVAL;
    TRACE("error %d\n", error);
    if (error)
    {
        SetLastError(error);
        return SOCKET_ERROR;
    }
    thread->cancelled = TRUE;
    return 0;
}
