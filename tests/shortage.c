/*
 * What the DLL takes from the system is refused, for all that inject.c does not ask: the n-th piece of memory, thread or
 * other object, or all from the n-th on, n = 1, 2, 3, ... until a run passes untouched. A call then succeeds all the same,
 * or says that something was short; nothing that was taken is kept; afterwards all is as before. It knows that the DLL
 * gets these things through its import table, and nothing of what it does with them. The calls are in the files beside.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "shortage.h"
#include "held.h"
#include "image.h"
#include <winternl.h>

#define N_MAX 60                        /* more such things than a scenario may need */

/* --- what is refused --- */

enum kind { MEMORY, THREAD, OBJECT, KINDS };
static const char *const kind_names[KINDS] = { "memory", "thread", "object" };

static struct
{
    enum kind kind;
    LONG n;                             /* which one is refused; 0: none */
    BOOL all;                           /* and all after it */
    volatile LONG armed, seen[KINDS], refused;
} injection;

static HANDLE go, changed;              /* go: for later(); changed: something was given back */
static volatile LONG watching;

/* What the DLL has now, and the least it had since the scenario was first run. What is taken is counted before it is
 * there, what is given back before it is gone: so the least is never less than it was. */
static struct held { volatile LONG now, least; } bytes, handles;

static void take(struct held *held, LONG count)
{
    InterlockedExchangeAdd(&held->now, count);
}

static void give_back(struct held *held, LONG count)
{
    LONG now = InterlockedExchangeAdd(&held->now, -count) - count, least;

    while ((least = held->least) > now && InterlockedCompareExchange(&held->least, now, least) != least) {}
    if (watching) SetEvent(changed);
}

static BOOL refuses(enum kind kind)
{
    LONG number;

    if (!injection.armed) return FALSE;
    number = InterlockedIncrement(&injection.seen[kind]);
    if (kind != injection.kind || !injection.n || (injection.all ? number < injection.n : number != injection.n)) return FALSE;
    InterlockedExchange(&injection.refused, TRUE);
    SetEvent(go);
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return TRUE;
}

#define REAL(type, name, args) static type (WINAPI *real_##name) args
REAL(void *, HeapAlloc, (HANDLE, DWORD, SIZE_T));
REAL(BOOL, HeapFree, (HANDLE, DWORD, void *));
REAL(HANDLE, CreateThread, (SECURITY_ATTRIBUTES *, SIZE_T, LPTHREAD_START_ROUTINE, void *, DWORD, DWORD *));
REAL(HANDLE, CreateEventW, (SECURITY_ATTRIBUTES *, BOOL, BOOL, const WCHAR *));
REAL(HANDLE, CreateSemaphoreW, (SECURITY_ATTRIBUTES *, LONG, LONG, const WCHAR *));
REAL(HANDLE, CreateFileW, (const WCHAR *, DWORD, DWORD, SECURITY_ATTRIBUTES *, DWORD, DWORD, HANDLE));
REAL(BOOL, DuplicateHandle, (HANDLE, HANDLE, HANDLE, HANDLE *, DWORD, BOOL, DWORD));
REAL(BOOL, CloseHandle, (HANDLE));
REAL(BOOL, GetModuleHandleExW, (DWORD, const WCHAR *, HMODULE *));
REAL(DWORD, TlsAlloc, (void));
REAL(BOOL, TlsSetValue, (DWORD, void *));
REAL(NTSTATUS, NtCreateFile, (HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *, LARGE_INTEGER *, ULONG, ULONG,
                              ULONG, ULONG, void *, ULONG));
REAL(NTSTATUS, NtDeviceIoControlFile, (HANDLE, HANDLE, PIO_APC_ROUTINE, void *, IO_STATUS_BLOCK *, ULONG, void *, ULONG,
                                       void *, ULONG));
REAL(NTSTATUS, NtOpenKey, (HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *));
REAL(NTSTATUS, NtClose, (HANDLE));
#undef REAL

#define NO_RESOURCES ((NTSTATUS)0xc000009a)     /* STATUS_INSUFFICIENT_RESOURCES */

static void *WINAPI my_HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size)
{
    void *ptr;

    if (refuses(MEMORY)) return NULL;
    take(&bytes, size);
    if (!(ptr = real_HeapAlloc(heap, flags, size))) give_back(&bytes, size);
    return ptr;
}

static BOOL WINAPI my_HeapFree(HANDLE heap, DWORD flags, void *ptr)
{
    LONG size = ptr ? HeapSize(heap, 0, ptr) : 0;
    BOOL ret = real_HeapFree(heap, flags, ptr);

    give_back(&bytes, size);
    return ret;
}

