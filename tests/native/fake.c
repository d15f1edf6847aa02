/*
 * Stands in for the DLL's rooms that are about Windows itself (memory.c, platform.c, databases.c, debug.c, sockets.c,
 * addrinfoex.c), for the platform's Winsock and for user32. What these answer is the test's, see shim.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../../dlls/ws2_32/ws2_32_private.h"
#include "shim.h"

#include <stdarg.h>
#include <wchar.h>

BOOL (*fake_post_message)(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam);
BOOL (*fake_is_window)(HWND hwnd);
const void *(*fake_resolve)(char kind, const char *text);

/* --- memory.c --- */

BOOL memory_readable(const void *ptr, size_t size)
{
    return ptr != NULL;
}

BOOL memory_writable(void *ptr, size_t size)
{
    return ptr != BAD_BUFFER;
}

BOOL memory_executable(const void *ptr)
{
    return TRUE;
}

int memory_string_length(const char *ptr, int max)
{
    return ptr ? (int)strnlen(ptr, max) : -1;
}

int memory_wide_length(const WCHAR *ptr, int max)
{
    return ptr ? (int)wcsnlen(ptr, max) : -1;
}

/* --- debug.c --- */

/* Reads the strings: they must be there. */
const char *wine_dbgstr_a(const char *text)
{
    return text && strlen(text) ? "\"\"" : "";
}

const char *debugstr_w(const WCHAR *text)
{
    return text && wcslen(text) ? "L\"\"" : "";
}

const char *wine_dbg_sprintf(const char *format, ...)
{
    return format;
}

void traced(const char *format, ...)
{
}

unsigned int debug_milliseconds(void)
{
    return GetTickCount64();
}

/* --- platform.c --- */

BOOL process_ending(void)
{
    return FALSE;
}

BOOL platform_pin_self(void)
{
    return !shim_fails(FAIL_PIN);
}

BOOL platform_calls(const void *return_address)
{
    return FALSE;
}

void platform_check_calls(BOOL check)
{
}

static int started(WORD version, WSADATA *data)
{
    data->wVersion = version;
    return 0;
}

static int cleaned_up(void)
{
    return 0;
}

static const void *resolve(char kind, const char *text)
{
    if (shim_locks_held())
        violation("the resolver is asked with a lock held");
    return fake_resolve(kind, text);
}

static struct hostent *host_by_addr(const char *addr, int len, int type)
{
    return (void *)resolve('a', addr);
}

static struct hostent *host_by_name(const char *name)
{
    return (void *)resolve('h', name);
}

static struct servent *serv_by_name(const char *name, const char *proto)
{
    return (void *)resolve('s', name);
}

static struct protoent *proto_by_name(const char *name)
{
    return (void *)resolve('p', name);
}

struct platform platform =
{
    .WSACleanup = cleaned_up,
    .WSAStartup = started,
    .gethostbyaddr = host_by_addr,
    .gethostbyname = host_by_name,
    .getprotobyname = proto_by_name,
    .getservbyname = serv_by_name,
};

/* --- sockets.c, addrinfoex.c, namespace.c, databases.c --- */

void sockets_forget_all(void)
{
}

void addrinfo_close(void)
{
}

void namespace_settle(void)
{
}

BOOL databases_find(const struct query *query, struct table **table, const void **record)
{
    return FALSE;
}

void databases_release(struct table *table)
{
}

void databases_check(const struct query *query, BOOL on_worker)
{
}

/* --- the system's code page: characters below 256 are one byte, others two or three --- */

int MultiByteToWideChar(UINT page, DWORD flags, const char *text, int length, WCHAR *wide, int size)
{
    int i;

    if (length > size)
        return 0;
    for (i = 0; i < length; i++)
        wide[i] = (BYTE)text[i];
    return length;
}

int WideCharToMultiByte(UINT page, DWORD flags, const WCHAR *wide, int length, char *text, int size, const char *unknown,
                        BOOL *any_unknown)
{
    int needed = 0, bytes, i;

    do
    {
        bytes = *wide < 0x100 ? 1 : *wide < 0x1000 ? 2 : 3;
        if (size && bytes > size - needed)
            return 0;
        for (i = 0; size && i < bytes; i++)
            text[needed + i] = i ? 'a' + (*wide >> 4 * i & 15) : *wide;
        needed += bytes;
    }
    while (*wide++);
    return needed;
}

/* --- user32 --- */

static BOOL post_message(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    if (shim_locks_held())
        violation("a message is posted with a lock held");
    return fake_post_message(hwnd, msg, wparam, lparam);
}

static BOOL is_window(HWND hwnd)
{
    return fake_is_window(hwnd);
}

HMODULE LoadLibraryW(const WCHAR *name)
{
    if (shim_locks_held())
        violation("the loader is asked with a lock held");
    return shim_fails(FAIL_USER32) ? NULL : (HMODULE)post_message;
}

FARPROC GetProcAddress(HMODULE module, const char *name)
{
    return !strcmp(name, "IsWindow") ? (FARPROC)is_window : (FARPROC)post_message;
}
