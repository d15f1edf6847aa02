/*
 * A record of a name-space lookup into one block of memory that points into itself: the WSAQUERYSET, the array of
 * CSADDR_INFO, the BLOB, the GUIDs, what the blob holds, the addresses, the strings. Pure functions: no state, no
 * Winsock call, no look at whether the memory is there. WSAQUERYSETA and -W differ in their strings only.
 *
 * Everything is aligned if the block is; stores go through memcpy, it may be anywhere. The block holds all or nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "namespace.h"

#define ALIGNMENT 8

struct packer
{
    char *block;                    /* NULL: only its size is asked for */
    size_t used;
};

static char *place(struct packer *packer, size_t size)
{
    size_t at = (packer->used + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);

    if (packer->block)
        memset(packer->block + packer->used, 0, at - packer->used);
    packer->used = at + size;
    return packer->block ? packer->block + at : NULL;
}

static void *put(struct packer *packer, const void *bytes, size_t size)
{
    char *at;

    if (!size)
        return NULL;
    if ((at = place(packer, size)))
        memcpy(at, bytes, size);
    return at;
}

static void *put_bytes(struct packer *packer, const struct ns_bytes *bytes)
{
    return put(packer, bytes->bytes, bytes->size);
}

/* A string, which may follow at once: the size of what is before it is that of others of its kind. */
static void *put_string(struct packer *packer, const struct ns_bytes *string)
{
    size_t at = packer->used;

    if (!string->size)
        return NULL;
    packer->used += string->size;
    return packer->block ? memcpy(packer->block + at, string->bytes, string->size) : NULL;
}

static int address_length(const struct ns_endpoint *endpoint)
{
    return endpoint->address.sin6_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* What a socket is bound to before it connects there: any address, any port. One for all endpoints of a family. */
static struct sockaddr *put_any(struct packer *packer, const struct ns_endpoint *endpoint, char **any)
{
    struct sockaddr_in6 address;

    if (!*any)
    {
        memset(&address, 0, sizeof(address));
        address.sin6_family = endpoint->address.sin6_family;
        *any = put(packer, &address, address_length(endpoint));
    }
    return (struct sockaddr *)*any;
}

static void put_endpoints(struct packer *packer, const struct ns_record *record, char *array)
{
    BOOL measured[2] = {FALSE, FALSE};
    char *any[2] = {NULL, NULL};
    unsigned int i;

    for (i = 0; i < record->endpoint_count; i++)
    {
        const struct ns_endpoint *endpoint = &record->endpoints[i];
        int length = address_length(endpoint), family = endpoint->address.sin6_family == AF_INET6;
        CSADDR_INFO info;

        memset(&info, 0, sizeof(info));
        info.RemoteAddr.lpSockaddr = put(packer, &endpoint->address, length);
        info.RemoteAddr.iSockaddrLength = info.LocalAddr.iSockaddrLength = length;
        if (record->both_halves)
            info.LocalAddr = info.RemoteAddr;
        else if (packer->block || !measured[family])
        {
            info.LocalAddr.lpSockaddr = put_any(packer, endpoint, &any[family]);
            measured[family] = TRUE;
        }
        info.iSocketType = endpoint->protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;
        info.iProtocol = endpoint->protocol;
        if (packer->block)
            memcpy(array + i * sizeof(info), &info, sizeof(info));
    }
}

static size_t pack(struct packer *packer, const struct ns_record *record)
{
    WSAQUERYSETW set;
    char *head = place(packer, sizeof(set)), *blob = NULL;
    BLOB content;

    memset(&set, 0, sizeof(set));
    set.dwSize = sizeof(set);
    set.dwNameSpace = NS_DNS;
    set.dwOutputFlags = record->flags;
    set.dwNumberOfCsAddrs = record->endpoint_count;
    if (record->endpoint_count)
        set.lpcsaBuffer = (CSADDR_INFO *)place(packer, record->endpoint_count * sizeof(CSADDR_INFO));
    if (record->blob.size)
        blob = place(packer, sizeof(content));
    set.lpServiceClassId = put_bytes(packer, &record->class_id);
    set.lpNSProviderId = put_bytes(packer, &record->provider);
    content.cbSize = record->blob.size;
    content.pBlobData = put_bytes(packer, &record->blob);
    put_endpoints(packer, record, (char *)set.lpcsaBuffer);
    place(packer, 0);
    set.lpszServiceInstanceName = put_string(packer, &record->name);
    set.lpszQueryString = put_string(packer, &record->query_string);
    if (packer->block)
    {
        if (blob)
            memcpy(blob, &content, sizeof(content));
        set.lpBlob = (BLOB *)blob;
        memcpy(head, &set, sizeof(set));
    }
    return packer->used;
}

/* Puts `record` into the `size` bytes at `buf`, of any alignment. Returns the bytes that it needs; if that is more than
 * `size`, `buf` is untouched. (reference: MS Learn, WSALookupServiceNext) */
size_t namespace_pack(const struct ns_record *record, void *buf, size_t size)
{
    struct packer measure = {NULL, 0}, packer = {buf, 0};
    size_t needed = pack(&measure, record);

    if (needed <= size)
        pack(&packer, record);
    return needed;
}

static void make_offset(char **pointer, const char *base)
{
    if (*pointer)
        *pointer = (char *)(*pointer - base);
}

static void make_offsets(char ***list, const char *base)
{
    char **item;

    for (item = *list; item && *item; item++)
        make_offset(item, base);
    make_offset((char **)list, base);
}

/* Makes offsets from its own start of the pointers of a block that flatten_hostent() has filled, as a blob has them.
 * (MS Learn) */
void namespace_host_offsets(struct hostent *host)
{
    const char *base = (const char *)host;

    make_offset(&host->h_name, base);
    make_offsets(&host->h_aliases, base);
    make_offsets(&host->h_addr_list, base);
}

/* The same of a block that flatten_servent() has filled. */
void namespace_serv_offsets(struct servent *serv)
{
    const char *base = (const char *)serv;

    make_offset(&serv->s_name, base);
    make_offset(&serv->s_proto, base);
    make_offsets(&serv->s_aliases, base);
}
