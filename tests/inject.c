/*
 * The n-th allocation, thread start, system object or post fails, n = 1, 2, 3, ... until a run passes untouched: each
 * call then fails with WSAEWOULDBLOCK or its message comes, none is lost, and afterwards all is as before. It knows
 * that the DLL gets these things through its import table, and nothing of what it does with them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"
#include "image.h"

#define N_MAX 300                       /* more such things than a run may need */

#define POSTS_LOST 40                   /* of a run in which all posts fail: each message several times */

/* --- what fails --- */

enum kind { ALLOCATION, THREAD, OBJECT, POST, KINDS };
static const char *const kind_names[KINDS] = { "allocation", "thread", "object", "post" };

static struct
{
    enum kind kind;
    LONG n;                             /* which one fails; 0: none */
    BOOL all;                           /* and all after it */
    volatile LONG seen;                 /* how many there were */
    volatile LONG armed;
} injection;

static DWORD main_thread;

static BOOL fails(enum kind kind)
{
    LONG number;

    if (!injection.armed || kind != injection.kind) return FALSE;
    /* The builtin's workers do not survive it. */
    if (!ours && GetCurrentThreadId() != main_thread) return FALSE;
    number = InterlockedIncrement(&injection.seen);
    if (kind == POST && injection.all && number >= injection.n + POSTS_LOST) injection.armed = 0;
    return injection.n && (injection.all ? number >= injection.n : number == injection.n);
}

#define FAIL(kind, error, value) if (fails(kind)) { SetLastError(error); return value; }

static void *(WINAPI *real_HeapAlloc)(HANDLE, DWORD, SIZE_T);
static void *(WINAPI *real_HeapReAlloc)(HANDLE, DWORD, void *, SIZE_T);
static void *(WINAPI *real_VirtualAlloc)(void *, SIZE_T, DWORD, DWORD);
static void *(__cdecl *real_malloc)(size_t);
static void *(__cdecl *real_calloc)(size_t, size_t);
static void *(__cdecl *real_realloc)(void *, size_t);
static HANDLE (WINAPI *real_CreateThread)(SECURITY_ATTRIBUTES *, SIZE_T, LPTHREAD_START_ROUTINE, void *, DWORD,
                                          DWORD *);
static BOOL (WINAPI *real_TrySubmitThreadpoolCallback)(void *, void *, void *);
static HANDLE (WINAPI *real_CreateEventW)(SECURITY_ATTRIBUTES *, BOOL, BOOL, const WCHAR *);
static HANDLE (WINAPI *real_CreateSemaphoreW)(SECURITY_ATTRIBUTES *, LONG, LONG, const WCHAR *);
static BOOL (WINAPI *real_GetModuleHandleExW)(DWORD, const WCHAR *, HMODULE *);
static HMODULE (WINAPI *real_LoadLibraryW)(const WCHAR *);
static HMODULE (WINAPI *real_LoadLibraryA)(const char *);
static FARPROC (WINAPI *real_GetProcAddress)(HMODULE, const char *);
static BOOL (WINAPI *real_CreateTimerQueueTimer)(HANDLE *, HANDLE, WAITORTIMERCALLBACK, void *, DWORD, DWORD, ULONG);

static void *WINAPI my_HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size)
{
    FAIL(ALLOCATION, ERROR_NOT_ENOUGH_MEMORY, NULL)
    return real_HeapAlloc(heap, flags, size);
}

static void *WINAPI my_HeapReAlloc(HANDLE heap, DWORD flags, void *ptr, SIZE_T size)
{
    FAIL(ALLOCATION, ERROR_NOT_ENOUGH_MEMORY, NULL)
    return real_HeapReAlloc(heap, flags, ptr, size);
}

static void *WINAPI my_VirtualAlloc(void *ptr, SIZE_T size, DWORD type, DWORD protection)
{
    FAIL(ALLOCATION, ERROR_NOT_ENOUGH_MEMORY, NULL)
    return real_VirtualAlloc(ptr, size, type, protection);
}

static void *__cdecl my_malloc(size_t size)
{
    if (fails(ALLOCATION)) return NULL;
    return real_malloc(size);
}

static void *__cdecl my_calloc(size_t count, size_t size)
{
    if (fails(ALLOCATION)) return NULL;
    return real_calloc(count, size);
}

static void *__cdecl my_realloc(void *ptr, size_t size)
{
    if (fails(ALLOCATION)) return NULL;
    return real_realloc(ptr, size);
}

