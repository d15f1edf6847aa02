/*
 * The bench's rows about requests that are not answered: cancel, memory, threads, and what one more costs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "bench.h"

#include <tlhelp32.h>
#include <psapi.h>
#include <stdio.h>

enum
{
    CANCELLED = 200, ANSWERED_MS = 4000, CANCEL_MS = 1500,
    FIRST = 1000, MANY = 10000, STEADY_MS = 1000,
    BLOCKS = 50, IN_BLOCK = 20,     /* the clock ticks every 100 ns: too seldom for one cancel */
};

static unsigned int count_threads(void)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 entry = { .dwSize = sizeof(entry) };
    unsigned int count = 0;
    BOOL more;

    for (more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry))
        count += entry.th32OwnerProcessID == GetCurrentProcessId();
    CloseHandle(snapshot);
    return count;
}

/* Until no thread has been started for a while. */
static unsigned int steady_threads(void)
{
    unsigned int count = count_threads(), before;

    do
    {
        before = count;
        Sleep(STEADY_MS);
        count = count_threads();
    }
    while (count != before);
    return count;
}

/* All are told apart by their number; the names answer in time if nobody cancels. */
void row_cancel(void)
{
    static double samples[CANCELLED];
    unsigned int i, late = 0;
    struct batch batch;
    double began;
    MSG msg;
    int ret;

    batch_make(&batch, HOSTS, CANCELLED, "d4000.cancel");
    batch_submit(&batch, 0, CANCELLED);
    Sleep(CANCEL_MS);
    report("cancel_threads", count_threads());
    for (i = 0; i < CANCELLED; i++)
    {
        began = now_us();
        ret = ws.WSACancelAsyncRequest(batch.requests[i].handle);
        samples[i] = now_us() - began;
        if (ret) die("cancel %u: error %d", i, ws.WSAGetLastError());
    }
    Sleep(ANSWERED_MS);
    while (take_message(&msg)) late++;
    report_samples("cancel", samples, CANCELLED);
    report("cancel_messages_after", late);
    report("cancel_written_after", batch_written(&batch));
}

/* --- memory --- */

/* What the process has committed for itself alone: Windows calls it private bytes. */
static double private_bytes(void)
{
    MEMORY_BASIC_INFORMATION info;
    const char *at = NULL;
    double sum = 0;

    while (VirtualQuery(at, &info, sizeof(info)))
    {
        if (info.State == MEM_COMMIT && info.Type == MEM_PRIVATE) sum += info.RegionSize;
        at = (const char *)info.BaseAddress + info.RegionSize;
    }
    return sum;
}

static double working_set(void)
{
    PROCESS_MEMORY_COUNTERS counters = { .cb = sizeof(counters) };

    if (!GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof(counters))) die("no memory counters");
    return counters.WorkingSetSize;
}

/* The first requests start all the threads there will be: theirs is not the memory of the others. */
void row_outstanding(void)
{
    double bytes, set, began;
    struct batch batch;
    unsigned int idle = count_threads(), busy;

    batch_make(&batch, HOSTS, FIRST + MANY, "never.outstanding");
    batch_submit(&batch, 0, FIRST);
    steady_threads();
    bytes = private_bytes();
    set = working_set();
    began = now_us();
    batch_submit(&batch, FIRST, FIRST + MANY);
    report("outstanding_submit", (now_us() - began) / MANY);
    busy = steady_threads();
    report("outstanding_bytes", (private_bytes() - bytes) / MANY);
    report("outstanding_working_set", (working_set() - set) / MANY);
    report("outstanding_threads", busy - idle);
    if (batch_written(&batch)) die("lookups did not hang");
}

/* --- the curve --- */

static unsigned int rounds(unsigned int count)
{
    return count <= 100 ? 21 : count <= 1000 ? 5 : 1;
}

/* With as many outstanding, what one more costs; and what each of as many local ones costs from submit to message. */
void row_curve(unsigned int count)
{
    static double submits[BLOCKS], cancels[BLOCKS], bursts[21], posts[21];
    struct batch batch, more;
    unsigned int i, j;
    double began;
    char name[32];

    burst(1);
    for (i = 0; i < rounds(count); i++)
    {
        posts[i] = bare_posts(count) / count;
        bursts[i] = burst(count) / count;
    }
    snprintf(name, sizeof(name), "curve_post_%u", count);
    report(name, median(posts, rounds(count)));
    snprintf(name, sizeof(name), "curve_local_%u", count);
    report(name, median(bursts, rounds(count)));

    batch_make(&batch, HOSTS, count, "never.curve");
    batch_make(&more, HOSTS, BLOCKS * IN_BLOCK, "never.more");
    batch_submit(&batch, 0, count);
    steady_threads();
    for (i = 0; i < BLOCKS; i++)
    {
        began = now_us();
        batch_submit(&more, i * IN_BLOCK, (i + 1) * IN_BLOCK);
        submits[i] = (now_us() - began) / IN_BLOCK;
    }
    for (i = 0; i < BLOCKS; i++)
    {
        began = now_us();
        for (j = i * IN_BLOCK; j < (i + 1) * IN_BLOCK; j++)
            if (ws.WSACancelAsyncRequest(more.requests[j].handle)) die("cancel: error %d", ws.WSAGetLastError());
        cancels[i] = (now_us() - began) / IN_BLOCK;
    }
    if (batch_written(&batch)) die("lookups did not hang");
    snprintf(name, sizeof(name), "curve_submit_%u", count);
    report(name, median(submits, BLOCKS));
    snprintf(name, sizeof(name), "curve_cancel_%u", count);
    report(name, median(cancels, BLOCKS));
}
