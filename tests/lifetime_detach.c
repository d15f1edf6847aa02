/*
 * A DLL's DLL_PROCESS_DETACH calls WSACancelAsyncRequest and WSACleanup: at process exit with threads killed wherever
 * they were, inside each of our locks too, and at FreeLibrary with the loader's lock held. It knows that the DLL takes
 * its locks through its import table, not which locks there are: those it finds out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"
#include "image.h"
#include "lifetime.h"
#include "detach.h"

#define EXIT_CODE 78
#define BY_PROGRAM 1                    /* who takes a lock */
#define BY_WORKER 2

static struct detach_report *report;
static DWORD main_thread, program_thread;
static HANDLE held;
static LONG target = -1, target_taker;  /* the lock, as an offset in the image, in which its taker stays */
static BOOLEAN (WINAPI *shutdown_in_progress)(void);

/* --- the functions that take locks, replaced in the DLL's import table --- */

static void (WINAPI *acquire_exclusive)(SRWLOCK *);
static void (WINAPI *acquire_shared)(SRWLOCK *);
static BOOLEAN (WINAPI *try_acquire)(SRWLOCK *);
static void (WINAPI *enter_section)(CRITICAL_SECTION *);
static BOOL (WINAPI *sleep_condition)(CONDITION_VARIABLE *, SRWLOCK *, DWORD, ULONG);
static BOOL (WINAPI *sleep_condition_cs)(CONDITION_VARIABLE *, CRITICAL_SECTION *, DWORD);
static DWORD (WINAPI *wait_single)(HANDLE, DWORD);

/* A call that must not be made during shutdown: whether it returns is chance. */
static void note_call(void)
{
    if (shutdown_in_progress && shutdown_in_progress()) InterlockedIncrement(&report->forbidden);
}

/* The calling thread has the lock now. */
static void taken(const void *lock)
{
    DWORD thread = GetCurrentThreadId();
    LONG offset = (const char *)lock - (const char *)winsock();
    LONG taker = thread == program_thread ? BY_PROGRAM : BY_WORKER;
    unsigned int i;

    if (thread == main_thread) return;
    if (image_of(lock) != winsock()) offset = -1;       /* on the heap or a stack */
    for (i = 0; i < ARRAY_SIZE(report->locks); i++)
    {
        if (report->locks[i].offset != offset
            && InterlockedCompareExchange(&report->locks[i].offset, offset, 0) != 0
            && report->locks[i].offset != offset) continue;
        InterlockedOr(&report->locks[i].takers, taker);
        break;
    }
    if (offset != target || taker != target_taker) return;
    report->held = 1;
    SetEvent(held);
    Sleep(INFINITE);                    /* until the end of the process, which kills us here */
}

static void WINAPI hook_exclusive(SRWLOCK *lock)
{
    note_call();
    acquire_exclusive(lock);
    taken(lock);
}

static void WINAPI hook_shared(SRWLOCK *lock)
{
    note_call();
    acquire_shared(lock);
    taken(lock);
}

static BOOLEAN WINAPI hook_try(SRWLOCK *lock)
{
    BOOLEAN ret = try_acquire(lock);

    if (ret) taken(lock);
    return ret;
}

static void WINAPI hook_section(CRITICAL_SECTION *section)
{
    note_call();
    enter_section(section);
    taken(section);
}

static BOOL WINAPI hook_sleep(CONDITION_VARIABLE *condition, SRWLOCK *lock, DWORD ms, ULONG flags)
{
    BOOL ret;

    note_call();
    ret = sleep_condition(condition, lock, ms, flags);
    taken(lock);
    return ret;
}

static BOOL WINAPI hook_sleep_cs(CONDITION_VARIABLE *condition, CRITICAL_SECTION *section, DWORD ms)
{
    BOOL ret;

    note_call();
    ret = sleep_condition_cs(condition, section, ms);
    taken(section);
    return ret;
}

static DWORD WINAPI hook_wait(HANDLE object, DWORD ms)
{
    note_call();
    return wait_single(object, ms);
}

static unsigned int patch_locks(void)
{
    unsigned int count = 0;

    /* The DLL's import may be called before the result is stored here. */
#define PATCH(old, name, hook) \
    old = (void *)GetProcAddress(GetModuleHandleA("kernel32.dll"), name); \
    if (patch_import(winsock(), name, hook)) count++;
    PATCH(acquire_exclusive, "AcquireSRWLockExclusive", hook_exclusive)
    PATCH(acquire_shared, "AcquireSRWLockShared", hook_shared)
    PATCH(try_acquire, "TryAcquireSRWLockExclusive", hook_try)
    PATCH(enter_section, "EnterCriticalSection", hook_section)
    PATCH(sleep_condition, "SleepConditionVariableSRW", hook_sleep)
    PATCH(sleep_condition_cs, "SleepConditionVariableCS", hook_sleep_cs)
    PATCH(wait_single, "WaitForSingleObject", hook_wait)
#undef PATCH
    return count;
}

