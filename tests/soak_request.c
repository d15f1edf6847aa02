/*
 * The requests of the unit soak: each is held to one outcome. It knows what a request may come to, and when; not what its
 * owner does beside.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "soak_request.h"

#define JOINED_LATE 250         /* ms that a lookup may take from its shortage to its end; shortages last 20, pauses 750 */

static DWORD hash_of(const struct slot *slot)
{
    DWORD hash = 2166136261u, word;
    int i;

    for (i = 0; i + 4 <= slot->size; i += 4)
    {
        memcpy(&word, slot->buf + i, 4);
        hash = (hash ^ word) * 16777619u;
        hash ^= hash >> 15;
    }
    for (; i < slot->size; i++) hash = (hash ^ slot->buf[i]) * 16777619u;
    return hash;
}

/* --- the life of a slot --- */

/* Looks after the slot that has rested longest; NULL: none has rested enough. */
static struct slot *take_slot(struct owner *owner)
{
    struct slot *slot;
    DWORD old;

    if (owner->rest_count <= REST) return NULL;
    slot = &owner->slots[owner->rest[owner->rest_first]];
    owner->rest_first = (owner->rest_first + 1) % SLOTS;
    owner->rest_count--;
    if (slot->locked && !VirtualProtect(slot->page, PAGE, PAGE_READWRITE, &old)) FAULT(startup, "no access\n");
    slot->locked = FALSE;
    if (hash_of(slot) != slot->hash)
        FAULT(written_after, "request %p, verdict %d, %u messages, for %s\n", slot->handle, slot->verdict, slot->messages,
              slot->question.name);
    if (owner->of_handle[LOWORD(slot->handle)] == slot - owner->slots + 1) owner->of_handle[LOWORD(slot->handle)] = 0;
    slot->handle = NULL;
    return slot;
}

void lay_to_rest(struct owner *owner, struct slot *slot)
{
    DWORD old;

    owner->rest[(owner->rest_first + owner->rest_count++) % SLOTS] = slot - owner->slots;
    slot->hash = hash_of(slot);
    slot->ended = outcomes.submitted;
    post_failures[LOWORD(slot->handle)] = 0;
    if (noise(&owner->noise) % 8 == 0) slot->locked = VirtualProtect(slot->page, PAGE, PAGE_NOACCESS, &old);
}

struct slot *new_request(struct owner *owner, HWND hwnd, BOOL hang)
{
    struct slot *slot = take_slot(owner);
    unsigned int n = noise(&owner->noise);

    if (!slot) return NULL;
    memset(slot->page, FILL, PAGE);
    slot->size = n % 8 ? MAXGETHOSTSTRUCT : n / 8 % 160;
    slot->buf = slot->page + PAGE - slot->size;
    slot->hwnd = hwnd;
    slot->msg = FIRST_MESSAGE + noise(&owner->noise) % MESSAGES;
    slot->verdict = -1;
    slot->messages = 0;
    slot->gone = !hwnd;
    slot->spared = n & 0x1000;
    slot->late = slot->ripe = FALSE;
    if (hang) make_hanging_question(&slot->question, &owner->noise);
    else make_question(&slot->question, &owner->noise);
    return slot;
}

BOOL cancel(struct slot *slot, const struct calls *calls)
{
    if (InterlockedCompareExchange(&slot->state, CLAIMED, LIVE) != LIVE) return FALSE;
    slot->before = phase;
    slot->verdict = calls->WSACancelAsyncRequest(slot->handle) ? WSAGetLastError() : 0;
    slot->hash = hash_of(slot);
    slot->after = phase;
    InterlockedExchange(&slot->state, CANCELLED);
    return TRUE;
}

