/*
 * See world.h. All that several threads look at is atomic: a lock here would order what the DLL must order.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "world.h"

#include <stdio.h>

#define WINDOWS 6                   /* that die; behind them two that live and take nothing */
#define QUEUE_LIMIT 60

struct ticket tickets[TICKETS];
unsigned int closings_begun, closings_done, session = 1, ended_session, submissions, session_open;

static unsigned int generations[WINDOWS], queued[WINDOWS];
static unsigned int post_chance, draining, running[2];
static __thread struct ticket *attempted;

static pthread_mutex_t hang_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t hang_over = PTHREAD_COND_INITIALIZER;
static unsigned int hang_limit, hanging, hang_round;

/* --- windows --- */

#define FORBIDDEN ((HWND)0x10001)   /* posts to it are denied, for ever */
#define PICKY ((HWND)0x10002)       /* no message like ours can be posted to it */

static HWND window(unsigned int i)
{
    return (HWND)(ULONG_PTR)(0x100000 + ATOMIC(generations[i]) * 16 + i);
}

HWND world_window(void)
{
    switch (shim_random(40))
    {
    case 0: return NULL;
    case 1: return FORBIDDEN;
    case 2: return PICKY;
    case 3: return HWND_BROADCAST;
    default: return window(shim_random(WINDOWS));
    }
}

BOOL world_mute(HWND hwnd)
{
    return (ULONG_PTR)hwnd < 0x100000;
}

static BOOL alive(HWND hwnd)
{
    return hwnd == window((ULONG_PTR)hwnd % 16);
}

void world_kill_window(void)
{
    ATOMIC_ADD(generations[shim_random(WINDOWS)], 1);
}

void world_taken(HWND hwnd)
{
    __atomic_sub_fetch(&queued[(ULONG_PTR)hwnd % 16], 1, __ATOMIC_RELAXED);
}

void world_fail_posts(unsigned int chance)
{
    ATOMIC_SET(post_chance, chance);
}

void world_draining(BOOL now)
{
    ATOMIC_SET(draining, now);
}

static BOOL is_window(HWND hwnd)
{
    if (world_mute(hwnd) || alive(hwnd))
        return TRUE;
    __atomic_fetch_or(&attempted->state, LOST, __ATOMIC_ACQ_REL);
    return FALSE;
}

/* The error with which a post fails; 0: it succeeds. */
static DWORD post_error(struct ticket *ticket, HWND hwnd)
{
    unsigned int chance = ATOMIC(post_chance);

    if (hwnd == FORBIDDEN)
        return ERROR_ACCESS_DENIED;
    if (hwnd == PICKY)
        return ERROR_MESSAGE_SYNC_ONLY;
    if (world_mute(hwnd))
        violation("a message is posted to window %p", (void *)hwnd);
    if (!alive(hwnd))
    {
        __atomic_fetch_or(&ticket->state, LOST, __ATOMIC_ACQ_REL);
        return ERROR_INVALID_WINDOW_HANDLE;
    }
    if (chance && !shim_random(chance))
        return shim_random(16) ? ERROR_NOT_ENOUGH_QUOTA : 0xdead;
    return __atomic_load_n(&queued[(ULONG_PTR)hwnd % 16], __ATOMIC_RELAXED) < QUEUE_LIMIT ? 0 : ERROR_NOT_ENOUGH_QUOTA;
}

/* Of the state that a post finds: has the request had its outcome? */
static void check_live(const struct ticket *ticket, uint32_t state, UINT msg)
{
    unsigned int of = ATOMIC(ticket->session);

    if (message_of(ticket, state) != msg || (state & RECYCLING))
        violation("message %#x is posted for a request that has long been over", msg);
    if (state & POSTED)
        violation("message %#x is posted twice", msg);
    if (state & LOST)
        violation("message %#x is posted again to a window that is gone", msg);
    if (state & OVER)
        violation("message %#x is posted after cancel or cleanup has returned", msg);
    if (of && ATOMIC(ended_session) >= of)
        violation("message %#x of session %u is posted after its last cleanup", msg, of);
}

static BOOL post_message(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    struct ticket *ticket = &tickets[msg % TICKETS];
    unsigned int handle = ATOMIC(ticket->handle);
    uint32_t state = ATOMIC(ticket->state);
    DWORD error;

    check_live(ticket, state, msg);
    if (handle && handle != wparam)
        violation("handle %#x is posted as %#x", handle, (unsigned int)wparam);
    attempted = ticket;
    shim_perturb();
    if ((error = post_error(ticket, hwnd)))
    {
        SetLastError(error == 0xdead ? 0 : error);
        return FALSE;
    }
    __atomic_add_fetch(&queued[(ULONG_PTR)hwnd % 16], 1, __ATOMIC_RELAXED);
    __atomic_store_n(&ticket->reply, lparam | (uint64_t)wparam << 32, __ATOMIC_RELAXED);
    check_live(ticket, __atomic_fetch_or(&ticket->state, POSTED, __ATOMIC_ACQ_REL), msg);
    if (ATOMIC(draining))
        shim_changed();
    return TRUE;
}

/* --- cancel --- */

