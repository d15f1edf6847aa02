/*
 * Wine's debug channels: always on and written nowhere. What is to be traced is computed, so that a sanitizer sees what a
 * trace reads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NATIVE_WINE_DEBUG_H
#define NATIVE_WINE_DEBUG_H

#define WINE_DEFAULT_DEBUG_CHANNEL(channel) extern int no_channel_here
#define TRACE_ON(channel) 1
#define TRACE(...) traced(__VA_ARGS__)
#define WARN(...) traced(__VA_ARGS__)

void traced(const char *format, ...);
const char *wine_dbg_sprintf(const char *format, ...);
const char *wine_dbgstr_a(const char *text);
const char *debugstr_w(const WCHAR *text);

#endif
