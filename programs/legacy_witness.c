/*
 * The witness of the legacy client: what Winsock did that it had promised not to do. Owns the counts, the
 * answers that the scripted names must have, and the debug heap. Must not know the client's state, nor change
 * it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "legacy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct
{
    int asked, finished;
    int messages_after_cancel;      /* although cancel had answered 0 */
    int wrong_answers;              /* lookups that were shown another address than their own */
    int writes_into_freed_memory;   /* times that a freed block was found changed */
    int cancel_0, cancel_wsaealready, cancel_wsaeinval, cancel_other;
    int connects, connects_made, connects_given_up, connects_failed;
    int hook_calls;
    int longest_frozen;             /* ms, during a connect */
} counts;

/* --- requests --- */

static BYTE cancelled[0x10000];     /* by task handle, which has 16 bits: its cancel has answered 0 */
static BYTE delivered[0x10000];     /* its message has come */
static char expected[16];           /* the latest request's address; "": not known */
static BOOL wrong;                  /* it has been shown another one */

static WORD index_of(HANDLE task)
{
    return LOWORD((ULONG_PTR)task);
}

void saw_request(HANDLE task, const char *name)
{
    const char *label;
    char *end;
    unsigned long number;

    cancelled[index_of(task)] = delivered[index_of(task)] = 0;
    counts.asked++;
    wrong = FALSE;
    expected[0] = 0;
    /* A label hN is the scripted name server's word for the address 10.1.(N / 256).(N % 256). */
    for (label = name; label; label = strchr(label, '.'))
    {
        if (*label == '.') label++;
        if (*label != 'h') continue;
        number = strtoul(label + 1, &end, 10);
        if (end == label + 1 || (*end && *end != '.')) continue;
        sprintf(expected, "10.1.%lu.%lu", number >> 8 & 0xff, number & 0xff);
    }
}

void saw_cancel(HANDLE task, int error)
{
    switch (error)
    {
    case 0:
        counts.cancel_0++;
        if (!delivered[index_of(task)]) cancelled[index_of(task)] = 1;
        break;
    case WSAEALREADY:
        counts.cancel_wsaealready++;
        break;
    case WSAEINVAL:
        counts.cancel_wsaeinval++;
        break;
    default:
        counts.cancel_other++;
        break;
    }
}

void saw_message(HANDLE task, BOOL current)
{
    if (cancelled[index_of(task)]) counts.messages_after_cancel++;
    cancelled[index_of(task)] = 0;
    delivered[index_of(task)] = 1;
    if (current) counts.finished++;
}

void saw_answer(const char *shown)
{
    if (wrong || !expected[0] || !strcmp(shown, expected)) return;
    wrong = TRUE;
    counts.wrong_answers++;
}

/* --- connects --- */

static BOOL connecting;
static DWORD last_alive;            /* by GetTickCount() */

void saw_connect(void)
{
    counts.connects++;
    connecting = TRUE;
    last_alive = GetTickCount();
}

void saw_hook(void)
{
    counts.hook_calls++;
}

void saw_alive(void)
{
    DWORD now = GetTickCount();

    if (connecting && (int)(now - last_alive) > counts.longest_frozen) counts.longest_frozen = now - last_alive;
    last_alive = now;
}

void saw_connect_end(int error)
{
    saw_alive();
    connecting = FALSE;
    if (!error) counts.connects_made++;
    else if (error == WSAEINTR) counts.connects_given_up++;
    else counts.connects_failed++;
}

/* --- the debug heap --- */

#define DEAD 0xdd               /* what freed memory is filled with */

struct block
{
    struct block *next;         /* among those freed */
    SIZE_T size;
};

static struct block *freed;

void *heap_alloc(SIZE_T size)
{
    struct block *block = malloc(sizeof(*block) + size);

    if (!block) return NULL;
    block->size = size;
    return block + 1;
}

void heap_free(void *memory)
{
    struct block *block = memory;

    if (!block--) return;
    memset(memory, DEAD, block->size);
    block->next = freed;
    freed = block;
}

void heap_check(void)
{
    struct block *block;
    const BYTE *bytes;
    SIZE_T i;

    for (block = freed; block; block = block->next)
    {
        bytes = (const BYTE *)(block + 1);
        for (i = 0; i < block->size && bytes[i] == DEAD; i++) ;
        if (i == block->size) continue;
        counts.writes_into_freed_memory++;
        memset(block + 1, DEAD, block->size);
    }
}

/* --- the report --- */

void print_report(void)
{
    heap_check();
#define PRINT(name) printf(#name "=%d\n", counts.name)
    PRINT(asked);
    PRINT(finished);
    PRINT(messages_after_cancel);
    PRINT(wrong_answers);
    PRINT(writes_into_freed_memory);
    PRINT(cancel_0);
    PRINT(cancel_wsaealready);
    PRINT(cancel_wsaeinval);
    PRINT(cancel_other);
    PRINT(connects);
    PRINT(connects_made);
    PRINT(connects_given_up);
    PRINT(connects_failed);
    PRINT(hook_calls);
    PRINT(longest_frozen);
#undef PRINT
    fflush(stdout);
}
