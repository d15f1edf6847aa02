/*
 * The bench's rows about lookups that are answered: what a submit costs, and how long it is until the message is there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "bench.h"

enum
{
    QUEUED = 7000, MEASURED = 1000, GAP_US = 100,
    BURST = 5000, BURST_ROUNDS = 3,
    HOST_COUNT = 2000, RESOLVERS = 5,
    SLOW_COUNT = 200,
    ROUNDS = 300, REST_MS = 2,
    HANGING = 200, HANGING_SETTLE_MS = 2000,
};

/* Between two submits the workers go on working, so that the queue is what a program meets, not what it makes. At the end
 * there must still be 5,000; a DLL that submits more slowly than it answers never has them. */
void row_submit(void)
{
    static double samples[MEASURED];
    struct batch batch;
    unsigned int i;
    double began;

    batch_make(&batch, HOSTS, 1 + QUEUED + MEASURED, "d100.submit");
    began = now_us();
    batch_submit(&batch, 0, 1);
    report("submit_first", now_us() - began);
    batch_wait(&batch, 1);
    began = now_us();
    batch_submit(&batch, 1, 1 + QUEUED);
    report("submit_filling", (now_us() - began) / QUEUED);
    for (i = 0; i < MEASURED; i++)
    {
        began = now_us();
        batch_submit(&batch, 1 + QUEUED + i, 2 + QUEUED + i);
        samples[i] = now_us() - began;
        while (now_us() - began < GAP_US);
    }
    report("submit_outstanding", batch.count - batch_written(&batch));
    batch_wait(&batch, batch.count);
    batch_check(&batch);
    report_samples("submit", samples, MEASURED);
}

/* --- bursts --- */

struct posts
{
    unsigned int count;
    double began;
};

static DWORD WINAPI post_all(void *arg)
{
    struct posts *posts = arg;
    unsigned int i;

    posts->began = now_us();
    for (i = 0; i < posts->count; i++)
        if (!PostMessageA(window, WM_DONE, i, 0)) die("PostMessage: error %lu", GetLastError());
    return 0;
}

double bare_posts(unsigned int count)
{
    struct posts posts = { count, 0 };
    unsigned int taken = 0;
    HANDLE thread;
    double ended;
    MSG msg;

    if (!(thread = CreateThread(NULL, 0, post_all, &posts, 0, NULL))) die("no thread");
    while (taken < count)
    {
        if (GetMessageA(&msg, NULL, 0, 0) <= 0) die("no more messages");
        if (msg.message != WM_DONE) continue;
        if (msg.wParam != taken++) die("message %u is not that", taken);
    }
    ended = now_us();
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    return ended - posts.began;
}

/* Microseconds from the first submit to the last message. */
static double run_batch(enum kind kind, unsigned int count, const char *label)
{
    struct batch batch;
    double took;

    batch_make(&batch, kind, count, label);
    took = now_us();
    batch_submit(&batch, 0, count);
    batch_wait(&batch, count);
    took = now_us() - took;
    batch_check(&batch);
    batch_free(&batch);
    return took;
}

double burst(unsigned int count)
{
    return run_batch(SERVICES, count, NULL);
}

/* Each burst is compared with the bare posts just before and just after it. */
void row_burst(void)
{
    double bare[BURST_ROUNDS + 1], took[BURST_ROUNDS], share[BURST_ROUNDS];
    unsigned int i;

    burst(1);
    bare[0] = bare_posts(BURST);
    for (i = 0; i < BURST_ROUNDS; i++)
    {
        took[i] = burst(BURST);
        bare[i + 1] = bare_posts(BURST);
        share[i] = (bare[i] + bare[i + 1]) / 2 / took[i];
    }
    report("burst_bare_per_s", BURST / median(bare, BURST_ROUNDS + 1) * 1e6);
    report("burst_per_s", BURST / median(took, BURST_ROUNDS) * 1e6);
    report("burst_share", median(share, BURST_ROUNDS));
}

/* --- hosts --- */