/* A call that makes a handle. */
#define OPENED(kind, failure, success, call) \
    if (refuses(kind)) return failure; \
    take(&handles, 1); \
    ret = call; \
    if (!(success)) give_back(&handles, 1); \
    return ret;

static HANDLE WINAPI my_CreateThread(SECURITY_ATTRIBUTES *security, SIZE_T stack, LPTHREAD_START_ROUTINE start,
                                     void *arg, DWORD flags, DWORD *id)
{
    HANDLE ret;

    OPENED(THREAD, NULL, ret, real_CreateThread(security, stack, start, arg, flags, id))
}

static HANDLE WINAPI my_CreateEventW(SECURITY_ATTRIBUTES *security, BOOL manual, BOOL set, const WCHAR *name)
{
    HANDLE ret;

    OPENED(OBJECT, NULL, ret, real_CreateEventW(security, manual, set, name))
}

static HANDLE WINAPI my_CreateSemaphoreW(SECURITY_ATTRIBUTES *security, LONG count, LONG max, const WCHAR *name)
{
    HANDLE ret;

    OPENED(OBJECT, NULL, ret, real_CreateSemaphoreW(security, count, max, name))
}

static HANDLE WINAPI my_CreateFileW(const WCHAR *name, DWORD access, DWORD share, SECURITY_ATTRIBUTES *security,
                                    DWORD creation, DWORD flags, HANDLE model)
{
    HANDLE ret;

    OPENED(OBJECT, INVALID_HANDLE_VALUE, ret != INVALID_HANDLE_VALUE,
           real_CreateFileW(name, access, share, security, creation, flags, model))
}

static BOOL WINAPI my_DuplicateHandle(HANDLE from, HANDLE handle, HANDLE to, HANDLE *copy, DWORD access, BOOL inherit,
                                      DWORD options)
{
    BOOL ret;

    OPENED(OBJECT, FALSE, ret, real_DuplicateHandle(from, handle, to, copy, access, inherit, options))
}

static BOOL WINAPI my_CloseHandle(HANDLE handle)
{
    BOOL ret = real_CloseHandle(handle);

    if (ret) give_back(&handles, 1);
    return ret;
}

static BOOL WINAPI my_GetModuleHandleExW(DWORD flags, const WCHAR *name, HMODULE *module)
{
    if (refuses(OBJECT)) return FALSE;
    return real_GetModuleHandleExW(flags, name, module);
}

static DWORD WINAPI my_TlsAlloc(void)
{
    return refuses(OBJECT) ? TLS_OUT_OF_INDEXES : real_TlsAlloc();
}

/* To forget a value takes nothing. */
static BOOL WINAPI my_TlsSetValue(DWORD slot, void *value)
{
    return !(value && refuses(OBJECT)) && real_TlsSetValue(slot, value);
}

static NTSTATUS WINAPI my_NtCreateFile(HANDLE *file, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes, IO_STATUS_BLOCK *io,
                                       LARGE_INTEGER *size, ULONG flags, ULONG share, ULONG creation, ULONG options,
                                       void *ea, ULONG ea_size)
{
    NTSTATUS ret;

    OPENED(OBJECT, NO_RESOURCES, !ret,
           real_NtCreateFile(file, access, attributes, io, size, flags, share, creation, options, ea, ea_size))
}

static NTSTATUS WINAPI my_NtDeviceIoControlFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc, void *arg,
                                                IO_STATUS_BLOCK *io, ULONG code, void *in, ULONG in_size, void *out,
                                                ULONG out_size)
{
    if (refuses(OBJECT)) return NO_RESOURCES;
    return real_NtDeviceIoControlFile(file, event, apc, arg, io, code, in, in_size, out, out_size);
}

static NTSTATUS WINAPI my_NtOpenKey(HANDLE *key, ACCESS_MASK access, const OBJECT_ATTRIBUTES *attributes)
{
    NTSTATUS ret;

    OPENED(OBJECT, NO_RESOURCES, !ret, real_NtOpenKey(key, access, attributes))
}

static NTSTATUS WINAPI my_NtClose(HANDLE handle)
{
    NTSTATUS ret = real_NtClose(handle);

    if (!ret) give_back(&handles, 1);
    return ret;
}

