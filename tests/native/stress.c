/*
 * stress [SECONDS [SEED]]: the DLL's way of a request, async.c to deliver.c and startup.c, with the compiler's sanitizers.
 *
 * In rounds: client threads submit, cancel their own requests and each other's, and use their buffers again the moment a
 * request is over; others start and clean up Winsock beside them; windows die, queues fill, lookups hang; posts, allocations
 * and thread starts fail; the clock jumps over the time after which workers end. Then all is let go: each live request must
 * end by itself, and nothing be left, no thread and no memory. world.c is the witness.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "clients.h"

#include <stdio.h>

#define TICK_MS 3
#define DRAIN_MS 60000              /* far more than any drain takes */

static unsigned int stopping, pairs_begun, pairs_ended;
static BOOL memory_fails, threads_fail;

/* --- sessions --- */

static void clean_up(void)
{
    ATOMIC_ADD(closings_begun, 1);
    if (own_WSACleanup() && GetLastError() != WSANOTINITIALISED)
        violation("WSACleanup fails with %u", GetLastError());
    ATOMIC_ADD(closings_done, 1);
}

/* Starts and cleans up Winsock beside the others, so that nobody knows whose cleanup is the last. */
static void *pairs_main(void *arg)
{
    WSADATA data;

    while (!ATOMIC(stopping))
    {
        shim_wait_change(1);
        if (shim_random(8))
            continue;
        ATOMIC_ADD(pairs_begun, 1);
        if (own_WSAStartup(0x0101, &data))
            violation("WSAStartup fails");
        shim_perturb();
        clean_up();
        ATOMIC_ADD(pairs_ended, 1);
    }
    return NULL;
}

static void start(void)
{
    WSADATA data;

    if (own_WSAStartup(0x0202, &data))
        violation("WSAStartup fails");
    ATOMIC_SET(session_open, TRUE);
}

/* Ends a session. Whether all its requests are over is certain only where no pair can have kept Winsock started. */
static void stop(void)
{
    unsigned int ended = ATOMIC(pairs_ended);
    BOOL last = ended == ATOMIC(pairs_begun);

    ATOMIC_SET(session_open, FALSE);
    ATOMIC_ADD(session, 1);
    clean_up();
    if (last && ended == ATOMIC(pairs_begun))
        ATOMIC_SET(ended_session, session - 1);
}

/* The program's own way of posting, which may call us, and the platform: the thread's last answer is gone then. */
static BOOL post_routine(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    struct ticket *ticket = &tickets[msg % TICKETS];
    unsigned int i;

    if (shim_locks_held())
        violation("the post routine is called with a lock held");
    for (i = shim_random(6); i; i--)
        YieldProcessor();
    if (!shim_random(4))
        platform.gethostbyname("h0");
    if (!shim_random(4) && ATOMIC(ticket->handle) == wparam && !world_cancel(ticket, TRUE))
        violation("cancel said 0 to the one that posts");
    return fake_post_message(hwnd, msg, wparam, lparam);
}

/* --- a round --- */

static void fail_some(void)
{
    static const unsigned int chances[] = {0, 0, 100, 8, 2};
    unsigned int allocs = chances[shim_random(4)], starts = chances[shim_random(5)];

    memory_fails |= allocs != 0;
    threads_fail |= starts != 0;
    shim_fail(FAIL_ALLOC, allocs);
    shim_fail(FAIL_THREAD, starts);
    shim_fail(FAIL_PIN, starts);
    world_fail_posts(chances[shim_random(5)]);
    world_hang(shim_random(40));
}

static void fail_nothing(void)
{
    shim_fail(FAIL_ALLOC, 0);
    shim_fail(FAIL_THREAD, 0);
    shim_fail(FAIL_PIN, 0);
    world_fail_posts(0);
}

static void disturb(void)
{
    shim_wait_change(TICK_MS);
    if (!shim_random(3))
        world_let_go();
    if (!shim_random(3))
        world_kill_window();
    if (!shim_random(6))
        shim_skip(31000);
    if (!shim_random(6))
        own_WSApSetPostRoutine(shim_random(2) ? (void *)post_routine : NULL);
    if (!shim_random(8))
    {
        stop();
        if (shim_random(2))
            shim_wait_change(TICK_MS);
        start();
    }
}

