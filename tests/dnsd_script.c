/*
 * The script of the scripted DNS server: reads a question, whose name says what the answer is, and writes that answer.
 * It knows no sockets and no clock.
 *
 * Labels left of ".test", in any order, without regard to case:
 *   hN          one address, 10.1.(N>>8).(N&255)
 *   mN          N addresses, 10.2.0.1, 10.2.0.2, ... (up to 2000; what does not fit UDP is truncated there)
 *   lN          N addresses of loopback, 127.0.0.1, 127.0.0.2, ...
 *   vN          of type AAAA: ::1, ::ffff:127.0.1.1, ::ffff:127.0.1.2, ... (N of these; up to 255)
 *   cN          N CNAMEs before the addresses (up to 800)
 *   dN          the answer comes N ms later
 *   never       no answer at all
 *   nx  nodata  servfail    NXDOMAIN, an empty answer, SERVFAIL
 *   any other   ignored; it makes a name unique
 * A name without h, m or l does not exist. count.<rest> has the address 10.250.(n>>8).(n&255), n being the number of
 * questions of type A seen for <rest>. 10.1.a.b is called h(256a+b).test, so is 10.9.a.b but after 256a+b ms, and
 * 10.8.x.x never answers. Other types (AAAA without v): empty, with the same delays. All else does not exist. TTL 0 everywhere.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "dnsd.h"

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_PTR = 12, TYPE_AAAA = 28, CLASS_IN = 1 };
enum { NOERROR = 0, FORMERR = 1, SERVFAIL = 2, NXDOMAIN = 3, NOTIMP = 4, REFUSED = 5 };
enum { HEADER = 12, MAX_NAME = 255 };
enum { MAX_ADDRESSES = 2000, MAX_CNAMES = 800 };

/* --- how often a name was asked for --- */

struct counter
{
    struct counter *next;
    unsigned int count;
    char name[];
};

static struct counter *counters[65536];

static struct counter *counter_of(const char *name)
{
    unsigned int hash = 5381;
    struct counter *counter;
    const char *p;

    for (p = name; *p; p++) hash = hash * 33 + (unsigned char)*p;
    hash = (hash ^ hash >> 16) & 65535;
    for (counter = counters[hash]; counter; counter = counter->next)
        if (!strcmp(counter->name, name)) return counter;
    counter = grown(NULL, sizeof(*counter) + strlen(name) + 1);
    counter->count = 0;
    strcpy(counter->name, name);
    counter->next = counters[hash];
    return counters[hash] = counter;
}

/* --- what a name asks for --- */

struct script
{
    int silent, rcode;
    unsigned int delay, addresses, cnames, mapped;
    uint32_t address;       /* the first one, host order */
    char pointer[32];       /* answer to a PTR question */
};

/* The number after a label's letter, at most max; -1 when the label is something else. */
static long numbered(const char *label, size_t len, char letter, long max)
{
    long value = 0;
    size_t i;

    if (len < 2 || len > 10 || label[0] != letter) return -1;
    for (i = 1; i < len; i++)
    {
        if (label[i] < '0' || label[i] > '9') return -1;
        value = value * 10 + label[i] - '0';
    }
    return value > max ? max : value;
}

static void read_labels(const char *name, struct script *script)
{
    const char *label, *end = name + strlen(name) - strlen(".test");
    int none = 0, servfail = 0, nx = 0;
    long value;
    size_t len;

    for (label = name; label < end; label += len + 1)
    {
        len = strcspn(label, ".");
        if ((value = numbered(label, len, 'h', 65535)) >= 0)
        {
            script->addresses = 1;
            script->address = 0x0a010000 + value;
        }
        else if ((value = numbered(label, len, 'm', MAX_ADDRESSES)) >= 0)
        {
            script->addresses = value;
            script->address = 0x0a020001;
            none |= !value;
        }
        else if ((value = numbered(label, len, 'l', 255)) >= 0)
        {
            script->addresses = value;
            script->address = 0x7f000001;
            none |= !value;
        }
        else if ((value = numbered(label, len, 'v', 255)) >= 0) script->mapped = value;
        else if ((value = numbered(label, len, 'c', MAX_CNAMES)) >= 0) script->cnames = value;
        else if ((value = numbered(label, len, 'd', 1000000000)) >= 0) script->delay = value;
#define IS(word) (len == strlen(word) && !memcmp(label, word, len))
        else if (IS("never")) script->silent = 1;
        else if (IS("nx")) nx = 1;
        else if (IS("nodata")) none = 1;
        else if (IS("servfail")) servfail = 1;
#undef IS
    }
    if (servfail) script->rcode = SERVFAIL;
    else if (nx || (!script->addresses && !none)) script->rcode = NXDOMAIN;
    if (script->rcode || none) script->addresses = script->cnames = 0;
}

static void read_name(const char *name, unsigned int type, struct script *script)
{
    size_t len = strlen(name);
    unsigned int a, b, c, d;
    struct counter *counter;
    int end = 0;

    memset(script, 0, sizeof(*script));
    if (len > 5 && !strcmp(name + len - 5, ".test"))
    {
        if (!strncmp(name, "count.", 6))
        {
            script->addresses = 1;
            script->address = 0x0afa0000 + (counter_of(name + 6)->count & 0xffff);
            return;
        }
        counter = type == TYPE_A ? counter_of(name) : NULL;
        if (counter) counter->count++;
        read_labels(name, script);
        return;
    }
    script->rcode = NXDOMAIN;
    if (sscanf(name, "%3u.%3u.%3u.%3u.in-addr.arpa%n", &d, &c, &b, &a, &end) != 4 || !end || name[end]) return;
    if (a != 10 || c > 255 || d > 255) return;
    if (b == 8) script->silent = 1;
    if (b != 1 && b != 9) return;
    if (b == 9) script->delay = c * 256 + d;
    script->rcode = NOERROR;
    sprintf(script->pointer, "h%u.test", c * 256 + d);
}

