/*
 * GetAddrInfoExW across a cleanup and a new start in another thread, and asked from its own routines. Beside addrinfoex.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "addrinfoex.h"

/* --- a start beside the last cleanup --- */

enum { PENDING = 100, ROUNDS = 6 };

static DWORD WINAPI clean_up(void *arg)
{
    return WSACleanup();
}

/* While one thread's last cleanup is at work on many, another starts, cleans up, starts: what is begun then is not meant.
 * Started once, before and after. */
void test_ex_restart(void)
{
    struct lookup *old[PENDING], *fresh;
    unsigned int i, round, cancelled = 0, left = 0;
    HANDLE thread;

    if (!ours)
    {
        skip("cleanup leaves them alone\n");
        return;
    }
    for (round = 0; round < ROUNDS; round++)
    {
        for (i = 0; i < PENDING; i++) ask_ex(old[i] = new_lookup(BY_EVENT), scripted("h1.d2000"), NULL);
        thread = CreateThread(NULL, 0, clean_up, NULL, 0, NULL);
        WaitForSingleObject(old[0]->done, PATIENCE);
        start(MAKEWORD(2, 2));
        finish();
        start(MAKEWORD(2, 2));
        fresh = new_lookup(BY_EVENT);
        expect_pending(fresh, ask_ex(fresh, scripted("h2.d200"), NULL));
        WaitForSingleObject(thread, PATIENCE);
        CloseHandle(thread);
        wait_over(fresh);
        cancelled += result_ex(&fresh->ov) != 0;
        free_lookup(fresh);
        for (i = 0; i < PENDING; i++)
        {
            left += result_ex(&old[i]->ov) != WSA_E_CANCELLED;
            free_lookup(old[i]);
        }
    }
    ok(!cancelled, "%u of %u were cancelled by a cleanup before them\n", cancelled, ROUNDS);
    ok(!left, "%u were not cancelled\n", left);
}

/* --- routines that wait for names --- */

enum { PLACES = 256 };                  /* as many run at once */

static HANDLE all_in;
static volatile LONG inside, answered;

static void CALLBACK ask_another(DWORD error, DWORD bytes, WSAOVERLAPPED *overlapped)
{
    struct timeval patience = { PATIENCE / 2000, 0 };
    ADDRINFOEXW *list = NULL;

    if (InterlockedIncrement(&inside) == PLACES) SetEvent(all_in);
    WaitForSingleObject(all_in, PATIENCE);
    if (!GetAddrInfoExW(wide(scripted("h3")), NULL, NS_DNS, NULL, NULL, &list, &patience, NULL, NULL, NULL))
    {
        InterlockedIncrement(&answered);
        FreeAddrInfoExW(list);
    }
    count_call(error, bytes, overlapped);
}

/* They keep all the places there are, and each wants an answer: nobody waits for another's place. */
void test_ex_routines_wait(void)
{
    struct lookup *lookups[PLACES];
    unsigned int i;

    if (!ours)
    {
        skip("its threads are as many as there is work\n");
        return;
    }
    all_in = CreateEventW(NULL, TRUE, FALSE, NULL);
    for (i = 0; i < PLACES; i++)
    {
        lookups[i] = new_lookup(BY_ROUTINE);
        GetAddrInfoExW(wide(scripted("h4.d300")), NULL, NS_DNS, NULL, NULL, &lookups[i]->list, NULL, &lookups[i]->ov,
                       ask_another, &lookups[i]->handle);
    }
    for (i = 0; i < PLACES; i++)
    {
        wait_over(lookups[i]);
        free_lookup(lookups[i]);
    }
    ok(inside == PLACES, "%ld routines were called\n", inside);
    ok(answered == PLACES, "%ld of %u were answered\n", answered, PLACES);
    CloseHandle(all_in);
}
