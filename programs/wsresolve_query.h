/*
 * One argument of wsresolve as a question: what to ask, of which database. Must not know Winsock: it is plain
 * C that any compiler takes, so that it can be fuzzed without Windows.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSRESOLVE_QUERY_H
#define WSRESOLVE_QUERY_H

#define QUERY_NAME_MAX 255      /* bytes of a host name; service and protocol names are held to it too */

enum query_kind
{
    QUERY_HOST,                 /* name */
    QUERY_ADDRESS,              /* address, length */
    QUERY_SERVICE,              /* name, proto */
    QUERY_PORT,                 /* number, proto */
    QUERY_PROTOCOL,             /* name */
    QUERY_PROTOCOL_NUMBER       /* number */
};

struct query
{
    enum query_kind kind;
    char name[QUERY_NAME_MAX + 1];
    char proto[QUERY_NAME_MAX + 1];     /* "": any */
    unsigned int number;                /* host order */
    unsigned char address[16];          /* network order */
    int length;                         /* 4 or 16 */
};

/* For the usage of a program that takes such arguments. */
#define QUERY_FORMS \
    "  NAME                 a host's addresses\n" \
    "  ADDRESS              a host's name, by its IPv4 or IPv6 address\n" \
    "  SERVICE/[PROTO]      a service, of that protocol or any\n" \
    "  PORT, PORT/[PROTO]   a service by its port\n" \
    "  proto:NAME           a protocol\n" \
    "  proto:NUMBER         a protocol by its number\n"

/* Reads one argument. Returns NULL and the question, or what is wrong with the argument, for people. Pure. */
const char *parse_query(const char *text, struct query *query);

#endif