/* --- messages --- */

void put16(struct message *message, unsigned int value)
{
    message->data[message->len++] = value >> 8;
    message->data[message->len++] = value;
}

unsigned int get16(const unsigned char *p)
{
    return p[0] << 8 | p[1];
}

/* Type, class and TTL of an answer, and the length of what follows. */
static void put_record(struct message *message, unsigned int owner, unsigned int type, unsigned int len)
{
    put16(message, 0xc000 | owner);
    put16(message, type);
    put16(message, CLASS_IN);
    put16(message, 0);
    put16(message, 0);
    put16(message, len);
}

static void put_label(struct message *message, const char *label, size_t len)
{
    message->data[message->len++] = len;
    memcpy(message->data + message->len, label, len);
    message->len += len;
}

static unsigned int put_answers(struct message *message, const struct script *script, unsigned int type)
{
    unsigned int i, len, count = 0, owner = HEADER;
    uint32_t address;
    char label[16];

    if (type == TYPE_PTR && script->pointer[0])
    {
        len = strcspn(script->pointer, ".");
        put_record(message, owner, TYPE_PTR, len + 7);
        put_label(message, script->pointer, len);
        put_label(message, "test", 4);
        message->data[message->len++] = 0;
        return 1;
    }
    if (type == TYPE_AAAA && script->mapped && !script->rcode)
    {
        unsigned char six[16] = { [15] = 1 };

        for (i = 0; i <= script->mapped; i++, count++)
        {
            put_record(message, owner, TYPE_AAAA, sizeof(six));
            memcpy(message->data + message->len, six, sizeof(six));
            message->len += sizeof(six);
            memcpy(six, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\1", 15);
            six[15] = i + 1;
        }
        return count;
    }
    if (type != TYPE_A) return 0;
    /* The names that NAME stands for are a1.NAME, a2.NAME, ...; all of them lie where a compression pointer reaches. */
    for (i = 1; i <= script->cnames; i++, count++)
    {
        len = sprintf(label, "a%u", i);
        put_record(message, owner, TYPE_CNAME, len + 3);
        owner = message->len;
        put_label(message, label, len);
        put16(message, 0xc000 | HEADER);
    }
    for (i = 0; i < script->addresses; i++, count++)
    {
        put_record(message, owner, TYPE_A, 4);
        address = htonl(script->address + i);
        memcpy(message->data + message->len, &address, 4);
        message->len += 4;
    }
    return count;
}

/* Reads the question's name as text, in lower case; returns the offset behind it, 0 when it is no name. A byte that has
 * no place in a host name becomes '?'. */
static size_t parse_name(const unsigned char *data, size_t len, char *name)
{
    size_t pos = HEADER, i, out = 0, label;
    unsigned char c;

    for (;;)
    {
        if (pos >= len) return 0;
        if (!(label = data[pos++])) break;
        if (label > 63 || pos + label > len || out + label + 1 > MAX_NAME) return 0;
        if (out) name[out++] = '.';
        for (i = 0; i < label; i++)
        {
            c = data[pos++];
            if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
            name[out++] = c <= ' ' || c == '.' || c > '~' ? '?' : c;
        }
    }
    name[out] = 0;
    return pos;
}

int answer(const unsigned char *question, size_t len, size_t max, int log, struct message *reply,
           unsigned int *delay)
{
    static unsigned char buffer[MAX_NAME + HEADER + 8 + 40 * (MAX_CNAMES + MAX_ADDRESSES)];
    struct message message = { 0, buffer };
    unsigned int flags, type = 0, count = 0;
    struct script script = { 0 };
    char name[MAX_NAME + 1] = "";
    size_t end;

    if (len < HEADER || question[2] & 0x80) return 0;
    flags = 0x8480 | (get16(question + 2) & 0x7900);
    end = get16(question + 4) == 1 ? parse_name(question, len, name) : 0;
    if (get16(question + 2) & 0x7800) script.rcode = NOTIMP;
    else if (!end || end + 4 > len) script.rcode = FORMERR;
    else if (get16(question + end + 2) != CLASS_IN) script.rcode = REFUSED;
    else read_name(name, type = get16(question + end), &script);
    if (log)
        fprintf(stderr, "dnsd: %s type %u: %s, rcode %d, %u addresses after %u ms\n", name, type,
                script.silent ? "silent" : "answer", script.rcode, script.addresses, script.delay);
    if (script.silent) return 0;

    if (!end || end + 4 > len) end = HEADER;
    else end += 4;
    memcpy(buffer, question, end);
    message.len = end;
    count = put_answers(&message, &script, type);
    if (message.len > max)
    {
        message.len = end;
        count = 0;
        flags |= 0x0200;
    }
    reply->len = message.len;
    message.len = 2;
    put16(&message, flags | script.rcode);
    put16(&message, end > HEADER);
    put16(&message, count);
    put16(&message, 0);
    put16(&message, 0);
    reply->data = memcpy(grown(NULL, reply->len), buffer, reply->len);
    *delay = script.delay;
    return 1;
}
