/*
 * The back end of wine/debug.h: WINEDEBUG=+wsasync, for which Wine's ntdll does the work, and WSASYNC_LOG=file, for which
 * Wine is not needed. Knows nothing of Winsock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

#define ALL_CLASSES 0x0f
#define LOCK_OFFSET 0x7fffffff      /* of the byte that stands for the log's end, low and high half */
#define LOCK_TRIES 1000             /* about a second */
#define COPIES 64                   /* of strings to be printed at the same time, where Wine keeps none */

static unsigned char (__cdecl *get_channel_flags)(struct __wine_debug_channel *);
static const char *(__cdecl *string_dup)(const char *);
static int (__cdecl *output)(const char *);
static int (__cdecl *header)(enum __wine_debug_class, struct __wine_debug_channel *, const char *);

static struct __wine_debug_channel wine_channel = {0xff, "wsasync"};    /* what Wine is to print of ours */

static HANDLE log_file;             /* NULL: no log */
static DWORD function_tls;          /* whose line a thread is about to write to the log; NULL: of nobody */
static DWORD class_tls;             /* and of which class; WINE_TOO if Wine waits for the line, too */

#define WINE_TOO 0x10

/* A Unix path, as users of Wine write it, or any other of the program's. Returns 0 or the error. */
static DWORD open_log(const WCHAR *path)
{
    static const WCHAR unix_root[] = L"\\\\?\\unix";
    WCHAR full[ARRAYSIZE(unix_root) + MAX_PATH];

    if (*path == '/' && get_channel_flags)
    {
        wcscpy(full, unix_root);
        wcscat(full, path);
        path = full;
    }
    log_file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_ALWAYS,
                           FILE_ATTRIBUTE_NORMAL, NULL);
    if (log_file == INVALID_HANDLE_VALUE)
    {
        log_file = NULL;
        return GetLastError();
    }
    function_tls = TlsAlloc();
    class_tls = TlsAlloc();
    if (function_tls == TLS_OUT_OF_INDEXES || class_tls == TLS_OUT_OF_INDEXES)
    {
        debug_detach();
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    return 0;
}

/* Finds Wine's functions, opens the log. From DllMain, before anything is traced. */
void debug_attach(void)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    WCHAR path[MAX_PATH];
    DWORD length, error;

    get_channel_flags = (void *)GetProcAddress(ntdll, "__wine_dbg_get_channel_flags");
    string_dup = (void *)GetProcAddress(ntdll, "__wine_dbg_strdup");
    output = (void *)GetProcAddress(ntdll, "__wine_dbg_output");
    header = (void *)GetProcAddress(ntdll, "__wine_dbg_header");
    if (!string_dup || !output || !header)
        get_channel_flags = NULL;

    if (!(length = GetEnvironmentVariableW(L"WSASYNC_LOG", path, ARRAYSIZE(path))))
        return;
    error = length < ARRAYSIZE(path) ? open_log(path) : ERROR_FILENAME_EXCED_RANGE;
    if (error && get_channel_flags)
        wine_dbg_log(__WINE_DBCL_ERR, &wine_channel, __func__, "WSASYNC_LOG: no such file can be opened, error %lu\n", error);
}

/* Closes the log. From DllMain, when we are unloaded. */
void debug_detach(void)
{
    if (!log_file)
        return;
    CloseHandle(log_file);
    log_file = NULL;
    TlsFree(function_tls);
    TlsFree(class_tls);
}

/* A clock for what a trace says of durations. */
unsigned int debug_milliseconds(void)
{
    LARGE_INTEGER count, frequency;

    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    return count.QuadPart * 1000 / frequency.QuadPart;
}

unsigned char __cdecl __wine_dbg_get_channel_flags(struct __wine_debug_channel *channel)
{
    if (log_file)
        return channel->flags = ALL_CLASSES;
    return get_channel_flags ? get_channel_flags(channel) : (channel->flags = 0);
}

const char *__cdecl __wine_dbg_strdup(const char *str)
{
    static char copies[COPIES][304];
    static LONG last;

    if (string_dup)
        return string_dup(str);
    return lstrcpynA(copies[InterlockedIncrement(&last) % COPIES], str, sizeof(copies[0]));
}

/* Wine appends by asking for the file's end and then writing there: two at once, threads or processes, would write to the
 * same place. Who dies in between must not stop the others: so not for ever. */
static BOOL lock_log(void)
{
    unsigned int tries;

    for (tries = 0; tries < LOCK_TRIES; tries++)
    {
        if (LockFile(log_file, LOCK_OFFSET, LOCK_OFFSET, 1, 0))
            return TRUE;
        if (GetLastError() != ERROR_LOCK_VIOLATION)
            return FALSE;
        Sleep(1);
    }
    return FALSE;
}

/* A line in one write. It looks like Wine's with +timestamp,+pid. */
static void write_line(const char *function, unsigned int class, const char *str)
{
    static const char *const names[] = {"fixme", "err", "warn", "trace"};
    DWORD now = GetTickCount(), size;
    char line[1200];
    BOOL locked;
    int length;

    length = snprintf(line, sizeof(line), "%3lu.%03lu:%04lx:%04lx:%s:wsasync:%s %s", now / 1000, now % 1000,
                      GetCurrentProcessId(), GetCurrentThreadId(), names[class], function, str);
    locked = lock_log();
    WriteFile(log_file, line, length, &size, NULL);
    if (locked)
        UnlockFile(log_file, LOCK_OFFSET, LOCK_OFFSET, 1, 0);
}

/* What wine/debug.h calls first, and only if this does not return -1, __wine_dbg_output() on the same thread. */
int __cdecl __wine_dbg_header(enum __wine_debug_class class, struct __wine_debug_channel *channel, const char *function)
{
    BOOL to_wine = get_channel_flags && (get_channel_flags(&wine_channel) & (1 << class));
    int ret = to_wine ? header(class, &wine_channel, function) : -1;
    DWORD error = GetLastError();

    if (!log_file)
        return ret;
    TlsSetValue(function_tls, (void *)function);
    TlsSetValue(class_tls, (void *)(ULONG_PTR)(class | (to_wine ? WINE_TOO : 0)));
    SetLastError(error);
    return max(ret, 0);
}

int __cdecl __wine_dbg_output(const char *str)
{
    DWORD error = GetLastError();
    BOOL to_wine = TRUE;
    const char *function;
    unsigned int class;

    if (log_file && (function = TlsGetValue(function_tls)))
    {
        class = (ULONG_PTR)TlsGetValue(class_tls);
        to_wine = class & WINE_TOO;
        write_line(function, class & ~WINE_TOO, str);
        TlsSetValue(function_tls, NULL);
    }
    SetLastError(error);
    return to_wine && get_channel_flags ? output(str) : 0;
}