/* --- work that takes every lock --- */

static HANDLE requests[DETACH_HANDLES];
static HWND request_window;
static HANDLE submitted;

static volatile LONG post_blocks, posts;
static HANDLE blocked_request;

/* Fails now and then, so that messages wait to be posted again too. */
static BOOL WINAPI unsteady_post(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    LONG n = InterlockedIncrement(&posts);

    if (post_blocks && n > 4)
    {
        blocked_request = (HANDLE)wparam;
        SetEvent(held);
        Sleep(INFINITE);
    }
    if (n % 3 == 2)
    {
        SetLastError(ERROR_NOT_ENOUGH_QUOTA);
        return FALSE;
    }
    return PostMessageW(hwnd, msg, wparam, lparam);
}

static void exercise(unsigned int rounds)
{
    static char bufs[12][MAXGETHOSTSTRUCT];
    HWND hwnd = new_window();
    HANDLE handles[12];
    unsigned int i, round;
    WSADATA data;

    for (round = 0; round < rounds; round++)
    {
        WSAStartup(MAKEWORD(1, 1), &data);
        WSApSetPostRoutine(unsteady_post);
        for (i = 0; i < ARRAY_SIZE(handles); i++)
            handles[i] = i % 3 ? by_number(hwnd, i, bufs[i], sizeof(bufs[i]))
                               : by_name(hwnd, i % 2 ? scripted("h1.d20") : "localhost", bufs[i], sizeof(bufs[i]));
        for (i = 1; i < ARRAY_SIZE(handles); i += 4) WSACancelAsyncRequest(handles[i]);
        for (i = 2; i < ARRAY_SIZE(handles); i += 4) take_completion(handles[i], NULL, 5000);
        WSACancelAsyncRequest(handles[3]);
        recorded();
        forget_completions();
        WSACleanup();
    }
    DestroyWindow(hwnd);
}

static DWORD WINAPI program_thread_main(void *arg)
{
    static char bufs[DETACH_HANDLES][MAXGETHOSTSTRUCT];
    unsigned int i;

    /* The first ones of the process: workers are started under a lock too, perhaps. */
    for (i = 0; i < DETACH_HANDLES; i++)
        requests[i] = i < 6 ? by_name(request_window, scripted("never"), bufs[i], sizeof(bufs[i]))
                            : by_number(request_window, i, bufs[i], sizeof(bufs[i]));
    SetEvent(submitted);
    exercise((ULONG_PTR)arg);
    return 0;
}

static HANDLE start_exercise(unsigned int rounds)
{
    HANDLE thread, wait[2];

    thread = CreateThread(NULL, 0, program_thread_main, (void *)(ULONG_PTR)rounds, CREATE_SUSPENDED,
                                 &program_thread);

    ResumeThread(thread);
    wait[0] = submitted;
    wait[1] = held;
    WaitForMultipleObjects(2, wait, FALSE, PATIENCE);
    return thread;
}

/* --- the child --- */

static HMODULE load_detach(HWND hwnd, const HANDLE *handles, unsigned int count)
{
    HMODULE module = LoadLibraryA("detach.dll");
    detach_watch watch = module ? (detach_watch)(void *)GetProcAddress(module, "watch") : NULL;

    ok(watch != NULL, "no detach.dll, error %lu\n", GetLastError());
    if (watch) watch(report, hwnd, handles, count);
    return module;
}

/* FreeLibrary: the loader's lock is held, and workers are about to post. */
static void free_rounds(HWND hwnd)
{
    static char bufs[4][MAXGETHOSTSTRUCT];
    HANDLE handles[ARRAY_SIZE(bufs)];
    unsigned int i, round, late = 0;
    HMODULE module;
    LONG before;

    for (round = 0; round < 100; round++)
    {
        start(MAKEWORD(2, 2));
        for (i = 0; i < ARRAY_SIZE(bufs); i++)
            handles[i] = i & 1 ? by_name(hwnd, "localhost", bufs[i], sizeof(bufs[i]))
                               : by_number(hwnd, i, bufs[i], sizeof(bufs[i]));
        before = report->done;
        report->cleanups = 0;
        module = load_detach(hwnd, handles, round & 1 ? ARRAY_SIZE(handles) : 0);
        FreeLibrary(module);
        ok(report->done == before + 1, "round %u: not detached\n", round);
        ok(!report->process_ended && report->cleanups == 1, "round %u: %ld cleanups\n", round, report->cleanups);
        recorded();
        forget_completions();
        start(MAKEWORD(2, 2));
        handles[0] = WSAAsyncGetProtoByNumber(hwnd, DONE + 1, IPPROTO_TCP, bufs[0], sizeof(bufs[0]));
        ok(take_completion(handles[0], NULL, PATIENCE), "round %u: no message after a new start\n", round);
        late += recorded();
        forget_completions();
        finish();
    }
    todo_builtin_if(late) ok(!late, "%u messages came after the cleanup\n", late);
    expect_silence();
}

