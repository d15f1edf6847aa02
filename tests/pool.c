/*
 * The workers behind the calls: who starts them, how many run side by side, what a hanging resolver cannot hold up,
 * and that they go away. It knows the bounds that the documentation promises, and sees thread starts through the
 * DLL's import table; which thread does what it does not know.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"
#include "image.h"

/* Promised: lookups that somebody waits for, abandoned ones on top, and a few workers beside them. */
enum { LIVE = 256, ABANDONED = 128, BESIDE = 8 };
enum { IDLE_SECONDS = 30, HANG_SECONDS = 30 /* what a name nobody answers takes */ };

/* --- thread starts, seen in the DLL's import table --- */

static DWORD main_thread;
static volatile LONG by_main, by_others;
static LONG most_alive;
static HANDLE handles[2048];
static volatile LONG handle_count;
static BOOL counting;
static HANDLE (WINAPI *create_thread)(SECURITY_ATTRIBUTES *, SIZE_T, LPTHREAD_START_ROUTINE, void *, DWORD, DWORD *);

static HANDLE WINAPI my_CreateThread(SECURITY_ATTRIBUTES *security, SIZE_T stack, LPTHREAD_START_ROUTINE start,
                                     void *arg, DWORD flags, DWORD *id)
{
    HANDLE thread = create_thread(security, stack, start, arg, flags, id), copy;

    if (!thread) return NULL;
    InterlockedIncrement(GetCurrentThreadId() == main_thread ? &by_main : &by_others);
    if (DuplicateHandle(GetCurrentProcess(), thread, GetCurrentProcess(), &copy, SYNCHRONIZE, FALSE, 0))
        handles[InterlockedIncrement(&handle_count) - 1] = copy;
    return thread;
}

/* The n-th allocation of the main thread from now on fails, if n is not 0. */
static volatile LONG failing_allocation;
static void *(WINAPI *heap_alloc)(HANDLE, DWORD, SIZE_T);

static void *WINAPI my_HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size)
{
    if (GetCurrentThreadId() == main_thread && failing_allocation && !--failing_allocation) return NULL;
    return heap_alloc(heap, flags, size);
}

/* The builtin has the system's thread pool start its threads: those cannot be told from others. */
static void count_threads(void)
{
    main_thread = GetCurrentThreadId();
    create_thread = (void *)GetProcAddress(GetModuleHandleA("kernel32.dll"), "CreateThread");
    counting = patch_import(winsock(), "CreateThread", my_CreateThread) != NULL;
    ok(counting || !ours, "it imports no CreateThread\n");
    heap_alloc = (void *)GetProcAddress(GetModuleHandleA("kernel32.dll"), "HeapAlloc");
    if (counting) ok(patch_import(winsock(), "HeapAlloc", my_HeapAlloc) != NULL, "it imports no HeapAlloc\n");
}

static LONG running_threads(void)
{
    LONG i, count = 0;

    for (i = 0; i < handle_count; i++) count += WaitForSingleObject(handles[i], 0) == WAIT_TIMEOUT;
    if (count > most_alive) most_alive = count;
    return count;
}

/* --- requests --- */

static char arena[LIVE + 100][MAXGETHOSTSTRUCT];
static HANDLE requests[LIVE + 100];

/* Submits requests of which the first `running` are to run at once, and waits until those are in the resolver. */
static void submit_hanging(HWND hwnd, unsigned int count, unsigned int running)
{
    static char names[LIVE + 100][64];
    unsigned int i, failed = 0, silent = 0;
    DWORD begin = GetTickCount();

    for (i = 0; i < count; i++)
    {
        lstrcpynA(names[i], scripted("never"), sizeof(names[i]));
        if (!(requests[i] = by_name(hwnd, names[i], arena[i], sizeof(arena[i])))) failed++;
    }
    ok(!failed, "%u requests not submitted\n", failed);
    for (i = 0; i < running; i++)
    {
        unsigned int questions;

        while (!(questions = asked(names[i])) && GetTickCount() - begin < HANG_SECONDS * 1000 * 2 / 3) {}
        if (!questions) silent++;
    }
    ok(!silent, "%u of %u lookups had not begun after %lu ms\n", silent, running, GetTickCount() - begin);
}

/* Each at once: not one may wait for the resolver. */
static void cancel_all(unsigned int count)
{
    unsigned int i, failed = 0;
    DWORD begin = GetTickCount();

    for (i = 0; i < count; i++) if (WSACancelAsyncRequest(requests[i])) failed++;
    ok(!failed, "%u requests not cancelled\n", failed);
    ok(GetTickCount() - begin < HANG_SECONDS * 1000 / 3, "cancelling %u took %lu ms\n", count, GetTickCount() - begin);
}