static HANDLE WINAPI my_CreateThread(SECURITY_ATTRIBUTES *security, SIZE_T stack, LPTHREAD_START_ROUTINE start,
                                     void *arg, DWORD flags, DWORD *id)
{
    FAIL(THREAD, ERROR_NOT_ENOUGH_MEMORY, NULL)
    return real_CreateThread(security, stack, start, arg, flags, id);
}

static BOOL WINAPI my_TrySubmitThreadpoolCallback(void *callback, void *arg, void *environment)
{
    FAIL(THREAD, ERROR_NOT_ENOUGH_MEMORY, FALSE)
    return real_TrySubmitThreadpoolCallback(callback, arg, environment);
}

static HANDLE WINAPI my_CreateEventW(SECURITY_ATTRIBUTES *security, BOOL manual, BOOL set, const WCHAR *name)
{
    FAIL(OBJECT, ERROR_NOT_ENOUGH_MEMORY, NULL)
    return real_CreateEventW(security, manual, set, name);
}

static HANDLE WINAPI my_CreateSemaphoreW(SECURITY_ATTRIBUTES *security, LONG count, LONG max, const WCHAR *name)
{
    FAIL(OBJECT, ERROR_NOT_ENOUGH_MEMORY, NULL)
    return real_CreateSemaphoreW(security, count, max, name);
}

static BOOL WINAPI my_GetModuleHandleExW(DWORD flags, const WCHAR *name, HMODULE *module)
{
    if (fails(OBJECT))
    {
        *module = NULL;
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return FALSE;
    }
    return real_GetModuleHandleExW(flags, name, module);
}

static HMODULE WINAPI my_LoadLibraryW(const WCHAR *name)
{
    FAIL(OBJECT, ERROR_NOT_ENOUGH_MEMORY, NULL)
    return real_LoadLibraryW(name);
}

static HMODULE WINAPI my_LoadLibraryA(const char *name)
{
    FAIL(OBJECT, ERROR_NOT_ENOUGH_MEMORY, NULL)
    return real_LoadLibraryA(name);
}

static FARPROC WINAPI my_GetProcAddress(HMODULE module, const char *name)
{
    FAIL(OBJECT, ERROR_NOT_ENOUGH_MEMORY, NULL)
    return real_GetProcAddress(module, name);
}

static BOOL WINAPI my_CreateTimerQueueTimer(HANDLE *timer, HANDLE queue, WAITORTIMERCALLBACK callback, void *arg,
                                            DWORD due, DWORD period, ULONG flags)
{
    FAIL(OBJECT, ERROR_NOT_ENOUGH_MEMORY, FALSE)
    return real_CreateTimerQueueTimer(timer, queue, callback, arg, due, period, flags);
}

static BOOL patched[KINDS];

static void patch(enum kind kind, const char *name, void *mine, void *real)
{
    void *kernel32 = (void *)GetProcAddress(GetModuleHandleA("kernel32.dll"), name), *old;

    /* The replacement needs it before it is called. */
    if (!kernel32) kernel32 = (void *)GetProcAddress(LoadLibraryA("msvcrt.dll"), name);
    *(void **)real = kernel32;
    old = patch_import(winsock(), name, mine);
    if (!old) return;
    *(void **)real = old;               /* of another C library, perhaps */
    patched[kind] = TRUE;
}

/* --- posts: the first try of every other message fails in any case --- */

static volatile LONG post_count, post_tries[0x10000];

static BOOL WINAPI my_post(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    LONG try = InterlockedIncrement(&post_tries[LOWORD(wparam)]);

    InterlockedIncrement(&post_count);
    FAIL(POST, ERROR_NOT_ENOUGH_QUOTA, FALSE)
    if (try == 1 && (wparam & 1))
    {
        SetLastError(ERROR_NOT_ENOUGH_QUOTA);
        return FALSE;
    }
    return PostMessageW(hwnd, msg, wparam, lparam);
}

static void patch_all(void)
{
    main_thread = GetCurrentThreadId();
#define PATCH(kind, name) patch(kind, #name, my_##name, &real_##name);
    PATCH(ALLOCATION, HeapAlloc)
    PATCH(ALLOCATION, HeapReAlloc)
    PATCH(ALLOCATION, VirtualAlloc)
    PATCH(ALLOCATION, malloc)
    PATCH(ALLOCATION, calloc)
    PATCH(ALLOCATION, realloc)
    PATCH(THREAD, CreateThread)
    PATCH(THREAD, TrySubmitThreadpoolCallback)
    PATCH(OBJECT, CreateEventW)
    PATCH(OBJECT, CreateSemaphoreW)
    PATCH(OBJECT, GetModuleHandleExW)
    PATCH(OBJECT, LoadLibraryW)
    PATCH(OBJECT, LoadLibraryA)
    PATCH(OBJECT, GetProcAddress)
    PATCH(OBJECT, CreateTimerQueueTimer)
#undef PATCH
    patched[POST] = ours;
}