void detach_child(const char *what, const char *report_name, const char *detail)
{
    HANDLE mapping = OpenFileMappingA(FILE_MAP_WRITE, FALSE, report_name), thread;
    HWND hwnd = new_window();

    report = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, sizeof(*report));
    main_thread = GetCurrentThreadId();
    held = CreateEventW(NULL, TRUE, FALSE, NULL);
    submitted = CreateEventW(NULL, TRUE, FALSE, NULL);
    shutdown_in_progress = (void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "RtlDllShutdownInProgress");
    winetest_debug = 0;                 /* the parent counts */
    if (!strcmp(what, "free"))
    {
        winetest_debug = 1;
        free_rounds(hwnd);
        return;
    }
    start(MAKEWORD(2, 2));
    request_window = hwnd;
    if (ours && !patch_locks()) ExitProcess(2);
    if (!strcmp(what, "lock")) sscanf(detail, "%li.%li", &target, &target_taker);

    if (!strcmp(what, "busy"))
    {
        start_exercise(100000);
        while (posts < 20 && ours) Sleep(1);
    }
    else if (!strcmp(what, "post"))
    {
        post_blocks = 1;
        start_exercise(100000);
        if (WaitForSingleObject(held, PATIENCE)) ExitProcess(3);
    }
    else
    {
        thread = start_exercise(20);
        if (!strcmp(what, "lock")) WaitForSingleObject(held, PATIENCE);
        else WaitForSingleObject(thread, TIME_LIMIT * 1000);
    }
    if (!load_detach(hwnd, requests, DETACH_HANDLES)) ExitProcess(1);
    /* The one being posted is the one to ask about. */
    if (blocked_request) load_detach(hwnd, &blocked_request, 1);
    ExitProcess(EXIT_CODE);
}

/* --- the parent --- */

static void run(const char *what, const char *detail)
{
    static unsigned int number;
    char name[64], args[160];
    HANDLE mapping;

    winetest_push_context("detach %s %s", what, detail);
    snprintf(name, sizeof(name), "wsasync-detach-%lx-%u", GetCurrentProcessId(), ++number);
    mapping = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof(*report), name);
    report = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, sizeof(*report));
    snprintf(args, sizeof(args), "lifetime detach %s %s %s", what, name, detail);
    if (!strcmp(what, "free")) run_program(NULL, args, TIME_LIMIT, FAILURES);
    else
    {
        run_program(NULL, args, TIME_LIMIT, EXIT_CODE);
        ok(report->begun == 1 && report->done == 1, "entered %ld times, left %ld times\n", report->begun,
           report->done);
        ok(report->process_ended, "not the end of the process\n");
        /* A DLL that cleans up until there is nothing more to clean up must come to an end. */
        ok(report->cleanups < 100, "WSACleanup succeeds for ever\n");
        ok(!report->forbidden, "%ld times a lock was taken, or waited, during shutdown\n", report->forbidden);
    }
    CloseHandle(mapping);
    winetest_pop_context();
}

void test_detach(void)
{
    struct detach_report *found;
    unsigned int i, count = 0;
    char detail[32];
    LONG taker;

    run("busy", "-");
    run("free", "-");
    if (!ours)
    {
        skip("the locks and posts of the builtin are its own affair\n");
        return;
    }
    run("post", "-");
    run("discover", "-");
    found = report;
    for (i = 0; i < ARRAY_SIZE(found->locks) && found->locks[i].offset; i++)
    {
        ok(found->locks[i].offset != -1, "a lock outside of the image\n");
        trace("lock at %#lx, takers %#lx\n", found->locks[i].offset, found->locks[i].takers);
        for (taker = BY_PROGRAM; taker <= BY_WORKER; taker <<= 1)
        {
            if (!(found->locks[i].takers & taker)) continue;
            count++;
            snprintf(detail, sizeof(detail), "%#lx.%ld", found->locks[i].offset, taker);
            run("lock", detail);
            ok(report->held, "%s was not held\n", detail);
        }
    }
    ok(count >= 3, "only %u locks and takers found\n", count);
}
