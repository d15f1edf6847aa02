/*
 * The calling thread's message queue, for a thread that waits in a blocking call and for the default hook. user32 is used
 * only where the program has it. Knows nothing of hooks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

static struct
{
    DWORD (WINAPI *GetQueueStatus)(UINT flags);
    DWORD (WINAPI *MsgWaitForMultipleObjectsEx)(DWORD count, const HANDLE *handles, DWORD ms, DWORD mask, DWORD flags);
    BOOL (WINAPI *PeekMessageW)(MSG *msg, HWND hwnd, UINT first, UINT last, UINT flags);
    BOOL (WINAPI *TranslateMessage)(const MSG *msg);
    LRESULT (WINAPI *DispatchMessageW)(const MSG *msg);
} user32;

static volatile BOOL user32_found;

/* Not by LoadLibrary: a program without user32 has no messages. Once used it stays. */
static BOOL find_user32(void)
{
    DWORD error = GetLastError();
    HMODULE module;

    if (!user32_found && GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN, L"user32.dll", &module))
    {
#define FIND(name) user32.name = (void *)GetProcAddress(module, #name)
        FIND(GetQueueStatus);
        FIND(MsgWaitForMultipleObjectsEx);
        FIND(PeekMessageW);
        FIND(TranslateMessage);
        FIND(DispatchMessageW);
#undef FIND
        user32_found = TRUE;
    }
    SetLastError(error);
    return user32_found;
}

/* What is in the queue now will not end the next input_wait(), what comes from now on will. Without it an old message
 * that nobody takes would end every wait at once. (observed, Wine 8.0) */
void input_forget(void)
{
    if (find_user32())
        user32.GetQueueStatus(QS_ALLINPUT);
}

/* Waits until `done` is set, there is new input, an APC has run (only if `alertable`), or `ms` milliseconds have passed.
 * Returns WAIT_OBJECT_0 if `done` is set, anything else otherwise. */
DWORD input_wait(HANDLE done, DWORD ms, BOOL alertable)
{
    if (find_user32())
        return user32.MsgWaitForMultipleObjectsEx(1, &done, ms, QS_ALLINPUT, alertable ? MWMO_ALERTABLE : 0);
    return WaitForSingleObjectEx(done, ms, alertable);
}

/* Takes one message of the thread's and dispatches it. Returns whether there was one. WM_QUIT stays where it is, for the
 * program's own loop. */
BOOL input_dispatch_one(void)
{
    MSG msg;

    if (!find_user32() || !user32.PeekMessageW(&msg, NULL, 0, 0, PM_NOREMOVE) || msg.message == WM_QUIT
        || !user32.PeekMessageW(&msg, NULL, 0, 0, PM_REMOVE))
        return FALSE;
    user32.TranslateMessage(&msg);
    user32.DispatchMessageW(&msg);
    return TRUE;
}
