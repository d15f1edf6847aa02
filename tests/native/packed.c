/*
 * See packed.h. Sizes are counted here without namespace_pack.c's help, which aligns all but strings to 8 bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "packed.h"
#include "block.h"
#include "shim.h"

static size_t aligned(size_t size)
{
    return (size + 7) / 8 * 8;
}

static BOOL is_inet6(const struct ns_endpoint *endpoint)
{
    return endpoint->address.sin6_family == AF_INET6;
}

static size_t address_size(const struct ns_endpoint *endpoint)
{
    return is_inet6(endpoint) ? 28 : 16;
}

size_t pack_needed(const struct ns_record *record)
{
    size_t needed = aligned(sizeof(WSAQUERYSETW)) + record->endpoint_count * sizeof(CSADDR_INFO);
    BOOL seen[2] = {FALSE, FALSE};
    unsigned int i;

    needed += aligned(record->class_id.size) + aligned(record->provider.size);
    if (record->blob.size)
        needed += sizeof(BLOB) + aligned(record->blob.size);
    for (i = 0; i < record->endpoint_count; i++)
    {
        const struct ns_endpoint *endpoint = &record->endpoints[i];
        BOOL alone = !record->both_halves && !seen[is_inet6(endpoint)];

        needed += (1 + alone) * aligned(address_size(endpoint));
        seen[is_inet6(endpoint)] = TRUE;
    }
    return needed + record->name.size + record->query_string.size;
}

static void check_aligned(const struct block *block, const void *what, size_t alignment, const char *name)
{
    if (((const char *)what - block->at) % alignment)
        violation("%s would not be aligned in a block that is", name);
}

/* There, if it is to be, and the right bytes. */
static void use_part(struct block *block, const void *what, const struct ns_bytes *expected, size_t alignment,
                     const char *name)
{
    if (!what != !expected->size)
        violation(what ? "%s comes from nowhere" : "%s is missing", name);
    if (!what)
        return;
    block_use_bytes(block, what, expected->bytes, expected->size, name);
    check_aligned(block, what, alignment, name);
}

/* What is bound to: the peer's address itself, or one for each family, any address and any port. */
static void use_local(struct block *block, const CSADDR_INFO *info, const struct ns_endpoint *endpoint, BOOL both_halves,
                      const void **any)
{
    struct sockaddr_in6 address = {.sin6_family = endpoint->address.sin6_family};
    const void *local = info->LocalAddr.lpSockaddr;

    if (both_halves)
        any = (const void **)&info->RemoteAddr.lpSockaddr;
    else if (!*any)
    {
        block_use_bytes(block, local, &address, address_size(endpoint), "the address that is bound to");
        check_aligned(block, local, 8, "the address that is bound to");
        *any = local;
    }
    if (local != *any)
        violation("an address that is bound to is another's");
}

static void use_endpoints(struct block *block, const char *array, const struct ns_record *record)
{
    const void *any[2] = {NULL, NULL};
    unsigned int i;

    if (!array != !record->endpoint_count)
        violation(array ? "endpoints come from nowhere" : "the endpoints are missing");
    if (!array)
        return;
    block_use(block, array, record->endpoint_count * sizeof(CSADDR_INFO), "the endpoints");
    check_aligned(block, array, 8, "the endpoints");
    for (i = 0; i < record->endpoint_count; i++)
    {
        const struct ns_endpoint *endpoint = &record->endpoints[i];
        int length = address_size(endpoint);
        CSADDR_INFO info;

        memcpy(&info, array + i * sizeof(info), sizeof(info));
        if (info.RemoteAddr.iSockaddrLength != length || info.LocalAddr.iSockaddrLength != length)
            violation("an address has a wrong length");
        if (info.iProtocol != endpoint->protocol
            || info.iSocketType != (endpoint->protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM))
            violation("the kind of socket is wrong");
        block_use_bytes(block, info.RemoteAddr.lpSockaddr, &endpoint->address, length, "an address");
        check_aligned(block, info.RemoteAddr.lpSockaddr, 8, "an address");
        use_local(block, &info, endpoint, record->both_halves, &any[is_inet6(endpoint)]);
    }
}

