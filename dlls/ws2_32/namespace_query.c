/*
 * What a name-space lookup asks and what it answers: reads a program's WSAQUERYSET, which may be anything, asks the
 * databases or the platform, and makes records of what they say. Knows no handle and no thread; ns_ask() takes as long
 * as the resolver does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "namespace.h"
#include <stdlib.h>

#define DNS_TYPE_A 1
#define DNS_TYPE_AAAA 28

static const char *const protocol_names[] = {"tcp", "udp"};

/* --- reading a WSAQUERYSET --- */

/* Copies a string of the program's, chars or WCHARs; NULL or "" is NULL. Returns 0 or an error. */
static int copy_text(const void *text, BOOL ansi, WCHAR **copy)
{
    char narrow[QUERY_TEXT_MAX + 1];
    int length;

    if (!text)
        return 0;
    length = ansi ? memory_string_length(text, QUERY_TEXT_MAX + 1) : memory_wide_length(text, QUERY_TEXT_MAX + 1);
    if (length < 0)
        return WSAEFAULT;
    if (length > QUERY_TEXT_MAX)
        return WSASERVICE_NOT_FOUND;
    if (!length)
        return 0;
    if (!(*copy = memory_alloc((length + 1) * sizeof(WCHAR))))
        return WSA_NOT_ENOUGH_MEMORY;
    if (ansi)
    {
        memcpy(narrow, text, length);
        MultiByteToWideChar(CP_ACP, 0, narrow, length, *copy, length);
    }
    else
        memcpy(*copy, text, length * sizeof(WCHAR));
    return 0;
}

/* The same in the ANSI code page; `*copy` stays NULL if not all of it is in there. Returns 0 or an error. */
static int narrow(const WCHAR *text, char **copy)
{
    BOOL unlike = FALSE;
    int size;

    if (!text)
        return 0;
    size = WideCharToMultiByte(CP_ACP, WC_NO_BEST_FIT_CHARS, text, -1, NULL, 0, NULL, &unlike);
    if (unlike || size <= 0)
        return 0;
    if (!(*copy = memory_alloc(size)))
        return WSA_NOT_ENOUGH_MEMORY;
    WideCharToMultiByte(CP_ACP, WC_NO_BEST_FIT_CHARS, text, -1, *copy, size, NULL, NULL);
    return 0;
}

static int copy_texts(struct ns_query *query, const WSAQUERYSETW *set, BOOL ansi)
{
    int error;

    if ((error = copy_text(set->lpszServiceInstanceName, ansi, &query->name))
        || (error = copy_text(set->lpszQueryString, ansi, &query->query_string))
        || (error = narrow(query->name, &query->narrow_name)))
        return error;
    return narrow(query->query_string, &query->narrow_string);
}

/* Families and protocols; AF_UNSPEC and protocol 0 are any. */
static int read_protocols(struct ns_query *query, const AFPROTOCOLS *protocols, DWORD count)
{
    AFPROTOCOLS one;
    unsigned int bits;
    DWORD i;

    if (!count)
        return 0;
    if (count > MAXLONG / sizeof(one) || !memory_readable(protocols, count * sizeof(one)))
        return WSAEFAULT;
    query->wants = 0;
    for (i = 0; i < count; i++)
    {
        memcpy(&one, (const char *)protocols + i * sizeof(one), sizeof(one));
        bits = one.iAddressFamily == AF_INET ? NS_ALL_INET : one.iAddressFamily == AF_INET6 ? NS_ALL_INET6
               : one.iAddressFamily == AF_UNSPEC ? NS_ALL_INET | NS_ALL_INET6 : 0;
        if (one.iProtocol == IPPROTO_TCP)
            bits &= NS_WANTS_INET(NS_TCP) | NS_WANTS_INET6(NS_TCP);
        else if (one.iProtocol == IPPROTO_UDP)
            bits &= NS_WANTS_INET(NS_UDP) | NS_WANTS_INET6(NS_UDP);
        else if (one.iProtocol)
            bits = 0;
        query->wants |= bits;
    }
    return 0;
}

/* A class of a port is that of a host, to be reached there; with a type of DNS record it is addresses of that
 * family. */
