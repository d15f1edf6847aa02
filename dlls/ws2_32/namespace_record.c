/*
 * Records of a name-space lookup: what of an answer the program wants, with its own kind of strings. Knows no handle,
 * and asks nobody.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "namespace.h"

/* A string out of chars of the ANSI code page, or out of WCHARs, as the one or the other; from memory_alloc(). */
static BOOL make_text(struct ns_bytes *made, const char *narrow, const WCHAR *wide, BOOL ansi)
{
    void *copy;
    int size;

    if (!narrow && !wide)
        return TRUE;
    if (ansi)
        size = narrow ? (int)strlen(narrow) + 1 : WideCharToMultiByte(CP_ACP, 0, wide, -1, NULL, 0, NULL, NULL);
    else
        size = (narrow ? MultiByteToWideChar(CP_ACP, 0, narrow, -1, NULL, 0) : (int)wcslen(wide) + 1) * sizeof(WCHAR);
    if (size <= 0 || !(copy = memory_alloc(size)))
        return FALSE;
    if (narrow && !ansi)
        MultiByteToWideChar(CP_ACP, 0, narrow, -1, copy, size / sizeof(WCHAR));
    else if (!narrow && ansi)
        WideCharToMultiByte(CP_ACP, 0, wide, -1, copy, size, NULL, NULL);
    else
        memcpy(copy, narrow ? (const void *)narrow : wide, size);
    made->bytes = copy;
    made->size = size;
    return TRUE;
}

static const struct hostent *host_of(const struct ns_query *query, const struct ns_answer *answer)
{
    return query->class == NS_CLASS_SERVICE_BY_NAME ? NULL : answer->record.record;
}

static const struct servent *service_of(const struct ns_query *query, const struct ns_answer *answer)
{
    return query->class == NS_CLASS_SERVICE_BY_NAME ? answer->record.record : NULL;
}

static char **aliases_of(const struct ns_query *query, const struct ns_answer *answer)
{
    const struct hostent *host = host_of(query, answer);
    const struct servent *service = service_of(query, answer);

    return host ? host->h_aliases : service ? service->s_aliases : NULL;
}

/* The alias of that number, from 1; NULL: there are fewer. */
static const char *alias_of(const struct ns_query *query, const struct ns_answer *answer, unsigned int number)
{
    char **alias = aliases_of(query, answer);

    while (alias && *alias && --number)
        alias++;
    return alias ? *alias : NULL;
}

static BOOL make_name(const struct ns_query *query, const struct ns_answer *answer, const char *alias, BOOL ansi,
                      struct ns_record *record)
{
    const struct hostent *host = host_of(query, answer);
    const struct servent *service = service_of(query, answer);
    const WCHAR *wide = NULL;

    if (!alias)
        alias = host ? host->h_name : service ? service->s_name : NULL;
    if (!alias && answer->inet6)
        wide = answer->inet6->ai_canonname ? answer->inet6->ai_canonname : query->name;
    else if (!alias)
        alias = answer->host;
    return make_text(&record->name, alias, wide, ansi);
}

/* That of a service is the class of its port. (MS Learn) */
static void make_class(const struct ns_query *query, const struct ns_answer *answer, GUID *class_id,
                       struct ns_record *record)
{
    const struct servent *service = service_of(query, answer);

    *class_id = query->class_id;
    if (service && !_stricmp(service->s_proto, "tcp"))
        *class_id = ns_port_class(IPPROTO_TCP, ntohs(service->s_port));
    else if (service && !_stricmp(service->s_proto, "udp"))
        *class_id = ns_port_class(IPPROTO_UDP, ntohs(service->s_port));
    record->class_id.bytes = class_id;
    record->class_id.size = sizeof(*class_id);
}

static void add_endpoints(const struct ns_query *query, const struct ns_answer *answer, struct sockaddr_in6 *address,
                          struct ns_record *record)
{
    BOOL inet6 = address->sin6_family == AF_INET6;
    unsigned int i;

    for (i = 0; i < 2; i++)
    {
        struct ns_endpoint *endpoint = &record->endpoints[record->endpoint_count];

        if (answer->ports[i] < 0 || !(query->wants & (inet6 ? NS_WANTS_INET6(i) : NS_WANTS_INET(i))))
            continue;
        address->sin6_port = answer->ports[i];
        endpoint->address = *address;
        endpoint->protocol = i == NS_TCP ? IPPROTO_TCP : IPPROTO_UDP;
        record->endpoint_count++;
    }
}

