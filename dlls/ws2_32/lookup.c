/*
 * One question to a database, answered out of the table of services or protocols, or into private memory by asking the
 * platform. Knows no request, window or thread; lookup_ask() takes as long as the resolver does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

static const void *ask_host_by_addr(const struct query *query)
{
    return platform.gethostbyaddr(query->bytes, query->text_size, query->number);
}

static const void *ask_host_by_name(const struct query *query)
{
    return platform.gethostbyname(query_text(query));
}

static const void *ask_proto_by_number(const struct query *query)
{
    return platform.getprotobynumber(query->number);
}

static const void *ask_proto_by_name(const struct query *query)
{
    return platform.getprotobyname(query_text(query));
}

static const void *ask_serv_by_port(const struct query *query)
{
    /* Wine compares it with servent's short, sign and all (observed, 8.0); an older one gives it to the C library, which
     * wants no sign (observed, 5.0). */
    short port = query->number;
    const void *service = platform.getservbyport(port, query_proto(query));

    return service || port >= 0 ? service : platform.getservbyport((WORD)port, query_proto(query));
}

static const void *ask_serv_by_name(const struct query *query)
{
    return platform.getservbyname(query_text(query), query_proto(query));
}

static size_t flatten_host(const void *record, char *buf, size_t size)
{
    return flatten_hostent(record, buf, size);
}

static size_t flatten_proto(const void *record, char *buf, size_t size)
{
    return flatten_protoent(record, buf, size);
}

static size_t flatten_serv(const void *record, char *buf, size_t size)
{
    return flatten_servent(record, buf, size);
}

static const struct
{
    const char *name;
    enum lane lane;
    const void *(*ask)(const struct query *query);      /* result in the calling thread's storage; NULL, last error set */
    size_t (*flatten)(const void *record, char *buf, size_t size);
}
databases[] =
{
    [HOST_BY_ADDR] = {"host by address", LANE_NETWORK, ask_host_by_addr, flatten_host},
    [HOST_BY_NAME] = {"host", LANE_NETWORK, ask_host_by_name, flatten_host},
    [PROTO_BY_NUMBER] = {"protocol number", LANE_LOCAL, ask_proto_by_number, flatten_proto},
    [PROTO_BY_NAME] = {"protocol", LANE_LOCAL, ask_proto_by_name, flatten_proto},
    [SERV_BY_PORT] = {"port", LANE_LOCAL, ask_serv_by_port, flatten_serv},
    [SERV_BY_NAME] = {"service", LANE_LOCAL, ask_serv_by_name, flatten_serv},
};

/* Where to ask: only hosts are asked of the network, and only if there is something to ask. */
enum lane query_lane(const struct query *query)
{
    return query->error ? LANE_LOCAL : databases[query->database].lane;
}

/* For traces: valid for a short while. */
const char *debugstr_query(const struct query *query)
{
    const char *name = databases[query->database].name;

    switch (query->database)
    {
    case HOST_BY_ADDR:
        return wine_dbg_sprintf("%s of kind %d, %u bytes", name, query->number, query->text_size);
    case PROTO_BY_NUMBER:
        return wine_dbg_sprintf("%s %d", name, query->number);
    case SERV_BY_PORT:
        return wine_dbg_sprintf("%s %u/%s", name, ntohs(query->number), wine_dbgstr_a(query_proto(query)));
    case SERV_BY_NAME:
        return wine_dbg_sprintf("%s %s/%s", name, wine_dbgstr_a(query_text(query)), wine_dbgstr_a(query_proto(query)));
    default:
        return wine_dbg_sprintf("%s %s", name, wine_dbgstr_a(query_text(query)));
    }
}

/* Answers what need not be asked of the platform: FALSE: it must be. Reads a file the first time. The caller owes a
 * lookup_release(). Not during process shutdown. Changes the last error. */
BOOL lookup_at_once(const struct query *query, struct answer *answer)
{
    const void *record;

    memset(answer, 0, sizeof(*answer));
    answer->database = query->database;
    if ((answer->error = query->error))
        return TRUE;
    if (databases[query->database].lane != LANE_LOCAL || !databases_find(query, &answer->table, &record))
        return FALSE;
    if (record)
    {
        answer->record = (void *)record;
        answer->needed = databases[query->database].flatten(record, NULL, 0);
    }
    else
        answer->error = WSANO_DATA;
    return TRUE;
}

/* Asks the platform. Returns its record, in the calling thread's storage; NULL, last error set. */
void *lookup_plain(const struct query *query)
{
    return (void *)databases[query->database].ask(query);
}

/* For a worker: asks and waits for the answer; answer->error is a Winsock error, WSANO_RECOVERY where the platform gave
 * none, WSATRY_AGAIN where there is no memory. The caller owes a lookup_release(). */
void lookup_ask(const struct query *query, struct answer *answer)
{
    const void *record;

    if (query_lane(query) == LANE_LOCAL)
        databases_check(query, TRUE);
    if (lookup_at_once(query, answer))
        return;

    SetLastError(0);
    record = databases[query->database].ask(query);
    if (!record)
    {
        answer->error = GetLastError();
        if (!answer->error)
            answer->error = WSANO_RECOVERY;
        return;
    }
    /* a copy, since a post routine of the program's may ask the platform again on this thread */
    answer->needed = databases[query->database].flatten(record, NULL, 0);
    if (!(answer->record = memory_alloc(answer->needed)))
    {
        /* not WSAENOBUFS: that would be about the caller's buffer */
        answer->error = WSATRY_AGAIN;
        answer->needed = 0;
        return;
    }
    databases[query->database].flatten(record, answer->record, answer->needed);
}

/* Frees what the answer has. */
void lookup_release(struct answer *answer)
{
    if (answer->table)
        databases_release(answer->table);
    else
        memory_free(answer->record);
}

/* Copies a successful answer to the `size` writable bytes at `buf`, all or in part; returns the bytes that it needs. */
size_t lookup_copy(const struct answer *answer, char *buf, size_t size)
{
    return databases[answer->database].flatten(answer->record, buf, size);
}