/* The next message is of that request: nothing that hangs comes to its end before it. */
static void expect_next(HANDLE handle, const char *what)
{
    struct completion completion;

    ok(handle != NULL, "%s: not submitted, error %d\n", what, WSAGetLastError());
    if (!next_completion(&completion, 2 * PATIENCE))
    {
        ok(0, "%s: no message\n", what);
        return;
    }
    ok(completion.wparam == (WPARAM)handle, "%s: overtaken by request %#Ix\n", what, completion.wparam);
    ok(!WSAGETASYNCERROR(completion.lparam), "%s: error %d\n", what, WSAGETASYNCERROR(completion.lparam));
}

/* --- who starts threads, and when they end --- */

static void test_starts(void)
{
    char buf[2][MAXGETHOSTSTRUCT];
    HWND hwnd = new_window();
    unsigned int i, round;
    DWORD before;
    HANDLE handle;

    count_threads();
    if (!counting)
    {
        skip("the builtin's threads are the system's\n");
        return;
    }
    before = thread_count();
    start(MAKEWORD(2, 2));
    ok(!by_main && !by_others, "threads before the first request: %ld, %ld\n", by_main, by_others);
    for (round = 0; round < 2; round++)
    {
        winetest_push_context("round %u", round);
        by_main = by_others = 0;
        handle = by_number(hwnd, IPPROTO_TCP, buf[0], sizeof(buf[0]));
        ok(by_main == 1, "the first request started %ld threads\n", by_main);
        expect_completion(handle, 0, -1);
        for (i = 0; i < 50; i++) requests[i] = by_number(hwnd, i % 18, arena[i], sizeof(arena[i]));
        ok(by_main == 1, "local requests started %ld more threads\n", by_main - 1);
        /* The other lane may need a first one of its own. */
        handle = by_name(hwnd, "localhost", buf[1], sizeof(buf[1]));
        ok(by_main <= 2, "the first network request started %ld threads\n", by_main - 1);
        by_main = 0;
        for (i = 50; i < 100; i++)
            requests[i] = by_name(hwnd, scripted("h1.d%u", i), arena[i], sizeof(arena[i]));
        ok(!by_main, "network requests started %ld threads\n", by_main);
        for (i = 0; i < 100; i++) expect_completion(requests[i], -1, -1);
        expect_completion(handle, 0, -1);
        ok(by_others > 0 || !names_available(), "workers started no threads\n");

        /* Calls that are refused keep no thread. */
        for (i = 1; i <= 8; i++)
        {
            failing_allocation = i;
            handle = by_name(hwnd, scripted("h1"), buf[1], sizeof(buf[1]));
            if (handle) expect_completion(handle, -1, -1);
            else ok(WSAGetLastError() == WSAEWOULDBLOCK, "refused with error %d\n", WSAGetLastError());
            ok(!handle || i > 1, "it allocates nothing\n");
            if (failing_allocation) break;
        }
        ok(i > 1 && i <= 8, "%u allocations\n", i - 1);
        failing_allocation = 0;

        /* Then nobody has anything to do. */
        trace("%ld threads to go\n", handle_count);
        for (i = 0; i < (unsigned int)handle_count; i++)
        {
            if (WaitForSingleObject(handles[i], (IDLE_SECONDS + 60) * 1000) != WAIT_OBJECT_0)
            {
                ok(0, "thread %u of %ld stays\n", i, handle_count);
                break;
            }
            CloseHandle(handles[i]);
        }
        handle_count = 0;
        ok(thread_count() <= before, "%lu threads, there were %lu\n", thread_count(), before);
        winetest_pop_context();
    }
    finish();
}

/* --- side by side --- */

/* Most lookups are done before a thread could start for them. */
static void test_quick(void)
{
    enum { COUNT = 256 };
    unsigned int i, failed = 0;
    struct completion completion;
    HWND hwnd = new_window();
    DWORD begin, took;

    if (!names_available()) return;
    count_threads();
    start(MAKEWORD(2, 2));
    begin = GetTickCount();
    for (i = 0; i < COUNT; i++) if (!by_name(hwnd, scripted("h%u", i), arena[i], sizeof(arena[i]))) failed++;
    ok(!failed, "%u requests not submitted\n", failed);
    for (i = 0; i < COUNT && next_completion(&completion, PATIENCE); i++) {}
    ok(i == COUNT, "only %u messages\n", i);
    took = GetTickCount() - begin;
    if (counting) trace("%u quick lookups in %lu ms, %ld threads started\n", COUNT, took, handle_count);
    if (took > COUNT * 4) trace("They were not quick here\n");
    else ok(handle_count < COUNT / 4 || !counting, "%ld threads for %u lookups\n", handle_count, COUNT);
    finish();
}

