/*
 * The threads of the unit soak that ask: they have windows, cancel, let windows and threads die, and never rest long.
 * What comes of a request is soak_request.c's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "soak_request.h"
#include "image.h"

struct owner owners[OWNERS];
struct owner_window owner_windows[OWNERS][WINDOWS];

enum { RATE = 3000 };
static DWORD began;

static HWND new_owner_window(void)
{
    return CreateWindowExW(0, L"STATIC", NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
}

/* Of what is asked for a window that is no more, most is cancelled at once. */
static void orphan(struct owner *owner, HWND hwnd)
{
    struct slot *slot;
    unsigned int i;

    for (i = 0; i < owner->live_count; i++)
    {
        slot = &owner->slots[owner->live[i]];
        if (slot->hwnd != hwnd) continue;
        slot->gone = TRUE;
        if (slot->question.hangs || noise(&owner->noise) % 8) cancel(slot, &owner->calls);
    }
}

static void replace_window(struct owner *owner)
{
    struct owner_window *window = &owner->windows[noise(&owner->noise) % WINDOWS];
    HWND old = window->hwnd;

    DestroyWindow(old);
    COUNT(dead_windows);
    window->hwnd = new_owner_window();
    orphan(owner, old);
}

struct visit
{
    struct owner *owner;
    struct slot *slots[8];
    BOOL own_window;
    HWND hwnd;
};

static DWORD WINAPI visitor_main(void *arg)
{
    struct visit *visit = arg;
    unsigned int i;

    if (visit->own_window) visit->hwnd = new_owner_window();
    for (i = 0; i < ARRAY_SIZE(visit->slots) && visit->slots[i]; i++)
    {
        visit->slots[i]->hwnd = visit->hwnd;
        visit->slots[i]->gone = FALSE;
        submit(visit->owner, visit->slots[i]);
    }
    return 0;
}

/* A thread asks, for its own window or for one of the owner's, and is gone. */
static void visit(struct owner *owner, BOOL own_window)
{
    struct visit visit = { .owner = owner, .own_window = own_window };
    HANDLE thread;
    unsigned int i;

    visit.hwnd = owner->windows[0].hwnd;
    for (i = 0; i < ARRAY_SIZE(visit.slots); i++)
        if (!(visit.slots[i] = new_request(owner, visit.hwnd, FALSE))) break;
    thread = CreateThread(NULL, 0, visitor_main, &visit, 0, NULL);
    if (!thread)
    {
        FAULT(startup, "no thread, error %lu\n", GetLastError());
        while (i--) lay_to_rest(owner, visit.slots[i]);
        return;
    }
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    COUNT(dead_threads);
    if (own_window) orphan(owner, visit.hwnd);
}

static void cancel_bad(struct owner *owner)
{
    static const ULONG_PTR bad[] = { 0, 0x10000, 0x10001, 0xffff0001, ~(ULONG_PTR)0 };
    HANDLE handle = (HANDLE)bad[noise(&owner->noise) % ARRAY_SIZE(bad)];
    LONG before = phase;
    int ret = owner->calls.WSACancelAsyncRequest(handle), error = WSAGetLastError();

    COUNT(bad_cancels);
    if (ret != SOCKET_ERROR || (error != WSAEINVAL && (error != WSANOTINITIALISED || started_throughout(before, phase))))
        FAULT(bad_verdict, "%p: %d, error %d\n", handle, ret, error);
}

/* Handles are given out again only when all others were. */
static void cancel_old(struct owner *owner)
{
    unsigned int number = (owner->rest_first + noise(&owner->noise) % owner->rest_count) % SLOTS;
    struct slot *slot = &owner->slots[owner->rest[number]];
    LONG before = phase;
    int ret, error;

    if (!slot->handle || outcomes.submitted - slot->ended > OLD_HANDLES) return;
    ret = owner->calls.WSACancelAsyncRequest(slot->handle);
    error = WSAGetLastError();
    COUNT(old_cancels);
    if (ret != SOCKET_ERROR || (error != WSAEALREADY && (error != WSANOTINITIALISED || started_throughout(before, phase))))
        FAULT(bad_verdict, "%p, which is over: %d, error %d\n", slot->handle, ret, error);
}

/* One owner goes through the second copy of the DLL for a while; it is freed with requests outstanding. */
static void change_copy(struct owner *owner)
{
    if (owner->copy)
    {
        find_calls(winsock(), &owner->calls);
        FreeLibrary(owner->copy);
        owner->copy = NULL;
        COUNT(copies);
    }
    else owner->copy = load_copy(&owner->calls);
}

