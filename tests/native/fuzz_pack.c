/*
 * Any record of a name-space lookup, into a buffer of any size and alignment. The input: alignment, what there is beside names
 * and addresses, the flags, the record that is the blob (input.h), or two bytes of size and the bytes of another, the sizes of
 * the names and the names, the endpoints, the size of the buffer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "input.h"
#include "packed.h"

#define HAS_CLASS 1
#define HAS_PROVIDER 2
#define HAS_BLOB 4                  /* any bytes */
#define HAS_RECORD 8                /* a blob that was made of a hostent or servent */
#define BOTH_HALVES 0x10

static struct ns_bytes take_bytes(struct input *input, size_t size)
{
    return (struct ns_bytes){input_bytes(input, size, FALSE), size};
}

static struct ns_bytes take_blob(struct input *input, unsigned int what)
{
    struct input_record made;
    struct ns_bytes blob = {NULL, 0};
    size_t size;

    if (what & HAS_RECORD)
    {
        input_record(input, &made);
        if (made.kind != FLAT_PROTO)
            blob = (struct ns_bytes){pack_check_offsets(made.kind, &made.record), flat_needed(made.kind, &made.record)};
        input_release(&made);
    }
    else if (what & HAS_BLOB)
    {
        size = input_take(input);
        size |= input_take(input) << 8;
        blob = take_bytes(input, size);
    }
    return blob;
}

static struct ns_endpoint *take_endpoints(struct input *input, unsigned int count)
{
    static const int protocols[] = {IPPROTO_TCP, IPPROTO_UDP, 0, -1};
    struct ns_endpoint *endpoints = malloc(count * sizeof(*endpoints));
    unsigned int i, how;

    for (i = 0; i < count; i++)
    {
        how = input_take(input);
        memset(&endpoints[i].address, input_take(input), sizeof(endpoints[i].address));
        endpoints[i].address.sin6_family = how & 1 ? AF_INET6 : AF_INET;
        endpoints[i].protocol = protocols[how / 2 % 4];
    }
    return endpoints;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    unsigned int align = input_take(&input) % 16, what = input_take(&input);
    struct ns_record record = {.both_halves = (what & BOTH_HALVES) != 0};

    record.flags = input_take(&input);
    record.blob = take_blob(&input, what);
    record.class_id = take_bytes(&input, what & HAS_CLASS ? sizeof(GUID) : 0);
    record.provider = take_bytes(&input, what & HAS_PROVIDER ? sizeof(GUID) : 0);
    record.name = take_bytes(&input, input_take(&input));
    record.query_string = take_bytes(&input, input_take(&input));
    record.endpoint_count = input_take(&input);
    record.endpoints = take_endpoints(&input, record.endpoint_count);
    pack_check(&record, input_size(&input, sizeof(WSAQUERYSETW), pack_needed(&record)), align);
    free((void *)record.blob.bytes);
    free((void *)record.class_id.bytes);
    free((void *)record.provider.bytes);
    free((void *)record.name.bytes);
    free((void *)record.query_string.bytes);
    free(record.endpoints);
    return 0;
}