void submit(struct owner *owner, struct slot *slot)
{
    LONG shortages_before = shortages, before = phase, after;
    int error;

    slot->begun = GetTickCount();
    slot->shortages = shortages_before;
    /* the lookup that it joins may have failed already, and its worker have lost the processor */
    if (slot->begun - shortage_time < JOINED_LATE) slot->shortages--;
    slot->handle = ask(&owner->calls, &slot->question, slot->hwnd, slot->msg, slot->buf, slot->size);
    error = WSAGetLastError();
    after = phase;
    slot->low = session_of(before);
    slot->high = session_of(after);
    if (!slot->handle)
    {
        if (!untouched(slot->page, PAGE)) FAULT(written_silent, "of a call that was refused\n");
        if (error == WSANOTINITIALISED && !started_throughout(before, after)) COUNT(refused_closed);
        else if (error == WSAEWOULDBLOCK && shortages != shortages_before) COUNT(refused_short);
        else FAULT(refused, "error %d, phases %ld and %ld\n", error, before, after);
        lay_to_rest(owner, slot);
        return;
    }
    if (before == after && before % 4 == 2) FAULT(accepted, "as request %p\n", slot->handle);
    if ((ULONG_PTR)slot->handle > 0xffff) FAULT(stray, "handle %p\n", slot->handle);
    slot->number = COUNT(submitted);
    owner->of_handle[LOWORD(slot->handle)] = slot - owner->slots + 1;
    owner->live[owner->live_count++] = slot - owner->slots;
    InterlockedExchange(&slot->state, LIVE);
    if (slot->low != slot->high)
    {
        COUNT(unsure);
        cancel(slot, &owner->calls);
    }
}

/* --- judging --- */

static void judge_message(struct slot *slot)
{
    int error = WSAGETASYNCERROR(slot->lparam), needed = WSAGETASYNCBUFLEN(slot->lparam);
    const struct question *question = &slot->question;
    const char *wrong;

    if (error == WSATRY_AGAIN && !needed && slot->shortages != shortages) COUNT(short_of_memory);
    else if (error == WSAENOBUFS && !question->error && needed > slot->size && needed <= MAXGETHOSTSTRUCT)
        COUNT(too_small);
    else if (error != question->error || (error && needed))
        FAULT(wrong_error, "request %p for %s: error %d, size %d, expected error %d; buffer of %d, %ld shortages\n",
              slot->handle, question->name, error, needed, question->error, slot->size, shortages - slot->shortages);
    else if (error && !untouched(slot->buf, slot->size))
        FAULT(wrong_answer, "request %p for %s: error %d, and the buffer written\n", slot->handle, question->name, error);
    else if (!error && (wrong = wrong_answer(question, slot->buf, slot->size, needed)))
        FAULT(wrong_answer, "request %p for %s: %s\n", slot->handle, question->name, wrong);
    else if (slot->verdict == -1)
    {
        if (question->hangs) COUNT(timed_out);
        else if (error) COUNT(failed);
        else COUNT(answered);
    }
}

/* FALSE: cancel found Winsock not started, so that the request is as it was. */
static BOOL judge_cancelled(struct slot *slot)
{
    /* Whether nothing but the request itself can have ended it. */
    BOOL sure = slot->low == slot->high && slot->after < cleanup_of(slot->high);

    if (hash_of(slot) != slot->hash) FAULT(written_after, "request %p for %s, soon\n", slot->handle, slot->question.name);
    switch (slot->verdict)
    {
    case 0:
        COUNT(cancelled);
        if (post_failures[LOWORD(slot->handle)]) COUNT(cancelled_reposts);
        else if (!untouched(slot->buf, slot->size)) FAULT(written_silent, "request %p\n", slot->handle);
        if (slot->messages) FAULT(message_after, "request %p for %s\n", slot->handle, slot->question.name);
        if (slot->before > cleanup_of(slot->high)) FAULT(bad_verdict, "0 after the cleanup\n");
        if (slot->late && slot->gone) FAULT(endless, "request %p for %s\n", slot->handle, slot->question.name);
        break;
    case WSAEALREADY:
        if (slot->messages)
        {
            COUNT(already);
            judge_message(slot);
        }
        else if (slot->gone) COUNT(already_gone);
        else if (sure) FAULT(not_there, "request %p for %s\n", slot->handle, slot->question.name);
        else COUNT(closed);
        break;
    case WSANOTINITIALISED:
        if (started_throughout(slot->before, slot->after)) FAULT(bad_verdict, "WSANOTINITIALISED\n");
        slot->verdict = -1;
        slot->ripe = FALSE;
        InterlockedExchange(&slot->state, LIVE);
        return FALSE;
    default:
        FAULT(bad_verdict, "error %d for request %p\n", slot->verdict, slot->handle);
    }
    slot->state = OVER;
    return TRUE;
}