static int read_port_class(struct ns_query *query, BOOL all)
{
    int protocol = query->class_id.Data1 >> 16 == 10 ? NS_UDP : NS_TCP;
    WORD port = query->class_id.Data1, type = query->class_id.Data3;

    if (!type)
    {
        query->port = htons(port);
        query->wants &= NS_WANTS_INET(protocol) | NS_WANTS_INET6(protocol);
        return 0;
    }
    if (protocol != NS_TCP || port != 53 || (type != DNS_TYPE_A && type != DNS_TYPE_AAAA))
        return WSASERVICE_NOT_FOUND;
    if (all && type == DNS_TYPE_AAAA)
        query->wants = NS_ALL_INET6;
    query->wants &= type == DNS_TYPE_AAAA ? NS_ALL_INET6 : NS_ALL_INET;
    return 0;
}

/* The four decimal numbers of an IPv4 address, nothing else. */
static BOOL is_dotted(const char *text, ULONG *address)
{
    unsigned int parts, value, digits;
    BYTE bytes[4];

    if (!text)
        return FALSE;
    for (parts = 0; parts < 4; parts++)
    {
        for (value = digits = 0; *text >= '0' && *text <= '9' && digits < 3; text++, digits++)
            value = value * 10 + *text - '0';
        if (!digits || value > 255 || *text != (parts < 3 ? '.' : 0))
            return FALSE;
        bytes[parts] = value;
        text++;
    }
    memcpy(address, bytes, sizeof(*address));
    return TRUE;
}

/* What the class makes of the name. */
static int read_class(struct ns_query *query, const GUID *class_id, BOOL all)
{
    int error = 0;

    if ((query->no_class = !class_id))
        return 0;
    if (!memory_readable(class_id, sizeof(*class_id)))
        return WSAEFAULT;
    memcpy(&query->class_id, class_id, sizeof(*class_id));
    switch ((query->class = ns_class_of(&query->class_id)))
    {
    case NS_CLASS_BY_INET_STRING:
        query->wants &= NS_ALL_INET;
        error = is_dotted(query->narrow_name, &query->address) ? 0 : WSAEINVAL;
        break;
    case NS_CLASS_SERVICE_BY_NAME:
        query->wants &= NS_ALL_INET;
        error = query->name ? 0 : WSAEINVAL;
        break;
    case NS_CLASS_PORT:
        error = read_port_class(query, all);
        break;
    case NS_CLASS_UNKNOWN:
        error = WSASERVICE_NOT_FOUND;
        break;
    default:
        break;
    }
    return error || query->wants ? error : WSASERVICE_NOT_FOUND;
}

static int read_set(struct ns_query *query, const WSAQUERYSETW *set, BOOL ansi)
{
    GUID provider;
    int error;

    if (set->dwSize < sizeof(*set))
        return WSAEINVAL;
    if (set->lpNSProviderId)
    {
        if (!memory_readable(set->lpNSProviderId, sizeof(provider)))
            return WSAEFAULT;
        memcpy(&provider, set->lpNSProviderId, sizeof(provider));
    }
    if ((error = ns_provider_error(set->lpNSProviderId ? &provider : NULL, set->dwNameSpace)))
        return error;
    if (query->flags & LUP_CONTAINERS)
        return WSANO_DATA;
    if ((error = copy_texts(query, set, ansi))
        || (error = read_protocols(query, set->lpafpProtocols, set->dwNumberOfProtocols)))
        return error;
    return read_class(query, set->lpServiceClassId, !set->dwNumberOfProtocols);
}

/* Copies what is asked out of `set`, any pointer, whose strings are chars if `ansi`. Returns 0, or an error; the query
 * has one reference. The members that mean nothing in a question to DNS are not looked at: lpVersion, lpszComment,
 * lpszContext, lpcsaBuffer, lpBlob, dwOutputFlags. (MS Learn) */
