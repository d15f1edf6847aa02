/*
 * What crosses a room's wall inside the DLL, room by room. Each function's rules stand where it is defined.
 *
 * Lock order, outermost first; none is held across a call into the resolver or the program:
 *     startup_lock (startup.c) > requests_lock (request.c) > pool_lock (pool.c)
 *     errands_lock (errand.c) > pool_lock
 *     addrinfo_lock (addrinfoex.c) > pool_lock
 *     first_start_lock (pool.c) > pool_lock; never taken with one of the others held
 *     tables_lock (databases.c) is held for a few instructions; nothing is taken with it held
 *     namespace_lock (namespace.c) is held for a few instructions; nothing is taken with it held
 *     startup_lock > a stripe's lock (sockets.c), which is held across calls to the platform that wait for nothing
 * During process shutdown none is taken: a thread killed while it held one never gives it back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WS2_32_PRIVATE_H
#define WS2_32_PRIVATE_H

#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include "wine/debug.h"
#include "list.h"

/* For a lock that is held for less time than a thread takes to fall asleep and wake again. */
static inline void lock_exclusive(SRWLOCK *lock)
{
    unsigned int spins;

    for (spins = 0; spins < 500; spins++)
    {
        if (TryAcquireSRWLockExclusive(lock))
            return;
        YieldProcessor();
    }
    AcquireSRWLockExclusive(lock);
}

/* debug.c */
void debug_attach(void);
void debug_detach(void);
unsigned int debug_milliseconds(void);

/* memory.c */
void memory_attach(void);
void memory_detach(void);
void *memory_alloc(size_t size);
void memory_free(void *ptr);
BOOL memory_readable(const void *ptr, size_t size);
BOOL memory_writable(void *ptr, size_t size);
BOOL memory_executable(const void *ptr);
int memory_string_length(const char *ptr, int max);
int memory_wide_length(const WCHAR *ptr, int max);
HMODULE memory_module(const void *address);
BOOL memory_together(const void *a, const void *b);

/* platform.c: the functions of the platform's ws2_32 that we call ourselves */
struct addrinfoW;

