/*
 * The worker pool: runs items of work in two lanes, each with threads of its own, so that a local database never queues
 * behind the network. Knows no Winsock and nothing of what the work is.
 *
 * A submitting thread starts a worker only where its lane has none. All others are started by workers: before one turns
 * to work, which may take any time, it sees to it that another is awake, or being started. That one is the lane's spare:
 * it takes no work as long as others get on with it, for most work takes less time than the start of a thread. When
 * nothing was finished for STALL_US it takes what waits, and as many workers are started as work waits. So no work waits
 * for other work that takes long, nor for a place that a cancel frees.
 *
 * Work that nobody waits for any more but that still runs (abandoned) leaves its place to live work, up to a bound. So a
 * lane has at most
 *     places + forgiven + MAX_DELAYED + 1
 * threads. All of them end after IDLE_MS without work, and where two others had none for so long.
 *
 * The code that workers run must stay: the first of them pins the DLL.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define IDLE_MS 30000
#define ENOUGH_IDLE 2               /* workers, of those that have nothing to do */
#define START_FANOUT 2
#define STALL_US 5000
#define MAX_DELAYED 8               /* delayed work that may keep workers: it runs at once, unless it is the program's */
#define STACK_RESERVE (1024 * 1024) /* not the program's, which may be huge; Wine gives no less */

struct lane_state
{
    const unsigned int places;      /* live work that may run at once */
    const unsigned int forgiven;    /* abandoned work that takes no place, at most */
    const unsigned int brisk;       /* as much work runs at once even if it is done in no time */
    struct list queue;
    unsigned int queued;
    unsigned int running;           /* work being run, abandoned or not */
    unsigned int abandoned;
    unsigned int running_delayed;   /* delayed work being run: it takes no place */
    unsigned int workers;           /* threads at worker_main()'s loop */
    unsigned int starting;          /* threads not there yet */
    unsigned int idle;              /* workers waiting for `wake` */
    BOOL watched;                   /* the spare is one of them, and wakes to see whether the lane stalls */
    ULONGLONG progress;             /* when work was finished, or taken with none running: as now_us() */
    ULONGLONG scarce;               /* tick count when work was last begun with less than ENOUGH_IDLE workers left */
    unsigned int reserved;          /* work that is certain to be queued soon: workers stay */
    CONDITION_VARIABLE wake;
};

struct worker                       /* on its thread's stack, while it runs work from the queue */
{
    BOOL abandoned;
};

static SRWLOCK first_start_lock = SRWLOCK_INIT; /* held while a submitting thread starts its lane's first worker */
static DWORD worker_slot = TLS_OUT_OF_INDEXES;  /* not NULL for workers; made before the first starts, never freed: we are pinned */
static SRWLOCK pool_lock = SRWLOCK_INIT;        /* guards all below, and the fields of queued work */

#define LANE_INIT(lane, places, forgiven, brisk) \
    {places, forgiven, brisk, LIST_INIT(lanes[lane].queue), 0, 0, 0, 0, 0, 0, 0, FALSE, 0, 0, 0, CONDITION_VARIABLE_INIT}

/* a thread takes a megabyte of address space or two, and a 32-bit program has 2,000 */
static struct lane_state lanes[LANE_COUNT] =
{
    [LANE_LOCAL] = LANE_INIT(LANE_LOCAL, 2, 2, 1),
    [LANE_NETWORK] = LANE_INIT(LANE_NETWORK, 256, 128, 4),
};

static struct list delayed = LIST_INIT(delayed);    /* by due time */
static struct lane_state *timekeeper;               /* the lane with the one idle worker that wakes for the first of them */
static ULONGLONG timekeeper_due;                    /* when it does: one that is due later need not wake it */

static unsigned int excused(const struct lane_state *lane)
{
    return min(lane->abandoned, lane->forgiven);
}

static BOOL has_place(const struct lane_state *lane)
{
    return lane->running - excused(lane) < lane->places;
}

static ULONGLONG now_us(void)
{
    LARGE_INTEGER count, second;

    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&second);
    /* not multiplied as a whole: after ten days that is more than 64 bits */
    return count.QuadPart / second.QuadPart * 1000000 + count.QuadPart % second.QuadPart * 1000000 / second.QuadPart;
}

static BOOL stalls(const struct lane_state *lane)
{
    return now_us() - lane->progress >= STALL_US;
}

static DWORD WINAPI worker_main(void *arg);

/* The caller has counted the thread in lane->starting. */
static BOOL start_thread(struct lane_state *lane)
{
    HANDLE thread = CreateThread(NULL, STACK_RESERVE, worker_main, lane, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);

    if (thread)
        CloseHandle(thread);
    return thread != NULL;
}

/* Starts a spare beside the caller, who turns to work; where the lane stalls, some more of what it needs. Lets go of
 * pool_lock meanwhile. */
