/*
 * Implementation of wsresolve_ask.h: the one place that knows which call asks which kind of question.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wsresolve_ask.h"

int ask(struct wsasync *lookups, struct wsasync_request *request, const struct query *query)
{
    const char *proto = query->proto[0] ? query->proto : NULL;

    switch (query->kind)
    {
    case QUERY_HOST:
        return wsasync_host_by_name(lookups, request, query->name);
    case QUERY_ADDRESS:
        return wsasync_host_by_addr(lookups, request, query->address, query->length,
                                    query->length == 4 ? AF_INET : AF_INET6);
    case QUERY_SERVICE:
        return wsasync_serv_by_name(lookups, request, query->name, proto);
    case QUERY_PORT:
        return wsasync_serv_by_port(lookups, request, htons((u_short)query->number), proto);
    case QUERY_PROTOCOL:
        return wsasync_proto_by_name(lookups, request, query->name);
    case QUERY_PROTOCOL_NUMBER:
        return wsasync_proto_by_number(lookups, request, query->number);
    }
    return WSAEINVAL;
}
