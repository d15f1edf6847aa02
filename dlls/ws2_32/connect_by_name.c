/*
 * WSAConnectByName and WSAConnectByList: connects a socket to the first of several addresses that takes the
 * connection, with one timeout over all that it does. The name is asked of the platform, by a worker where there is a
 * timeout. Knows nothing of how an attempt is made without waiting, or of who asks the resolver.
 *
 * The caller has one socket, and the platform cannot take back an attempt that has begun. So attempts are made one
 * after the other: one that is refused is followed by the next, one that hangs has the rest of the time, and goes on
 * in the socket when that is over, until closesocket. (observed, Wine 8.0)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"
#include <ws2tcpip.h>

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define NAME_MAX_CHARS 1025         /* NI_MAXHOST */
#define LIST_MAX 0x10000
#define FOR_EVER (~(ULONGLONG)0)

/* An address of the socket's own family. */
struct candidate
{
    union
    {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } address;
    int size;
};

struct call
{
    SOCKET s;
    int family;                     /* the socket's */
    BOOL mapped;                    /* it reaches IPv4 as well, by mapped addresses */
    DWORD *local_size, *remote_size;
    struct sockaddr *local, *remote;
    ULONGLONG end;                  /* tick count, or FOR_EVER */
    struct candidate *candidates;
    unsigned int count;
};

/* What the resolver is asked for, by the caller or by a worker. */
struct question
{
    struct errand errand;
    int (WSAAPI *ask)(const WCHAR *name, const WCHAR *service, const struct addrinfoW *hints, struct addrinfoW **list);
    struct addrinfoW hints, *list;
    int error;
    WCHAR name[NAME_MAX_CHARS];
};

static int address_size(int family)
{
    switch (family)
    {
    case AF_INET: return sizeof(struct sockaddr_in);
    case AF_INET6: return sizeof(struct sockaddr_in6);
    default: return 0;
    }
}

/* Milliseconds until the end. */
static DWORD time_left(const struct call *call)
{
    ULONGLONG now = GetTickCount64();

    if (call->end == FOR_EVER)
        return INFINITE;
    return now < call->end ? (DWORD)min(call->end - now, INFINITE - 1) : 0;
}

/* Of the place for an address and its length, which a call need not give. */
static BOOL good_place(struct sockaddr *addr, DWORD *size)
{
    return !addr || (memory_writable(size, sizeof(*size)) && memory_writable(addr, *size));
}

/* What all three calls check, and what they must know of the socket. Returns the error. */
static int begin(struct call *call, const struct timeval *timeout, const void *reserved, const void *return_address)
{
    WSAPROTOCOL_INFOW info;
    int size = sizeof(info), only = TRUE, option = sizeof(only);

    if (!startup_done() && !platform_calls(return_address))
        return WSANOTINITIALISED;
    if (process_ending() || !platform.getsockopt || !platform.connect)
        return WSASYSNOTREADY;
    if (reserved)
        return WSAEINVAL;
    if (timeout && !memory_readable(timeout, sizeof(*timeout)))
        return WSAEFAULT;
    if (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0))
        return WSAEINVAL;
    if (!good_place(call->local, call->local_size) || !good_place(call->remote, call->remote_size))
        return WSAEFAULT;
    call->end = FOR_EVER;
    if (timeout)
        call->end = GetTickCount64() + timeout->tv_sec * 1000ull + (timeout->tv_usec + 999ull) / 1000;

    if (!call->s || platform.getsockopt(call->s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &size))
        return WSAENOTSOCK;
    if (info.iSocketType != SOCK_STREAM || !address_size(info.iAddressFamily))
        return WSAEFAULT;           /* (observed on Windows, says Wine) */
    call->family = info.iAddressFamily;
    if ((call->local && *call->local_size < (DWORD)address_size(call->family))
        || (call->remote && *call->remote_size < (DWORD)address_size(call->family)))
        return WSAEFAULT;
    call->mapped = call->family == AF_INET6
                   && !platform.getsockopt(call->s, IPPROTO_IPV6, IPV6_V6ONLY, (char *)&only, &option) && !only;
    return sockets_mode(call->s) == MODE_BROKEN ? WSAECONNABORTED : 0;
}

/* Adds an address, if the socket reaches it. There is room. */
static void add(struct call *call, const struct sockaddr *addr)
{
    struct candidate *candidate = &call->candidates[call->count];

    if (addr->sa_family == call->family)
    {
        candidate->size = address_size(call->family);
        memcpy(&candidate->address, addr, candidate->size);
        call->count++;
    }
    else if (addr->sa_family == AF_INET && call->mapped)
    {
        const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
        struct sockaddr_in6 *in6 = &candidate->address.in6;

        memset(in6, 0, sizeof(*in6));
        in6->sin6_family = AF_INET6;
        in6->sin6_port = in->sin_port;
        in6->sin6_addr.s6_addr[10] = in6->sin6_addr.s6_addr[11] = 0xff;
        memcpy(&in6->sin6_addr.s6_addr[12], &in->sin_addr, sizeof(in->sin_addr));
        candidate->size = sizeof(*in6);
        call->count++;
    }
}

