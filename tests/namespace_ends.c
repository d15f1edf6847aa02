/*
 * Lookups in name spaces, ended while somebody waits, by the last cleanup, and used by many threads. Beside
 * namespace.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "namespace.h"
#include "image.h"

#define SOON 10000                      /* ms; the resolver itself would wait for 30 s */

struct waiter
{
    HANDLE handle, thread;
    int error;
    DWORD finished, *size;
    union { WSAQUERYSETW set; char bytes[4096]; } buf;
};

static DWORD WINAPI wait_for_next(void *arg)
{
    struct waiter *waiter = arg;
    DWORD size = sizeof(waiter->buf);

    memset(&waiter->buf, FILL, sizeof(waiter->buf));
    waiter->error = WSALookupServiceNextW(waiter->handle, 0, &size, &waiter->buf.set) ? WSAGetLastError() : 0;
    waiter->finished = GetTickCount();
    return 0;
}

enum { WAITERS = 4 };

static struct waiter waiters[WAITERS];

static void start_waiter(struct waiter *waiter, HANDLE handle)
{
    waiter->handle = handle;
    waiter->thread = CreateThread(NULL, 0, wait_for_next, waiter, 0, NULL);
}

/* The first asks, and the others wait for it, as far as they have come: nothing tells. */
static void start_waiters(HANDLE handle, const char *name)
{
    unsigned int i;

    start_waiter(&waiters[0], handle);
    ok(wait_asked(name), "not asked\n");
    for (i = 1; i < WAITERS; i++) start_waiter(&waiters[i], handle);
    Sleep(100);
}

static void expect_cancelled(DWORD begin, int if_late)
{
    unsigned int i;

    for (i = 0; i < WAITERS; i++)
    {
        ok(WaitForSingleObject(waiters[i].thread, PATIENCE) == WAIT_OBJECT_0, "%u does not return\n", i);
        ok(waiters[i].error == WSA_E_CANCELLED || (i && waiters[i].error == if_late), "%u: error %d\n", i,
           waiters[i].error);
        ok(waiters[i].finished - begin < SOON, "%u: %lu ms\n", i, waiters[i].finished - begin);
        ok(untouched(&waiters[i].buf, sizeof(waiters[i].buf)), "%u: written\n", i);
        CloseHandle(waiters[i].thread);
    }
}

/* The resolver hangs, or nobody knows whether it has been asked. */
void test_end_while_asking(void)
{
    const char *name = scripted("never");
    HANDLE handle;
    DWORD time;
    int i;

    if (!(handle = begin(&by_host, name, EVERYTHING))) return;
    start_waiters(handle, name);
    time = GetTickCount();
    end_lookup(handle);
    ok(GetTickCount() - time < SOON, "End took %lu ms\n", GetTickCount() - time);
    expect_cancelled(time, WSA_INVALID_HANDLE);
    for (i = 0; i < 5; i++)
    {
        if (!(handle = begin(&by_host, scripted("h1.never"), EVERYTHING))) return;
        start_waiter(&waiters[0], handle);
        end_lookup(handle);
        WaitForSingleObject(waiters[0].thread, PATIENCE);
        ok(waiters[0].error == WSA_E_CANCELLED || waiters[0].error == WSA_INVALID_HANDLE, "error %d\n",
           waiters[0].error);
        CloseHandle(waiters[0].thread);
    }
    /* what is left behind holds up nothing */
    handle = begin(&by_host, scripted("h2"), EVERYTHING);
    expect_next(handle, 0, 0);
    end_lookup(handle);
}

static DWORD WINAPI wait_with_size(void *arg)
{
    struct waiter *waiter = arg;

    waiter->error = WSALookupServiceNextW(waiter->handle, 0, waiter->size, &waiter->buf.set) ? WSAGetLastError() : 0;
    return 0;
}

/* The memory for the size has gone when the answer comes. */
void test_size_gone(void)
{
    const char *name = scripted("h4.d300");
    struct waiter *waiter = &waiters[0];

    if (!(waiter->handle = begin(&by_host, name, EVERYTHING))) return;
    memset(&waiter->buf, FILL, sizeof(waiter->buf));
    waiter->size = walled(sizeof(*waiter->size));
    *waiter->size = sizeof(waiter->buf);
    waiter->thread = CreateThread(NULL, 0, wait_with_size, waiter, 0, NULL);
    ok(wait_asked(name), "not asked\n");
    free_pages(waiter->size);
    ok(WaitForSingleObject(waiter->thread, PATIENCE) == WAIT_OBJECT_0, "does not return\n");
    ok(waiter->error == WSAEFAULT && untouched(&waiter->buf, sizeof(waiter->buf)), "error %d\n", waiter->error);
    CloseHandle(waiter->thread);
    expect_next(waiter->handle, 0, 0);
    end_lookup(waiter->handle);
}

/* Started once, before and after. */
void test_cleaned_up(void)
{
    const char *name = scripted("never");
    HANDLE handle, idle;
    DWORD time;

    if (!(handle = begin(&by_host, name, EVERYTHING))) return;
    idle = begin(&by_service_name, "ftp", EVERYTHING);
    start_waiters(handle, name);
    start(MAKEWORD(2, 2));
    finish();
    expect_next(idle, 0, 0);        /* not the last one */
    time = GetTickCount();
    finish();
    expect_cancelled(time, WSANOTINITIALISED);
    ok(next_error(idle, 0) == WSANOTINITIALISED, "error %d\n", WSAGetLastError());
    ok(WSALookupServiceEnd(idle) && WSAGetLastError() == WSANOTINITIALISED, "ended, error %d\n", WSAGetLastError());
    start(MAKEWORD(2, 2));
    ok(next_error(idle, 0) == WSA_INVALID_HANDLE, "error %d\n", WSAGetLastError());
    ok(WSALookupServiceEnd(handle) && WSAGetLastError() == WSA_INVALID_HANDLE, "ended, error %d\n", WSAGetLastError());
}

