/*
 * See clients.h: threads that submit, cancel and are answered, and hold each answer against what the witness (world.c) saw.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "clients.h"

#include <stdio.h>

#define STALE 30000                 /* submissions after which a handle might soon be another request's */
#define KEPT 32
#define KEPT_BYTE 0xdd

struct client
{
    pthread_t thread;
    struct ticket *slots;
    char *kept[KEPT];               /* buffers of requests that are over, filled with KEPT_BYTE */
    size_t sizes[KEPT];
    unsigned int next_kept;
};

static struct client clients[CLIENTS];
static uint32_t last_of_handle[0x10000];        /* atomic: the message of the request that had it last */
static unsigned int stopping;
static BOOL memory_fails, threads_fail;

unsigned int client_counts[COUNTS];

static struct client *client_of(const struct ticket *ticket)
{
    return &clients[(ticket - tickets) / SLOTS];
}

static void tally(enum count what)
{
    __atomic_add_fetch(&client_counts[what], 1, __ATOMIC_RELAXED);
}

/* --- buffers --- */

static void forget_kept(struct client *client, unsigned int i)
{
    size_t at;

    for (at = 0; client->kept[i] && at < client->sizes[i]; at++)
    {
        if ((BYTE)client->kept[i][at] != KEPT_BYTE)
            violation("a buffer is written after its request was over");
    }
    free(client->kept[i]);
    client->kept[i] = NULL;
}

/* The request is over, the buffer the program's again: freed at once, or kept for a while to see whether it changes. */
static void take_back(struct client *client, struct ticket *ticket)
{
    char *buf = ticket->buf;

    ticket->buf = NULL;
    if (!buf || buf == BAD_BUFFER)
        return;
    memset(buf, KEPT_BYTE, ticket->size);
    if (shim_random(2))
    {
        free(buf);
        return;
    }
    client->next_kept = (client->next_kept + 1) % KEPT;
    forget_kept(client, client->next_kept);
    client->kept[client->next_kept] = buf;
    client->sizes[client->next_kept] = ticket->size;
}

/* --- submitting --- */

static void choose(struct ticket *ticket)
{
    static const short sizes[] = {1024, 1024, 1024, 1024, 100, 60, 8, 0};

    ticket->kind = "hhhhassp"[shim_random(8)];
    ticket->hwnd = world_window();
    ticket->size = sizes[shim_random(ARRAYSIZE(sizes))];
    ticket->buf = shim_random(50) ? malloc(ticket->size) : BAD_BUFFER;
    memset(ticket->name, 0, sizeof(ticket->name));
    if (!shim_random(20))
        strcpy(ticket->name, "x");
    else if (ticket->kind == 'h' && !shim_random(12))
        sprintf(ticket->name, "hang%u", shim_random(12));
    else
        sprintf(ticket->name, "%c%u", ticket->kind, shim_random(shim_random(2) ? 3 : 90));
}

static HANDLE submit(const struct ticket *ticket, UINT msg)
{
    /* the caller's bytes are gone when the call has returned */
    char name[sizeof(ticket->name)], *buf = ticket->buf;
    HANDLE handle;

    memcpy(name, ticket->name, sizeof(name));
    if (ticket->kind == 'a')
        handle = own_WSAAsyncGetHostByAddr(ticket->hwnd, msg, name, 4, AF_INET, buf, ticket->size);
    else if (ticket->kind == 's')
        handle = own_WSAAsyncGetServByName(ticket->hwnd, msg, name, NULL, buf, ticket->size);
    else if (ticket->kind == 'p')
        handle = own_WSAAsyncGetProtoByName(ticket->hwnd, msg, name, buf, ticket->size);
    else
        handle = own_WSAAsyncGetHostByName(ticket->hwnd, msg, name, buf, ticket->size);
    memset(name, KEPT_BYTE, sizeof(name));
    return handle;
}

/* Two live requests never have the same handle. */
static void check_handle(struct ticket *ticket, UINT msg, unsigned int handle)
{
    UINT before = __atomic_exchange_n(&last_of_handle[handle], msg, __ATOMIC_ACQ_REL);
    struct ticket *other = &tickets[before % TICKETS];
    uint32_t state = ATOMIC(other->state);

    if (!handle || handle > 0xffff)
        violation("a handle of %#x", handle);
    if (before && other != ticket && message_of(other, state) == before && ATOMIC(other->handle) == handle
        && !(state & (POSTED | LOST | OVER | CANCELLING | RECYCLING)) && !maybe_dropped(other)
        && !world_mute(other->hwnd))
        violation("handle %#x is given to two", handle);
}

