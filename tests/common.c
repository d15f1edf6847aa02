/*
 * Implementation of common.h: recorder windows, waiting, silence, scripted names, walled memory, child processes.
 * It must know nothing of the DLL's insides but the marker that tells it apart.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"

BOOL ours, on_wine, elsewhere, old_wine;

static BYTE recorded_ids[0x10000];      /* which messages the windows record */
static DWORD thread_slot;
static WNDCLASSW recorder_class;

/* One per thread: what its windows have recorded, in order of arrival. */
struct record
{
    struct completion *items;
    unsigned int first, count, room;
    unsigned int sent;                  /* completions that came by SendMessage: a failure */
    HWND flush_window;
    BOOL flushed;
    WPARAM flush_handle;
};

static struct record *this_thread(void)
{
    struct record *record = TlsGetValue(thread_slot);

    if (!record)
    {
        record = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*record));
        TlsSetValue(thread_slot, record);
    }
    return record;
}

BOOL is_ours(HMODULE module)
{
    return FindResourceW(module, MAKEINTRESOURCEW(1), L"WSASYNC") != NULL;
}

static LRESULT CALLBACK recorder(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam);

static void __attribute__((constructor)) prepare(void)
{
    const char *(CDECL *version)(void) = (void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version");
    HMODULE module = NULL;

    thread_slot = TlsAlloc();
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                       (const WCHAR *)WSAStartup, &module);
    ours = module && is_ours(module);
    on_wine = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_server_call") != NULL;
    elsewhere = !ours && !on_wine;
    old_wine = version && atoi(version()) < 6;
    memset(recorded_ids + WM_APP, 1, 0x100);
    recorder_class.lpfnWndProc = recorder;
    recorder_class.hInstance = GetModuleHandleW(NULL);
    recorder_class.lpszClassName = L"wsasync test recorder";
    RegisterClassW(&recorder_class);
}

BOOL deadly_(const char *what)
{
    if (ours) return FALSE;
    todo_wine winetest_ok(elsewhere, "not tried, as the builtin does not survive it: %s\n", what);
    if (elsewhere) winetest_skip("may end the process: %s\n", what);
    return TRUE;
}

/* --- start and cleanup --- */

void start_(WORD version)
{
    WSADATA data;
    int ret = WSAStartup(version, &data);

    winetest_ok(!ret, "WSAStartup(%#x) returned %d\n", version, ret);
}

void finish_(void)
{
    int ret = WSACleanup();

    winetest_ok(!ret, "WSACleanup returned %d, error %d\n", ret, WSAGetLastError());
}

int cleanup_all(void)
{
    int count = 0;

    while (!WSACleanup()) count++;
    return count;
}

/* --- windows and completions --- */

static void store(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    struct record *record = this_thread();
    struct completion *items;

    if (record->first && record->first == record->count) record->first = record->count = 0;
    if (record->count == record->room)
    {
        record->room = record->room ? 2 * record->room : 64;
        items = HeapAlloc(GetProcessHeap(), 0, record->room * sizeof(*items));
        if (record->items) memcpy(items, record->items, record->count * sizeof(*items));
        HeapFree(GetProcessHeap(), 0, record->items);
        record->items = items;
    }
    items = record->items + record->count++;
    items->hwnd = hwnd;
    items->msg = msg;
    items->wparam = wparam;
    items->lparam = lparam;
}

static BOOL in_range(UINT msg)
{
    return msg >= WM_APP && msg <= WM_APP + 0xff;
}

static LRESULT CALLBACK recorder(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    struct record *record = this_thread();

    if (hwnd == record->flush_window && msg == FLUSHED)
    {
        record->flushed = TRUE;
        record->flush_handle = wparam;
        return 0;
    }
    if (in_range(msg))
    {
        if (InSendMessage()) record->sent++;
        store(hwnd, msg, wparam, lparam);
        return 0;
    }
    return DefWindowProcW(hwnd, msg, wparam, lparam);
}

void also_record(UINT message)
{
    recorded_ids[message] = 1;
}

HWND new_window(void)
{
    HWND hwnd;

    hwnd = CreateWindowExW(0, recorder_class.lpszClassName, NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL,
                           recorder_class.hInstance, NULL);
    if (!hwnd) winetest_ok(0, "no window, error %lu\n", GetLastError());
    return hwnd;
}

static void pump(void)
{
    struct record *record = this_thread();
    MSG msg;

    while (PeekMessageW(&msg, NULL, 0, 0, PM_REMOVE))
    {
        /* Only here is it known that a message was posted: many of those named in also_record() are sent, too. */
        if (msg.message < ARRAY_SIZE(recorded_ids) && recorded_ids[msg.message]
            && (!msg.hwnd || !in_range(msg.message)))
            store(msg.hwnd, msg.message, msg.wParam, msg.lParam);
        else
            DispatchMessageW(&msg);
    }
    if (record->sent)
    {
        winetest_ok(0, "%u completions were sent, not posted\n", record->sent);
        record->sent = 0;
    }
}