static DWORD WINAPI resolve_all(void *arg)
{
    struct batch *batch = arg;
    unsigned int i;

    while ((i = InterlockedIncrement((LONG *)&batch->answered) - 1) < batch->count)
        if (!platform_ws.gethostbyname(batch->requests[i].name))
            die("%s: error %d", batch->requests[i].name, ws.WSAGetLastError());
    return 0;
}

/* Microseconds for the platform's resolver alone, called by as many threads as our DLL starts for it: nothing is posted. */
static double resolve_only(unsigned int count, const char *label)
{
    HANDLE threads[RESOLVERS];
    struct batch batch;
    unsigned int i;
    double took;

    batch_make(&batch, HOSTS, count, label);
    took = now_us();
    for (i = 0; i < RESOLVERS; i++)
        if (!(threads[i] = CreateThread(NULL, 0, resolve_all, &batch, 0, NULL))) die("no thread");
    WaitForMultipleObjects(RESOLVERS, threads, TRUE, INFINITE);
    took = now_us() - took;
    for (i = 0; i < RESOLVERS; i++) CloseHandle(threads[i]);
    batch_free(&batch);
    return took;
}

/* Also what it is made of. */
void row_hosts(void)
{
    report("hosts_ms", run_batch(HOSTS, HOST_COUNT, "at-once") / 1000);
    report("hosts_resolver_ms", resolve_only(HOST_COUNT, "resolver") / 1000);
    report("hosts_posts_ms", bare_posts(HOST_COUNT) / 1000);
}

void row_slow(void)
{
    report("slow_ms", run_batch(HOSTS, SLOW_COUNT, "d1500.slow") / 1000);
}

/* --- one lookup at a time --- */

static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE wake = CONDITION_VARIABLE_INIT;
static BOOL wanted;

static DWORD WINAPI post_when_woken(void *arg)
{
    (void)arg;
    AcquireSRWLockExclusive(&lock);
    for (;;)
    {
        while (!wanted) SleepConditionVariableSRW(&wake, &lock, INFINITE, 0);
        wanted = FALSE;
        ReleaseSRWLockExclusive(&lock);
        PostMessageA(window, WM_DONE, 0, 0);
        AcquireSRWLockExclusive(&lock);
    }
    return 0;
}

/* The least that any asynchronous call can do: wake a thread that waits, which posts, to one that waits in GetMessage. */
static double wake_and_post(void)
{
    double began = now_us();
    MSG msg;

    AcquireSRWLockExclusive(&lock);
    wanted = TRUE;
    WakeConditionVariable(&wake);
    ReleaseSRWLockExclusive(&lock);
    do
        if (GetMessageA(&msg, NULL, 0, 0) <= 0) die("no more messages");
    while (msg.message != WM_DONE);
    return now_us() - began;
}

/* In turn, each after a rest in which whatever it has woken goes to sleep again. */
static void measure_latency(double *lookups, double *least)
{
    unsigned int i;

    for (i = 0; i < ROUNDS; i++)
    {
        Sleep(REST_MS);
        least[i] = wake_and_post();
        Sleep(REST_MS);
        lookups[i] = burst(1);
    }
}

void row_latency(void)
{
    static double lookups[ROUNDS], least[ROUNDS];
    struct batch hanging;
    double idle, bare;

    if (!CreateThread(NULL, 0, post_when_woken, NULL, 0, NULL)) die("no thread");
    burst(1);
    wake_and_post();
    measure_latency(lookups, least);
    idle = median(lookups, ROUNDS);
    bare = median(least, ROUNDS);
    report_samples("latency", lookups, ROUNDS);
    report("latency_least", bare);
    report("latency_ratio", idle / bare);

    batch_make(&hanging, HOSTS, HANGING, "never.latency");
    batch_submit(&hanging, 0, HANGING);
    Sleep(HANGING_SETTLE_MS);
    measure_latency(lookups, least);
    report_samples("latency_hanging", lookups, ROUNDS);
    report("latency_hanging_least", median(least, ROUNDS));
    report("latency_hanging_ratio", median(lookups, ROUNDS) / idle);
    if (batch_written(&hanging)) die("lookups did not hang");
}