/* Waits until the attempt is decided. Returns its error. */
static int wait_connected(const struct call *call)
{
    fd_set connected, failed;
    int error, ready;

    do
    {
        DWORD ms = time_left(call);
        struct timeval timeout = {ms / 1000, ms % 1000 * 1000};

        connected.fd_count = failed.fd_count = 1;
        connected.fd_array[0] = failed.fd_array[0] = call->s;
        ready = platform.select(0, NULL, &connected, &failed, ms == INFINITE ? NULL : &timeout);
    } while (!ready && time_left(call));
    if (ready < 0)
        return GetLastError();
    if (!ready)
        return WSAETIMEDOUT;
    if (connected.fd_count)
        return 0;
    error = sockets_connect_error(call->s);
    return error ? error : WSAEHOSTUNREACH;
}

static int begin_connection(const struct call *call, const struct candidate *candidate)
{
    int ret;

    if (!sockets_connect_now(call->s, &candidate->address.any, candidate->size, &ret))
        ret = platform.connect(call->s, &candidate->address.any, candidate->size);
    return ret ? GetLastError() : 0;
}

/* One attempt. Returns its error. */
static int connect_to(const struct call *call, const struct candidate *candidate)
{
    int error = begin_connection(call, candidate);

    /* Linux says so once, and only then is rid of an attempt that failed before (observed, Wine 8.0) */
    if (error == WSAECONNABORTED)
        error = begin_connection(call, candidate);
    return error == WSAEWOULDBLOCK ? wait_connected(call) : error;
}

/* Whether another address may do better. */
static BOOL is_address_error(int error)
{
    return error == WSAECONNREFUSED || error == WSAEHOSTUNREACH || error == WSAENETUNREACH || error == WSAETIMEDOUT
           || error == WSAEADDRNOTAVAIL || error == WSAECONNRESET || error == WSAECONNABORTED || error == WSAEACCES
           || error == WSAENETDOWN || error == WSAEHOSTDOWN;
}

/* Puts an address where the call wants it, if that place is still there. */
static void store(struct sockaddr *addr, DWORD *size, int (WINAPI *name)(SOCKET, struct sockaddr *, int *), SOCKET s)
{
    struct candidate got;

    got.size = sizeof(got.address);
    if (!addr || name(s, &got.address.any, &got.size) || !good_place(addr, size) || *size < (DWORD)got.size)
        return;
    memcpy(addr, &got.address, got.size);
    *size = got.size;
}

/* Tries one candidate after the other. Returns the error: of the last attempt. */
static int connect_to_any(const struct call *call)
{
    int error = WSAEHOSTUNREACH;
    unsigned int i;

    for (i = 0; i < call->count; i++)
    {
        if (i && !time_left(call))
            return WSAETIMEDOUT;
        error = connect_to(call, &call->candidates[i]);
        TRACE("%#Ix, address %u of %u: error %d\n", call->s, i + 1, call->count, error);
        if (!error)
        {
            store(call->local, call->local_size, platform.getsockname, call->s);
            store(call->remote, call->remote_size, platform.getpeername, call->s);
            return 0;
        }
        if (!is_address_error(error))
            break;
    }
    return error;
}

static BOOL end(int error)
{
    if (!error)
        return TRUE;
    WARN("error %d\n", error);
    SetLastError(error);
    return FALSE;
}

static void run_question(struct errand *errand)
{
    struct question *question = LIST_ENTRY_OF(errand, struct question, errand);

    question->error = question->ask(question->name, NULL, &question->hints, &question->list);
    if (question->error < 0)        /* the C library's (observed, 8.0: an address of another family) */
        question->error = WSAHOST_NOT_FOUND;
}

static void free_question(struct errand *errand)
{
    struct question *question = LIST_ENTRY_OF(errand, struct question, errand);

    if (!question->error && question->list)
        platform.FreeAddrInfoW(question->list);
    memory_free(question);
}