void drain(struct owner *owner)
{
    unsigned int number;
    struct slot *slot;
    MSG msg;

    while (PeekMessageW(&msg, NULL, FIRST_MESSAGE, FIRST_MESSAGE + MESSAGES - 1, PM_REMOVE))
    {
        number = msg.wParam <= 0xffff ? owner->of_handle[msg.wParam] : 0;
        if (!number)
        {
            FAULT(stray, "for %#Ix\n", msg.wParam);
            continue;
        }
        slot = &owner->slots[number - 1];
        if (msg.hwnd != slot->hwnd || msg.message != slot->msg) FAULT(misdirected, "request %p\n", slot->handle);
        else if (slot->messages++) FAULT(twice, "request %p\n", slot->handle);
        else if (slot->state == OVER) FAULT(message_after, "request %p, verdict %d\n", slot->handle, slot->verdict);
        slot->lparam = msg.lParam;
    }
}

static BOOL end_live(struct slot *slot)
{
    return InterlockedCompareExchange(&slot->state, OVER, LIVE) == LIVE;
}

static BOOL is_late(const struct slot *slot)
{
    DWORD age = GetTickCount() - slot->begun;

    if (slot->gone && outcomes.submitted - slot->number > GONE_REQUESTS) return TRUE;
    return age > (slot->gone || slot->question.hangs ? PATIENCE + HANG_MS : PATIENCE);
}

/* TRUE: it is over. What the queue held when `seen` was the phase has been taken. */
static BOOL judge(struct owner *owner, struct slot *slot, LONG seen)
{
    if (slot->ripe) return judge_cancelled(slot);
    if (slot->state != LIVE) return FALSE;
    if (slot->messages)
    {
        if (!end_live(slot)) return FALSE;
        judge_message(slot);
        return TRUE;
    }
    if (seen > cleanup_of(slot->high))
    {
        if (!end_live(slot)) return FALSE;
        COUNT(closed);
        return TRUE;
    }
    if (slot->low != slot->high) cancel(slot, &owner->calls);
    else if (!slot->late && is_late(slot))
    {
        slot->late = TRUE;
        if (!slot->gone) FAULT(lost, "request %p for %s\n", slot->handle, slot->question.name);
        cancel(slot, &owner->calls);
    }
    return FALSE;
}

void sweep(struct owner *owner)
{
    LONG seen = phase;
    unsigned int i, kept = 0;
    struct slot *slot;

    for (i = 0; i < owner->live_count; i++)
    {
        slot = &owner->slots[owner->live[i]];
        slot->ripe = slot->state == CANCELLED;
    }
    MemoryBarrier();
    drain(owner);
    for (i = 0; i < owner->live_count; i++)
    {
        slot = &owner->slots[owner->live[i]];
        if (judge(owner, slot, seen)) lay_to_rest(owner, slot);
        else owner->live[kept++] = owner->live[i];
    }
    owner->live_count = kept;
}

void check_rest(struct owner *owner)
{
    while (owner->rest_count > REST) take_slot(owner);
}

void make_slots(struct owner *owner)
{
    BYTE *pages = VirtualAlloc(NULL, SLOTS * 2 * PAGE, MEM_RESERVE, PAGE_NOACCESS);
    unsigned int i;

    for (i = 0; i < SLOTS; i++)
    {
        owner->slots[i].page = VirtualAlloc(pages + 2 * i * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
        owner->slots[i].buf = owner->slots[i].page + PAGE;
        owner->slots[i].hash = hash_of(&owner->slots[i]);
        owner->rest[owner->rest_count++] = i;
    }
}
