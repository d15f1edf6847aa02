/*
 * DllMain, nothing else.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

/* Waits for nobody. When the process ends there is nothing to do: the workers are dead, memory and handles go with it. */
BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, void *process_ends)
{
    switch (reason)
    {
    case DLL_PROCESS_ATTACH:
        debug_attach();
        memory_attach();
        blocking_attach();
        results_attach();
        platform_attach(self);
        break;
    case DLL_THREAD_DETACH:
        blocking_thread_ends();
        results_thread_ends();
        break;
    case DLL_PROCESS_DETACH:
        if (!process_ends)
        {
            platform_detach();
            results_detach();
            blocking_detach();
            memory_detach();
            debug_detach();
        }
        break;
    }
    return TRUE;
}
