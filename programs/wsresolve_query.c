/*
 * The grammar of wsresolve's arguments:
 *
 *     proto:NAME  proto:NUMBER     a protocol
 *     NAME/PROTO  NUMBER/PROTO     a service or port; nothing after the slash: of any protocol
 *     NUMBER                       a port of any protocol
 *     1.2.3.4  fe80::1             an address
 *     anything else                a host name
 *
 * Must not know Winsock or Windows.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wsresolve_query.h"

#include <string.h>

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Whether text is nothing but a number; one above limit comes out as limit + 1. */
static int read_number(const char *text, unsigned int limit, unsigned int *number)
{
    unsigned int value = 0;

    if (!*text) return 0;
    for (; *text; text++)
    {
        if (!is_digit(*text)) return 0;
        value = 10 * value + (*text - '0');
        if (value > limit) value = limit + 1;
    }
    *number = value;
    return 1;
}

/* Four numbers below 256 with dots between, up to the end of text; a leading zero could mean octal. */
static int read_ipv4(const char *text, unsigned char *address)
{
    const char *first;
    unsigned int value;
    int i;

    for (i = 0; i < 4; i++)
    {
        if (i && *text++ != '.') return 0;
        for (value = 0, first = text; is_digit(*text) && text < first + 4; text++)
            value = 10 * value + (*text - '0');
        if (text == first || value > 255 || (*first == '0' && text > first + 1)) return 0;
        address[i] = (unsigned char)value;
    }
    return !*text;
}

/* Up to four hex digits between colons, one run of zero groups as "::", the last two perhaps dotted. */
static int read_ipv6(const char *text, unsigned char *address)
{
    int used = 0, gap = -1, value, digits;
    const char *group;

    memset(address, 0, 16);
    if (text[0] == ':' && text[1] != ':') return 0;
    while (*text)
    {
        if (text[0] == ':' && text[1] == ':')
        {
            if (gap >= 0) return 0;
            gap = used;
            text += 2;
            continue;
        }
        if (used && *text == ':' && gap != used) text++;
        if (used == 16) return 0;
        for (group = text, value = 0, digits = 0; hex_value(*text) >= 0; digits++)
        {
            if (digits == 4) return 0;
            value = 16 * value + hex_value(*text++);
        }
        if (*text == '.')
        {
            if (used > 12 || !read_ipv4(group, address + used)) return 0;
            used += 4;
            break;
        }
        if (!digits || (*text && *text != ':')) return 0;
        address[used++] = (unsigned char)(value >> 8);
        address[used++] = (unsigned char)value;
    }
    if (gap < 0) return used == 16;
    if (used == 16) return 0;
    memmove(address + 16 - (used - gap), address + gap, used - gap);
    memset(address + gap, 0, 16 - used);
    return 1;
}

static const char *copy_name(const char *text, size_t length, char *name)
{
    if (length > QUERY_NAME_MAX) return "the name is longer than 255 bytes";
    memcpy(name, text, length);
    name[length] = 0;
    return NULL;
}

static const char *parse_protocol(const char *text, struct query *query)
{
    if (!*text) return "proto: wants a protocol's name or number after it";
    if (read_number(text, 255, &query->number))
    {
        query->kind = QUERY_PROTOCOL_NUMBER;
        return query->number > 255 ? "a protocol number is at most 255" : NULL;
    }
    query->kind = QUERY_PROTOCOL;
    return copy_name(text, strlen(text), query->name);
}

static const char *parse_service(const char *text, const char *slash, struct query *query)
{
    const char *problem;

    if (slash == text) return "no service before the slash";
    if (strchr(slash + 1, '/')) return "more than one slash";
    if ((problem = copy_name(text, slash - text, query->name))) return problem;
    if ((problem = copy_name(slash + 1, strlen(slash + 1), query->proto))) return problem;
    query->kind = QUERY_SERVICE;
    if (!read_number(query->name, 65535, &query->number)) return NULL;
    query->kind = QUERY_PORT;
    return query->number > 65535 ? "a port number is at most 65535" : NULL;
}

static const char *parse_host(const char *text, struct query *query)
{
    if (strchr(text, ':'))
    {
        query->kind = QUERY_ADDRESS;
        query->length = 16;
        if (read_ipv6(text, query->address)) return NULL;
        return strchr(text, '%') ? "an IPv6 address is asked for without its zone" : "not an IPv6 address";
    }
    if (!text[strspn(text, "0123456789.")])
    {
        query->kind = QUERY_ADDRESS;
        query->length = 4;
        return read_ipv4(text, query->address) ? NULL : "not an IPv4 address";
    }
    query->kind = QUERY_HOST;
    return copy_name(text, strlen(text), query->name);
}

const char *parse_query(const char *text, struct query *query)
{
    const char *c;

    memset(query, 0, sizeof(*query));
    if (!*text) return "the argument is empty";
    for (c = text; *c; c++)
    {
        if ((unsigned char)*c >= 0x7f) return "not ASCII; ask for a name of another script as xn--...";
        if ((unsigned char)*c <= ' ') return "a blank or control character";
    }
    if (!strncmp(text, "proto:", 6)) return parse_protocol(text + 6, query);
    if ((c = strchr(text, '/'))) return parse_service(text, c, query);
    if (read_number(text, 65535, &query->number))
    {
        query->kind = QUERY_PORT;
        return query->number > 65535 ? "a port number is at most 65535" : NULL;
    }
    return parse_host(text, query);
}
