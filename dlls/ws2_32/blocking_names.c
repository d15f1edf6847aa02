/*
 * The six blocking database calls. Services and protocols come from our table, into the calling thread's own storage. What
 * the platform must be asked is asked of it by the plain call, or on a thread with a blocking hook by a worker: the question
 * goes the way of the asynchronous ones.
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

/* The answer's record in the calling thread's own storage; NULL and `error`. */
static void *take_answer(struct answer *answer, enum record_kind kind, int *error)
{
    void *record = NULL;

    if ((*error = answer->error))
        return NULL;
    if (answer->table)
    {
        if ((record = results_buffer(kind, answer->needed)))
            lookup_copy(answer, record, answer->needed);
    }
    else
    {
        if (results_keep(kind, answer->record, answer->needed))
            record = answer->record;
        answer->record = NULL;
    }
    if (!record)
        *error = WSAENOBUFS;
    return record;
}

/* Asks with the thread's hook. TRUE: `record` is the answer, or NULL, the last error set. FALSE: make the plain call, also
 * for a question with an argument that is no good: the platform has its own errors for that. */
static BOOL ask_with_hook(struct thread *thread, const struct query *query, enum record_kind kind, void **record)
{
    struct question *question;
    enum outcome outcome;
    int error = 0;

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
        *record = take_answer(&question->answer, kind, &error);
    free_question(&question->errand);
    if (error)
        SetLastError(error);
    return outcome == FINISHED;
}

/* The four calls that ask for a service or a protocol. */
static void *ask_local(const struct query *query, enum record_kind kind, const void *return_address)
{
    DWORD last_error = GetLastError();
    struct thread *thread;
    struct answer answer;
    void *record = NULL;
    int error = 0;

    if (!startup_done() && !platform_calls(return_address))
        error = WSANOTINITIALISED;
    else if (query->error)
        error = query->error;
    else if (process_ending())
        return lookup_plain(query);
    else
    {
        databases_check(query, FALSE);
        if (lookup_at_once(query, &answer))
        {
            record = take_answer(&answer, kind, &error);
            lookup_release(&answer);
        }
        else
        {
            SetLastError(last_error);
            if (!(thread = blocking_thread(return_address)) || !ask_with_hook(thread, query, kind, &record))
                return lookup_plain(query);
            if (record)
                SetLastError(last_error);
            return record;
        }
    }
    if (error)
        WARN("%s: error %d\n", debugstr_query(query), error);
    SetLastError(error ? error : (int)last_error);
    return record;
}

/***********************************************************************
 *              gethostbyaddr      (WS2_32.51)
 *
 * This and the next: NULL and WSAEINTR when cancelled by the hook. (Winsock 1.1)
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
 *
 * `number` in host byte order. This and the next three: the record is the thread's, until its next call of the same kind.
 * NULL: WSANOTINITIALISED; WSANO_DATA, there is none such; WSAEFAULT for a string that cannot be read; WSAENOBUFS; where
 * the platform must be asked, also its errors, and WSAEINTR when cancelled by the hook. Success leaves the last error. (MS
 * Learn)
 */
struct protoent *WINAPI own_getprotobynumber(int number)
{
    struct query query;

    query_proto_by_number(&query, number);
    return ask_local(&query, RECORD_PROTO, __builtin_return_address(0));
}

/***********************************************************************
 *              getprotobyname      (WS2_32.53)
 *
 * `name`, in any case, may be an alias.
 */
struct protoent *WINAPI own_getprotobyname(const char *name)
{
    struct query query;

    query_proto_by_name(&query, name);
    return ask_local(&query, RECORD_PROTO, __builtin_return_address(0));
}

/***********************************************************************
 *              getservbyport      (WS2_32.56)
 *
 * The low 16 bits of `port`, in network byte order. `proto` NULL or empty: any.
 */
struct servent *WINAPI own_getservbyport(int port, const char *proto)
{
    struct query query;

    query_serv_by_port(&query, port, proto);
    return ask_local(&query, RECORD_SERV, __builtin_return_address(0));
}

/***********************************************************************
 *              getservbyname      (WS2_32.55)
 *
 * `name`, in any case, may be an alias. `proto` NULL or empty: any.
 */
struct servent *WINAPI own_getservbyname(const char *name, const char *proto)
{
    struct query query;

    query_serv_by_name(&query, name, proto);
    return ask_local(&query, RECORD_SERV, __builtin_return_address(0));
}