/* --- the run --- */

struct request
{
    HANDLE handle;
    BOOL cancelled;                     /* successfully */
    unsigned int messages;
    int error;                          /* of the message */
    char buf[MAXGETHOSTSTRUCT];
};

enum { REQUESTS = 14 };
static struct request requests[REQUESTS];

static void submit(HWND hwnd, unsigned int i, BOOL names)
{
    static char delayed[128];
    struct request *request = &requests[i];
    char *buf = request->buf;
    int len = sizeof(request->buf);

    memset(request, 0, sizeof(*request));
    memset(buf, FILL, len);
    WSASetLastError(0xdead);
    if (i == 7) lstrcpyA(delayed, names ? scripted("h1.d20") : "localhost");
    switch (i)
    {
    case 0: case 1: request->handle = by_number(hwnd, IPPROTO_TCP, buf, len); break;
    case 2: request->handle = by_protocol(hwnd, "udp", buf, len); break;
    case 3: request->handle = by_service(hwnd, "http", "tcp", buf, len); break;
    case 4: request->handle = by_port(hwnd, 80, NULL, buf, len); break;
    case 5: request->handle = by_name(hwnd, "localhost", buf, len); break;
    case 6: request->handle = by_addr(hwnd, "127.0.0.1", buf, len); break;
    case 7: case 8: request->handle = by_name(hwnd, delayed, buf, len); break;     /* twice the same */
    case 9: request->handle = by_name(hwnd, names ? scripted("c2.m20") : "localhost", buf, len); break;
    case 10: request->handle = by_name(hwnd, names ? scripted("h2.d50") : "localhost", buf, len); break;
    case 11: request->handle = by_number(hwnd, IPPROTO_UDP, buf, len); break;
    case 12: request->handle = by_number(hwnd, 255, buf, 4); break;
    case 13: request->handle = by_name(hwnd, names ? scripted("nx") : "localhost", buf, len); break;
    }
    if (request->handle) return;
    ok(WSAGetLastError() == WSAEWOULDBLOCK, "request %u: refused with error %d\n", i, WSAGetLastError());
    ok(untouched(buf, len), "request %u: refused, and its buffer written\n", i);
}

static void cancel(unsigned int i)
{
    struct request *request = &requests[i];

    if (!request->handle) return;
    request->cancelled = !WSACancelAsyncRequest(request->handle);
    if (!request->cancelled)
        ok(WSAGetLastError() == WSAEALREADY, "request %u: cancel gave error %d\n", i, WSAGetLastError());
}

static void take(const struct completion *completion)
{
    unsigned int i;

    for (i = 0; i < REQUESTS; i++)
    {
        if (requests[i].handle != (HANDLE)completion->wparam) continue;
        requests[i].messages++;
        requests[i].error = WSAGETASYNCERROR(completion->lparam);
        return;
    }
    ok(0, "message for %#Ix, which was not submitted\n", completion->wparam);
}

static BOOL all_told(void)
{
    unsigned int i;

    for (i = 0; i < REQUESTS; i++)
        /* The builtin's message comes in spite of it, and would come amid the next run. */
        if (requests[i].handle && !requests[i].messages && !(requests[i].cancelled && ours)) return FALSE;
    return TRUE;
}

/* Returns how many calls were refused. */
static unsigned int run(HWND hwnd, BOOL names)
{
    struct completion completion;
    unsigned int i, refused = 0;

    start(MAKEWORD(2, 2));
    if (ours) WSApSetPostRoutine(my_post);
    for (i = 0; i < 0x10000; i++) post_tries[i] = 0;
    for (i = 0; i < REQUESTS; i++) submit(hwnd, i, names);
    cancel(8);
    cancel(10);
    cancel(11);
    /* Failures one by one may come later too; a shortage that lasts ends here. */
    if (injection.all && injection.kind != POST) injection.armed = 0;
    while (!all_told() && next_completion(&completion, PATIENCE)) take(&completion);
    injection.armed = 0;
    expect_completion_(WSAAsyncGetProtoByNumber(hwnd, DONE + 1, IPPROTO_TCP, NULL, 0), WSAENOBUFS, -1);
    while (next_completion(&completion, 0)) take(&completion);

    for (i = 0; i < REQUESTS; i++)
    {
        struct request *request = &requests[i];

        if (!request->handle)
        {
            refused++;
            continue;
        }
        todo_builtin_if(request->messages && request->cancelled)
        ok(request->messages == !request->cancelled, "request %u: cancelled %d, %u messages\n", i,
           request->cancelled, request->messages);
        if (request->messages)
            ok(!request->error || (request->error >= WSABASEERR && request->error <= WSANO_DATA),
               "request %u: error %d\n", i, request->error);
        else if (!post_tries[LOWORD(request->handle)])      /* its answer was copied if a post was tried */
            ok(untouched(request->buf, sizeof(request->buf)), "request %u: buffer written\n", i);
    }
    finish();
    return refused;
}

