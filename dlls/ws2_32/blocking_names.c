/*
 * The six blocking database calls, on a thread with a blocking hook: the question goes the way of the asynchronous ones,
 * to a worker, and the answer into the calling thread's own storage. Otherwise they are the platform's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

struct question
{
    struct errand errand;
    struct answer answer;
    struct query query;             /* cut to its size */
};

static void ask(struct errand *errand)
{
    struct question *question = LIST_ENTRY_OF(errand, struct question, errand);

    lookup_ask(&question->query, &question->answer);
}

static void free_question(struct errand *errand)
{
    struct question *question = LIST_ENTRY_OF(errand, struct question, errand);

    lookup_release(&question->answer);
    memory_free(question);
}

/* Asks with the thread's hook. TRUE: `record` is the answer, or NULL, the last error set. FALSE: make the plain call, also
 * for a question with an argument that is no good: the platform has its own errors for that. */
static BOOL ask_with_hook(struct thread *thread, const struct query *query, enum record_kind kind, void **record)
{
    struct question *question;
    enum outcome outcome;

    if (query->error || !(question = memory_alloc(offsetof(struct question, query) + query_size(query))))
        return FALSE;
    memcpy(&question->query, query, query_size(query));
    question->errand.run = ask;
    question->errand.free = free_question;
    TRACE("%s\n", debugstr_query(query));
    outcome = errand_wait(thread, &question->errand, query_lane(query));

    *record = NULL;
    if (outcome == CANCELLED)
    {
        SetLastError(WSAEINTR);
        return TRUE;
    }
    if (outcome == FINISHED)
    {
        if (!question->answer.error)
        {
            *record = blocking_keep(thread, kind, question->answer.record);
            question->answer.record = NULL;
        }
        else
            SetLastError(question->answer.error);
    }
    free_question(&question->errand);
    return outcome == FINISHED;
}

/***********************************************************************
 *              gethostbyaddr      (WS2_32.51)
 *
 * This and the next five: NULL and WSAEINTR when cancelled by the hook. (Winsock 1.1)
 */
struct hostent *WINAPI own_gethostbyaddr(const char *addr, int len, int type)
{
    struct thread *thread = blocking_thread(__builtin_return_address(0));
    struct query query;
    void *record;

    if (thread)
    {
        query_host_by_addr(&query, addr, len, type);
        if (ask_with_hook(thread, &query, RECORD_HOST, &record))
            return record;
    }
    return platform.gethostbyaddr(addr, len, type);
}

/***********************************************************************
 *              gethostbyname      (WS2_32.52)
 */
struct hostent *WINAPI own_gethostbyname(const char *name)
{
    struct thread *thread = blocking_thread(__builtin_return_address(0));
    struct query query;
    void *record;

    if (thread && name)
    {
        query_host_by_name(&query, name);
        if (ask_with_hook(thread, &query, RECORD_HOST, &record))
            return record;
    }
    return platform.gethostbyname(name);
}

/***********************************************************************
 *              getprotobynumber      (WS2_32.54)
 */
struct protoent *WINAPI own_getprotobynumber(int number)
{
    struct thread *thread = blocking_thread(__builtin_return_address(0));
    struct query query;
    void *record;

    if (thread)
    {
        query_proto_by_number(&query, number);
        if (ask_with_hook(thread, &query, RECORD_PROTO, &record))
            return record;
    }
    return platform.getprotobynumber(number);
}

/***********************************************************************
 *              getprotobyname      (WS2_32.53)
 */
struct protoent *WINAPI own_getprotobyname(const char *name)
{
    struct thread *thread = blocking_thread(__builtin_return_address(0));
    struct query query;
    void *record;

    if (thread && name)
    {
        query_proto_by_name(&query, name);
        if (ask_with_hook(thread, &query, RECORD_PROTO, &record))
            return record;
    }
    return platform.getprotobyname(name);
}

/* The platform takes "" for a name that no protocol has, the queries for any. */
static BOOL is_empty(const char *proto)
{
    return proto && !memory_string_length(proto, 1);
}

/***********************************************************************
 *              getservbyport      (WS2_32.56)
 */
struct servent *WINAPI own_getservbyport(int port, const char *proto)
{
    struct thread *thread = blocking_thread(__builtin_return_address(0));
    struct query query;
    void *record;

    /* of a port that is none the query would take a part */
    if (thread && (port == (WORD)port || port == (short)port) && !is_empty(proto))
    {
        query_serv_by_port(&query, port, proto);
        if (ask_with_hook(thread, &query, RECORD_SERV, &record))
            return record;
    }
    return platform.getservbyport(port, proto);
}

/***********************************************************************
 *              getservbyname      (WS2_32.55)
 */
struct servent *WINAPI own_getservbyname(const char *name, const char *proto)
{
    struct thread *thread = blocking_thread(__builtin_return_address(0));
    struct query query;
    void *record;

    if (thread && name && !is_empty(proto))
    {
        query_serv_by_name(&query, name, proto);
        if (ask_with_hook(thread, &query, RECORD_SERV, &record))
            return record;
    }
    return platform.getservbyname(name, proto);
}