static HANDLE held, released;

static BOOL WINAPI hold_post(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    SetEvent(held);
    WaitForSingleObject(released, PATIENCE);
    return TRUE;
}

static DWORD WINAPI clean_up(void *arg)
{
    return WSACleanup();
}

/* A post holds up the last cleanup; meanwhile there is a new start, whose lookups are none of its business. Started once,
 * before and after. */
void test_restarted(void)
{
    DWORD begun = GetTickCount();
    HANDLE thread, handle;
    char buf[256];
    HWND hwnd;

    if (!ours)
    {
        skip("there are no post routines\n");
        return;
    }
    hwnd = new_window();
    held = CreateEventW(NULL, TRUE, FALSE, NULL);
    released = CreateEventW(NULL, TRUE, FALSE, NULL);
    WSApSetPostRoutine(hold_post);
    by_service(hwnd, "ftp", "tcp", buf, sizeof(buf));
    ok(WaitForSingleObject(held, PATIENCE) == WAIT_OBJECT_0, "nothing is posted\n");
    thread = CreateThread(NULL, 0, clean_up, NULL, 0, NULL);
    while (!WSALookupServiceEnd(NULL) || WSAGetLastError() != WSANOTINITIALISED)
    {
        if (GetTickCount() - begun > PATIENCE) break;
        Sleep(1);
    }
    start(MAKEWORD(2, 2));
    handle = begin(&by_service_name, "ftp", EVERYTHING);
    SetEvent(released);
    ok(WaitForSingleObject(thread, PATIENCE) == WAIT_OBJECT_0, "the cleanup does not return\n");
    expect_next(handle, 0, 0);
    end_lookup(handle);
    CloseHandle(thread);
    CloseHandle(held);
    CloseHandle(released);
    DestroyWindow(hwnd);
}

enum { THREADS = 8, ROUNDS = 20 };

static HANDLE shared;
static volatile LONG given, none, other, failed;

static DWORD WINAPI share(void *arg)
{
    char buf[4096];
    DWORD size = sizeof(buf);

    if (!WSALookupServiceNextW(shared, 0, &size, (WSAQUERYSETW *)buf)) InterlockedIncrement(&given);
    else if (WSAGetLastError() == WSA_E_NO_MORE) InterlockedIncrement(&none);
    else InterlockedIncrement(&other);
    return 0;
}

/* Each a lookup of its own, over and over. */
static DWORD WINAPI by_itself(void *arg)
{
    WSAQUERYSETW set = {.dwSize = sizeof(set), .lpServiceClassId = arg ? &by_host : &by_service_name};
    WCHAR name[300];
    char buf[4096];
    HANDLE handle;
    int i;

    for (i = 0; i < ROUNDS; i++)
    {
        DWORD size = sizeof(buf);

        lstrcpyW(name, arg ? wide(scripted("h%d", i)) : L"ftp/tcp");
        set.lpszServiceInstanceName = name;
        if (WSALookupServiceBeginW(&set, EVERYTHING, &handle)) { InterlockedIncrement(&failed); continue; }
        memset(name, 0xff, sizeof(name));
        if (i % 4 && (WSALookupServiceNextW(handle, 0, &size, (WSAQUERYSETW *)buf)
                      || lstrlenW(((WSAQUERYSETW *)buf)->lpszServiceInstanceName) < 3))
            InterlockedIncrement(&failed);
        if (WSALookupServiceEnd(handle)) InterlockedIncrement(&failed);
    }
    return 0;
}

void test_many_threads(void)
{
    const char *name = scripted("h3.d300");
    HANDLE threads[THREADS];
    unsigned int i;

    if (!(shared = begin(&by_host, name, EVERYTHING))) return;
    for (i = 0; i < THREADS; i++) threads[i] = CreateThread(NULL, 0, share, NULL, 0, NULL);
    WaitForMultipleObjects(THREADS, threads, TRUE, INFINITE);
    for (i = 0; i < THREADS; i++) CloseHandle(threads[i]);
    ok(given == 1 && none == THREADS - 1, "%ld got the record, %ld none, %ld another error\n", given, none, other);
    ok(asked(name) == 1, "the name was asked for %u times\n", asked(name));
    end_lookup(shared);

    for (i = 0; i < THREADS; i++) threads[i] = CreateThread(NULL, 0, by_itself, (void *)(ULONG_PTR)(i % 2), 0, NULL);
    WaitForMultipleObjects(THREADS, threads, TRUE, INFINITE);
    for (i = 0; i < THREADS; i++) CloseHandle(threads[i]);
    ok(!failed, "%ld failures\n", failed);
}

static void next_in_dllmain(void)
{
    HANDLE handle;

    if (!(handle = begin(&by_host, scripted("h6"), EVERYTHING))) return;
    expect_next(handle, 0, 0);
    ok(result.set.dwNumberOfCsAddrs == 2, "%lu addresses\n", result.set.dwNumberOfCsAddrs);
    end_lookup(handle);
}

/* No thread can start there that could ask; in a process that has none yet. */
void test_in_dllmain(void)
{
    HMODULE module = LoadLibraryA("loaderlock.dll");
    void (*call_when_unloaded)(void (*)(void)) = (void *)GetProcAddress(module, "call_when_unloaded");

    start(MAKEWORD(2, 2));
    ok(module != NULL, "no loaderlock.dll, error %lu\n", GetLastError());
    if (call_when_unloaded) call_when_unloaded(next_in_dllmain);
    FreeLibrary(module);
    finish();
}