/* Has the question answered. Returns the error; with none the question is still the caller's, else it is gone. */
static int ask(const struct call *call, struct question *question)
{
    enum outcome outcome;
    DWORD ms;
    int error;

    question->hints.ai_flags |= AI_NUMERICHOST;
    run_question(&question->errand);
    if (!question->error)
        return 0;
    question->hints.ai_flags &= ~AI_NUMERICHOST;
    question->list = NULL;
    ms = time_left(call);
    if (ms == INFINITE || loader_locked())
        run_question(&question->errand);
    else
    {
        question->error = WSAETIMEDOUT;     /* there is no list */
        outcome = errand_wait_for(&question->errand, LANE_NETWORK, ms, NULL);
        if (outcome == UNAVAILABLE)
            memory_free(question);
        if (outcome != FINISHED)
            return outcome == UNAVAILABLE ? WSAENOBUFS : WSAETIMEDOUT;
    }
    if ((error = question->error))
        free_question(&question->errand);
    return error;
}

/* Adds the addresses of a list: families take turns, from that of the first on, each in the resolver's order. (RFC
 * 8305) */
static int add_list(struct call *call, const struct addrinfoW *list, WORD port)
{
    const struct addrinfoW *next[2] = {list, list}, *info;
    unsigned int count = 0, turn, missed = 0;
    int first = list ? list->ai_family : 0;

    for (info = list; info; info = info->ai_next)
        count++;
    if (!(call->candidates = memory_alloc(max(count, 1) * sizeof(*call->candidates))))
        return WSAENOBUFS;
    for (turn = 0; missed < 2; turn = !turn)
    {
        while (next[turn] && (next[turn]->ai_family == first) != !turn)
            next[turn] = next[turn]->ai_next;
        if ((info = next[turn]))
        {
            next[turn] = info->ai_next;
            missed = 0;
            if ((int)info->ai_addrlen >= address_size(info->ai_family) && info->ai_addr)
            {
                add(call, info->ai_addr);
                if (call->count)
                    call->candidates[call->count - 1].address.in.sin_port = port;   /* in6 has it at the same place */
            }
        }
        else
            missed++;
    }
    return 0;
}

/* The port, in network order, of a service's name or number. Returns the error. */
static int find_port(const char *service, WORD *port)
{
    const char *digit;
    unsigned int number = 0;
    struct query query;
    struct answer answer;
    struct servent *found;

    for (digit = service; *digit >= '0' && *digit <= '9' && number < 0x10000; digit++)
        number = number * 10 + *digit - '0';
    if (*service && !*digit && number < 0x10000)
    {
        *port = htons(number);
        return 0;
    }
    query_serv_by_name(&query, service, "tcp");
    databases_check(&query, FALSE);
    if (lookup_at_once(&query, &answer))
    {
        if (!answer.error)
            *port = ((struct servent *)answer.record)->s_port;
        lookup_release(&answer);
        return answer.error ? WSATYPE_NOT_FOUND : 0;
    }
    if (!(found = platform.getservbyname(service, "tcp")))
        return WSATYPE_NOT_FOUND;
    *port = found->s_port;
    return 0;
}

/* The rest, with good arguments and a question that has its name; takes the question. */
static int connect_by_name(struct call *call, struct question *question, const char *service)
{
    WORD port = 0;
    int error = find_port(service, &port);

    if (!error && (!platform.GetAddrInfoW || !platform.FreeAddrInfoW))
        error = WSAEOPNOTSUPP;
    if (error)
    {
        memory_free(question);
        return error;
    }
    question->errand.run = run_question;
    question->errand.free = free_question;
    question->ask = platform.GetAddrInfoW;
    question->hints.ai_family = call->mapped ? AF_UNSPEC : call->family;
    question->hints.ai_socktype = SOCK_STREAM;
    if ((error = ask(call, question)))
        return error;
    error = add_list(call, question->list, port);
    free_question(&question->errand);
    if (!error)
        error = connect_to_any(call);
    memory_free(call->candidates);
    return error;
}

/***********************************************************************
 *              WSAConnectByNameW      (WS2_32.@)
 *
 * Connects `s`, a stream socket of IPv4 or IPv6, to the host `name` at the port or TCP service `service`. An IPv6
 * socket with IPV6_V6ONLY off also reaches IPv4. `timeout` NULL: for as long as it takes. `local` and `remote`, each
 * with its length in bytes, may be NULL; they are written on success. Blocks whatever the socket's mode, which stays.
 * TRUE, or FALSE and WSANOTINITIALISED; WSAEINVAL: no name or service, `reserved` not NULL, a negative timeout;
 * WSAENOTSOCK; WSAEFAULT: a pointer is bad, a length too small, the socket no stream (observed on Windows, says Wine);
 * WSAETIMEDOUT; the resolver's error; that of the last attempt; WSAEHOSTUNREACH: no address that the socket reaches;
 * WSAENOBUFS. (MS Learn)
 */
