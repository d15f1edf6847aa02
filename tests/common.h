/*
 * What every test unit shares: which ws2_32 is under test, windows that record completion messages, waiting for
 * them, proofs of silence, names of the scripted DNS server, memory with walls. It knows the documented API only,
 * nothing of the DLL's insides.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_COMMON_H
#define WSASYNC_TESTS_COMMON_H

#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <stdio.h>
#include <string.h>
#include "wine/test.h"

/* --- what is under test --- */

extern BOOL ours;               /* the ws2_32 that this process imports carries our marker */
extern BOOL on_wine;            /* as wine/test.h sees it */
extern BOOL elsewhere;          /* neither ours nor Wine's builtin: real Windows */
extern BOOL old_wine;           /* before 6: its sockets and databases are the system's, with few checks of their own (seen with 5.0) */

BOOL is_ours(HMODULE);

#define todo_builtin       todo_wine_if(!ours)
#define todo_builtin_if(c) todo_wine_if(!ours && (c))

/* TRUE where what comes next would end the process: on the builtin (counted as a todo) and on Windows (skipped). */
#define deadly(what) (winetest_set_location(__FILE__, __LINE__), deadly_(what))
BOOL deadly_(const char *what);

/* What the platform says of a socket that is gone. */
static inline BOOL says_no_socket(int error) { return error == WSAENOTSOCK || (old_wine && error == WSAEBADF); }

/* Takes no header's word for it: older ws2spi.h lack it. */
typedef BOOL (WINAPI *post_routine)(HWND, UINT, WPARAM, LPARAM);
int WSAAPI WSApSetPostRoutine(post_routine);

#define start(version)  (winetest_set_location(__FILE__, __LINE__), start_(version))
#define finish()        (winetest_set_location(__FILE__, __LINE__), finish_())
void start_(WORD version);      /* WSAStartup, ok() */
void finish_(void);             /* one WSACleanup, ok() */
int cleanup_all(void);          /* until WSANOTINITIALISED; how many there were */

/* --- windows and completions --- */

#define DONE (WM_APP)           /* the message the by_...() short hands ask for */
#define PATIENCE 30000          /* ms after which a message counts as never coming */

struct completion
{
    HWND hwnd;
    UINT msg;
    WPARAM wparam;
    LPARAM lparam;
};

HWND new_window(void);          /* message-only, of the calling thread, records what it is posted (see also_record) */
void also_record(UINT message); /* beside WM_APP .. WM_APP+0xff, in all threads */

/* All of these work on the calling thread's own record; messages are pumped only inside them. */
BOOL next_completion(struct completion *, DWORD ms);            /* the oldest; FALSE after ms */
BOOL take_completion(HANDLE, struct completion *, DWORD ms);    /* that one; others stay recorded */
unsigned int recorded(void);                                    /* pumps what is queued, counts what is recorded */
void forget_completions(void);                                  /* drops what is recorded (not what is queued) */

/* Waits for the message of a handle and checks it. error or len of -1: any. Returns its buffer length, or -1. */
#define expect_completion(handle, error, len) \
    (winetest_set_location(__FILE__, __LINE__), expect_completion_(handle, error, len))
int expect_completion_(HANDLE, int error, int len);

/* Like it, but leaves everything of the message to the caller; FALSE (and a failure) when none came. */
#define expect_message(handle, out) (winetest_set_location(__FILE__, __LINE__), expect_message_(handle, out))
BOOL expect_message_(HANDLE, struct completion *);

/* No completion is recorded or queued, and none comes from what is finished by now: a local lookup submitted now is
 * waited for. silence_after() waits for a scripted name that takes ms (needs names_available()). Both leave the
 * record empty. The start-up count may be 0. A post routine that is set sees their message (FLUSHED). */
#define expect_silence()         (winetest_set_location(__FILE__, __LINE__), expect_silence_(0))
#define expect_silence_after(ms) (winetest_set_location(__FILE__, __LINE__), expect_silence_(ms))
BOOL expect_silence_(unsigned int ms);
#define FLUSHED (WM_APP + 0x1ff)

/* Waits up to ms for an event while sent messages (and only those) are served; TRUE when it is set. */
BOOL wait_for(HANDLE event, DWORD ms);

/* --- the six calls, with DONE as the message --- */

static inline HANDLE by_name(HWND hwnd, const char *name, void *buf, int len)
{
    return WSAAsyncGetHostByName(hwnd, DONE, name, buf, len);
}

static inline HANDLE by_addr(HWND hwnd, const char *dotted, void *buf, int len)
{
    ULONG addr = inet_addr(dotted);

    return WSAAsyncGetHostByAddr(hwnd, DONE, (const char *)&addr, sizeof(addr), AF_INET, buf, len);
}

static inline HANDLE by_service(HWND hwnd, const char *name, const char *proto, void *buf, int len)
{
    return WSAAsyncGetServByName(hwnd, DONE, name, proto, buf, len);
}

static inline HANDLE by_port(HWND hwnd, unsigned short host_order, const char *proto, void *buf, int len)
{
    return WSAAsyncGetServByPort(hwnd, DONE, htons(host_order), proto, buf, len);
}

static inline HANDLE by_protocol(HWND hwnd, const char *name, void *buf, int len)
{
    return WSAAsyncGetProtoByName(hwnd, DONE, name, buf, len);
}

static inline HANDLE by_number(HWND hwnd, int number, void *buf, int len)
{
    return WSAAsyncGetProtoByNumber(hwnd, DONE, number, buf, len);
}

/* WSACancelAsyncRequest, result and error checked at once; error 0 means that it succeeds. */
#define expect_cancel(handle, error) (winetest_set_location(__FILE__, __LINE__), expect_cancel_(handle, error))
BOOL expect_cancel_(HANDLE, int error);

/* The call at hand failed at once: handle NULL, that last error. */
#define expect_refused(handle, error) (winetest_set_location(__FILE__, __LINE__), expect_refused_(handle, error))
BOOL expect_refused_(HANDLE, int error);

/* --- names of the scripted DNS server --- */

BOOL names_available(void);             /* the server answers; else skips, with that reason */
const char *scripted(const char *labels, ...);  /* "uN.<labels>.test", N new each time; one of 64 rotating buffers */
unsigned int asked(const char *name);   /* how many questions for its address the server has seen */
BOOL wait_asked(const char *name);      /* until there is one: the lookup runs. FALSE after PATIENCE */

/* --- memory --- */

#define FILL 0xa5
void *walled(SIZE_T size);      /* ends right before an unreadable page, filled with FILL */
void *wild(void);               /* reserved, never committed: no access */
void free_pages(void *);        /* either of them */
BOOL untouched(const void *, SIZE_T);   /* still all FILL */

/* --- processes: the test executable again, as "UNIT args" --- */

#define run_self(args) (winetest_set_location(__FILE__, __LINE__), run_self_(args))
void run_self_(const char *args);                       /* waits, adds its failures */
BOOL spawn_self(const char *args, PROCESS_INFORMATION *);
const WCHAR *wide(const char *text);      /* one of 64 rotating buffers; NULL is NULL */
const char *argument(int n);            /* n-th argument after the unit's name, from 1; NULL when there is none */

#endif