/* By time, not for so many requests: else a fast machine would have nothing but this. */
static void have_event(struct owner *owner, DWORD now)
{
    unsigned int n = noise(&owner->noise);

    if ((LONG)(now - owner->next_event) < 0) return;
    owner->next_event = now + n / 16 % 400;
    switch (n % 16)
    {
    case 0: case 1: case 2: case 3: case 4: case 5: replace_window(owner); break;
    case 6: case 7: visit(owner, TRUE); break;
    case 8: case 9: visit(owner, FALSE); break;
    case 10: case 11: case 12: owner->windows[n / 16 % WINDOWS].full_until = now + noise(&owner->noise) % 300; break;
    case 13: stopping(noise(&owner->noise) % 200); break;       /* its queue fills meanwhile */
    default: if (owner == owners) change_copy(owner);
    }
}

static void cancel_something(struct owner *owner)
{
    struct slot *slot;

    switch (noise(&owner->noise) % 32)
    {
    case 0: cancel_bad(owner); break;
    case 1: cancel_old(owner); break;
    case 2: case 3: case 4: case 5: case 6: case 7: case 8: case 9: case 10: case 11:
        if (!owner->live_count) break;
        slot = &owner->slots[owner->live[noise(&owner->noise) % owner->live_count]];
        if (!slot->spared) cancel(slot, &owner->calls);
    }
}

static void ask_some(struct owner *owner)
{
    struct slot *slot;
    DWORD now = GetTickCount();
    unsigned int count = 1 + noise(&owner->noise) % 16;
    BOOL hang;
    HWND hwnd;

    while (count-- && owner->live_count < BUSY + WINDOWS * 16)
    {
        hang = names && (LONG)(now - owner->next_hang) > 0;
        if (hang) owner->next_hang = now + noise(&owner->noise) % 4000;
        hwnd = hang || noise(&owner->noise) % 256 ? owner->windows[noise(&owner->noise) % WINDOWS].hwnd : NULL;
        if (!(slot = new_request(owner, hwnd, hang))) return;
        submit(owner, slot);
        cancel_something(owner);
    }
}

/* Ends all; by then nobody else cancels. */
static void finish_owner(struct owner *owner)
{
    DWORD begin = GetTickCount();
    BOOL patient = TRUE;
    unsigned int i;

    for (i = 0; i < owner->live_count; i++)
        if (i % 4 || owner->slots[owner->live[i]].question.hangs) cancel(&owner->slots[owner->live[i]], &owner->calls);
    while (owner->live_count)
    {
        sweep(owner);
        MsgWaitForMultipleObjectsEx(0, NULL, 5, QS_ALLINPUT, MWMO_INPUTAVAILABLE);
        if (!patient || GetTickCount() - begin < 2000) continue;
        /* To what has no window no message comes. */
        patient = FALSE;
        for (i = 0; i < owner->live_count; i++) cancel(&owner->slots[owner->live[i]], &owner->calls);
    }
    if (owner->copy) change_copy(owner);
}

/* No more than so many a second: the machine is others' as well. */
static BOOL ahead(void)
{
    return (ULONGLONG)outcomes.submitted * 1000 > (ULONGLONG)(GetTickCount() - began) * RATE;
}

DWORD WINAPI owner_main(void *number)
{
    struct owner *owner = &owners[(ULONG_PTR)number];
    unsigned int i;

    for (i = 0; i < WINDOWS; i++) owner->windows[i].hwnd = new_owner_window();
    while (!stopping(0))
    {
        if (!ahead()) ask_some(owner);
        sweep(owner);
        have_event(owner, GetTickCount());
        if (owner->live_count > BUSY || ahead()) MsgWaitForMultipleObjectsEx(1, &stop, 20, QS_ALLINPUT, MWMO_INPUTAVAILABLE);
    }
    finish_owner(owner);
    /* Whatever still runs for nobody has its chance to write, or to post. */
    MsgWaitForMultipleObjectsEx(0, NULL, 500, 0, 0);
    drain(owner);
    check_rest(owner);
    for (i = 0; i < WINDOWS; i++) DestroyWindow(owner->windows[i].hwnd);
    return 0;
}

DWORD WINAPI canceller_main(void *number)
{
    ULONGLONG state = (ULONG_PTR)number + 77;
    struct calls calls;
    struct slot *slot;
    unsigned int i;

    find_calls(winsock(), &calls);
    while (!stopping(1 + noise(&state) % 3))
    {
        for (i = 0; i < 32; i++)
        {
            slot = &owners[noise(&state) % OWNERS].slots[noise(&state) % SLOTS];
            if (!slot->spared) cancel(slot, &calls);
        }
    }
    return 0;
}

void make_owners(void)
{
    struct owner *owner;

    began = GetTickCount();
    for (owner = owners; owner < owners + OWNERS; owner++)
    {
        owner->noise = GetTickCount() * 31 + (owner - owners);
        owner->windows = owner_windows[owner - owners];
        owner->next_hang = owner->next_event = began;
        find_calls(winsock(), &owner->calls);
        make_slots(owner);
    }
}