struct platform
{
    void (WINAPI *FreeAddrInfoEx)(ADDRINFOEXA *list);
    void (WINAPI *FreeAddrInfoExW)(ADDRINFOEXW *list);
    void (WINAPI *FreeAddrInfoW)(struct addrinfoW *list);
    int (WINAPI *GetAddrInfoExW)(const WCHAR *name, const WCHAR *service, DWORD name_space, GUID *provider,
                                 const ADDRINFOEXW *hints, ADDRINFOEXW **result, struct timeval *timeout,
                                 OVERLAPPED *overlapped, void *routine, HANDLE *handle);
    int (WINAPI *GetAddrInfoW)(const WCHAR *name, const WCHAR *service, const struct addrinfoW *hints,
                               struct addrinfoW **list);
    SOCKET (WINAPI *WSAAccept)(SOCKET s, struct sockaddr *addr, int *len, LPCONDITIONPROC condition, DWORD_PTR data);
    int (WINAPI *WSAAsyncSelect)(SOCKET s, HWND hwnd, UINT msg, long mask);
    int (WINAPI *WSACleanup)(void);
    int (WINAPI *WSADuplicateSocketA)(SOCKET s, DWORD process, WSAPROTOCOL_INFOA *info);
    int (WINAPI *WSADuplicateSocketW)(SOCKET s, DWORD process, WSAPROTOCOL_INFOW *info);
    int (WINAPI *WSAEnumProtocolsW)(int *protocols, WSAPROTOCOL_INFOW *buf, DWORD *size);
    int (WINAPI *WSAEventSelect)(SOCKET s, HANDLE event, long mask);
    BOOL (WINAPI *WSAGetOverlappedResult)(SOCKET s, OVERLAPPED *overlapped, DWORD *size, BOOL wait, DWORD *flags);
    int (WINAPI *WSAIoctl)(SOCKET s, DWORD code, void *in, DWORD in_size, void *out, DWORD out_size, DWORD *size,
                           OVERLAPPED *overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE completion);
    int (WINAPI *WSARecv)(SOCKET s, WSABUF *buffers, DWORD count, DWORD *size, DWORD *flags, OVERLAPPED *overlapped,
                          LPWSAOVERLAPPED_COMPLETION_ROUTINE completion);
    int (WINAPI *WSARecvFrom)(SOCKET s, WSABUF *buffers, DWORD count, DWORD *size, DWORD *flags, struct sockaddr *addr,
                              int *len, OVERLAPPED *overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE completion);
    int (WINAPI *WSASend)(SOCKET s, WSABUF *buffers, DWORD count, DWORD *size, DWORD flags, OVERLAPPED *overlapped,
                          LPWSAOVERLAPPED_COMPLETION_ROUTINE completion);
    int (WINAPI *WSASendTo)(SOCKET s, WSABUF *buffers, DWORD count, DWORD *size, DWORD flags, const struct sockaddr *addr,
                            int len, OVERLAPPED *overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE completion);
    SOCKET (WINAPI *WSASocketA)(int family, int type, int protocol, WSAPROTOCOL_INFOA *info, GROUP group, DWORD flags);
    SOCKET (WINAPI *WSASocketW)(int family, int type, int protocol, WSAPROTOCOL_INFOW *info, GROUP group, DWORD flags);
    int (WINAPI *WSAStartup)(WORD version, WSADATA *data);
    SOCKET (WINAPI *accept)(SOCKET s, struct sockaddr *addr, int *len);
    int (WINAPI *closesocket)(SOCKET s);
    int (WINAPI *connect)(SOCKET s, const struct sockaddr *addr, int len);
    struct hostent *(WINAPI *gethostbyaddr)(const char *addr, int len, int type);
    struct hostent *(WINAPI *gethostbyname)(const char *name);
    int (WINAPI *gethostname)(char *name, int size);
    int (WINAPI *getpeername)(SOCKET s, struct sockaddr *addr, int *len);
    struct protoent *(WINAPI *getprotobyname)(const char *name);
    struct protoent *(WINAPI *getprotobynumber)(int number);
    struct servent *(WINAPI *getservbyname)(const char *name, const char *proto);
    struct servent *(WINAPI *getservbyport)(int port, const char *proto);
    int (WINAPI *getsockname)(SOCKET s, struct sockaddr *addr, int *len);
    int (WINAPI *getsockopt)(SOCKET s, int level, int option, char *value, int *size);
    int (WINAPI *ioctlsocket)(SOCKET s, long code, u_long *argument);
    int (WINAPI *recv)(SOCKET s, char *buf, int size, int flags);
    int (WINAPI *recvfrom)(SOCKET s, char *buf, int size, int flags, struct sockaddr *addr, int *len);
    int (WINAPI *select)(int unused, fd_set *read, fd_set *write, fd_set *except, const struct timeval *timeout);
    int (WINAPI *send)(SOCKET s, const char *buf, int size, int flags);
    int (WINAPI *sendto)(SOCKET s, const char *buf, int size, int flags, const struct sockaddr *addr, int len);
    int (WINAPI *setsockopt)(SOCKET s, int level, int option, const char *value, int size);
    int (WINAPI *shutdown)(SOCKET s, int how);
    SOCKET (WINAPI *socket)(int family, int type, int protocol);
};

extern struct platform platform;

void platform_attach(HINSTANCE self);
void platform_detach(void);
void platform_check_calls(BOOL check);
BOOL platform_calls(const void *return_address);
BOOL platform_pin_self(void);
BOOL loader_locked(void);
BOOL process_ending(void);

/* startup.c */
int startup_allows_hooks(void);
int startup_use_hooks(unsigned int *session);
unsigned int startup_session(void);
BOOL startup_done(void);

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
BOOL pool_reserve_started(enum lane lane);
void pool_unreserve(enum lane lane);
void pool_queue(struct work *work, enum lane lane);
void pool_queue_after(struct work *work, unsigned int ms);
BOOL pool_withdraw(struct work *work);
void pool_abandon(struct work *work);
BOOL pool_is_worker(void);

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
const char *query_text(const struct query *query);
const char *query_proto(const struct query *query);
void query_host_by_addr(struct query *query, const char *addr, int len, int type);
void query_host_by_name(struct query *query, const char *name);
void query_proto_by_number(struct query *query, int number);
void query_proto_by_name(struct query *query, const char *name);
void query_serv_by_port(struct query *query, int port, const char *proto);
void query_serv_by_name(struct query *query, const char *name, const char *proto);

/* databases.c */
struct table;

BOOL databases_find(const struct query *query, struct table **table, const void **record);
void databases_release(struct table *table);
void databases_check(const struct query *query, BOOL on_worker);

/* lookup.c */
struct answer
{
    int error;                      /* 0, or WSA... */
    WORD database;
    size_t needed;                  /* bytes that a caller's buffer needs */
    void *record;                   /* hostent, protoent or servent, if error is 0; not to be written */
    struct table *table;            /* that the record lies in; NULL: it has memory of its own */
};

