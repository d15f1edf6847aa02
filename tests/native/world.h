/*
 * The world that the stress test's requests live in: windows that die, queues that fill, a resolver that hangs; and the
 * witness of each request, which ends the process when one gets what it must not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NATIVE_WORLD_H
#define NATIVE_WORLD_H

#include "../../dlls/ws2_32/ws2_32_private.h"
#include "shim.h"

#define CLIENTS 6
#define SLOTS 32
#define TICKETS (CLIENTS * SLOTS)

HANDLE own_WSAAsyncGetHostByName(HWND hwnd, UINT msg, const char *name, char *buf, int size);
HANDLE own_WSAAsyncGetHostByAddr(HWND hwnd, UINT msg, const char *addr, int len, int type, char *buf, int size);
HANDLE own_WSAAsyncGetServByName(HWND hwnd, UINT msg, const char *name, const char *proto, char *buf, int size);
HANDLE own_WSAAsyncGetProtoByName(HWND hwnd, UINT msg, const char *name, char *buf, int size);
int own_WSACancelAsyncRequest(HANDLE handle);
int own_WSApSetPostRoutine(void *routine);
int own_WSAStartup(WORD version, WSADATA *data);
int own_WSACleanup(void);

/* What a witness has seen of a request, beside its generation, in one atomic word. */
#define POSTED 0x01                 /* its message is in the queue */
#define LOST 0x02                   /* its message can never be */
#define OVER 0x04                   /* cancelled with 0, or cleaned up: no message any more */
#define CANCELLING 0x08             /* somebody has called cancel */
#define SAID_ALREADY 0x10           /* and was told WSAEALREADY */
#define SAID_POSTING 0x40           /* so was the thread that was posting it: the message is on its way */
#define RECYCLING 0x20              /* its owner is about to use the ticket for another request */
#define GENERATION(state) ((state) >> 8)

struct ticket                       /* of a request; its message is generation * TICKETS + index */
{
    uint32_t state;                 /* these are atomic */
    unsigned int visitors;          /* other threads that cancel this one */
    unsigned int cancels;           /* calls of cancel so far */
    unsigned int session;           /* in which submit returned; 0: it has not, or the ticket is free */
    unsigned int closings;          /* cleanups that were over when it was submitted */
    unsigned int handle;
    unsigned int serial;            /* submissions so far */
    uint64_t reply;

    char kind, name[16];            /* the owner's */
    HWND hwnd;
    char *buf;                      /* malloc'ed or BAD_BUFFER; NULL: given back */
    int size;
};

extern struct ticket tickets[TICKETS];
extern unsigned int closings_begun, closings_done, session, ended_session, submissions;
extern unsigned int session_open;   /* started, and not being cleaned up */

#define ATOMIC(name) __atomic_load_n(&(name), __ATOMIC_ACQUIRE)
#define ATOMIC_SET(name, value) __atomic_store_n(&(name), value, __ATOMIC_RELEASE)
#define ATOMIC_ADD(name, amount) __atomic_add_fetch(&(name), amount, __ATOMIC_SEQ_CST)

static inline UINT message_of(const struct ticket *ticket, uint32_t state)
{
    return GENERATION(state) * TICKETS + (ticket - tickets);
}

/* Whether the request may have been dropped by a cleanup. */
static inline BOOL maybe_dropped(struct ticket *ticket)
{
    return ATOMIC(ticket->closings) != ATOMIC(closings_begun);
}

/* Windows. */
HWND world_window(void);
BOOL world_mute(HWND hwnd);         /* no message can ever come to it */
void world_kill_window(void);
void world_taken(HWND hwnd);        /* a message out of its queue */
void world_fail_posts(unsigned int chance);
void world_draining(BOOL draining); /* each message posted is a shim_changed() */

/* The resolver: names that begin with "hang" hang until they are let go, but for what is more than `limit` at once. */
void world_hang(unsigned int limit);
void world_let_go(void);

/* Ends the process unless `reply` and the buffer are what a request for the ticket's name may get. */
void world_check_answer(const struct ticket *ticket, LPARAM reply, BOOL may_lack_memory);

/* Cancels, and checks what is said; `posting`: by the thread that posts this request's message. Returns the error. */
int world_cancel(struct ticket *ticket, BOOL posting);

void world_begin(void);

#endif
