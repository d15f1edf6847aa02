/*
 * Task handles and the life of a request: alone knows in which state one is, and gives each exactly one outcome.
 *
 *     PENDING --answer copied--> POSTING --posted, or can never be--> over, WSAEALREADY
 *        |                        |   ^
 *        | cancel: 0       failed |   | its time has come
 *        v                        v   |
 *      over <--cancel: 0------- REPOST
 *
 * Copying the answer into the caller's buffer and the step to POSTING are one critical section, so a request that was
 * cancelled before it is never written. The post itself runs outside the lock; a cancel that meets it waits for it,
 * and for nothing else. A thread that is posting (a post routine of the program's that calls us) never waits.
 *
 * Requests with the same query share a lookup as long as one of them is pending on it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define HANDLE_MAX 0xffff           /* handles are 1 to HANDLE_MAX: 16-bit programs get them in 16 bits */
#define LOOKUP_BUCKETS 0x10000
#define MAX_REFUSALS 10             /* posts to a window that may refuse us for ever: about 2 s */

enum state
{
    PENDING,
    POSTING,
    REPOST,
    DEAD                            /* over while a worker had it: that worker frees it */
};

struct request
{
    struct list live;               /* in live_requests */
    struct list entry;              /* PENDING: in its lookup's requesters; POSTING: in posting_requests */
    struct lookup *lookup;          /* PENDING */
    struct work repost;             /* REPOST */
    ULONGLONG serial;               /* never used twice, unlike the handle */
    HWND hwnd;
    UINT msg;
    char *buf;
    int size;                       /* of buf, bytes */
    WORD handle;
    BYTE state;
    BOOL settled;                   /* cancel has said WSAEALREADY before the post succeeded: no later cancel may say 0 */
    BOOL closed;                    /* POSTING at the last cleanup: a failed post is not repeated */
    DWORD poster;                   /* POSTING: the thread */
    BOOL *canceller;                /* POSTING: set TRUE instead of re-posting; the first cancel that waits */
    unsigned int tries, refusals;
    unsigned int submitted;         /* as now() */
    LPARAM reply;
};

struct lookup
{
    struct work work;
    struct list requesters;
    struct list bucket;             /* in lookups[], as long as others may join */
    volatile unsigned int began;    /* to run, until then to wait, as now(); its worker writes it without the lock */
    struct query query;             /* cut to its size */
};

static SRWLOCK requests_lock = SRWLOCK_INIT;    /* guards all below, and the requests and lookups */
static CONDITION_VARIABLE post_ended = CONDITION_VARIABLE_INIT;
static volatile BOOL accepting;                 /* between the first start and the last cleanup */
static ULONGLONG last_serial;
static struct list live_requests = LIST_INIT(live_requests);
static struct list posting_requests = LIST_INIT(posting_requests);
static struct list lookups[LOOKUP_BUCKETS];

static struct request *requests[HANDLE_MAX + 1];
static WORD freed[HANDLE_MAX + 1];              /* ring of handles to be issued again, oldest first */
static unsigned int freed_first, freed_count;
static unsigned int issued;                     /* handles 1 to `issued` have been issued at least once */

/* Milliseconds, for traces alone. */
static unsigned int now(void)
{
    return TRACE_ON(wsasync) ? debug_milliseconds() : 0;
}

/* There must be one left. */
static WORD handle_issue(void)
{
    WORD handle;

    if (issued < HANDLE_MAX)
        return ++issued;
    handle = freed[freed_first];
    freed_first = (freed_first + 1) % ARRAYSIZE(freed);
    freed_count--;
    return handle;
}

static void handle_free(WORD handle)
{
    requests[handle] = NULL;
    freed[(freed_first + freed_count) % ARRAYSIZE(freed)] = handle;
    freed_count++;
}

static struct list *bucket_of(const struct query *query)
{
    const unsigned char *byte = (const unsigned char *)query, *end = byte + query_size(query);
    unsigned int hash = 2166136261u;
    struct list *bucket;

    while (byte < end)
        hash = (hash ^ *byte++) * 16777619u;
    bucket = &lookups[(hash ^ hash >> 16) % LOOKUP_BUCKETS];
    if (!bucket->next)
        list_init(bucket);
    return bucket;
}

