/*
 * The trouble of the unit soak: Winsock cleaned up and started anew, posts, allocations and thread starts that fail, copies
 * of the DLL, processes that load and free it. It knows that the DLL gets memory and threads through its import table, as
 * inject.c does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "soak.h"
#include "image.h"

volatile LONG phase, shortages, shortage_time, post_failures[0x10000], dll_bytes;

/* --- memory and threads --- */

enum { NOTHING, ALLOCATIONS, THREADS };
static volatile LONG short_of;
static volatile LONG chance;            /* of those that are short, one in so many is refused */
static volatile LONG attempts;

static void *(WINAPI *real_HeapAlloc)(HANDLE, DWORD, SIZE_T) = HeapAlloc;
static BOOL (WINAPI *real_HeapFree)(HANDLE, DWORD, void *) = HeapFree;
static HANDLE (WINAPI *real_CreateThread)(SECURITY_ATTRIBUTES *, SIZE_T, LPTHREAD_START_ROUTINE, void *, DWORD,
                                          DWORD *) = CreateThread;

static BOOL refused(LONG what)
{
    if (short_of != what || InterlockedIncrement(&attempts) % chance) return FALSE;
    shortage_time = GetTickCount();
    InterlockedIncrement(&shortages);
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return TRUE;
}

static void *WINAPI my_HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size)
{
    void *ptr;

    if (refused(ALLOCATIONS))
    {
        COUNT(failed_allocations);
        return NULL;
    }
    if ((ptr = real_HeapAlloc(heap, flags, size))) InterlockedExchangeAdd(&dll_bytes, size);
    return ptr;
}

static BOOL WINAPI my_HeapFree(HANDLE heap, DWORD flags, void *ptr)
{
    if (ptr) InterlockedExchangeAdd(&dll_bytes, -(LONG)HeapSize(heap, 0, ptr));
    return real_HeapFree(heap, flags, ptr);
}

static HANDLE WINAPI my_CreateThread(SECURITY_ATTRIBUTES *security, SIZE_T stack, LPTHREAD_START_ROUTINE start,
                                     void *arg, DWORD flags, DWORD *id)
{
    if (refused(THREADS))
    {
        COUNT(failed_threads);
        return NULL;
    }
    return real_CreateThread(security, stack, start, arg, flags, id);
}

/* A short while without, a long one with. */
DWORD WINAPI shortage_main(void *unused)
{
    ULONGLONG state = GetTickCount();

    while (!stopping(noise(&state) % 1500))
    {
        chance = 1 + noise(&state) % 4;
        short_of = 1 + noise(&state) % 2;
        stopping(noise(&state) % (short_of == THREADS ? 300 : 20));
        short_of = NOTHING;
    }
    return 0;
}

/* --- posts --- */

static BOOL WINAPI my_post(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    static volatile LONG count;
    struct owner_window *window = owner_windows[0];
    LONG number = InterlockedIncrement(&count);
    BOOL fails = number % 64 == 0;
    unsigned int i;

    for (i = 0; i < OWNERS * WINDOWS; i++)
        if (window[i].hwnd == hwnd && (LONG)(window[i].full_until - GetTickCount()) > 0) fails = TRUE;
    /* The program may call us back from here. */
    if (number % 100 == 0 && !WSACancelAsyncRequest((HANDLE)0x10000)) FAULT(bad_verdict, "0 for no handle, amid a post\n");
    if (!fails) return PostMessageW(hwnd, msg, wparam, lparam);
    InterlockedIncrement(&post_failures[LOWORD(wparam)]);
    COUNT(failed_posts);
    SetLastError(ERROR_NOT_ENOUGH_QUOTA);
    return FALSE;
}

/* --- start and cleanup --- */

static LONG start_count;

void start_winsock(ULONGLONG *state)
{
    LONG wanted = 1 + noise(state) % 3;
    WSADATA data;
    int error;

    for (start_count = 0; start_count < wanted; )
    {
        LONG shortages_before = shortages;

        if (!(error = WSAStartup(MAKEWORD(2, 2), &data))) start_count++;
        else if (shortages == shortages_before) FAULT(startup, "WSAStartup: error %d\n", error);
        if (error && stopping(0)) return;
    }
    /* without it the DLL's own PostMessage */
    if (noise(state) % 4) WSApSetPostRoutine(my_post);
}

