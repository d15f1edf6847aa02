/*
 * What the two halves of the load of the unit soak share: the requests (soak_request.c) and the threads that make them
 * (soak_owner.c). A slot is a request and its buffer; when the request is over the buffer rests, sometimes without
 * access, and must be unchanged when the slot is used again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_SOAK_REQUEST_H
#define WSASYNC_TESTS_SOAK_REQUEST_H

#include "soak.h"

enum { SLOTS = 512, REST = 192, BUSY = 96, FIRST_MESSAGE = WM_APP, MESSAGES = 0x1000, OLD_HANDLES = 30000 };
enum { PAGE = 0x1000 };

/* How long the resolver waits for a server that hangs. After how many others a request for no window must be over: sooner
 * than all handles are given out anew. */
enum { HANG_MS = 30000, GONE_REQUESTS = 20000 };

/* Who changes it from LIVE has the slot: the owner to end it, or who cancels; that one hands it back as CANCELLED. */
enum { OVER, LIVE, CLAIMED, CANCELLED };

struct slot
{
    volatile LONG state;
    HANDLE handle;
    HWND hwnd;
    UINT msg;
    struct question question;
    BYTE *page, *buf;               /* the buffer ends where the page does, before one without access */
    int size;
    LONG low, high;                 /* its session is one of these */
    LONG shortages;                 /* when it was submitted */
    DWORD begun;
    LONG number;                    /* so many requests had been submitted */
    BOOL gone;                      /* nothing is to come: its window is none any more */
    BOOL spared;                    /* nobody cancels it for fun */
    BOOL late;                      /* should long be over */
    BOOL ripe;
    unsigned int messages;
    LPARAM lparam;

    int verdict;                    /* of cancel: 0 or the error */
    LONG before, after;             /* the phases around the call */
    DWORD hash;                     /* of the buffer when cancel returned, then while it rests */
    LONG ended;                     /* when it was over, in requests submitted */
    BOOL locked;                    /* no access to the buffer */
};

struct owner
{
    struct slot slots[SLOTS];
    unsigned short live[SLOTS], rest[SLOTS];        /* numbers of slots; rest is a ring */
    unsigned int live_count, rest_first, rest_count;
    unsigned short of_handle[0x10000];              /* slot that had the handle last, and 1 */
    struct owner_window *windows;
    struct calls calls;                             /* what it calls, of a copy perhaps */
    HMODULE copy;
    DWORD next_hang, next_event;
    ULONGLONG noise;
};

extern struct owner owners[OWNERS];

void make_slots(struct owner *);
struct slot *new_request(struct owner *, HWND, BOOL hang);  /* NULL: no slot has rested enough */
void lay_to_rest(struct owner *, struct slot *);
void submit(struct owner *, struct slot *);     /* any thread may do this, while the owner waits for it */
BOOL cancel(struct slot *, const struct calls *);           /* what nobody else has claimed; any thread */
void drain(struct owner *);                     /* takes what is queued */
void sweep(struct owner *);                     /* and judges what is over */
void check_rest(struct owner *);                /* what rests is as it was */

#endif
