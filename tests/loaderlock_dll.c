/*
 * loaderlock.dll: calls its user back from its DllMain, when it is unloaded; so the loader's lock is held. It knows no
 * test.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <windows.h>

static void (*callback)(void);

void __declspec(dllexport) call_when_unloaded(void (*function)(void))
{
    callback = function;
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *process_ends)
{
    (void)instance;
    if (reason == DLL_PROCESS_DETACH && !process_ends && callback) callback();
    return TRUE;
}
