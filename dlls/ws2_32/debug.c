/*
 * The back end of wine/debug.h: WINEDEBUG=+wsasync. Wine's ntdll does the work; where it has no such functions (Windows)
 * all is silent. Knows nothing of Winsock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

static unsigned char (__cdecl *get_channel_flags)(struct __wine_debug_channel *);
static const char *(__cdecl *string_dup)(const char *);
static int (__cdecl *output)(const char *);
static int (__cdecl *header)(enum __wine_debug_class, struct __wine_debug_channel *, const char *);

/* Finds Wine's functions. From DllMain, before anything is traced. */
void debug_attach(void)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");

    get_channel_flags = (void *)GetProcAddress(ntdll, "__wine_dbg_get_channel_flags");
    string_dup = (void *)GetProcAddress(ntdll, "__wine_dbg_strdup");
    output = (void *)GetProcAddress(ntdll, "__wine_dbg_output");
    header = (void *)GetProcAddress(ntdll, "__wine_dbg_header");
    if (!string_dup || !output || !header)
        get_channel_flags = NULL;
}

unsigned char __cdecl __wine_dbg_get_channel_flags(struct __wine_debug_channel *channel)
{
    if (get_channel_flags)
        return get_channel_flags(channel);
    return channel->flags = 0;
}

const char *__cdecl __wine_dbg_strdup(const char *str)
{
    return string_dup ? string_dup(str) : "";
}

int __cdecl __wine_dbg_output(const char *str)
{
    return output ? output(str) : 0;
}

int __cdecl __wine_dbg_header(enum __wine_debug_class class, struct __wine_debug_channel *channel, const char *function)
{
    return get_channel_flags && (get_channel_flags(channel) & (1 << class)) ? header(class, channel, function) : -1;
}
