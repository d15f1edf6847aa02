/*
 * What the files of the unit soak share: questions with their answers (soak_ask.c), those who ask and judge
 * (soak_owner.c, soak_request.c), what happens to them meanwhile (soak_trouble.c), the counts and the time (soak.c).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_SOAK_H
#define WSASYNC_TESTS_SOAK_H

#include "common.h"

enum { OWNERS = 4, WINDOWS = 3 };

static inline unsigned int noise(ULONGLONG *state)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return *state >> 33;
}

/* --- what happened, and what must not (soak.c) --- */

#define OUTCOMES(O) \
    O(submitted, "requests accepted") \
    O(answered, "answered, left alone") \
    O(failed, "failed as they should, left alone") \
    O(too_small, "answered in a buffer too small") \
    O(timed_out, "told that their DNS server hung") \
    O(cancelled, "cancelled in time") \
    O(cancelled_reposts, "of these after a post had failed") \
    O(already, "cancelled too late, message there") \
    O(already_gone, "cancelled too late, window gone") \
    O(closed, "ended by the last WSACleanup") \
    O(unsure, "submitted during a cleanup or a start") \
    O(short_of_memory, "told that memory or threads were short") \
    O(refused_short, "calls refused for lack of memory or threads") \
    O(refused_closed, "calls refused as Winsock was not started") \
    O(bad_cancels, "cancels of what never was a handle") \
    O(old_cancels, "cancels of handles that were over") \
    O(failed_posts, "posts that failed") \
    O(failed_allocations, "allocations that failed") \
    O(failed_threads, "thread starts that failed") \
    O(cleanups, "last cleanups") \
    O(dead_windows, "windows destroyed") \
    O(dead_threads, "threads that ended with requests outstanding") \
    O(copies, "second copies loaded and freed") \
    O(children, "processes that loaded and freed the DLL, or ended amid requests")

#define FAULTS(F) \
    F(lost, "no message came") \
    F(endless, "a request outlived its answer") \
    F(twice, "a second message came") \
    F(message_after, "a message came after cancel or the last cleanup") \
    F(stray, "a message came for no request") \
    F(misdirected, "a message came with another number or window") \
    F(wrong_error, "a message had the wrong error") \
    F(wrong_answer, "an answer was wrong") \
    F(written_after, "a buffer was written after the end of its request") \
    F(written_silent, "a cancelled request's buffer was written") \
    F(not_there, "cancel said WSAEALREADY, and no message was there") \
    F(bad_verdict, "cancel gave the wrong answer") \
    F(refused, "a call was refused") \
    F(accepted, "a call was accepted while Winsock was not started") \
    F(startup, "WSAStartup or WSACleanup gave the wrong answer")

#define DECLARE(name, text) volatile LONG name;
extern struct outcomes { OUTCOMES(DECLARE) } outcomes;
extern struct faults { FAULTS(DECLARE) } faults;
#undef DECLARE

#define COUNT(name) InterlockedIncrement(&outcomes.name)

/* Counts a fault; says at once what it was, as long as there are few. */
#define FAULT(name, ...) (winetest_set_location(__FILE__, __LINE__), fault_(&faults.name, __VA_ARGS__))
void fault_(volatile LONG *count, const char *format, ...) __attribute__((format(printf, 2, 3)));

extern HANDLE stop;             /* event: everybody is to come to an end */
extern BOOL names;              /* there is a scripted DNS server */

static inline BOOL stopping(DWORD ms) { return WaitForSingleObject(stop, ms) == WAIT_OBJECT_0; }

/* --- questions (soak_ask.c) --- */

struct calls                    /* of the DLL under test, or of a second copy of it */
{
    HANDLE (WINAPI *WSAAsyncGetHostByName)(HWND, UINT, const char *, char *, int);
    HANDLE (WINAPI *WSAAsyncGetHostByAddr)(HWND, UINT, const char *, int, int, char *, int);
    HANDLE (WINAPI *WSAAsyncGetServByName)(HWND, UINT, const char *, const char *, char *, int);
    HANDLE (WINAPI *WSAAsyncGetServByPort)(HWND, UINT, int, const char *, char *, int);
    HANDLE (WINAPI *WSAAsyncGetProtoByName)(HWND, UINT, const char *, char *, int);
    HANDLE (WINAPI *WSAAsyncGetProtoByNumber)(HWND, UINT, int, char *, int);
    int (WINAPI *WSACancelAsyncRequest)(HANDLE);
};

BOOL find_calls(HMODULE, struct calls *);

enum kind { HOST_NAME, HOST_ADDRESS, SERVICE_NAME, SERVICE_PORT, PROTOCOL_NAME, PROTOCOL_NUMBER };

struct question
{
    enum kind kind;
    const char *text;           /* what is asked, if it is text: NULL or name */
    const char *proto;
    char name[48];
    int number;                 /* what is asked, or the answer */
    ULONG address;              /* of a host, the first if there are several; host order */
    unsigned int addresses;
    int error;                  /* that the answer is to be */
    BOOL hangs;                 /* nobody answers */
};

void make_question(struct question *, ULONGLONG *state);
void make_hanging_question(struct question *, ULONGLONG *state);
HANDLE ask(const struct calls *, const struct question *, HWND, UINT msg, void *buf, int size);

/* What is wrong with an answer of so many bytes; NULL: nothing. */
const char *wrong_answer(const struct question *, const BYTE *buf, int size, int needed);

/* --- load (soak_owner.c) --- */

struct owner_window
{
    volatile HWND hwnd;
    volatile DWORD full_until;  /* as GetTickCount(): the post routine fails for it */
};

extern struct owner_window owner_windows[OWNERS][WINDOWS];

void make_owners(void);
DWORD WINAPI owner_main(void *number);
DWORD WINAPI canceller_main(void *number);

/* --- trouble (soak_trouble.c) --- */

/* What Winsock is, modulo 4: started, being cleaned up, not started, being started. Grows by one with each step. */
extern volatile LONG phase;

static inline BOOL started_throughout(LONG before, LONG after) { return before == after && before % 4 == 0; }
static inline LONG session_of(LONG seen) { return (seen + 1) / 4; }     /* of a call that was made then */
static inline LONG cleanup_of(LONG session) { return 4 * session + 1; } /* the phase in which it ends */

extern volatile LONG shortages;         /* how often memory or threads were short */
extern volatile LONG shortage_time;     /* as GetTickCount(), of the last */
extern volatile LONG post_failures[0x10000];    /* by handle, until its request is over */
extern volatile LONG dll_bytes;         /* in allocations of the DLL under test */

void make_trouble(void);                /* before there are other threads */
void start_winsock(ULONGLONG *state);
void end_winsock(void);
DWORD WINAPI cleaner_main(void *unused);
DWORD WINAPI shortage_main(void *unused);
DWORD WINAPI children_main(void *unused);
void soak_child(void);

HMODULE load_copy(struct calls *);      /* NULL: there is none */
void remove_copy(void);

#endif