static BOOL hangs(const struct ticket *ticket)
{
    return !strncmp(ticket->name, "hang", 4);
}

/* All that is live ends by itself: with `hanging` but for what asks for a name that hangs. */
static void drain(BOOL hanging)
{
    ULONGLONG begun = shim_real_ms();
    const struct ticket *waits = NULL;
    unsigned int i, left;

    do
    {
        shim_wait_change(5);
        for (i = left = 0; i < TICKETS; i++)
        {
            struct ticket *ticket = &tickets[i];

            if (!client_is_free(ticket) && !client_review(ticket) && !world_mute(ticket->hwnd) && !maybe_dropped(ticket)
                && !(hanging && hangs(ticket)))
            {
                waits = ticket;
                left++;
            }
        }
        if (left && shim_real_ms() - begun > DRAIN_MS)
            violation("%u requests do not end%s: '%s', state %#x; %u threads", left,
                      hanging ? " beside some that hang" : "", waits ? waits->name : "", waits ? waits->state : 0,
                      shim_threads());
    }
    while (left);
}

static void expect_none(unsigned int (*count)(void), unsigned int ms, const char *what)
{
    ULONGLONG begun = shim_real_ms();

    while (count())
    {
        shim_skip(ms);
        shim_wait_change(20);
        if (shim_real_ms() - begun > DRAIN_MS)
            violation("%u %s are left", count(), what);
    }
}

/* All that is live ends, and leaves nothing. */
static void end_round(void)
{
    BOOL abandon = shim_random(2);
    unsigned int i;

    fail_nothing();
    own_WSApSetPostRoutine(NULL);
    world_draining(TRUE);
    drain(TRUE);
    for (i = 0; abandon && i < TICKETS; i++)
    {
        if (!client_is_free(&tickets[i]) && hangs(&tickets[i]))
            client_cancel(&tickets[i]);
    }
    world_hang(0);
    world_let_go();
    drain(FALSE);
    expect_none(shim_blocks, 0, "blocks of memory");
    stop();
    if (ended_session + 1 != session)
        violation("the last cleanup is not known");
    drain(FALSE);
    for (i = 0; i < TICKETS; i++)
    {
        if (!client_is_free(&tickets[i]))
            violation("request %u is left", i);
    }
    expect_none(shim_threads, 31000, "threads");
    if (shim_blocks())
        violation("%u blocks of memory are left", shim_blocks());
    clients_forget();
    world_draining(FALSE);
}

static void one_round(unsigned int ms)
{
    ULONGLONG begun = shim_real_ms();
    pthread_t pairs;

    memory_fails = threads_fail = FALSE;
    if (shim_random(3))
        fail_some();
    else
        world_hang(shim_random(40));
    ATOMIC_SET(stopping, FALSE);
    start();
    clients_start(memory_fails, threads_fail);
    pthread_create(&pairs, NULL, pairs_main, NULL);
    while (shim_real_ms() - begun < ms)
        disturb();
    ATOMIC_SET(stopping, TRUE);
    clients_stop();
    pthread_join(pairs, NULL);
    end_round();
}

int main(int argc, char **argv)
{
    unsigned int seconds = argc > 1 ? atoi(argv[1]) : 3, rounds = 0, seed = argc > 2 ? atoi(argv[2]) : (int)shim_real_ms();
    ULONGLONG begun = shim_real_ms();

    printf("stress: seed %u\n", seed);
    fflush(stdout);
    shim_seed(seed);
    world_begin();
    do
    {
        one_round(400);
        rounds++;
    }
    while (shim_real_ms() - begun < seconds * 1000ull);
    printf("stress: %u rounds, %u requests: %u answered, %u cancelled, %u cleaned up or lost; %u more failed\n", rounds,
           client_counts[SUBMITTED], client_counts[ANSWERED], client_counts[CANCELS], client_counts[DROPPED],
           client_counts[FAILED]);
    if (client_counts[SUBMITTED] > 10000 && (!client_counts[ANSWERED] || !client_counts[CANCELS] || !client_counts[DROPPED]))
        violation("some outcome never came");
    return 0;
}
