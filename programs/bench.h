/*
 * What the parts of the bench share: the Winsock that is measured, time, samples, requests. bench.c owns these, each
 * bench_*.c some of the rows.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef BENCH_H
#define BENCH_H

#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>

#define WM_DONE (WM_USER + 1)

#define WINSOCK_CALLS(X) X(WSAStartup) X(WSAGetLastError) X(WSAAsyncGetHostByName) X(WSAAsyncGetServByName) \
    X(WSACancelAsyncRequest) X(gethostbyname) X(getaddrinfo) X(freeaddrinfo) X(socket) X(bind) X(listen) X(connect) \
    X(accept) X(getsockname) X(closesocket) X(send) X(recv) X(sendto) X(select) X(htons)

struct winsock
{
#define MEMBER(call) __typeof__(&call) call;
    WINSOCK_CALLS(MEMBER)
#undef MEMBER
};

extern struct winsock ws;           /* as a program gets it */
extern struct winsock platform_ws;  /* the platform's, without us between; the same where the builtin is measured */
extern HWND window;                 /* of the main thread */

/* --- time and results --- */

double now_us(void);
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void *memory(size_t size);                          /* zeros that are there, page by page */
void report(const char *name, double value);
double median(double *samples, unsigned int count); /* sorts them; so does the next */
void report_samples(const char *name, double *samples, unsigned int count);     /* NAME_median and NAME_p99 */

/* --- requests: all different, so that none can share another's lookup --- */

enum kind { HOSTS, SERVICES };

struct request
{
    HANDLE handle;
    char *buf;
    unsigned int number;            /* says what the answer must be */
    BOOL answered;
    char name[48], proto[4];
};

struct batch
{
    enum kind kind;
    unsigned int count, answered;
    struct request *requests;
    char *buffers;
};

void batch_make(struct batch *batch, enum kind kind, unsigned int count, const char *label);
void batch_submit(struct batch *batch, unsigned int from, unsigned int to);
unsigned int batch_written(const struct batch *batch);  /* how many buffers have got an answer */
void batch_wait(struct batch *batch, unsigned int answered);
void batch_check(const struct batch *batch);            /* ends the program unless all have the right answer */
void batch_free(struct batch *batch);
BOOL take_message(MSG *msg);                            /* of those that are there already; WM_DONE or nothing */

/* --- the rows --- */

void row_submit(void);
void row_burst(void);
void row_hosts(void);
void row_slow(void);
void row_cancel(void);
void row_latency(void);
void row_outstanding(void);
void row_curve(unsigned int count);
void row_through(void);
double bare_posts(unsigned int count);                  /* us for as many messages from another thread */
double burst(unsigned int count);                       /* us for as many local lookups */

#endif