/* Who has come for one burst of work is there for the next: nobody ends before he was idle for long. */
static void test_bursts(void)
{
    enum { BURSTS = 30, COUNT = 18, WORKERS = 3 /* at most, where nothing is abandoned or posted again */ };
    HWND hwnd = new_window();
    unsigned int i, burst;

    count_threads();
    start(MAKEWORD(2, 2));
    for (burst = 0; burst < BURSTS; burst++)
    {
        for (i = 0; i < COUNT; i++) requests[i] = by_number(hwnd, i, arena[i], sizeof(arena[i]));
        for (i = 0; i < COUNT; i++) expect_completion(requests[i], -1, -1);
        Sleep(20);          /* nothing tells that a worker has ended */
    }
    ok(handle_count <= WORKERS || !counting, "%ld threads started for %u bursts\n", handle_count, BURSTS);
    finish();
}

/* Those whom a rush of slow work has called go, though now and then there is work for one. */
static void test_trickle(void)
{
    enum { COUNT = 60, LEFT = 10, EACH_MS = 1500 };
    struct completion completion;
    HWND hwnd = new_window();
    char buf[MAXGETHOSTSTRUCT];
    LONG threads = 0;
    unsigned int i;
    DWORD begin;

    if (!names_available()) return;
    count_threads();
    if (!counting)
    {
        skip("the builtin's threads are the system's\n");
        return;
    }
    start(MAKEWORD(2, 2));
    for (i = 0; i < COUNT; i++) by_name(hwnd, scripted("h%u.d%u", i, EACH_MS), arena[i], sizeof(arena[i]));
    for (i = 0; i < COUNT && next_completion(&completion, PATIENCE); i++) {}
    ok(i == COUNT, "only %u messages\n", i);
    ok(running_threads() > COUNT / 2, "only %ld threads\n", running_threads());
    for (begin = GetTickCount(); (threads = running_threads()) > LEFT && GetTickCount() - begin < 3 * IDLE_SECONDS * 1000;)
    {
        expect_completion(by_name(hwnd, scripted("h1"), buf, sizeof(buf)), 0, -1);
        Sleep(100);
    }
    trace("%ld threads after %lu ms\n", threads, GetTickCount() - begin);
    ok(threads <= LEFT, "%ld threads stay for one lookup at a time\n", threads);
    finish();
}

static void test_many(void)
{
    enum { COUNT = 200, EACH_MS = 1500 };
    unsigned int i, failed = 0;
    struct completion completion;
    HWND hwnd = new_window();
    DWORD begin, took;

    if (!names_available()) return;
    start(MAKEWORD(2, 2));
    begin = GetTickCount();
    for (i = 0; i < COUNT; i++)
        if (!by_name(hwnd, scripted("h%u.d%u", i, EACH_MS), arena[i], sizeof(arena[i]))) failed++;
    ok(!failed, "%u requests not submitted\n", failed);
    for (i = 0; i < COUNT; i++)
    {
        if (!next_completion(&completion, PATIENCE)) break;
        if (WSAGETASYNCERROR(completion.lparam)) failed++;
    }
    took = GetTickCount() - begin;
    trace("%u of %u lookups of %u ms in %lu ms\n", i, COUNT, EACH_MS, took);
    ok(i == COUNT, "only %u messages\n", i);
    ok(!failed, "%u lookups failed\n", failed);
    /* One after the other they would take 200 times as long as one. */
    todo_builtin_if(old_wine && took >= 10 * EACH_MS)
    ok(took >= EACH_MS && took < 10 * EACH_MS, "took %lu ms\n", took);
    finish();
}

/* --- a resolver that hangs --- */