static void begin(struct client *client, struct ticket *ticket)
{
    uint32_t state;
    HANDLE handle;
    BOOL open;

    __atomic_fetch_or(&ticket->state, RECYCLING, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&ticket->visitors, __ATOMIC_SEQ_CST))
        YieldProcessor();
    choose(ticket);
    ATOMIC_SET(ticket->session, 0);
    ATOMIC_SET(ticket->handle, 0);
    ATOMIC_SET(ticket->cancels, 0);
    ATOMIC_SET(ticket->closings, ATOMIC(closings_done));
    open = ATOMIC(session_open);
    state = (GENERATION(ATOMIC(ticket->state)) + 1) << 8;
    ATOMIC_SET(ticket->state, state);
    ATOMIC_SET(ticket->serial, ATOMIC_ADD(submissions, 1));

    if ((handle = submit(ticket, message_of(ticket, state))))
    {
        ATOMIC_SET(ticket->session, ATOMIC(session));
        check_handle(ticket, message_of(ticket, state), (ULONG_PTR)handle);
        ATOMIC_SET(ticket->handle, (ULONG_PTR)handle);
        tally(SUBMITTED);
        return;
    }
    if (GetLastError() == WSANOTINITIALISED ? open && !maybe_dropped(ticket)
        : GetLastError() != WSAEWOULDBLOCK || !(memory_fails || threads_fail))
        violation("a submit fails with %u", GetLastError());
    if (__atomic_fetch_or(&ticket->state, OVER, __ATOMIC_ACQ_REL) & POSTED)
        violation("a request that failed was posted");
    take_back(client, ticket);
    tally(FAILED);
}

/* --- what became of it --- */

static BOOL stale(struct ticket *ticket)
{
    return ATOMIC(submissions) - ATOMIC(ticket->serial) > STALE;
}

static BOOL is_over(struct client *client, struct ticket *ticket)
{
    unsigned int of = ATOMIC(ticket->session);
    uint32_t state = ATOMIC(ticket->state);
    uint64_t reply;

    if (!(state & OVER) && of && ATOMIC(ended_session) >= of)
        state = __atomic_or_fetch(&ticket->state, OVER, __ATOMIC_ACQ_REL);
    if (!(state & (OVER | LOST | POSTED)))
        return FALSE;
    if (state & POSTED)
    {
        reply = __atomic_load_n(&ticket->reply, __ATOMIC_RELAXED);
        if (reply >> 32 != ATOMIC(ticket->handle))
            violation("handle %#x was posted as %#x", ticket->handle, (unsigned int)(reply >> 32));
        if (ticket->buf)
            world_check_answer(ticket, (DWORD)reply, memory_fails);
        world_taken(ticket->hwnd);
        tally(ANSWERED);
    }
    else if (ticket->buf)
        tally(DROPPED);
    take_back(client, ticket);
    if ((state & POSTED) && shim_random(4) == 0 && !stale(ticket))
        world_cancel(ticket, FALSE);
    return TRUE;
}

BOOL client_review(struct ticket *ticket)
{
    if (!is_over(client_of(ticket), ticket))
        return FALSE;
    ATOMIC_SET(ticket->session, 0);
    return TRUE;
}

void client_cancel(struct ticket *ticket)
{
    int error;

    if (stale(ticket) && maybe_dropped(ticket))
        return;
    error = world_cancel(ticket, FALSE);
    if (!error)
        tally(CANCELS);
    /* whatever it said: but what is in the queue is still to be read */
    if (!(ATOMIC(ticket->state) & POSTED))
        take_back(client_of(ticket), ticket);
}

/* Cancels what is another client's, perhaps at the same moment as that. */
static void cancel_other(void)
{
    struct ticket *ticket = &tickets[shim_random(TICKETS)];

    __atomic_add_fetch(&ticket->visitors, 1, __ATOMIC_SEQ_CST);
    if (!(__atomic_load_n(&ticket->state, __ATOMIC_SEQ_CST) & (RECYCLING | OVER)) && ATOMIC(ticket->handle)
        && !maybe_dropped(ticket) && !stale(ticket))
        world_cancel(ticket, FALSE);
    __atomic_sub_fetch(&ticket->visitors, 1, __ATOMIC_SEQ_CST);
}

/* --- threads --- */

static void *client_main(void *arg)
{
    struct client *client = arg;

    while (!ATOMIC(stopping))
    {
        struct ticket *ticket = &client->slots[shim_random(SLOTS)];

        if (client_is_free(ticket))
            begin(client, ticket);
        else if (client_review(ticket))
            continue;
        else if (!shim_random(3))
            client_cancel(ticket);
        else if (!shim_random(3))
            cancel_other();
        shim_perturb();
    }
    return NULL;
}

void clients_start(BOOL memory_may_fail, BOOL threads_may_fail)
{
    unsigned int i;

    memory_fails = memory_may_fail;
    threads_fail = threads_may_fail;
    ATOMIC_SET(stopping, FALSE);
    for (i = 0; i < CLIENTS; i++)
    {
        clients[i].slots = &tickets[i * SLOTS];
        pthread_create(&clients[i].thread, NULL, client_main, &clients[i]);
    }
}

void clients_stop(void)
{
    unsigned int i;

    ATOMIC_SET(stopping, TRUE);
    for (i = 0; i < CLIENTS; i++)
        pthread_join(clients[i].thread, NULL);
}

void clients_forget(void)
{
    unsigned int i, j;

    for (i = 0; i < TICKETS; i++)
        take_back(client_of(&tickets[i]), &tickets[i]);
    for (i = 0; i < CLIENTS; i++)
    {
        for (j = 0; j < KEPT; j++)
            forget_kept(&clients[i], j);
    }
}