enum lane query_lane(const struct query *query);
BOOL lookup_at_once(const struct query *query, struct answer *answer);
void *lookup_plain(const struct query *query);
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

/* input.c */
void input_forget(void);
DWORD input_wait(HANDLE done, DWORD ms, BOOL alertable);
BOOL input_dispatch_one(void);

/* results.c */
enum record_kind
{
    RECORD_HOST,
    RECORD_PROTO,
    RECORD_SERV,
    RECORD_COUNT
};

void results_attach(void);
void results_detach(void);
void results_thread_ends(void);
void *results_buffer(enum record_kind kind, size_t size);
BOOL results_keep(enum record_kind kind, void *record, size_t size);

/* blocking.c */
struct thread;                      /* a thread that has a blocking hook, or had one */

struct pending                      /* what a blocking call waits for */
{
    HANDLE done;                    /* event; the wait is over when it is set */
    BOOL alertable;                 /* APCs run meanwhile, as in the platform's own call */
    BOOL (*abandon)(struct pending *pending);       /* the call will never return: end it, free all; FALSE: it goes on */
};

enum outcome
{
    FINISHED,
    CANCELLED,
    TIMED_OUT,
    UNAVAILABLE                     /* cannot be done with a hook: make the plain call */
};

void blocking_attach(void);
void blocking_detach(void);
void blocking_thread_ends(void);
BOOL WINAPI blocking_refuses(const void *return_address);
struct thread *blocking_thread(const void *return_address);
HANDLE blocking_event(struct thread *thread);
void blocking_give_event(struct thread *thread);
enum outcome blocking_wait(struct thread *thread, struct pending *pending, DWORD ms);

/* readiness.c */
#define READY_READ 0x0001
#define READY_OOB 0x0002
#define READY_WRITE 0x0004
#define READY_HUP 0x0008
#define READY_RESET 0x0010
#define READY_CLOSE 0x0020          /* the socket was closed meanwhile; always asked for */
#define READY_CONNECT 0x0040
#define READY_ACCEPT 0x0080
#define READY_CONNECT_ERR 0x0100

#define NO_TIMEOUT MAXLONGLONG

struct readiness;

unsigned int readiness_now(SOCKET s, unsigned int flags);
struct readiness *readiness_alloc(unsigned int count);
void readiness_free(struct readiness *readiness);
void readiness_add(struct readiness *readiness, SOCKET s, unsigned int flags);
BOOL readiness_asked(const struct readiness *readiness, SOCKET s, unsigned int flags);
unsigned int readiness_count(const struct readiness *readiness);
unsigned int readiness_flags(const struct readiness *readiness, unsigned int i, SOCKET *s);
enum outcome readiness_wait(struct thread *thread, struct readiness *readiness, LONGLONG timeout, BOOL alertable);

/* errand.c */
struct errand
{
    struct pending pending;         /* errand.c's, as the next two lines */
    struct work work;
    BOOL began, over, left;
    void (*run)(struct errand *errand);     /* these by the owner */
    void (*instead)(struct errand *errand); /* may be NULL; quick, as a lock is held */
    void (*free)(struct errand *errand);
};

enum outcome errand_wait(struct thread *thread, struct errand *errand, enum lane lane);
enum outcome errand_wait_for(struct errand *errand, enum lane lane, DWORD ms, HANDLE cancel);
BOOL errand_abandon(struct pending *pending);

/* addrinfoex.c */
void addrinfo_close(void);

/* namespace.c */
void namespace_settle(void);

/* sockets.c */
enum socket_mode
{
    MODE_PLAIN,                     /* non-blocking, or not known: the platform's plain call */
    MODE_BLOCKING,
    MODE_BROKEN                     /* its stream is of no use any more */
};

BOOL sockets_good_address(struct sockaddr *addr, int *len);
enum socket_mode sockets_mode(SOCKET s);
void sockets_break(SOCKET s);
SOCKET sockets_accept(SOCKET s, struct sockaddr *addr, int *len);
BOOL sockets_accept_now(SOCKET s, struct sockaddr *addr, int *len, SOCKET *accepted);
BOOL sockets_connect_now(SOCKET s, const struct sockaddr *addr, int len, int *ret);
int sockets_connect_error(SOCKET s);
void sockets_forget(SOCKET s);
void sockets_forget_all(void);

#endif