int ns_query_make(const WSAQUERYSETW *set, BOOL ansi, DWORD flags, struct ns_query **made)
{
    struct ns_query *query;
    WSAQUERYSETW copy;
    int error;

    if (!memory_readable(set, sizeof(copy)))
        return WSAEFAULT;
    memcpy(&copy, set, sizeof(copy));
    if (!(query = memory_alloc(sizeof(*query))))
        return WSA_NOT_ENOUGH_MEMORY;
    query->references = 1;
    query->flags = flags;
    query->wants = NS_ALL_INET;
    query->port = -1;
    if ((error = read_set(query, &copy, ansi)))
        ns_query_release(query);
    else
        *made = query;
    return error;
}

struct ns_query *ns_query_hold(struct ns_query *query)
{
    InterlockedIncrement(&query->references);
    return query;
}

void ns_query_release(struct ns_query *query)
{
    if (InterlockedDecrement(&query->references))
        return;
    memory_free(query->name);
    memory_free(query->query_string);
    memory_free(query->narrow_name);
    memory_free(query->narrow_string);
    memory_free(query);
}

/* For traces: valid for a short while. */
const char *debugstr_ns_query(const struct ns_query *query)
{
    return wine_dbg_sprintf("class %s%d, name %s, flags %#lx", query->no_class ? "none, not " : "", query->class,
                            wine_dbgstr_w(query->name), query->flags);
}

/* Where to ask what ns_at_once() does not answer. */
enum lane ns_query_lane(const struct ns_query *query)
{
    return query->class == NS_CLASS_SERVICE_BY_NAME ? LANE_LOCAL : LANE_NETWORK;
}

/* --- asking --- */

/* The question for a service that is written as "ftp", "ftp/tcp", "21/tcp" or "21", for one protocol (NULL: any).
 * FALSE: that protocol is not the one that is written, or there is no such port. */
static BOOL service_question(const char *text, const char *wanted, struct query *question)
{
    const char *slash = strchr(text, '/'), *protocol = slash ? slash + 1 : NULL;
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    char name[QUERY_TEXT_MAX + 1];

    if (protocol && wanted && _stricmp(protocol, wanted))
        return FALSE;
    if (!protocol || !*protocol)
        protocol = wanted;
    if (length > QUERY_TEXT_MAX)
        return FALSE;
    memcpy(name, text, length);
    name[length] = 0;
    if (length && strspn(name, "0123456789") == length)
    {
        unsigned long port = strtoul(name, NULL, 10);

        if (length > 9 || port > 65535)
            return FALSE;
        query_serv_by_port(question, htons(port), protocol);
    }
    else
        query_serv_by_name(question, name, protocol);
    return TRUE;
}

/* The number that a service is written as; -1: it is written as a name. */
static int written_port(const char *text)
{
    size_t length = strspn(text, "0123456789");
    unsigned long port = strtoul(text, NULL, 10);

    return length && length <= 9 && port <= 65535 && (!text[length] || text[length] == '/') ? htons(port) : -1;
}

/* The only protocol that is wanted; NULL: both are. */
static const char *only_protocol(const struct ns_query *query)
{
    if (!(query->wants & (NS_WANTS_INET(NS_UDP) | NS_WANTS_INET6(NS_UDP))))
        return protocol_names[NS_TCP];
    if (!(query->wants & (NS_WANTS_INET(NS_TCP) | NS_WANTS_INET6(NS_TCP))))
        return protocol_names[NS_UDP];
    return NULL;
}

static int found_error(const struct ns_query *query, int error)
{
    if (error == WSAHOST_NOT_FOUND || (error == WSANO_DATA && query->class == NS_CLASS_SERVICE_BY_NAME))
        return WSASERVICE_NOT_FOUND;
    return error;
}

/* Answers without asking the platform anything that takes a while. FALSE: ns_ask() must, `answer` holds nothing. The
 * caller owes an ns_answer_release(). Changes the last error. */
