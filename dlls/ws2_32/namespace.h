/*
 * Name-space lookups: what the files of this room share. A query is what WSALookupServiceBegin has copied, an answer
 * what was found, a record one result of it, which becomes a WSAQUERYSET.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NAMESPACE_H
#define NAMESPACE_H

#include "ws2_32_private.h"
#include <ws2tcpip.h>

/* Whether calls of the program's, or of a DLL of the platform's, are served. During process shutdown none is. */
static inline BOOL ns_ready(const void *return_address)
{
    return !process_ending() && (startup_done() || platform_calls(return_address));
}

/* namespace_pack.c */
struct ns_bytes
{
    const void *bytes;
    size_t size;                    /* 0: the result has a NULL pointer */
};

struct ns_endpoint                  /* becomes a CSADDR_INFO */
{
    struct sockaddr_in6 address;    /* or a sockaddr_in */
    int protocol;
};

struct ns_record
{
    struct ns_bytes name, query_string;     /* with their NUL, of chars or WCHARs */
    struct ns_bytes class_id, provider;     /* GUIDs */
    struct ns_bytes blob;
    struct ns_endpoint *endpoints;
    unsigned int endpoint_count;
    BOOL both_halves;               /* addresses are local ones as well */
    DWORD flags;                    /* RESULT_... */
};

size_t namespace_pack(const struct ns_record *record, void *buf, size_t size);
void namespace_host_offsets(struct hostent *host);
void namespace_serv_offsets(struct servent *serv);

/* service_classes.c */
enum ns_class
{
    NS_CLASS_HOSTNAME,
    NS_CLASS_BY_INET_STRING,
    NS_CLASS_SERVICE_BY_NAME,
    NS_CLASS_BY_NAME,
    NS_CLASS_PORT,                  /* the class of a TCP or UDP port */
    NS_CLASS_UNKNOWN
};

enum ns_class ns_class_of(const GUID *class_id);
GUID ns_port_class(int protocol, WORD port);

/* namespace_query.c */
enum { NS_TCP, NS_UDP };            /* of ns_answer.ports */

#define NS_WANTS_INET(protocol) (1 << (protocol))
#define NS_WANTS_INET6(protocol) (4 << (protocol))
#define NS_ALL_INET (NS_WANTS_INET(NS_TCP) | NS_WANTS_INET(NS_UDP))
#define NS_ALL_INET6 (NS_WANTS_INET6(NS_TCP) | NS_WANTS_INET6(NS_UDP))

struct ns_query
{
    volatile LONG references;
    DWORD flags;
    enum ns_class class;
    BOOL no_class;                  /* nothing is asked, nothing is found */
    GUID class_id;
    unsigned int wants;             /* families and protocols */
    int port;                       /* of the class, network order; -1: none */
    ULONG address;                  /* to be looked up */
    WCHAR *name, *query_string;     /* NULL: not given, or "" */
    char *narrow_name, *narrow_string;      /* NULL: the same, or there is no such text in the ANSI code page */
};

struct ns_answer
{
    int error;                      /* 0, or WSA...: nothing else is there then */
    struct answer record;           /* its hostent or servent, if it has one */
    ADDRINFOW *inet6;
    char host[256];                 /* if there is neither: this host's name */
    int ports[2];                   /* of TCP and UDP, network order; -1: not to be given */
};

int ns_query_make(const WSAQUERYSETW *set, BOOL ansi, DWORD flags, struct ns_query **made);
struct ns_query *ns_query_hold(struct ns_query *query);
void ns_query_release(struct ns_query *query);
enum lane ns_query_lane(const struct ns_query *query);
BOOL ns_at_once(const struct ns_query *query, struct ns_answer *answer);
void ns_ask(const struct ns_query *query, struct ns_answer *answer);
void ns_answer_release(struct ns_answer *answer);
const char *debugstr_ns_query(const struct ns_query *query);

/* namespace_record.c */
int ns_give(const struct ns_query *query, const struct ns_answer *answer, unsigned int at, DWORD flags, BOOL ansi,
            DWORD *size, void *buf);

/* namespace_providers.c */
extern const GUID ns_dns_provider;

int ns_provider_error(const GUID *provider, DWORD name_space);
BOOL ns_has_room(DWORD *size, void *buf, size_t needed);

#endif