static struct lookup *find_lookup(struct list *bucket, const struct query *query)
{
    size_t size = query_size(query);
    struct list *at;

    for (at = bucket->next; at != bucket; at = at->next)
    {
        struct lookup *lookup = LIST_ENTRY_OF(at, struct lookup, bucket);

        if (query_size(&lookup->query) == size && !memcmp(&lookup->query, query, size))
            return lookup;
    }
    return NULL;
}

/* The request's one outcome is settled: its handle may be issued again. */
static void retire(struct request *request)
{
    list_remove(&request->live);
    handle_free(request->handle);
}

/* Takes a pending request from its lookup; a lookup without requesters is dropped, or left to its worker. */
static void leave_lookup(struct request *request)
{
    struct lookup *lookup = request->lookup;

    list_remove(&request->entry);
    if (!list_empty(&lookup->requesters))
        return;
    list_remove(&lookup->bucket);
    if (pool_withdraw(&lookup->work))
    {
        TRACE("%s: not asked, nobody waits for it any more\n", debugstr_query(&lookup->query));
        memory_free(lookup);
    }
    else
    {
        TRACE("%s: running %u ms, nobody waits for it any more\n", debugstr_query(&lookup->query), now() - lookup->began);
        pool_abandon(&lookup->work);
    }
}

/* Ends a request that is pending or waits to be re-posted: no message, no write. */
static void drop(struct request *request)
{
    retire(request);
    if (request->state == PENDING)
        leave_lookup(request);
    else if (!pool_withdraw(&request->repost))
    {
        request->state = DEAD;
        return;
    }
    memory_free(request);
}

/* Whether this thread is inside a post, so that waiting for another post could be waiting for itself. */
static BOOL is_posting(void)
{
    DWORD thread = GetCurrentThreadId();
    struct list *at;

    for (at = posting_requests.next; at != &posting_requests; at = at->next)
    {
        if (LIST_ENTRY_OF(at, struct request, entry)->poster == thread)
            return TRUE;
    }
    return FALSE;
}

/* Posts, once. Called and left with requests_lock held, not held meanwhile. The request may be gone afterwards. */
static void post(struct request *request)
{
    enum delivery result;
    BOOL again;

    request->state = POSTING;
    request->poster = GetCurrentThreadId();
    list_add_before(&posting_requests, &request->entry);
    ReleaseSRWLockExclusive(&requests_lock);

    result = deliver(request->hwnd, request->msg, request->handle, request->reply);

    lock_exclusive(&requests_lock);
    list_remove(&request->entry);
    if (result == DELIVERY_REFUSED && ++request->refusals > MAX_REFUSALS)
        result = DELIVERY_IMPOSSIBLE;
    again = !request->closed && (result == DELIVERY_LATER || result == DELIVERY_REFUSED);
    if (again && request->canceller && !request->settled)
    {
        *request->canceller = TRUE;
        again = FALSE;
    }
    request->canceller = NULL;
    if (again)
    {
        TRACE("request %#06x will be posted again\n", request->handle);
        request->state = REPOST;
        pool_queue_after(&request->repost, deliver_delay(request->tries++));
    }
    else
    {
        TRACE("request %#06x over after %u ms, %s\n", request->handle, now() - request->submitted,
              result == DELIVERED ? "posted" : "not posted");
        retire(request);
        memory_free(request);
    }
    WakeAllConditionVariable(&post_ended);
}

static void repost(struct work *work)
{
    struct request *request = LIST_ENTRY_OF(work, struct request, repost);

    deliver_prepare();
    lock_exclusive(&requests_lock);
    if (request->state == DEAD)
        memory_free(request);
    else
        post(request);
    ReleaseSRWLockExclusive(&requests_lock);
}