static void test_hanging(void)
{
    char buf[4][MAXGETHOSTSTRUCT];
    HWND hwnd = new_window();
    struct completion completion;
    HANDLE waiting[3], witness;
    unsigned int i, left;

    if (!names_available()) return;
    count_threads();
    start(MAKEWORD(2, 2));

    /* Workers already in the resolver start nobody any more, nor does the caller: those who came later run all the
     * same. */
    for (i = 0; i < 3; i++)
    {
        submit_hanging(hwnd, 1, 1);
        expect_next(by_name(hwnd, scripted("h%u", i + 1), buf[0], sizeof(buf[0])), "after one that hangs");
        cancel_all(1);
    }

    if (old_wine && deadly("300 lookups that hang: it has few threads at first, and all else waits behind them"))
    {
        finish();
        return;
    }
    /* More than may run: the local databases are not behind them. The witness is answered before any of them gives
     * up: what has to wait for one of them comes after it. */
    witness = by_name(hwnd, scripted("h1.d25000"), buf[2], sizeof(buf[2]));
    submit_hanging(hwnd, 300, LIVE - 1);
    expect_next(by_number(hwnd, IPPROTO_TCP, buf[0], sizeof(buf[0])), "local request");
    expect_next(by_service(hwnd, "http", "tcp", buf[1], sizeof(buf[1])), "local request");
    running_threads();

    if (!ours)
    {
        /* Nothing leaves its place, so the rest has no meaning. */
        cancel_all(300);
        WSACancelAsyncRequest(witness);
        for (left = 301, i = 0; i < 301 && next_completion(&completion, 2 * PATIENCE); i++) left--;
        todo_builtin ok(left == 301, "%u messages of cancelled requests came\n", 301 - left);
        finish();
        return;
    }
    /* Cancelled, they leave their places. The abandoned ones are in the resolver still. */
    cancel_all(300);
    expect_next(by_name(hwnd, scripted("h1"), buf[0], sizeof(buf[0])), "after the first cancel");
    expect_cancel(witness, 0);
    running_threads();

    /* That works as far as the bound allows: so many places are left, and all but a few are taken now. */
    submit_hanging(hwnd, ABANDONED - 8, ABANDONED - 8);
    expect_next(by_name(hwnd, scripted("h2"), buf[0], sizeof(buf[0])), "a place left");
    expect_next(by_number(hwnd, IPPROTO_UDP, buf[1], sizeof(buf[1])), "local request beside them");
    running_threads();
    cancel_all(ABANDONED - 8);

    /* Beyond it live lookups wait, cancel does not, and none is lost. */
    submit_hanging(hwnd, LIVE, 0);
    for (i = 0; i < ARRAY_SIZE(waiting); i++)
        waiting[i] = by_name(hwnd, scripted("h%u", 3 + i), buf[i], sizeof(buf[i]));
    expect_next(by_number(hwnd, IPPROTO_TCP, buf[3], sizeof(buf[3])), "local request beyond the bound");
    running_threads();
    ok(by_main <= 2 || !counting, "requests started %ld threads\n", by_main);
    cancel_all(LIVE);
    expect_cancel(waiting[2], 0);
    for (left = 2; left && next_completion(&completion, (2 * HANG_SECONDS + 30) * 1000); left--)
    {
        ok(completion.wparam == (WPARAM)waiting[0] || completion.wparam == (WPARAM)waiting[1],
           "message for request %#Ix\n", completion.wparam);
        ok(!WSAGETASYNCERROR(completion.lparam), "error %d\n", WSAGETASYNCERROR(completion.lparam));
        running_threads();
    }
    ok(!left, "%u that waited were lost\n", left);
    if (counting)
    {
        trace("%ld threads started, %ld at a time seen\n", handle_count, most_alive);
        ok(most_alive <= LIVE + ABANDONED + BESIDE, "%ld threads at a time\n", most_alive);
        ok(most_alive > LIVE, "only %ld threads at a time\n", most_alive);
    }
    ok(!recorded(), "messages of cancelled requests came\n");
    finish();
    expect_silence();
}

START_TEST(pool)
{
    PROCESS_INFORMATION starts, trickle, hanging;

    if (argument(1))
    {
        if (!strcmp(argument(1), "starts")) test_starts();
        else if (!strcmp(argument(1), "quick")) test_quick();
        else if (!strcmp(argument(1), "bursts")) test_bursts();
        else if (!strcmp(argument(1), "trickle")) test_trickle();
        else if (!strcmp(argument(1), "many")) test_many();
        else if (!strcmp(argument(1), "hanging")) test_hanging();
        else ok(0, "unknown\n");
        return;
    }
    run_program(NULL, "pool quick", TIME_LIMIT, FAILURES);
    run_program(NULL, "pool bursts", TIME_LIMIT, FAILURES);
    /* Most of the time these three wait: beside each other. */
    if (!start_program(NULL, "pool starts", &starts) || !start_program(NULL, "pool trickle", &trickle)
        || !start_program(NULL, "pool hanging", &hanging))
    {
        ok(0, "not started, error %lu\n", GetLastError());
        return;
    }
    run_program(NULL, "pool many", TIME_LIMIT, FAILURES);
    end_program(&starts, "pool starts", 4 * TIME_LIMIT, FAILURES);
    end_program(&trickle, "pool trickle", 4 * TIME_LIMIT, FAILURES);
    end_program(&hanging, "pool hanging", 4 * TIME_LIMIT, FAILURES);
}
