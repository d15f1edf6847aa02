/*
 * Implementation of postroutine.h. Runs on threads of the DLL under test: it takes one lock, never while it waits or
 * calls.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "postroutine.h"

static SRWLOCK lock = SRWLOCK_INIT;
static struct watched *windows[16];
static LONG routine_ran;

static struct watched *find(HWND hwnd)
{
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(windows); i++) if (windows[i] && windows[i]->hwnd == hwnd) return windows[i];
    return NULL;
}

BOOL WINAPI watching_routine(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    struct watched *watched;
    BOOL fail, swallow;
    LONG now;

    AcquireSRWLockExclusive(&lock);
    routine_ran = 1;
    if ((watched = find(hwnd)))
    {
        if (watched->calls && (watched->msg != msg || watched->wparam != wparam || watched->lparam != lparam))
            watched->mismatches++;
        if (watched->calls < (LONG)ARRAY_SIZE(watched->tick)) watched->tick[watched->calls] = GetTickCount();
        watched->calls++;
        watched->msg = msg;
        watched->wparam = wparam;
        watched->lparam = lparam;
        watched->thread = GetCurrentThreadId();
        now = ++watched->inside_now;
        if (now > watched->most_inside) watched->most_inside = now;
    }
    ReleaseSRWLockExclusive(&lock);
    if (!watched) return PostMessageW(hwnd, msg, wparam, lparam);

    SetEvent(watched->entered);
    if (watched->leave) WaitForSingleObject(watched->leave, PATIENCE);
    if (watched->inside) watched->inside(watched);

    AcquireSRWLockExclusive(&lock);
    watched->inside_now--;
    fail = watched->failures > 0;
    if (fail && watched->failures != FOR_EVER) watched->failures--;
    swallow = watched->swallow;
    ReleaseSRWLockExclusive(&lock);
    if (fail)
    {
        SetLastError(watched->error);
        return FALSE;
    }
    return swallow || PostMessageW(hwnd, msg, wparam, lparam);
}

BOOL use_routine(void)
{
    static int useful = -1;
    char buf[128];

    if (WSApSetPostRoutine(watching_routine)) ok(0, "WSApSetPostRoutine fails, error %d\n", WSAGetLastError());
    if (useful < 0)
    {
        HWND hwnd = new_window();

        take_completion(by_number(hwnd, 6, buf, sizeof(buf)), NULL, PATIENCE);
        DestroyWindow(hwnd);
        useful = routine_ran != 0;
    }
    if (!useful)
    {
        todo_wine ok(elsewhere, "the post routine is never called\n");
        if (elsewhere) win_skip("no post routine\n");
    }
    return useful;
}

void watch_window(struct watched *watched)
{
    unsigned int i;

    if (!watched->hwnd) watched->hwnd = new_window();
    if (!watched->error) watched->error = ERROR_NOT_ENOUGH_QUOTA;
    watched->entered = CreateEventW(NULL, FALSE, FALSE, NULL);
    AcquireSRWLockExclusive(&lock);
    for (i = 0; i < ARRAY_SIZE(windows); i++) if (!windows[i]) break;
    if (i < ARRAY_SIZE(windows)) windows[i] = watched;
    ReleaseSRWLockExclusive(&lock);
    ok(i < ARRAY_SIZE(windows), "too many windows\n");
}

void unwatch_windows(void)
{
    struct watched *watched;
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(windows); i++)
    {
        AcquireSRWLockExclusive(&lock);
        if ((watched = windows[i])) windows[i] = NULL;
        ReleaseSRWLockExclusive(&lock);
        if (!watched) continue;
        DestroyWindow(watched->hwnd);
        CloseHandle(watched->entered);
    }
}

HANDLE submit_watched(struct watched *watched, void *buf, int len)
{
    HANDLE handle = by_number(watched->hwnd, 6, buf, len);

    ok(handle != NULL, "not accepted, error %d\n", WSAGetLastError());
    ok(wait_for(watched->entered, PATIENCE), "the routine is not called\n");
    return handle;
}

void pass_attempts(int failures)
{
    struct watched clock = { .failures = failures };
    char buf[128];

    watch_window(&clock);
    take_completion(by_number(clock.hwnd, 17, buf, sizeof(buf)), NULL, PATIENCE);
    ok(clock.calls == failures + 1, "%ld posts, expected %d\n", clock.calls, failures + 1);
    AcquireSRWLockExclusive(&lock);
    for (failures = 0; failures < (int)ARRAY_SIZE(windows); failures++)
        if (windows[failures] == &clock) windows[failures] = NULL;
    ReleaseSRWLockExclusive(&lock);
    DestroyWindow(clock.hwnd);
    CloseHandle(clock.entered);
}