void end_winsock(void)
{
    LONG count = 0;

    while (!WSACleanup()) count++;
    if (count != start_count) FAULT(startup, "%ld cleanups for %ld starts\n", count, start_count);
    COUNT(cleanups);
}

DWORD WINAPI cleaner_main(void *unused)
{
    ULONGLONG state = GetTickCount() + 5;
    DWORD pause, count;

    for (count = 0;; count++)
    {
        /* Long ones too: else no request would live to hear that a server hangs. */
        pause = noise(&state) % 4 || count < 5 ? noise(&state) % 2000 : noise(&state) % 75000;
        if (stopping(pause)) return 0;
        InterlockedIncrement(&phase);
        end_winsock();
        InterlockedIncrement(&phase);
        if (noise(&state) % 2) stopping(noise(&state) % 20);
        InterlockedIncrement(&phase);
        start_winsock(&state);
        InterlockedIncrement(&phase);
    }
}

/* --- a second copy --- */

static char copy_path[MAX_PATH + 64];

HMODULE load_copy(struct calls *calls)
{
    HMODULE module = copy_path[0] ? LoadLibraryA(copy_path) : NULL;

    if (!module) FAULT(startup, "no second copy, error %lu\n", GetLastError());
    else if (module == winsock() || !find_calls(module, calls)) FAULT(startup, "the second copy is none\n");
    else return module;
    find_calls(winsock(), calls);
    return NULL;
}

static void make_copy(void)
{
    char path[MAX_PATH], temp[MAX_PATH];

    GetModuleFileNameA(winsock(), path, sizeof(path));
    GetTempPathA(sizeof(temp), temp);
    snprintf(copy_path, sizeof(copy_path), "%s\\wsasync-soak-%lx", temp, GetCurrentProcessId());
    CreateDirectoryA(copy_path, NULL);
    strcat(copy_path, "\\ws2_32.dll");
    ok(CopyFileA(path, copy_path, FALSE), "%s: error %lu\n", copy_path, GetLastError());
}

void remove_copy(void)
{
    DeleteFileA(copy_path);
    *strrchr(copy_path, '\\') = 0;
    RemoveDirectoryA(copy_path);
}

/* --- other processes --- */

#define CHILD_CODE 77

/* Ends amid requests. */
void soak_child(void)
{
    static char bufs[64][MAXGETHOSTSTRUCT];
    HWND hwnd = new_window();
    unsigned int i;

    start(MAKEWORD(1, 1));
    for (i = 0; i < ARRAY_SIZE(bufs); i++)
        if (i % 4) ok(by_number(hwnd, i, bufs[i], sizeof(bufs[i])) != NULL, "not submitted\n");
        else ok(by_name(hwnd, i % 8 ? "h1.d50.test" : "h1.never.test", bufs[i], sizeof(bufs[i])) != NULL, "not submitted\n");
    if (winetest_get_failures()) return;
    ExitProcess(CHILD_CODE);
}

DWORD WINAPI children_main(void *unused)
{
    ULONGLONG state = GetTickCount() + 9;

    do
    {
        if (noise(&state) % 2) run_program(NULL, "soak child", TIME_LIMIT, CHILD_CODE);
        else run_program("dynamic.exe", names ? "dynamic free h5.d400.test 1" : "dynamic free localhost 1", TIME_LIMIT,
                         FAILURES);
        COUNT(children);
    } while (!stopping(noise(&state) % 40000));
    return 0;
}

void make_trouble(void)
{
    make_copy();
    /* They have no output of their own amid this one's. */
    SetEnvironmentVariableA("WINETEST_DEBUG", "0");
#define PATCH(name) real_##name = patch_import(winsock(), #name, my_##name); \
    ok(real_##name != NULL, "the DLL does not import " #name "\n")
    PATCH(HeapFree);
    PATCH(HeapAlloc);
    PATCH(CreateThread);
#undef PATCH
}