/* The message's lParam, after the answer was copied into the buffer as far as it goes. */
static LPARAM copy_out(struct request *request, const struct answer *answer)
{
    size_t size = request->size < 0 ? 0 : request->size, needed = answer->needed;
    int error = answer->error;

    if (!error)
    {
        if (!memory_writable(request->buf, min(size, needed)))
        {
            error = WSAEFAULT;
            needed = 0;
        }
        else if ((needed = lookup_copy(answer, request->buf, size)) > size)
            error = WSAENOBUFS;
    }
    return WSAMAKEASYNCREPLY(min(needed, 0xffff), error);
}

static void run_lookup(struct work *work)
{
    struct lookup *lookup = LIST_ENTRY_OF(work, struct lookup, work);
    struct answer answer;

    TRACE("%s: running\n", debugstr_query(&lookup->query));
    lookup->began = now();
    lookup_ask(&lookup->query, &answer);
    deliver_prepare();

    lock_exclusive(&requests_lock);
    TRACE("%s: %s after %u ms, error %d\n", debugstr_query(&lookup->query),
          list_empty(&lookup->requesters) ? "late result dropped" : "answered", now() - lookup->began, answer.error);
    list_remove(&lookup->bucket);
    while (!list_empty(&lookup->requesters))
    {
        struct request *request = LIST_ENTRY_OF(lookup->requesters.next, struct request, entry);

        list_remove(&request->entry);
        request->reply = copy_out(request, &answer);
        post(request);
    }
    ReleaseSRWLockExclusive(&requests_lock);
    lookup_release(&answer);
    memory_free(lookup);
}

/* Puts a request on a lookup, requests_lock held; says in `joined` whether that is already under way. Returns 0 or a
 * Winsock error. */
static int add_to_lookup(struct request *request, const struct query *query, BOOL *joined)
{
    struct list *bucket = bucket_of(query);
    struct lookup *lookup = find_lookup(bucket, query);

    if (!(*joined = lookup != NULL))
    {
        if (!(lookup = memory_alloc(offsetof(struct lookup, query) + query_size(query))))
            return WSAEWOULDBLOCK;
        lookup->work.run = run_lookup;
        list_init(&lookup->requesters);
        list_add_before(bucket, &lookup->bucket);
        lookup->began = now();
        memcpy(&lookup->query, query, query_size(query));
    }
    list_add_before(&lookup->requesters, &request->entry);
    request->lookup = lookup;
    return 0;
}

/* Makes a request of `query`: its handle in `*handle`, its answer in the `size` bytes at `buf` (any pointer, any size),
 * its message `msg` to `hwnd`, both anything. Returns 0, WSANOTINITIALISED, or WSAEWOULDBLOCK when there is no memory,
 * no thread or no handle left. The handle is valid before the first message can come. Success leaves the last error. */
int request_submit(HWND hwnd, UINT msg, char *buf, int size, const struct query *query, WORD *handle)
{
    enum lane lane = query_lane(query);
    DWORD last_error = GetLastError();
    struct request *request;
    BOOL joined = FALSE;
    int error = 0;

    if (process_ending())
        return WSAEWOULDBLOCK;
    if (!accepting)
        return WSANOTINITIALISED;
    if (!pool_reserve(lane))
        return WSAEWOULDBLOCK;
    if (!(request = memory_alloc(sizeof(*request))))
    {
        pool_unreserve(lane);
        return WSAEWOULDBLOCK;
    }
    request->hwnd = hwnd;
    request->msg = msg;
    request->buf = buf;
    request->size = size;
    request->state = PENDING;
    request->repost.run = repost;
    list_init(&request->repost.entry);

    lock_exclusive(&requests_lock);
    if (!accepting)
        error = WSANOTINITIALISED;
    else if (issued == HANDLE_MAX && !freed_count)
        error = WSAEWOULDBLOCK;
    else if (!(error = add_to_lookup(request, query, &joined)))
    {
        request->handle = handle_issue();
        request->serial = ++last_serial;
        requests[request->handle] = request;
        list_add_before(&live_requests, &request->live);
        *handle = request->handle;
        request->submitted = now();
        TRACE("request %#06x %s: %s\n", request->handle, joined ? "joins the lookup" : "queued", debugstr_query(query));
        if (!joined)
            pool_queue(&request->lookup->work, lane);
    }
    ReleaseSRWLockExclusive(&requests_lock);

    if (error || joined)
        pool_unreserve(lane);
    if (error)
        memory_free(request);
    else
        SetLastError(last_error);
    return error;
}

