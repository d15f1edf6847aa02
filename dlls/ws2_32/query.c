/*
 * A question to a database: copies all that a caller gives, which may be anything; what is bad becomes a question that
 * has its answer, an error. Knows no caller and asks nobody.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

static void query_init(struct query *query, enum database database, int number)
{
    query->database = database;
    query->error = 0;
    query->number = number;
    query->text_size = query->proto_size = 0;
}

static void query_fails(struct query *query, int error)
{
    query->error = error;
    query->text_size = query->proto_size = 0;
}

/* Appends a string. Returns its size with the NUL; 0, the query failed, if it cannot be read, or is longer than any
 * name there is. */
static WORD add_string(struct query *query, const char *text, int not_found)
{
    int length;

    if (query->error)
        return 0;
    if ((length = memory_string_length(text, QUERY_TEXT_MAX + 1)) < 0)
        query_fails(query, WSAEFAULT);
    else if (length > QUERY_TEXT_MAX)
        query_fails(query, not_found);
    else
    {
        char *at = query->bytes + query->text_size;

        memcpy(at, text, length);
        at[length] = 0;
        return length + 1;
    }
    return 0;
}

static void add_text(struct query *query, const char *text, int not_found)
{
    query->text_size = add_string(query, text, not_found);
}

/* The protocol of a service; "" is any, as NULL is. (ReactOS; Wine's functions take it literally) */
static void add_proto(struct query *query, const char *proto)
{
    if (!proto)
        return;
    query->proto_size = add_string(query, proto, WSANO_DATA);
    if (query->proto_size == 1)
        query->proto_size = 0;
}

/* The bytes of a query that are in use. */
size_t query_size(const struct query *query)
{
    return offsetof(struct query, bytes) + query->text_size + query->proto_size;
}

/* The name, or the bytes of an address; NULL if there is none. */
const char *query_text(const struct query *query)
{
    return query->text_size ? query->bytes : NULL;
}

/* The protocol of a service; NULL is any. */
const char *query_proto(const struct query *query)
{
    return query->proto_size ? query->bytes + query->text_size : NULL;
}

/* `len` bytes at `addr`, of kind `type`. A length that is not the kind's gives WSAEFAULT, an unknown kind the platform's
 * error. */
void query_host_by_addr(struct query *query, const char *addr, int len, int type)
{
    query_init(query, HOST_BY_ADDR, type);
    if (len <= 0 || len > 16 || (type == AF_INET && len != 4) || (type == AF_INET6 && len != 16)
        || !memory_readable(addr, len))
        query_fails(query, WSAEFAULT);
    else
    {
        memcpy(query->bytes, addr, len);
        query->text_size = len;
    }
}

/* An empty name is the local host. */
void query_host_by_name(struct query *query, const char *name)
{
    query_init(query, HOST_BY_NAME, 0);
    add_text(query, name, WSAHOST_NOT_FOUND);
}

/* `number` in host byte order. */
void query_proto_by_number(struct query *query, int number)
{
    query_init(query, PROTO_BY_NUMBER, number);
}

void query_proto_by_name(struct query *query, const char *name)
{
    query_init(query, PROTO_BY_NAME, 0);
    add_text(query, name, WSANO_DATA);
}

/* The low 16 bits of `port`, in network byte order. `proto` NULL or empty: any. */
void query_serv_by_port(struct query *query, int port, const char *proto)
{
    query_init(query, SERV_BY_PORT, (WORD)port);
    add_proto(query, proto);
}

/* `proto` NULL or empty: any. */
void query_serv_by_name(struct query *query, const char *name, const char *proto)
{
    query_init(query, SERV_BY_NAME, 0);
    add_text(query, name, WSANO_DATA);
    add_proto(query, proto);
}