static void use_blob(struct block *block, const void *blob, const struct ns_record *record)
{
    BLOB content;

    if (!blob != !record->blob.size)
        violation(blob ? "a blob comes from nowhere" : "the blob is missing");
    if (!blob)
        return;
    block_use(block, blob, sizeof(content), "the blob");
    check_aligned(block, blob, 8, "the blob");
    memcpy(&content, blob, sizeof(content));
    if (content.cbSize != record->blob.size)
        violation("the blob has %u bytes instead of %zu", content.cbSize, record->blob.size);
    use_part(block, content.pBlobData, &record->blob, 8, "what is in the blob");
}

static void check_set(struct block *block, const struct ns_record *record)
{
    WSAQUERYSETW set, expected;

    block_use(block, block->at, sizeof(set), "the query set");
    memcpy(&set, block->at, sizeof(set));
    memset(&expected, 0, sizeof(expected));
    expected.dwSize = sizeof(expected);
    expected.lpszServiceInstanceName = set.lpszServiceInstanceName;
    expected.lpServiceClassId = set.lpServiceClassId;
    expected.dwNameSpace = NS_DNS;
    expected.lpNSProviderId = set.lpNSProviderId;
    expected.lpszQueryString = set.lpszQueryString;
    expected.dwNumberOfCsAddrs = record->endpoint_count;
    expected.lpcsaBuffer = set.lpcsaBuffer;
    expected.dwOutputFlags = record->flags;
    expected.lpBlob = set.lpBlob;
    if (memcmp(block->at, &expected, sizeof(expected)))
        violation("the query set is not what it must be");
    use_part(block, set.lpServiceClassId, &record->class_id, 8, "the class");
    use_part(block, set.lpNSProviderId, &record->provider, 8, "the provider");
    use_part(block, set.lpszServiceInstanceName, &record->name, 2, "the name");
    use_part(block, set.lpszQueryString, &record->query_string, record->name.size % 2 ? 1 : 2, "the query string");
    use_endpoints(block, (const char *)set.lpcsaBuffer, record);
    use_blob(block, set.lpBlob, record);
}

void pack_check(const struct ns_record *record, size_t size, unsigned int align)
{
    struct block block = block_make(size, align);
    size_t needed = pack_needed(record), got = namespace_pack(record, block.at, size), other;

    if (got != needed || (other = namespace_pack(record, NULL, 0)) != needed)
        violation("%zu bytes are said to be needed instead of %zu", got != needed ? got : other, needed);
    if (size >= needed)
        check_set(&block, record);
    block_end(&block, size >= needed ? needed : 0);
}

static void restore(char **offset, char *block, size_t size)
{
    if (*offset && (size_t)*offset >= size)
        violation("an offset is behind the end");
    if (*offset)
        *offset = block + (size_t)*offset;
}

static void restore_list(char ***list, char *block, size_t size)
{
    char **item;

    restore((char **)list, block, size);
    for (item = *list; item && *item; item++)
        restore(item, block, size);
}

char *pack_check_offsets(enum flat_kind kind, const void *record)
{
    size_t size = flat_needed(kind, record);
    char *made = malloc(size), *before = malloc(size), *after = malloc(size);

    if (kind == FLAT_HOST)
        flatten_hostent(record, made, size);
    else
        flatten_servent(record, made, size);
    memcpy(before, made, size);
    if (kind == FLAT_HOST)
        namespace_host_offsets((struct hostent *)made);
    else
        namespace_serv_offsets((struct servent *)made);
    memcpy(after, made, size);
    if (kind == FLAT_HOST)
    {
        struct hostent *host = (struct hostent *)made;

        restore(&host->h_name, made, size);
        restore_list(&host->h_aliases, made, size);
        restore_list(&host->h_addr_list, made, size);
    }
    else
    {
        struct servent *serv = (struct servent *)made;

        restore(&serv->s_name, made, size);
        restore(&serv->s_proto, made, size);
        restore_list(&serv->s_aliases, made, size);
    }
    if (memcmp(before, made, size))
        violation("the offsets do not say what the pointers said");
    free(before);
    free(made);
    return after;
}
