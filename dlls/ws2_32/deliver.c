/*
 * One attempt to post a completion message, and what its failure means. Knows windows, the program's post routine and
 * the delay before the next attempt; knows no request and no database.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define FIRST_DELAY_MS 10
#define LAST_DELAY_MS 320

typedef BOOL (WINAPI *post_routine)(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam);
typedef BOOL (WINAPI *window_test)(HWND hwnd);

static volatile post_routine program_routine;   /* of WSApSetPostRoutine; NULL: PostMessageW */
static volatile post_routine post_message;
static volatile window_test is_window;

/* Finds PostMessage, in a user32 that is only loaded when there is something to post. Before deliver(), not in it: a
 * thread that waits for a post may hold the loader's lock. */
void deliver_prepare(void)
{
    HMODULE user32;

    if (post_message || !(user32 = LoadLibraryW(L"user32.dll")))
        return;
    is_window = (void *)GetProcAddress(user32, "IsWindow");
    post_message = (void *)GetProcAddress(user32, "PostMessageW");
}

/* Posts, once. A window that is none, is gone, or can never take this message makes it
 * impossible. Call it with no lock held: the routine may be the program's. (Winsock 1.1's duty to post again; errors of PostMessage from MS Learn) */
enum delivery deliver(HWND hwnd, UINT msg, WORD handle, LPARAM reply)
{
    post_routine post = program_routine;
    DWORD error;

    /* PostMessage would take these for the worker's own queue, and for every window there is */
    if (!hwnd || hwnd == HWND_BROADCAST || hwnd == HWND_TOPMOST)
    {
        TRACE("request %#06x has no window\n", handle);
        return DELIVERY_IMPOSSIBLE;
    }
    SetLastError(0);
    if (!post)
        post = post_message;
    if (post && post(hwnd, msg, handle, reply))
    {
        TRACE("request %#06x posted: window %p, message %#x, error %u, size %u\n", handle, hwnd, msg, HIWORD(reply),
              LOWORD(reply));
        return DELIVERED;
    }
    error = GetLastError();
    TRACE("request %#06x not posted: window %p, message %#x, error %lu\n", handle, hwnd, msg, error);
    if (error == ERROR_INVALID_WINDOW_HANDLE || error == ERROR_MESSAGE_SYNC_ONLY || (is_window && !is_window(hwnd)))
        return DELIVERY_IMPOSSIBLE;
    return error == ERROR_ACCESS_DENIED ? DELIVERY_REFUSED : DELIVERY_LATER;
}

/* Milliseconds to wait after attempt number `tries` failed. */
unsigned int deliver_delay(unsigned int tries)
{
    return tries < 5 ? FIRST_DELAY_MS << tries : LAST_DELAY_MS;
}

/* Posts through `routine`, which has PostMessage's signature, from now on; NULL: through PostMessageW. */
void deliver_set_routine(void *routine)
{
    program_routine = (post_routine)routine;
}

/***********************************************************************
 *              WSApSetPostRoutine      (WS2_32.24)
 *
 * `routine` has PostMessage's signature and replaces it until the last WSACleanup; NULL: PostMessage again. It runs on
 * threads of ours, with no lock held. Returns 0; SOCKET_ERROR, WSAEFAULT when `routine` is no code. (ReactOS; the check
 * is ours)
 */
int WINAPI own_WSApSetPostRoutine(void *routine)
{
    TRACE("%p\n", routine);
    if (routine && !memory_executable(routine))
    {
        SetLastError(WSAEFAULT);
        return SOCKET_ERROR;
    }
    deliver_set_routine(routine);
    return 0;
}
