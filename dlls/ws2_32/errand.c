/*
 * A call that the platform can only make blocking, made by a worker while the thread that wants it waits: with its hook, or
 * for so long, or until somebody cancels. If that gives up, the worker finishes alone. Knows nothing of what the call is.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

#define AT_ONCE_MS 10               /* what is done by then need not be waited for with a hook */

static SRWLOCK errands_lock = SRWLOCK_INIT;     /* guards `began`, `over` and `left` of all errands */

static void destroy(struct errand *errand)
{
    CloseHandle(errand->pending.done);
    errand->free(errand);
}

static void run(struct work *work)
{
    struct errand *errand = LIST_ENTRY_OF(work, struct errand, work);
    BOOL left;

    AcquireSRWLockExclusive(&errands_lock);
    left = errand->left;
    errand->began = !left;
    ReleaseSRWLockExclusive(&errands_lock);
    if (!left)
    {
        errand->run(errand);

        AcquireSRWLockExclusive(&errands_lock);
        errand->over = TRUE;
        if (!(left = errand->left))
            SetEvent(errand->pending.done);
        ReleaseSRWLockExclusive(&errands_lock);
    }
    if (left)
        destroy(errand);
}

/* What becomes of an errand that nobody waits for any more. */
static enum fate { RAN, LEFT, NEVER_BEGAN } leave(struct errand *errand)
{
    BOOL withdrawn = FALSE;
    enum fate fate = LEFT;

    AcquireSRWLockExclusive(&errands_lock);
    if (errand->over)
        fate = RAN;
    else
    {
        errand->left = TRUE;
        if (errand->began)
            pool_abandon(&errand->work);
        else
        {
            fate = NEVER_BEGAN;
            if (errand->instead)
                errand->instead(errand);
            withdrawn = pool_withdraw(&errand->work);
        }
    }
    ReleaseSRWLockExclusive(&errands_lock);
    if (withdrawn)
        destroy(errand);
    return fate;
}

/* For pending.abandon, where the owner has more to give up. */
BOOL errand_abandon(struct pending *pending)
{
    struct errand *errand = LIST_ENTRY_OF(pending, struct errand, pending);

    if (leave(errand) == RAN)
        destroy(errand);
    return TRUE;
}

/* Has errand->run() run on a worker of `lane`. FALSE: nothing was done. */
static BOOL begin(struct errand *errand, enum lane lane)
{
    if (!(errand->pending.done = CreateEventW(NULL, TRUE, FALSE, NULL)))
        return FALSE;
    if (!pool_reserve(lane))
    {
        CloseHandle(errand->pending.done);
        return FALSE;
    }
    if (!errand->pending.abandon)
        errand->pending.abandon = errand_abandon;
    errand->work.run = run;
    pool_queue(&errand->work, lane);
    return TRUE;
}

/* After the wait: FINISHED, the errand is the caller's; or `outcome`, it no longer is. */
static enum outcome end(struct errand *errand, enum outcome outcome)
{
    if (outcome != FINISHED && leave(errand) != RAN)
        return outcome;
    /* the worker sets the event with the lock held, and then lets go */
    AcquireSRWLockExclusive(&errands_lock);
    ReleaseSRWLockExclusive(&errands_lock);
    CloseHandle(errand->pending.done);
    return FINISHED;
}

/* Has errand->run() run on a worker of `lane`, and waits with the thread's hook. FINISHED: it was run, the errand is the
 * caller's to free. CANCELLED: it is no longer the caller's; if it had not begun, errand->instead() was called for it.
 * UNAVAILABLE: nothing was done. */
enum outcome errand_wait(struct thread *thread, struct errand *errand, enum lane lane)
{
    enum outcome outcome = FINISHED;

    if (!begin(errand, lane))
        return UNAVAILABLE;
    if (WaitForSingleObject(errand->pending.done, AT_ONCE_MS) != WAIT_OBJECT_0)
        outcome = blocking_wait(thread, &errand->pending, INFINITE);
    return end(errand, outcome) == FINISHED ? FINISHED : CANCELLED;
}

/* The same without a hook, for `ms` milliseconds at most, and until the event `cancel`, which may be NULL, is set. Also
 * TIMED_OUT, which is as CANCELLED. A worker runs it itself, to its end: it keeps a place in its lane, and if many of them
 * waited for more, there would be none. */
enum outcome errand_wait_for(struct errand *errand, enum lane lane, DWORD ms, HANDLE cancel)
{
    HANDLE events[2];

    if (pool_is_worker())
    {
        errand->run(errand);
        return FINISHED;
    }
    if (!begin(errand, lane))
        return UNAVAILABLE;
    events[0] = errand->pending.done;
    events[1] = cancel;
    switch (WaitForMultipleObjects(cancel ? 2 : 1, events, FALSE, ms))
    {
    case WAIT_OBJECT_0:
        return end(errand, FINISHED);
    case WAIT_TIMEOUT:
        return end(errand, TIMED_OUT);
    default:
        return end(errand, CANCELLED);
    }
}
