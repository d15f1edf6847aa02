/*
 * Everything at once, for long: requests of all six kinds from several threads and windows, cancelled at any time by
 * anybody, while windows and threads die, DNS servers hang, posts, allocations and thread starts fail, Winsock is cleaned up
 * and started anew, and copies of the DLL come and go. Each request has one outcome and its own answer; handles, threads and
 * memory do not grow. This file counts, and judges what grows.
 *
 * With an argument it lasts so many seconds; from three minutes on it judges growth.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "soak.h"
#include "image.h"
#include <psapi.h>
#include <winternl.h>
#include <limits.h>

enum { SECONDS = 5, ENOUGH_TO_JUDGE = 180, STUCK = 60 };

struct outcomes outcomes;
struct faults faults;
HANDLE stop;
BOOL names;

void fault_(volatile LONG *count, const char *format, ...)
{
    char text[256];
    va_list args;

    if (InterlockedIncrement(count) > 5) return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    winetest_ok(0, "%s", text);
}

/* --- what must not grow --- */

/* From the median of the second third of the time to that of the last. Handles, threads and the DLL's memory go up and down
 * with what is outstanding at the moment, which the median evens out. A handle lost for each 1,000 requests makes 1,600 of
 * them in a third of five million, 100 bytes make 160 KB: both far above these bounds. How many threads the DLL has follows
 * from how busy the machine is, and may be 406; one lost for each 1,000 requests would be four times as many. The
 * process's memory, without its threads' stacks, is that of Wine and the C library as well, which keep what they have
 * freed. */
static const struct bound { const char *what; LONG growth; } bounds[] =
{
    { "handles", 100 }, { "threads", 150 }, { "bytes of the DLL's", 65536 }, { "KB of the process's beside stacks", 8192 }
};
enum { MEASURES = ARRAY_SIZE(bounds), THREAD_KB = 1000 };

static struct sample { LONG value[MEASURES]; } *samples;
static unsigned int sample_count;

/* Of this process. Wine 8.0 has no GetProcessHandleCount(). */
static LONG handle_count(void)
{
    static struct
    {
        ULONG_PTR count, reserved;
        struct { void *object; ULONG_PTR process, handle; ULONG access, types, attributes, unused; } of[0x8000];
    } all;
    ULONG_PTR i;
    LONG count = 0;

    if (NtQuerySystemInformation(64 /* SystemExtendedHandleInformation */, &all, sizeof(all), NULL)) return -1;
    for (i = 0; i < all.count; i++) count += all.of[i].process == GetCurrentProcessId();
    return count;
}

static void take_sample(void)
{
    PROCESS_MEMORY_COUNTERS memory = { .cb = sizeof(memory) };
    struct sample *sample = &samples[sample_count++];

    K32GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof(memory));
    sample->value[0] = handle_count();
    sample->value[1] = thread_count();
    sample->value[2] = dll_bytes;
    sample->value[3] = memory.PagefileUsage / 1024 - sample->value[1] * THREAD_KB;
}

static int compare(const void *a, const void *b)
{
    return *(const LONG *)a < *(const LONG *)b ? -1 : *(const LONG *)a > *(const LONG *)b;
}

static LONG median(unsigned int measure, unsigned int first, unsigned int end)
{
    LONG *values = HeapAlloc(GetProcessHeap(), 0, (end - first) * sizeof(*values)), ret;
    unsigned int i;

    for (i = first; i < end; i++) values[i - first] = samples[i].value[measure];
    qsort(values, end - first, sizeof(*values), compare);
    ret = values[(end - first) / 2];
    HeapFree(GetProcessHeap(), 0, values);
    return ret;
}

static void judge_growth(void)
{
    unsigned int i, third = sample_count / 3;
    LONG before, after;

    for (i = 0; i < MEASURES; i++)
    {
        before = median(i, third, 2 * third);
        after = median(i, 2 * third, sample_count);
        trace("%s: %ld in the second third, %ld in the last\n", bounds[i].what, before, after);
        ok(after - before <= bounds[i].growth, "%s grow: from %ld to %ld\n", bounds[i].what, before, after);
    }
}

/* --- the run --- */

static void tell_minute(unsigned int minute, LONG before)
{
    const LONG *value = samples[sample_count - 1].value;

    trace("minute %u: %ld requests, %ld a second; %ld handles, %ld threads, %ld bytes of the DLL's, "
          "%ld KB of the process's beside stacks\n", minute, outcomes.submitted, (outcomes.submitted - before) / 60,
          value[0], value[1], value[2], value[3]);
}

static void watch(unsigned int seconds)
{
    LONG last = 0, minute_before = 0;
    unsigned int second, idle = 0;
    DWORD begin = GetTickCount();

    for (second = 1; second <= seconds && idle < STUCK; second++)
    {
        LONG wait = begin + second * 1000 - GetTickCount();

        if (wait > 0) Sleep(wait);
        take_sample();
        idle = outcomes.submitted == last ? idle + 1 : 0;
        last = outcomes.submitted;
        if (second % 60) continue;
        tell_minute(second / 60, minute_before);
        minute_before = last;
    }
    ok(idle < STUCK, "nothing was submitted for %u s\n", idle);
}

static void tell_counts(unsigned int seconds)
{
#define TELL(name, text) trace("%9ld %s\n", outcomes.name, text);
#define CHECK(name, text) ok(!faults.name, "%ld times: %s\n", faults.name, text);
    OUTCOMES(TELL)
    trace("%9ld requests a second on average\n", outcomes.submitted / (LONG)seconds);
    FAULTS(CHECK)
#undef TELL
#undef CHECK
}

static void run(unsigned int seconds)
{
    static DWORD (WINAPI *const mains[])(void *) =
    {
        cleaner_main, shortage_main, children_main, canceller_main, canceller_main,
        owner_main, owner_main, owner_main, owner_main
    };
    enum { THREADS = ARRAY_SIZE(mains), FIRST_OWNER = THREADS - OWNERS };
    HANDLE threads[THREADS];
    ULONGLONG state = GetTickCount();
    unsigned int i;

    stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    samples = HeapAlloc(GetProcessHeap(), 0, (seconds + 1) * sizeof(*samples));
    make_trouble();
    make_owners();
    start_winsock(&state);
    for (i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, mains[i], (void *)(ULONG_PTR)(i < FIRST_OWNER ? i : i - FIRST_OWNER), 0, NULL);
    watch(seconds);
    SetEvent(stop);
    for (i = 0; i < THREADS; i++)
    {
        ok(WaitForSingleObject(threads[i], TIME_LIMIT * 1000) == WAIT_OBJECT_0, "thread %u does not end\n", i);
        CloseHandle(threads[i]);
    }
    end_winsock();
    remove_copy();
    tell_counts(seconds);
    if (seconds >= ENOUGH_TO_JUDGE) judge_growth();
}

START_TEST(soak)
{
    unsigned int seconds = SECONDS;

    if (deadly("messages and writes after cancel, and FreeLibrary, amid thousands of requests")) return;
    if (argument(1) && !strcmp(argument(1), "child"))
    {
        soak_child();
        return;
    }
    if (argument(1)) seconds = max(1, atoi(argument(1)));
    winetest_mute_threshold = INT_MAX;          /* a line each minute, for hours */
    names = names_available();
    run(seconds);
    expect_silence();
}
