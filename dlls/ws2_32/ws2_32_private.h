/*
 * What crosses a room's wall inside the DLL, room by room. Each function's rules stand where it is defined.
 *
 * Lock order, outermost first; none is held across a call into the resolver or the program:
 *     startup_lock (startup.c) > requests_lock (request.c) > pool_lock (pool.c)
 *     first_start_lock (pool.c) > pool_lock; never taken with one of the others held
 * During process shutdown none is taken: a thread killed while it held one never gives it back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WS2_32_PRIVATE_H
#define WS2_32_PRIVATE_H

#include <winsock2.h>
#include <windows.h>
#include "wine/debug.h"
#include "list.h"

/* debug.c */
void debug_attach(void);

/* memory.c */
void memory_attach(void);
void memory_detach(void);
void *memory_alloc(size_t size);
void memory_free(void *ptr);
BOOL memory_readable(const void *ptr, size_t size);
BOOL memory_writable(void *ptr, size_t size);
BOOL memory_executable(const void *ptr);
int memory_string_length(const char *ptr, int max);
HMODULE memory_module(const void *address);

/* platform.c: the functions of the platform's ws2_32 that we call ourselves */
struct platform
{
    int (WINAPI *WSAStartup)(WORD version, WSADATA *data);
    int (WINAPI *WSACleanup)(void);
    struct hostent *(WINAPI *gethostbyaddr)(const char *addr, int len, int type);
    struct hostent *(WINAPI *gethostbyname)(const char *name);
    struct protoent *(WINAPI *getprotobyname)(const char *name);
    struct protoent *(WINAPI *getprotobynumber)(int number);
    struct servent *(WINAPI *getservbyname)(const char *name, const char *proto);
    struct servent *(WINAPI *getservbyport)(int port, const char *proto);
};

extern struct platform platform;

void platform_attach(HINSTANCE self);
void platform_detach(void);
BOOL platform_calls(const void *return_address);
BOOL process_ending(void);

/* pool.c */
enum lane
{
    LANE_LOCAL,
    LANE_NETWORK,
    LANE_COUNT
};

struct work
{
    struct list entry;              /* the rest is pool.c's */
    void (*run)(struct work *work); /* given by the owner; may free the work */
    enum lane lane;
    ULONGLONG due;                  /* tick count; 0: in a lane's queue */
    struct worker *worker;
};

BOOL pool_reserve(enum lane lane);
void pool_unreserve(enum lane lane);
void pool_queue(struct work *work, enum lane lane);
void pool_queue_after(struct work *work, unsigned int ms);
BOOL pool_withdraw(struct work *work);
void pool_abandon(struct work *work);

/* query.c */
#define QUERY_TEXT_MAX 1024

enum database
{
    HOST_BY_ADDR,
    HOST_BY_NAME,
    PROTO_BY_NUMBER,
    PROTO_BY_NAME,
    SERV_BY_PORT,
    SERV_BY_NAME,
};

/* Two queries are the same question if their query_size() bytes are equal. */
struct query
{
    WORD database;
    WORD error;                     /* not 0: the question has its answer already */
    int number;                     /* protocol, port, or kind of address */
    WORD text_size, proto_size;     /* bytes in `bytes`; strings with their NUL; 0: not given */
    char bytes[2 * (QUERY_TEXT_MAX + 1)];
};

size_t query_size(const struct query *query);
void query_host_by_addr(struct query *query, const char *addr, int len, int type);
void query_host_by_name(struct query *query, const char *name);
void query_proto_by_number(struct query *query, int number);
void query_proto_by_name(struct query *query, const char *name);
void query_serv_by_port(struct query *query, int port, const char *proto);
void query_serv_by_name(struct query *query, const char *name, const char *proto);

/* lookup.c */
struct answer
{
    int error;                      /* 0, or WSA... */
    WORD database;
    size_t needed;                  /* bytes that a caller's buffer needs */
    void *record;                   /* hostent, protoent or servent in private memory, if error is 0 */
};

enum lane query_lane(const struct query *query);
void lookup_ask(const struct query *query, struct answer *answer);
void lookup_release(struct answer *answer);
size_t lookup_copy(const struct answer *answer, char *buf, size_t size);
const char *debugstr_query(const struct query *query);

/* flatten.c */
size_t flatten_hostent(const struct hostent *host, char *buf, size_t size);
size_t flatten_servent(const struct servent *serv, char *buf, size_t size);
size_t flatten_protoent(const struct protoent *proto, char *buf, size_t size);

/* request.c */
int request_submit(HWND hwnd, UINT msg, char *buf, int size, const struct query *query, WORD *handle);
int request_cancel(HANDLE handle);
void request_open(void);
void request_close(void);
void request_settle(void);

/* deliver.c */
enum delivery
{
    DELIVERED,                      /* the message is in the queue */
    DELIVERY_IMPOSSIBLE,            /* it will never be */
    DELIVERY_LATER,                 /* to be tried again */
    DELIVERY_REFUSED,               /* the same, but the window may refuse us for ever */
};

void deliver_prepare(void);
enum delivery deliver(HWND hwnd, UINT msg, WORD handle, LPARAM reply);
unsigned int deliver_delay(unsigned int tries);
void deliver_set_routine(void *routine);

#endif