static void patch_all(void)
{
    /* the replacement needs it before it is called */
#define PATCH(dll, name) real_##name = (void *)GetProcAddress(GetModuleHandleA(dll), #name); \
    ok(patch_import(winsock(), #name, my_##name) != NULL, "the DLL does not import " #name "\n");
    PATCH("kernel32", HeapAlloc)
    PATCH("kernel32", HeapFree)
    PATCH("kernel32", CreateThread)
    PATCH("kernel32", CreateEventW)
    PATCH("kernel32", CreateSemaphoreW)
    PATCH("kernel32", CreateFileW)
    PATCH("kernel32", DuplicateHandle)
    PATCH("kernel32", CloseHandle)
    PATCH("kernel32", GetModuleHandleExW)
    PATCH("kernel32", TlsAlloc)
    PATCH("kernel32", TlsSetValue)
    PATCH("ntdll", NtCreateFile)
    PATCH("ntdll", NtDeviceIoControlFile)
    PATCH("ntdll", NtOpenKey)
    PATCH("ntdll", NtClose)
#undef PATCH
}

void fall_short(void)
{
    injection.armed = 1;
}

void suffice(void)
{
    injection.armed = 0;
}

BOOL is_short(void)
{
    return injection.refused;
}

void close_theirs(HANDLE handle)
{
    (ours ? my_CloseHandle : CloseHandle)(handle);
}

BOOL worked_(const char *what, BOOL succeeded, int error, int other)
{
    int got = WSAGetLastError();

    todo_builtin_if(!succeeded)
    winetest_ok(succeeded || (is_short() && (got == error || got == other)), "not %s, error %d, %s refused\n", what, got,
                is_short() ? "something was" : "nothing was");
    return succeeded;
}

/* --- what happens later --- */

static void (*volatile event)(void);
static HANDLE happened;

static DWORD WINAPI happen(void *unused)
{
    void (*what)(void);

    while (!WaitForSingleObject(go, INFINITE))
    {
        if (!(what = InterlockedExchangePointer((void **)&event, NULL))) continue;
        what();
        SetEvent(happened);
    }
    return 0;
}

static BOOL WINAPI hastening_hook(void)
{
    SetEvent(go);
    return FALSE;
}

void hasten_by_hook(void)
{
    FARPROC before;

    WSASetLastError(0xdead);
    before = set_hook(hastening_hook);
    worked(before != NULL, WSAENOBUFS, WSAENOBUFS);
}

void later(void (*what)(void))
{
    ResetEvent(happened);
    InterlockedExchangePointer((void **)&event, (void *)what);
    if (!ours || is_short()) SetEvent(go);
}

void at_the_latest(void)
{
    SetEvent(go);
    ok(!WaitForSingleObject(happened, PATIENCE), "what the call waits for does not end\n");
}

/* --- runs --- */

static DWORD WINAPI run_thread(void *arg)
{
    ((const struct scenario *)arg)->run();
    return 0;
}

/* Returns whether something was refused. */
static BOOL run(const struct scenario *scenario, enum kind kind, BOOL all, LONG n)
{
    HANDLE thread;
    int i;

    injection.kind = kind;
    injection.all = all;
    injection.n = n;
    injection.refused = 0;
    for (i = 0; i < KINDS; i++) injection.seen[i] = 0;
    thread = CreateThread(NULL, 0, run_thread, (void *)scenario, 0, NULL);
    ok(!WaitForSingleObject(thread, 2 * PATIENCE), "the scenario does not end\n");
    CloseHandle(thread);
    suffice();
    return injection.refused;
}

static void clean(const struct scenario *scenario)
{
    winetest_push_context("afterwards");
    run(scenario, MEMORY, FALSE, 0);
    winetest_pop_context();
}

/* Until the DLL has as little as it had. A worker may give back what it has a while after the call. */
static void settle(void)
{
    DWORD begin = GetTickCount();

    InterlockedExchange(&watching, TRUE);
    while ((bytes.now > bytes.least || handles.now > handles.least) && GetTickCount() - begin < PATIENCE / 3)
        WaitForSingleObject(changed, PATIENCE / 3);
    InterlockedExchange(&watching, FALSE);
    ok(bytes.now <= bytes.least && handles.now <= handles.least, "%ld bytes and %ld handles are kept\n",
       bytes.now - bytes.least, handles.now - handles.least);
    /* each loss is told once */
    bytes.least = bytes.now;
    handles.least = handles.now;
}

static BOOL inject(const struct scenario *scenario, enum kind kind, BOOL all, LONG n)
{
    BOOL refused;

    winetest_push_context("%s, %s %s %ld", scenario->name, all ? "from" : "just", kind_names[kind], n);
    refused = run(scenario, kind, all, n);
    settle();
    winetest_pop_context();
    return refused;
}

static void test(const struct scenario *scenario)
{
    LONG n, wanted[KINDS], count = 0;
    enum kind kind;
    BOOL all;

    winetest_push_context("%s", scenario->name);
    run(scenario, MEMORY, FALSE, 0);
    if (ours)
    {
        bytes.least = bytes.now;
        handles.least = handles.now;
        clean(scenario);
        settle();
    }
    winetest_pop_context();
    for (kind = 0; kind < KINDS; kind++) wanted[kind] = injection.seen[kind];
    for (kind = 0; ours && kind < KINDS; kind++)
        for (all = FALSE; all <= TRUE && wanted[kind]; all++, count += n - 1)
        {
            for (n = 1; n < N_MAX && inject(scenario, kind, all, n);) n++;
            ok(n < N_MAX, "%s: there is no end to it\n", scenario->name);
            winetest_push_context("%s, %s %s", scenario->name, all ? "from" : "just", kind_names[kind]);
            clean(scenario);
            settle();
            winetest_pop_context();
        }
    trace("%s: %ld times short\n", scenario->name, count);
}

/* --- in new processes, where nothing has been made yet --- */

#define UNTOUCHED 100
#define CODE(bytes, handles) (0x40000000 | (handles) << 24 | (bytes))

/* With n of 0 it ends with a code for what the DLL has kept; UNTOUCHED: nothing was refused. Else the DLL shall come to the
 * same, after as many runs as that takes: a file is looked at again after a second. */
static void child(const struct scenario *scenario, enum kind kind, BOOL all, LONG n, LONG code)
{
    DWORD begin = GetTickCount();
    BOOL refused = run(scenario, kind, all, n);

    bytes.least = bytes.now;
    handles.least = handles.now;
    clean(scenario);
    if (!n)
    {
        clean(scenario);
        settle();
        code = CODE(bytes.least, handles.least);
    }
    else if (!refused) code = UNTOUCHED;
    else
    {
        while (CODE(bytes.now, handles.now) != code && GetTickCount() - begin < PATIENCE / 3) clean(scenario);
        ok(CODE(bytes.now, handles.now) == code, "%ld bytes and %ld handles, expected %ld and %ld\n", bytes.now, handles.now,
           code & 0xffffff, code >> 24 & 0x3f);
        return;
    }
    if (winetest_get_failures()) return;
    winetest_debug = 0;
    ExitProcess(code);
}

static void test_fresh(const struct scenario *scenario)
{
    char args[128];
    DWORD code, kept;
    enum kind kind;
    LONG n;
    BOOL all;

    snprintf(args, sizeof(args), "shortage \"%s\" 0 0 0 0", scenario->name);
    kept = run_program(NULL, args, TIME_LIMIT, ANY_CODE);
    ok(kept & 0x40000000, "%s: exit code %#lx\n", args, kept);
    if (!(kept & 0x40000000)) return;
    for (kind = 0; kind < KINDS; kind++)
        for (all = FALSE; all <= TRUE; all++)
            for (n = 1, code = 0; !code && n < N_MAX; n++)
            {
                snprintf(args, sizeof(args), "shortage \"%s\" %d %d %ld %ld", scenario->name, kind, all, n, kept);
                code = run_program(NULL, args, TIME_LIMIT, ANY_CODE);
                ok(!code || code == UNTOUCHED, "%s: exit code %#lx\n", args, code);
            }
}

static const struct scenario *all_scenarios[] = { blocking_scenarios, name_scenarios, connect_scenarios };

START_TEST(shortage)
{
    const struct scenario *scenario;
    HANDLE thread;
    unsigned int i;

    go = CreateEventW(NULL, FALSE, FALSE, NULL);
    changed = CreateEventW(NULL, FALSE, FALSE, NULL);
    happened = CreateEventW(NULL, TRUE, FALSE, NULL);
    thread = CreateThread(NULL, 0, happen, NULL, 0, NULL);
    if (ours) patch_all();
    start(MAKEWORD(1, 1));
    have_names = names_available();
    prepare_names();
    for (i = 0; i < ARRAY_SIZE(all_scenarios); i++)
        for (scenario = all_scenarios[i]; scenario->name; scenario++)
        {
            if (argument(1) && strcmp(argument(1), scenario->name)) continue;
            if (argument(5))
            {
                child(scenario, atoi(argument(2)), atoi(argument(3)), atoi(argument(4)), atoi(argument(5)));
                continue;
            }
            test(scenario);
            /* It takes minutes where 32-bit programs are emulated. */
            if (ours && scenario->fresh && sizeof(void *) == 8) test_fresh(scenario);
        }
    finish();
    CloseHandle(thread);
}