BOOL ns_at_once(const struct ns_query *query, struct ns_answer *answer)
{
    const DWORD more = LUP_RETURN_ADDR | LUP_RETURN_BLOB | LUP_RETURN_ALIASES;
    struct query question;
    ULONG address;

    memset(answer, 0, sizeof(*answer));
    if (query->no_class)
        answer->error = WSA_E_NO_MORE;
    else if ((query->name && !query->narrow_name) || (query->query_string && !query->narrow_string))
        answer->error = WSASERVICE_NOT_FOUND;
    else if (query->class == NS_CLASS_BY_NAME && is_dotted(query->narrow_name, &address))
        answer->error = WSASERVICE_NOT_FOUND;
    else if (query->class == NS_CLASS_SERVICE_BY_NAME)
    {
        if (!service_question(query->narrow_name, only_protocol(query), &question))
            answer->error = WSASERVICE_NOT_FOUND;
        else
        {
            databases_check(&question, FALSE);
            if (!lookup_at_once(&question, &answer->record))
                return FALSE;
            answer->error = found_error(query, answer->record.error);
        }
    }
    else if (query->class == NS_CLASS_HOSTNAME && !query->name && !(query->flags & more) && platform.gethostname)
        answer->error = platform.gethostname(answer->host, sizeof(answer->host)) ? (int)GetLastError() : 0;
    else
        return FALSE;
    return TRUE;
}

/* The ports of a host's service, if one is written in the query string. */
static int ask_ports(const struct ns_query *query, int *ports)
{
    struct query question;
    struct answer found;
    unsigned int i;

    for (i = 0; i < 2; i++)
    {
        ports[i] = query->port >= 0 ? query->port : 0;
        if (!query->narrow_string || !(query->flags & LUP_RETURN_ADDR))
            continue;
        ports[i] = -1;
        if (!(query->wants & (NS_WANTS_INET(i) | NS_WANTS_INET6(i)))
            || !service_question(query->narrow_string, protocol_names[i], &question))
            continue;
        if ((ports[i] = written_port(query->narrow_string)) >= 0)
            continue;
        lookup_ask(&question, &found);
        if (!found.error)
            ports[i] = (WORD)((struct servent *)found.record)->s_port;
        lookup_release(&found);
        if (found.error == WSATRY_AGAIN)    /* not that there is none: no memory to see */
            return WSATRY_AGAIN;
    }
    return ports[NS_TCP] < 0 && ports[NS_UDP] < 0 ? WSASERVICE_NOT_FOUND : 0;
}

static int ask_inet6(const struct ns_query *query, ADDRINFOW **list)
{
    ADDRINFOW hints;
    int error;

    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_INET6;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_CANONNAME;
    if (!platform.GetAddrInfoW || !platform.FreeAddrInfoW)
        return WSAEOPNOTSUPP;
    error = platform.GetAddrInfoW(query->name ? query->name : L"", NULL, &hints, list);
    /* the C library's, where Wine has no other for it (observed, 8.0: an address of another family) */
    return error < 0 ? WSAHOST_NOT_FOUND : error;
}

/* Asks and waits for the answer. The caller owes an ns_answer_release(). */
void ns_ask(const struct ns_query *query, struct ns_answer *answer)
{
    struct query question;
    int error = 0;

    memset(answer, 0, sizeof(*answer));
    if (query->class == NS_CLASS_SERVICE_BY_NAME)
    {
        service_question(query->narrow_name, only_protocol(query), &question);
        lookup_ask(&question, &answer->record);
        answer->error = found_error(query, answer->record.error);
        return;
    }
    if (query->class == NS_CLASS_BY_INET_STRING)
        query_host_by_addr(&question, (const char *)&query->address, sizeof(query->address), AF_INET);
    else
        query_host_by_name(&question, query->narrow_name ? query->narrow_name : "");
    if ((answer->error = ask_ports(query, answer->ports)))
        return;
    if (query->wants & NS_ALL_INET)
    {
        lookup_ask(&question, &answer->record);
        error = answer->record.error;
    }
    if (query->wants & NS_ALL_INET6 && query->class != NS_CLASS_BY_INET_STRING)
    {
        int inet6_error = ask_inet6(query, &answer->inet6);

        if (!inet6_error)
            error = 0;
        else if (!(query->wants & NS_ALL_INET))
            error = inet6_error;
    }
    answer->error = found_error(query, error);
}

/* Frees what an answer has, which may be nothing. */
void ns_answer_release(struct ns_answer *answer)
{
    lookup_release(&answer->record);
    if (answer->inet6)
        platform.FreeAddrInfoW(answer->inet6);
}