int world_cancel(struct ticket *ticket, BOOL posting)
{
    uint32_t before = __atomic_fetch_or(&ticket->state, CANCELLING, __ATOMIC_ACQ_REL), after;
    unsigned int calls = ATOMIC_ADD(ticket->cancels, 1);
    int error = own_WSACancelAsyncRequest((HANDLE)(ULONG_PTR)ATOMIC(ticket->handle)) ? (int)GetLastError() : 0;

    if (!error)
    {
        after = __atomic_fetch_or(&ticket->state, OVER, __ATOMIC_ACQ_REL);
        if (after & POSTED)
            violation("cancel said 0 to %#x, whose message is there", ticket->handle);
        if (after & OVER)
            violation("cancel said 0 to %#x twice", ticket->handle);
        if ((before & (SAID_ALREADY | LOST)) || (after & SAID_POSTING))
            violation("cancel said 0 to %#x, after WSAEALREADY or a window's death", ticket->handle);
        return 0;
    }
    after = __atomic_fetch_or(&ticket->state, posting && error == WSAEALREADY ? SAID_ALREADY | SAID_POSTING : SAID_ALREADY,
                              __ATOMIC_ACQ_REL);
    if (maybe_dropped(ticket))
        return error;
    if (error != WSAEALREADY)
        violation("cancel said %d to %#x", error, ticket->handle);
    if (!posting && !(after & (POSTED | LOST)) && calls == 1 && ATOMIC(ticket->cancels) == 1 && !world_mute(ticket->hwnd))
        violation("cancel said WSAEALREADY to %#x, whose message is not there", ticket->handle);
    return error;
}

/* --- the resolver --- */

static unsigned int hash(const char *name)
{
    unsigned int hash = 5381;

    while (*name)
        hash = hash * 33 + (unsigned char)*name++;
    return hash;
}

void world_hang(unsigned int limit)
{
    pthread_mutex_lock(&hang_lock);
    hang_limit = limit;
    pthread_mutex_unlock(&hang_lock);
}

void world_let_go(void)
{
    pthread_mutex_lock(&hang_lock);
    hang_round++;
    pthread_cond_broadcast(&hang_over);
    pthread_mutex_unlock(&hang_lock);
}

static void hang(void)
{
    unsigned int round;

    pthread_mutex_lock(&hang_lock);
    if (hanging < hang_limit)
    {
        hanging++;
        for (round = hang_round; round == hang_round;)
            pthread_cond_wait(&hang_over, &hang_lock);
        hanging--;
    }
    pthread_mutex_unlock(&hang_lock);
}

/* In the thread's own memory, as the platform's: so a name's answer is gone with the next. */
static const void *answer(char kind, const char *name)
{
    static __thread char text[32], addresses[3][4], *aliases[3], *list[4];
    static __thread union { struct hostent host; struct servent serv; struct protoent proto; } record;
    unsigned int h = hash(name), i;

    strcpy(text, name);
    for (i = 0; i < 3; i++)
        memcpy(addresses[i], &h, 4);
    for (i = 0; i < h % 3; i++)
        aliases[i] = text;
    aliases[i] = NULL;
    for (i = 0; i <= h % 3; i++)
        list[i] = addresses[i];
    list[i] = NULL;
    memset(&record, 0, sizeof(record));
    if (kind == 's')
        record.serv = (struct servent){text, aliases, text, (short)h};
    else if (kind == 'p')
        record.proto = (struct protoent){text, aliases, (short)h};
    else
        record.host = (struct hostent){text, aliases, AF_INET, 4, list};
    return &record;
}

static const void *resolve(char kind, const char *text)
{
    unsigned int lane = kind == 'h' || kind == 'a', now = __atomic_add_fetch(&running[lane], 1, __ATOMIC_RELAXED);
    const void *record;

    if (now > (lane ? 256 + 128 : 2 + 2))
        violation("%u lookups of kind '%c' run at once", now, kind);
    shim_perturb();
    if (!strncmp(text, "hang", 4))
        hang();
    record = answer(kind, text);
    SetLastError(*text == 'x' ? WSAHOST_NOT_FOUND : 0);
    __atomic_sub_fetch(&running[lane], 1, __ATOMIC_RELAXED);
    return *text == 'x' ? NULL : record;
}

static size_t flatten(char kind, const void *record, char *buf, size_t size)
{
    if (kind == 's')
        return flatten_servent(record, buf, size);
    return kind == 'p' ? flatten_protoent(record, buf, size) : flatten_hostent(record, buf, size);
}

void world_check_answer(const struct ticket *ticket, LPARAM reply, BOOL may_lack_memory)
{
    const void *record = answer(ticket->kind, ticket->name);
    size_t needed = flatten(ticket->kind, record, NULL, 0);
    int error = WSAGETASYNCERROR(reply), expected = 0;
    unsigned int h;

    if (*ticket->name == 'x')
        expected = WSAHOST_NOT_FOUND;
    else if (ticket->buf == BAD_BUFFER)
        expected = WSAEFAULT;
    else if ((size_t)ticket->size < needed)
        expected = WSAENOBUFS;
    if (error != expected && !(may_lack_memory && error == WSATRY_AGAIN))
        violation("'%s' got error %d instead of %d", ticket->name, error, expected);
    if ((!error || error == WSAENOBUFS) && WSAGETASYNCBUFLEN(reply) != needed)
        violation("'%s' needs %d bytes instead of %d", ticket->name, WSAGETASYNCBUFLEN(reply), (int)needed);
    if (error)
        return;
    if (strcmp(*(char **)ticket->buf, ticket->name))
        violation("'%s' got the answer of '%s'", ticket->name, *(char **)ticket->buf);
    h = hash(ticket->name);
    if ((ticket->kind == 'h' || ticket->kind == 'a') && memcmp(*((struct hostent *)ticket->buf)->h_addr_list, &h, 4))
        violation("'%s' got the address of another", ticket->name);
}

void world_begin(void)
{
    fake_post_message = post_message;
    fake_is_window = is_window;
    fake_resolve = resolve;
}