/* Sleeps until there may be a message, at most until the deadline; FALSE at the deadline. */
static BOOL rest_until(DWORD begin, DWORD ms)
{
    DWORD passed = GetTickCount() - begin;

    if (passed >= ms) return FALSE;
    MsgWaitForMultipleObjectsEx(0, NULL, ms - passed, QS_ALLINPUT, MWMO_INPUTAVAILABLE);
    return TRUE;
}

/* Takes the first recorded completion of that handle, of any handle if all. */
static BOOL pick(BOOL all, HANDLE handle, struct completion *out)
{
    struct record *record = this_thread();
    unsigned int i;

    for (i = record->first; i < record->count; i++)
    {
        if (!all && record->items[i].wparam != (WPARAM)handle) continue;
        if (out) *out = record->items[i];
        memmove(record->items + record->first + 1, record->items + record->first,
                (i - record->first) * sizeof(*record->items));
        record->first++;
        return TRUE;
    }
    return FALSE;
}

static BOOL await(BOOL all, HANDLE handle, struct completion *out, DWORD ms)
{
    DWORD begin = GetTickCount();

    do
    {
        pump();
        if (pick(all, handle, out)) return TRUE;
    } while (rest_until(begin, ms));
    return FALSE;
}

BOOL next_completion(struct completion *out, DWORD ms)
{
    return await(TRUE, NULL, out, ms);
}

BOOL take_completion(HANDLE handle, struct completion *out, DWORD ms)
{
    return await(FALSE, handle, out, ms);
}

unsigned int recorded(void)
{
    pump();
    return this_thread()->count - this_thread()->first;
}

void forget_completions(void)
{
    struct record *record = this_thread();

    record->first = record->count = 0;
}

BOOL expect_message_(HANDLE handle, struct completion *out)
{
    BOOL came = handle && take_completion(handle, out, PATIENCE);

    winetest_ok(came, "no message for request %p\n", handle);
    return came;
}

/* Exactly one check, so that a todo around it means the whole. */
int expect_completion_(HANDLE handle, int error, int len)
{
    struct completion got;

    if (!handle || !take_completion(handle, &got, PATIENCE))
    {
        winetest_ok(0, "no message for request %p\n", handle);
        return -1;
    }
    winetest_ok((error == -1 || WSAGETASYNCERROR(got.lparam) == error) &&
                (len == -1 || WSAGETASYNCBUFLEN(got.lparam) == len),
                "request %p: got error %d, length %d, expected error %d, length %d\n", handle,
                WSAGETASYNCERROR(got.lparam), WSAGETASYNCBUFLEN(got.lparam), error, len);
    return WSAGETASYNCBUFLEN(got.lparam);
}

BOOL expect_silence_(unsigned int ms)
{
    struct record *record = this_thread();
    char buf[MAXGETHOSTSTRUCT], labels[64], first[100] = "";
    DWORD begin = GetTickCount();
    unsigned int stray;
    WSADATA data;
    HANDLE handle;

    /* The flush's own window: its message stays out of the record, and comes after all that was queued before. */
    if (!record->flush_window) record->flush_window = new_window();
    record->flushed = FALSE;
    WSAStartup(MAKEWORD(2, 2), &data);
    if (ms)
    {
        snprintf(labels, sizeof(labels), "d%u.h1", ms);
        handle = WSAAsyncGetHostByName(record->flush_window, FLUSHED, scripted(labels), buf, sizeof(buf));
    }
    else
        handle = WSAAsyncGetProtoByNumber(record->flush_window, FLUSHED, IPPROTO_TCP, buf, sizeof(buf));
    do pump(); while (handle && !record->flushed && rest_until(begin, PATIENCE + ms));
    if (!record->flushed || record->flush_handle != (WPARAM)handle)
        winetest_ok(0, "the flush itself was lost, error %d\n", WSAGetLastError());
    WSACleanup();

    stray = record->count - record->first;
    if (stray)
        sprintf(first, ", first %#x of request %#x, error %d, length %d", record->items[record->first].msg,
                (int)record->items[record->first].wparam, WSAGETASYNCERROR(record->items[record->first].lparam),
                WSAGETASYNCBUFLEN(record->items[record->first].lparam));
    winetest_ok(!stray, "%u unexpected messages%s\n", stray, first);
    forget_completions();
    return !stray;
}

BOOL wait_for(HANDLE event, DWORD ms)
{
    DWORD begin = GetTickCount(), passed = 0, ret;
    MSG msg;

    do
    {
        ret = MsgWaitForMultipleObjectsEx(1, &event, ms - passed, QS_SENDMESSAGE, 0);
        if (ret == WAIT_OBJECT_0) return TRUE;
        if (ret == WAIT_OBJECT_0 + 1) PeekMessageW(&msg, NULL, 0, 0, PM_NOREMOVE | PM_QS_SENDMESSAGE);
        passed = GetTickCount() - begin;
    } while (ret != WAIT_FAILED && passed < ms);
    return FALSE;
}

/* --- the calls --- */