static void grow(struct lane_state *lane)
{
    unsigned int i;

    for (i = 0; i < START_FANOUT; i++)
    {
        if (lane->queued < lane->idle + lane->starting || (lane->idle + lane->starting && !stalls(lane))
            || lane->workers + lane->starting > lane->places + excused(lane) + min(lane->running_delayed, MAX_DELAYED))
            return;
        lane->starting++;
        ReleaseSRWLockExclusive(&pool_lock);
        if (start_thread(lane))
            lock_exclusive(&pool_lock);
        else
        {
            lock_exclusive(&pool_lock);
            lane->starting--;
            WARN("no thread to be had, %u wait\n", lane->queued);
            return;
        }
    }
}

/* Has an idle worker look again: at a queue, or at the time. */
static void wake_one(void)
{
    unsigned int i;

    for (i = 0; i < LANE_COUNT; i++)
    {
        if (lanes[i].idle)
        {
            WakeConditionVariable(&lanes[i].wake);
            return;
        }
    }
}

/* Whether to wake a worker for what is queued: the spare only to take it, or to watch. */
static BOOL wants_worker(const struct lane_state *lane)
{
    if (!lane->queued || !lane->idle || !has_place(lane))
        return FALSE;
    return lane->idle > 1 || lane->starting || lane->running < lane->brisk || !lane->watched;
}

/* Whether a worker with nothing to do may take from the queue, or is the spare. `worked`: it comes from work, and starts a
 * spare if there is none. */
static BOOL may_take(const struct lane_state *lane, BOOL worked)
{
    if (!lane->queued || !has_place(lane))
        return FALSE;
    return worked || lane->idle || lane->starting || lane->running < lane->brisk || stalls(lane);
}

static struct work *first_work(struct list *list)
{
    return LIST_ENTRY_OF(list->next, struct work, entry);
}

static struct work *take_due(void)
{
    struct work *work;

    if (list_empty(&delayed) || (work = first_work(&delayed))->due > GetTickCount64())
        return NULL;
    list_remove(&work->entry);
    return work;
}

static struct work *take_queued(struct lane_state *lane, BOOL worked)
{
    struct work *work;

    if (!may_take(lane, worked))
        return NULL;
    work = first_work(&lane->queue);
    list_remove(&work->entry);
    lane->queued--;
    if (!lane->running++)
        lane->progress = now_us();
    return work;
}

/* Runs work, pool_lock held before and after. */
static void run(struct lane_state *lane, struct work *work, struct worker *self)
{
    work->worker = self;
    if (wants_worker(lane))
        WakeConditionVariable(&lane->wake);
    if (!list_empty(&delayed) && !timekeeper)
        wake_one();
    if (lane->idle < ENOUGH_IDLE)
        lane->scarce = GetTickCount64();
    grow(lane);
    ReleaseSRWLockExclusive(&pool_lock);
    work->run(work);
    lock_exclusive(&pool_lock);
}

static void run_delayed(struct lane_state *lane, struct work *work)
{
    lane->running_delayed++;
    run(lane, work, NULL);
    lane->running_delayed--;
}

/* Runs one item of work. The two kinds take turns, so that neither starves the other. */
static BOOL run_one(struct lane_state *lane, BOOL due_first, BOOL worked)
{
    struct worker self = {FALSE};
    struct work *work;

    if (due_first && (work = take_due()))
        run_delayed(lane, work);
    else if ((work = take_queued(lane, worked)))
    {
        run(lane, work, &self);
        lane->running--;
        lane->progress = now_us();
        if (self.abandoned)
            lane->abandoned--;
    }
    else if (!due_first && (work = take_due()))
        run_delayed(lane, work);
    return work != NULL;
}

/* Waits for work, pool_lock held. FALSE: there has been none for so long, or too little, that the worker may end; not while
 * others are busy with nobody awake beside them. */
static BOOL wait_for_work(struct lane_state *lane)
{
    BOOL keeper = !list_empty(&delayed) && !timekeeper, watch = lane->queued && has_place(lane), woken;
    DWORD wait = IDLE_MS;

    /* they are woken in turn: as long as there is any work, none would be idle for long enough */
    if (!keeper && lane->idle >= ENOUGH_IDLE && GetTickCount64() - lane->scarce >= IDLE_MS)
        return FALSE;
    if (keeper)
    {
        ULONGLONG now = GetTickCount64(), due = first_work(&delayed)->due;

        wait = due > now ? due - now : 0;
        timekeeper = lane;
        timekeeper_due = due;
    }
    if (watch)
    {
        ULONGLONG since = now_us() - lane->progress;

        wait = min(wait, since < STALL_US ? (STALL_US - since) / 1000 + 1 : 0);
        lane->watched = TRUE;
    }
    lane->idle++;
    woken = SleepConditionVariableSRW(&lane->wake, &pool_lock, wait, 0);
    lane->idle--;
    if (watch)
        lane->watched = FALSE;
    if (keeper)
        timekeeper = NULL;
    return woken || keeper || watch || lane->queued || lane->reserved || (lane->workers > 1 && !lane->idle)
           || (!list_empty(&delayed) && !timekeeper);
}