BOOL WINAPI own_WSAConnectByNameW(SOCKET s, WCHAR *name, WCHAR *service, DWORD *local_size, struct sockaddr *local,
                                  DWORD *remote_size, struct sockaddr *remote, const struct timeval *timeout,
                                  OVERLAPPED *reserved)
{
    struct call call = {s, 0, FALSE, local_size, remote_size, local, remote, 0, NULL, 0};
    int error = begin(&call, timeout, reserved, __builtin_return_address(0)), name_length, service_length;
    struct question *question;
    char port[NAME_MAX_CHARS];

    if (error != WSANOTINITIALISED && (!name || !service))
        return end(WSAEINVAL);
    if (error)
        return end(error);
    name_length = memory_wide_length(name, NAME_MAX_CHARS);
    service_length = memory_wide_length(service, NAME_MAX_CHARS);
    if (name_length < 0 || service_length < 0)
        return end(WSAEFAULT);
    if (name_length == NAME_MAX_CHARS)
        return end(WSAHOST_NOT_FOUND);
    if (service_length == NAME_MAX_CHARS
        || !WideCharToMultiByte(CP_ACP, 0, service, service_length + 1, port, sizeof(port), NULL, NULL))
        return end(WSATYPE_NOT_FOUND);
    if (!(question = memory_alloc(sizeof(*question))))
        return end(WSAENOBUFS);
    memcpy(question->name, name, name_length * sizeof(WCHAR));
    return end(connect_by_name(&call, question, port));
}

/***********************************************************************
 *              WSAConnectByNameA      (WS2_32.@)
 *
 * The same with names in the ANSI code page.
 */
BOOL WINAPI own_WSAConnectByNameA(SOCKET s, const char *name, const char *service, DWORD *local_size,
                                  struct sockaddr *local, DWORD *remote_size, struct sockaddr *remote,
                                  const struct timeval *timeout, OVERLAPPED *reserved)
{
    struct call call = {s, 0, FALSE, local_size, remote_size, local, remote, 0, NULL, 0};
    int error = begin(&call, timeout, reserved, __builtin_return_address(0)), name_length, service_length;
    struct question *question;
    char port[NAME_MAX_CHARS];

    if (error != WSANOTINITIALISED && (!name || !service))
        return end(WSAEINVAL);
    if (error)
        return end(error);
    name_length = memory_string_length(name, NAME_MAX_CHARS);
    service_length = memory_string_length(service, NAME_MAX_CHARS);
    if (name_length < 0 || service_length < 0)
        return end(WSAEFAULT);
    if (name_length == NAME_MAX_CHARS)
        return end(WSAHOST_NOT_FOUND);
    if (service_length == NAME_MAX_CHARS)
        return end(WSATYPE_NOT_FOUND);
    memcpy(port, service, service_length);
    port[service_length] = 0;
    if (!(question = memory_alloc(sizeof(*question))))
        return end(WSAENOBUFS);
    if (name_length && !MultiByteToWideChar(CP_ACP, 0, name, name_length, question->name, NAME_MAX_CHARS - 1))
    {
        memory_free(question);
        return end(WSAHOST_NOT_FOUND);
    }
    return end(connect_by_name(&call, question, port));
}

/***********************************************************************
 *              WSAConnectByList      (WS2_32.@)
 *
 * The same with addresses, tried in the order of the list. What the socket does not reach is passed over. WSAEINVAL
 * also for an empty list, WSAEFAULT for one, or an address in it, that cannot be read or is too short. (MS Learn)
 */
BOOL WINAPI own_WSAConnectByList(SOCKET s, SOCKET_ADDRESS_LIST *list, DWORD *local_size, struct sockaddr *local,
                                 DWORD *remote_size, struct sockaddr *remote, const struct timeval *timeout,
                                 OVERLAPPED *reserved)
{
    struct call call = {s, 0, FALSE, local_size, remote_size, local, remote, 0, NULL, 0};
    int error = begin(&call, timeout, reserved, __builtin_return_address(0)), count, i;

    if (error)
        return end(error);
    if (!memory_readable(list, offsetof(SOCKET_ADDRESS_LIST, Address)))
        return end(WSAEFAULT);
    count = list->iAddressCount;
    if (count <= 0 || count > LIST_MAX)
        return end(WSAEINVAL);
    if (!memory_readable(list->Address, count * sizeof(list->Address[0])))
        return end(WSAEFAULT);
    if (!(call.candidates = memory_alloc(count * sizeof(*call.candidates))))
        return end(WSAENOBUFS);
    for (i = 0; i < count && !error; i++)
    {
        const SOCKET_ADDRESS *address = &list->Address[i];
        int size = address->iSockaddrLength;

        if (size < (int)sizeof(u_short) || !memory_readable(address->lpSockaddr, size)
            || size < address_size(address->lpSockaddr->sa_family))
            error = WSAEFAULT;
        else
            add(&call, address->lpSockaddr);
    }
    if (!error)
        error = connect_to_any(&call);
    memory_free(call.candidates);
    return end(error);
}
