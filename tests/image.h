/*
 * Loaded images and child processes, for the units that look inside them: which image an address lies in, what an
 * image exports and imports, another function put into an import table; this program (or its little sister) run
 * again with its exit code looked at. It knows nothing of Winsock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_IMAGE_H
#define WSASYNC_TESTS_IMAGE_H

#include <windows.h>

HMODULE image_of(const void *address);          /* NULL: in none */
HMODULE winsock(void);                          /* the ws2_32 that this program imports */
BOOL marked(HMODULE);                           /* it carries our marker */

/* Calls `each` for every import (delayed ones too: `slot` is what is called through); `name` is NULL for an import by
 * ordinal. Stops when `each` returns FALSE. */
typedef BOOL (*import_callback)(const char *dll, const char *name, WORD ordinal, void **slot, void *context);
void each_import(HMODULE, import_callback each, void *context);

/* Puts `replacement` where the image calls `name` of any DLL; the function that was there, NULL if it imports no
 * such name. */
void *patch_import(HMODULE, const char *name, void *replacement);

/* The export directory. */
typedef BOOL (*export_callback)(const char *name, DWORD ordinal, void *function, void *context);
DWORD each_export(HMODULE, export_callback each, void *context);    /* returns how many functions there are */

/* Calls a function, any export, with up to MOST_ARGUMENTS arguments, which it takes from the stack; how many bytes it took
 * too few. */
#define MOST_ARGUMENTS 10
int call_counting(void *function, const ULONG_PTR *args, int count, ULONG_PTR *result);

/* Runs a program of this one's directory (NULL: this program) and waits up to `seconds`; its exit code. One that does
 * not end in time is ended, fails, and answers STILL_ACTIVE. `expected` of -1: any; -2: its number of failures,
 * which are added. */
#define run_program(program, args, seconds, expected) \
    (winetest_set_location(__FILE__, __LINE__), run_program_(program, args, seconds, expected))
DWORD run_program_(const char *program, const char *args, DWORD seconds, int expected);
BOOL start_program(const char *program, const char *args, PROCESS_INFORMATION *);
DWORD end_program(PROCESS_INFORMATION *, const char *what, DWORD seconds, int expected);
#define ANY_CODE (-1)
#define FAILURES (-2)
#define TIME_LIMIT 120          /* seconds that a child may take in which nothing is waited for */

DWORD thread_count(void);       /* of this process */

#endif