static DWORD WINAPI worker_main(void *arg)
{
    struct lane_state *lane = arg;
    BOOL due_first = TRUE, worked;

    TRACE("worker of lane %d starts\n", (int)(lane - lanes));
    TlsSetValue(worker_slot, lane);
    lock_exclusive(&pool_lock);
    lane->starting--;
    lane->workers++;
    do
    {
        for (worked = FALSE; run_one(lane, due_first, worked); worked = TRUE)
            due_first = !due_first;
    }
    while (wait_for_work(lane));
    lane->workers--;
    ReleaseSRWLockExclusive(&pool_lock);
    TRACE("worker of lane %d ends\n", (int)(lane - lanes));
    return 0;
}

/* As pool_reserve(), but where the lane has no worker there will be none. */
BOOL pool_reserve_started(enum lane lane)
{
    struct lane_state *state = &lanes[lane];
    BOOL ready;

    lock_exclusive(&pool_lock);
    if ((ready = state->workers != 0))
        state->reserved++;
    ReleaseSRWLockExclusive(&pool_lock);
    return ready;
}

/* Makes sure of a worker for one item of work, to be queued or unreserved by the caller. FALSE: no thread to be had.
 * Starts a thread, and waits for another submitter's start, only where the lane has no worker at all. */
BOOL pool_reserve(enum lane lane)
{
    struct lane_state *state = &lanes[lane];
    BOOL ready = pool_reserve_started(lane);

    if (ready || !platform_pin_self())
        return ready;

    AcquireSRWLockExclusive(&first_start_lock);
    if (worker_slot == TLS_OUT_OF_INDEXES)
        worker_slot = TlsAlloc();
    lock_exclusive(&pool_lock);
    state->reserved++;
    if (!(ready = state->workers + state->starting != 0))
    {
        state->starting++;
        ReleaseSRWLockExclusive(&pool_lock);
        ready = start_thread(state);
        lock_exclusive(&pool_lock);
        if (!ready)
        {
            state->starting--;
            state->reserved--;
        }
    }
    ReleaseSRWLockExclusive(&pool_lock);
    ReleaseSRWLockExclusive(&first_start_lock);
    return ready;
}

/* Gives a reservation back unused. */
void pool_unreserve(enum lane lane)
{
    lock_exclusive(&pool_lock);
    lanes[lane].reserved--;
    ReleaseSRWLockExclusive(&pool_lock);
}

/* Queues work against a reservation; cannot fail. The work is the pool's until it runs or is withdrawn. */
void pool_queue(struct work *work, enum lane lane)
{
    struct lane_state *state = &lanes[lane];
    BOOL wake;

    lock_exclusive(&pool_lock);
    state->reserved--;
    work->lane = lane;
    work->due = 0;
    work->worker = NULL;
    list_add_before(&state->queue, &work->entry);
    state->queued++;
    wake = wants_worker(state);
    ReleaseSRWLockExclusive(&pool_lock);
    if (wake)
        WakeConditionVariable(&state->wake);
}

/* Has work run in `ms` milliseconds or soon after, outside the lanes' places. From a worker, or while work is queued or
 * running that cannot end before this returns: then there is a worker, and it sees to it if no other is free;
 * late, if it works itself and no thread can be started. */
void pool_queue_after(struct work *work, unsigned int ms)
{
    struct list *after;

    lock_exclusive(&pool_lock);
    work->due = GetTickCount64() + ms;
    for (after = delayed.prev; after != &delayed; after = after->prev)
    {
        if (LIST_ENTRY_OF(after, struct work, entry)->due <= work->due)
            break;
    }
    list_add_before(after->next, &work->entry);
    if (!timekeeper)
        wake_one();
    else if (work->due < timekeeper_due)
        WakeAllConditionVariable(&timekeeper->wake);
    ReleaseSRWLockExclusive(&pool_lock);
}

/* Takes back work that has not begun. FALSE: a worker has it, and will call or has called its function. */
BOOL pool_withdraw(struct work *work)
{
    BOOL queued;

    lock_exclusive(&pool_lock);
    if ((queued = !list_empty(&work->entry)))
    {
        list_remove(&work->entry);
        if (!work->due)
            lanes[work->lane].queued--;
    }
    ReleaseSRWLockExclusive(&pool_lock);
    return queued;
}

/* Nobody waits any more for work from the queue that is running: its place goes to other work, within the bound. */
void pool_abandon(struct work *work)
{
    struct lane_state *lane = &lanes[work->lane];

    lock_exclusive(&pool_lock);
    if (!work->worker->abandoned)
    {
        work->worker->abandoned = TRUE;
        lane->abandoned++;
        if (wants_worker(lane))
            WakeConditionVariable(&lane->wake);
    }
    ReleaseSRWLockExclusive(&pool_lock);
}

/* Whether the calling thread is a worker: a routine of the program's may be what it runs. Changes the last error. */
BOOL pool_is_worker(void)
{
    return worker_slot != TLS_OUT_OF_INDEXES && TlsGetValue(worker_slot);
}