static void check_clean(HWND hwnd, BOOL names)
{
    /* The rest keep the error that they have with nothing missing: see submit(). */
    static const BYTE succeeds[REQUESTS] = { 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0 };
    unsigned int i, refused;

    winetest_push_context("clean");
    injection.n = 0;
    refused = run(hwnd, names);
    ok(!refused, "%u calls refused\n", refused);
    for (i = 0; i < REQUESTS; i++)
        if (succeeds[i]) ok(!requests[i].error, "request %u: error %d\n", i, requests[i].error);
    winetest_pop_context();
}

/* TRUE if something failed. */
static BOOL inject(HWND hwnd, enum kind kind, BOOL all, LONG n, BOOL names)
{
    BOOL fired;

    winetest_push_context("%s %s %ld", all ? "from" : "just", kind_names[kind], n);
    injection.kind = kind;
    injection.all = all;
    injection.n = n;
    injection.seen = 0;
    injection.armed = 1;
    run(hwnd, names);
    fired = injection.seen >= n;
    check_clean(hwnd, names);
    winetest_pop_context();
    return fired;
}

static void test_kind(HWND hwnd, enum kind kind, BOOL all, BOOL names)
{
    LONG n = 1;

    while (n < N_MAX && inject(hwnd, kind, all, n, names)) n++;
    ok(n < N_MAX, "%s: there is no end to it\n", kind_names[kind]);
    trace("%s, %s: %ld\n", kind_names[kind], all ? "all after" : "one", n - 1);
}

/* In a new process, where nothing has been made yet. It ends with 100 when nothing failed any more. */
static void child(const char *kind_name, BOOL all, LONG n)
{
    enum kind kind = 0;
    BOOL fired;

    while (kind < KINDS && strcmp(kind_names[kind], kind_name)) kind++;
    patch_all();
    fired = inject(new_window(), kind, all, n, names_available());
    if (!fired && !winetest_get_failures())
    {
        winetest_debug = 0;
        ExitProcess(100);
    }
}

static void test_fresh(enum kind kind, BOOL all)
{
    char args[64];
    LONG n;
    DWORD code;

    for (n = 1; n < N_MAX; n++)
    {
        snprintf(args, sizeof(args), "inject %s %d %ld", kind_names[kind], all, n);
        code = run_program(NULL, args, TIME_LIMIT, ANY_CODE);
        if (code == 100) break;
        ok(!code, "%s: exit code %#lx\n", args, code);
        if (code) break;
    }
    trace("%s in a new process, %s: %ld\n", kind_names[kind], all ? "all after" : "one", n - 1);
}

START_TEST(inject)
{
    enum kind kind;
    BOOL names, all;
    HWND hwnd;

    if (argument(3))
    {
        child(argument(1), atoi(argument(2)), atoi(argument(3)));
        return;
    }
    names = names_available();
    patch_all();
    hwnd = new_window();
    check_clean(hwnd, names);
    for (kind = 0; kind < KINDS; kind++)
    {
        /* Each DLL must allocate, start threads and post; what else it needs is its affair. */
        todo_builtin_if(kind == POST)
        ok(patched[kind] || kind == OBJECT, "%s: nothing to make fail\n", kind_names[kind]);
        if (!patched[kind]) continue;
        for (all = FALSE; all <= TRUE; all++)
        {
            test_kind(hwnd, kind, all, names);
            /* On the builtin once must do: it takes minutes where 32-bit programs are emulated. */
            if (kind != POST && (ours || sizeof(void *) == 8)) test_fresh(kind, all);
        }
    }
    if (ours) ok(post_count > 0, "the post routine was not called\n");
    expect_silence();
}
