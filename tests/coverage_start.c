/*
 * The start of the DLL that counts (tests/coverage): DllMain, and around it what gcov needs: its constructors before,
 * its destructors, which write the counts, after. The C library's own start does the same, but takes a lock when the
 * process ends: a thread killed inside it leaves that behind. Knows nothing of the DLL.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdlib.h>
#include <windows.h>

typedef void (*function)(void);

/* From the linker: -1, the functions, NULL. */
extern const function __CTOR_LIST__[], __DTOR_LIST__[];

/* Named by a part of MinGW's library that only floating-point numbers use. msvcrt's would call into a DLL that may be
 * gone. */
int __cdecl atexit(function unused)
{
    (void)unused;
    return -1;
}

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, void *process_ends);

BOOL WINAPI counted_main(HINSTANCE self, DWORD reason, void *process_ends)
{
    const function *next;
    BOOL ret;

    if (reason == DLL_PROCESS_ATTACH)
        for (next = __CTOR_LIST__ + 1; *next; next++) (*next)();
    ret = DllMain(self, reason, process_ends);
    if (reason == DLL_PROCESS_DETACH)
        for (next = __DTOR_LIST__ + 1; *next; next++) (*next)();
    return ret;
}