/* What cancel makes of a handle during process shutdown: nothing will be posted or written any more, nothing is taken. */
static int cancel_at_end(ULONG_PTR handle)
{
    const struct request *request = requests[handle];

    if (!accepting)
        return WSANOTINITIALISED;
    requests[handle] = NULL;
    if (request)
        return request->state == POSTING || request->settled ? WSAEALREADY : 0;
    return handle <= issued ? WSAEALREADY : WSAEINVAL;
}

/* Cancels the request of `handle`, any value. Returns 0: no message comes. WSAEALREADY: the message is in its queue, or
 * can never be; when a thread that was itself posting has asked, it may still be on its way there. WSAEINVAL: never issued.
 * WSANOTINITIALISED. The buffer is not touched any more. */
int request_cancel(HANDLE handle)
{
    ULONG_PTR value = (ULONG_PTR)handle;
    struct request *request;
    BOOL cancelled = FALSE;
    ULONGLONG serial;
    int error = 0;

    if (!value || value > HANDLE_MAX)
        return accepting ? WSAEINVAL : WSANOTINITIALISED;
    if (process_ending())
        return cancel_at_end(value);

    lock_exclusive(&requests_lock);
    if (!accepting)
        error = WSANOTINITIALISED;
    else if (!(request = requests[value]))
        error = value <= issued ? WSAEALREADY : WSAEINVAL;
    else
    {
        serial = request->serial;
        while (request && request->serial == serial && request->state == POSTING && !is_posting())
        {
            if (!request->canceller && !request->settled)
                request->canceller = &cancelled;
            SleepConditionVariableSRW(&post_ended, &requests_lock, INFINITE, 0);
            request = requests[value];
        }
        if (cancelled)
            TRACE("request %#06Ix cancelled by thread %#lx, its post failed\n", value, GetCurrentThreadId());
        else if (!request || request->serial != serial || request->settled)
            error = WSAEALREADY;
        else if (request->state == POSTING)
        {
            request->settled = TRUE;
            error = WSAEALREADY;
        }
        else
        {
            TRACE("request %#06x cancelled after %u ms by thread %#lx, %s\n", request->handle, now() - request->submitted,
                  GetCurrentThreadId(), request->state == PENDING ? "pending" : "to be re-posted");
            drop(request);
        }
    }
    ReleaseSRWLockExclusive(&requests_lock);
    return error;
}

/* Winsock was started: requests are taken. */
void request_open(void)
{
    lock_exclusive(&requests_lock);
    accepting = TRUE;
    ReleaseSRWLockExclusive(&requests_lock);
}

/* Winsock was cleaned up: all requests end without a message, but those being posted at this moment; for them see
 * request_settle(). During process shutdown there is nobody left to end them for. */
void request_close(void)
{
    struct list *at, *next;

    if (process_ending())
    {
        accepting = FALSE;
        return;
    }
    lock_exclusive(&requests_lock);
    accepting = FALSE;
    for (at = live_requests.next; at != &live_requests; at = next)
    {
        struct request *request = LIST_ENTRY_OF(at, struct request, live);

        next = at->next;
        if (request->state == POSTING)
            request->closed = TRUE;
        else
        {
            TRACE("request %#06x dropped at the last cleanup\n", request->handle);
            drop(request);
        }
    }
    ReleaseSRWLockExclusive(&requests_lock);
}

static BOOL closed_are_posting(void)
{
    struct list *at;

    for (at = posting_requests.next; at != &posting_requests; at = at->next)
    {
        if (LIST_ENTRY_OF(at, struct request, entry)->closed)
            return TRUE;
    }
    return FALSE;
}

/* Waits until the posts that request_close() met are done; not on a thread that is posting itself. */
void request_settle(void)
{
    lock_exclusive(&requests_lock);
    while (closed_are_posting() && !is_posting())
        SleepConditionVariableSRW(&post_ended, &requests_lock, INFINITE, 0);
    ReleaseSRWLockExclusive(&requests_lock);
}