/* Each address for TCP, and for UDP. */
static BOOL make_endpoints(const struct ns_query *query, const struct ns_answer *answer, struct ns_record *record)
{
    const struct hostent *host = host_of(query, answer);
    struct sockaddr_in6 address;
    unsigned int count = 0;
    const ADDRINFOW *info;
    char **at;

    for (at = host ? host->h_addr_list : NULL; at && *at; at++)
        count++;
    for (info = answer->inet6; info; info = info->ai_next)
        count++;
    if (!count)
        return TRUE;
    if (!(record->endpoints = memory_alloc(2 * count * sizeof(*record->endpoints))))
        return FALSE;
    for (at = host ? host->h_addr_list : NULL; at && *at; at++)
    {
        struct sockaddr_in inet = {.sin_family = AF_INET};

        if (host->h_addrtype != AF_INET || host->h_length != sizeof(inet.sin_addr))
            continue;
        memcpy(&inet.sin_addr, *at, sizeof(inet.sin_addr));
        memset(&address, 0, sizeof(address));
        memcpy(&address, &inet, sizeof(inet));
        add_endpoints(query, answer, &address, record);
    }
    for (info = answer->inet6; info; info = info->ai_next)
    {
        if (info->ai_family != AF_INET6 || info->ai_addrlen < sizeof(address))
            continue;
        memcpy(&address, info->ai_addr, sizeof(address));
        add_endpoints(query, answer, &address, record);
    }
    return TRUE;
}

/* hostent or servent, with offsets for pointers; from memory_alloc(). */
static BOOL make_blob(const struct ns_query *query, const struct ns_answer *answer, struct ns_record *record)
{
    void *blob;

    if (!answer->record.record)
        return TRUE;
    if (!(blob = memory_alloc(answer->record.needed)))
        return FALSE;
    lookup_copy(&answer->record, blob, answer->record.needed);
    if (service_of(query, answer))
        namespace_serv_offsets(blob);
    else
        namespace_host_offsets(blob);
    record->blob.bytes = blob;
    record->blob.size = answer->record.needed;
    return TRUE;
}

/* What `flags` say of the record; `alias` NULL: it is that of the official name, which alone has addresses and a
 * blob. */
static BOOL make_record(const struct ns_query *query, const struct ns_answer *answer, const char *alias, DWORD flags,
                        BOOL ansi, GUID *class_id, struct ns_record *record)
{
    if ((flags & LUP_RETURN_NAME) && !make_name(query, answer, alias, ansi, record))
        return FALSE;
    if ((flags & LUP_RETURN_QUERY_STRING) && !make_text(&record->query_string, NULL, query->query_string, ansi))
        return FALSE;
    if (flags & LUP_RETURN_TYPE)
        make_class(query, answer, class_id, record);
    if (alias)
    {
        record->flags = RESULT_IS_ALIAS;
        return TRUE;
    }
    record->both_halves = (flags & LUP_RES_SERVICE) != 0;
    return (!(flags & LUP_RETURN_ADDR) || make_endpoints(query, answer, record))
           && (!(flags & LUP_RETURN_BLOB) || make_blob(query, answer, record));
}

/* Which of what was found is given: what Begin has asked for, as far as Next does; all of it if Next asks for
 * nothing. */
static DWORD both_want(DWORD begin, DWORD next)
{
    if (next & LUP_RETURN_ALL)
        begin &= next | ~(DWORD)LUP_RETURN_ALL;
    return begin | (next & LUP_RES_SERVICE);
}

/* Puts record `at` of the answer, from 0, into the `*size` bytes at `buf`, any pointers but `size`, with the `flags`
 * of WSALookupServiceNext. Returns 0, the answer's error, WSA_E_NO_MORE, WSA_NOT_ENOUGH_MEMORY, or WSAEFAULT, and
 * `*size` is what is needed. */
int ns_give(const struct ns_query *query, const struct ns_answer *answer, unsigned int at, DWORD flags, BOOL ansi,
            DWORD *size, void *buf)
{
    struct ns_record record = {.provider = {&ns_dns_provider, sizeof(ns_dns_provider)}};
    const char *alias = NULL;
    int error = 0;
    GUID class_id;
    size_t needed;
    DWORD there;

    if (answer->error)
        return answer->error;
    flags = both_want(query->flags, flags);
    if (at && (!(flags & LUP_RETURN_ALIASES) || !(alias = alias_of(query, answer, at))))
        return WSA_E_NO_MORE;
    if (!make_record(query, answer, alias, flags, ansi, &class_id, &record))
        error = WSA_NOT_ENOUGH_MEMORY;
    else
    {
        memcpy(&there, size, sizeof(there));
        needed = namespace_pack(&record, NULL, 0);
        if (there >= needed && memory_writable(buf, needed))
            namespace_pack(&record, buf, needed);
        else
        {
            there = needed;
            memcpy(size, &there, sizeof(there));
            error = WSAEFAULT;
        }
    }
    memory_free((void *)record.name.bytes);
    memory_free((void *)record.query_string.bytes);
    memory_free((void *)record.blob.bytes);
    memory_free(record.endpoints);
    return error;
}