BOOL expect_cancel_(HANDLE handle, int error)
{
    int ret, got;

    WSASetLastError(0xdead);
    ret = WSACancelAsyncRequest(handle);
    got = WSAGetLastError();
    if (!error)
    {
        winetest_ok(!ret, "cancel of %p returned %d, error %d\n", handle, ret, got);
        return !ret;
    }
    winetest_ok(ret == SOCKET_ERROR && got == error, "cancel of %p returned %d, error %d, expected error %d\n",
                handle, ret, ret ? got : 0, error);
    return ret == SOCKET_ERROR && got == error;
}

BOOL expect_refused_(HANDLE handle, int error)
{
    int got = WSAGetLastError();

    winetest_ok(!handle && got == error, "got handle %p, error %d, expected error %d\n", handle, handle ? 0 : got,
                error);
    return !handle && got == error;
}

/* --- scripted names --- */

BOOL names_available(void)
{
    static int known = -1;

    if (known < 0)
    {
        struct hostent *host;
        WSADATA data;

        known = 0;
        WSAStartup(MAKEWORD(2, 2), &data);
        host = gethostbyname("h259.test");
        if (host && host->h_length == 4 && host->h_addr_list[0])
            known = !memcmp(host->h_addr_list[0], "\x0a\x01\x01\x03", 4);
        WSACleanup();
    }
    if (!known) winetest_skip("the scripted DNS server does not answer\n");
    return known;
}

const char *scripted(const char *labels, ...)
{
    static char names[64][128];
    static LONG next;
    ULONG number = InterlockedIncrement(&next);
    char *name = names[number % ARRAY_SIZE(names)];
    va_list args;
    int len;

    /* The process too: several run against one server. */
    len = snprintf(name, sizeof(names[0]), "u%lx-%lu.", GetCurrentProcessId(), number);
    va_start(args, labels);
    len += vsnprintf(name + len, sizeof(names[0]) - len, labels, args);
    va_end(args);
    snprintf(name + len, sizeof(names[0]) - len, ".test");
    return name;
}

unsigned int asked(const char *name)
{
    char counter[160];
    struct hostent *host;
    const BYTE *addr;

    snprintf(counter, sizeof(counter), "count.%s", name);
    host = gethostbyname(counter);
    if (!host || !host->h_addr_list[0])
    {
        winetest_ok(0, "no count of %s, error %d\n", name, WSAGetLastError());
        return ~0u;
    }
    addr = (const BYTE *)host->h_addr_list[0];
    return addr[2] * 256 + addr[3];
}

BOOL wait_asked(const char *name)
{
    DWORD begin = GetTickCount();

    /* The server tells nobody of a question; each round of this is a lookup of its own, answered at once. */
    while (!asked(name)) if (GetTickCount() - begin > PATIENCE) return FALSE;
    return TRUE;
}

/* --- memory --- */

void *walled(SIZE_T size)
{
    SIZE_T page = 0x1000, room = (size + page - 1) & ~(page - 1);
    char *base;

    if (!room) room = page;
    base = VirtualAlloc(NULL, room + page, MEM_RESERVE, PAGE_NOACCESS);
    if (!base || !VirtualAlloc(base, room, MEM_COMMIT, PAGE_READWRITE)) return NULL;
    memset(base, FILL, room);
    return base + room - size;
}

void *wild(void)
{
    return VirtualAlloc(NULL, 0x10000, MEM_RESERVE, PAGE_NOACCESS);
}

void free_pages(void *ptr)
{
    MEMORY_BASIC_INFORMATION info;

    /* A walled block of length 0 points at its wall, which belongs to the same allocation. */
    if (ptr && VirtualQuery(ptr, &info, sizeof(info))) VirtualFree(info.AllocationBase, 0, MEM_RELEASE);
}

BOOL untouched(const void *ptr, SIZE_T size)
{
    const BYTE *bytes = ptr;

    while (size) if (bytes[--size] != FILL) return FALSE;
    return TRUE;
}

/* --- processes --- */

BOOL spawn_self(const char *args, PROCESS_INFORMATION *info)
{
    STARTUPINFOA startup = { .cb = sizeof(startup) };
    char path[MAX_PATH], line[2 * MAX_PATH];
    BOOL ret;

    GetModuleFileNameA(NULL, path, sizeof(path));
    snprintf(line, sizeof(line), "\"%s\" %s", path, args);
    ret = CreateProcessA(path, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, info);
    winetest_ok(ret, "%s not started, error %lu\n", line, GetLastError());
    return ret;
}

void run_self_(const char *args)
{
    PROCESS_INFORMATION info;

    if (!spawn_self(args, &info)) return;
    winetest_wait_child_process(info.hProcess);
    CloseHandle(info.hThread);
    CloseHandle(info.hProcess);
}

const char *argument(int n)
{
    char **argv;
    int argc = winetest_get_mainargs(&argv);

    return n + 1 < argc ? argv[n + 1] : NULL;
}

const WCHAR *wide(const char *text)
{
    static WCHAR copies[64][300];
    static LONG next;
    WCHAR *copy = copies[(ULONG)InterlockedIncrement(&next) % ARRAY_SIZE(copies)];

    if (!text) return NULL;
    MultiByteToWideChar(CP_ACP, 0, text, -1, copy, ARRAY_SIZE(copies[0]));
    return copy;
}
