/*
 * What select() may be given: sets of any size, the same socket again, no sets, timeouts of all kinds, memory that is
 * none.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stddef.h>
#include "blockopts.h"

/* --- timeouts; act() sends data to end those that are long --- */

static int select_for(struct blocked *b, long seconds, long micros)
{
    struct timeval time = { seconds, micros };
    int ret;

    FD_ZERO(&b->reads);
    FD_SET(b->s, &b->reads);
    ret = select(b->arg, &b->reads, NULL, NULL, &time);
    note(b, " time left %ld.%06ld,", time.tv_sec, time.tv_usec);
    return ret;
}

static int call_zero(struct blocked *b) { return select_for(b, 0, 0); }
static int call_half(struct blocked *b) { return select_for(b, 0, 500000); }
static int call_micros(struct blocked *b) { return select_for(b, 0, 1500000); }
static int call_one_micro(struct blocked *b) { return select_for(b, 0, 1); }
static int call_huge(struct blocked *b) { return select_for(b, 0x7fffffff, 999999); }
static int call_huge_micros(struct blocked *b) { return select_for(b, 0, 0x7fffffff); }
static int call_minus_one(struct blocked *b) { return select_for(b, -1, 0); }
static int call_minus_micro(struct blocked *b) { return select_for(b, 0, -1); }
static int call_mixed(struct blocked *b) { return select_for(b, 1, -600000); }
static int call_nothing_left(struct blocked *b) { return select_for(b, 1, -1000000); }
static int call_lowest(struct blocked *b) { return select_for(b, (long)0x80000000, 0); }

static void after_reads(struct blocked *b)
{
    note(b, ", %u in the set%s", b->reads.fd_count, FD_ISSET(b->s, &b->reads) ? ", s is" : "");
}

static void open_readable(struct blocked *b)
{
    open_pair(b);
    send_data(b);
}

static const struct situation timeouts[] =
{
    { "timeout 0", open_pair, call_zero, NULL, NULL, after_reads, .waits = AT_ONCE },
    { "timeout 0, readable", open_readable, call_zero, NULL, NULL, after_reads, .waits = AT_ONCE },
    { "timeout 0.5 s", open_pair, call_half, NULL, NULL, after_reads, .waits = WAITS, .ms = 500 },
    { "timeout 0.5 s, first number -1", open_pair, call_half, NULL, NULL, after_reads, .waits = WAITS, .arg = -1, .ms = 500 },
    { "timeout 1,500,000 us", open_pair, call_micros, NULL, NULL, after_reads, .waits = WAITS, .ms = 1500 },
    { "timeout 1 us", open_pair, call_one_micro, NULL, NULL, after_reads, .waits = EITHER },
    { "timeout 68 years", open_pair, call_huge, send_data, NULL, after_reads, .waits = WAITS, .old_differs = TRUE },
    { "timeout 36 minutes of us", open_pair, call_huge_micros, send_data, NULL, after_reads, .waits = WAITS },
    { "timeout -1 s", open_pair, call_minus_one, NULL, send_data, after_reads, .waits = EITHER, .old_differs = TRUE },
    { "timeout -1 us", open_pair, call_minus_micro, NULL, send_data, after_reads, .waits = EITHER },
    { "timeout 1 s and -0.6 s", open_pair, call_mixed, NULL, NULL, after_reads, .waits = EITHER, .ms = 400 },
    { "timeout 1 s and -1 s", open_pair, call_nothing_left, NULL, send_data, after_reads, .waits = EITHER },
    { "timeout -68 years", open_pair, call_lowest, NULL, send_data, after_reads, .waits = EITHER, .old_differs = TRUE },
};

/* --- sets --- */

static int select_sets(struct blocked *b, BOOL read, BOOL write, BOOL except, BOOL timed)
{
    struct timeval time = { 0, 400000 };

    return select(0, read ? &b->reads : NULL, write ? &b->writes : NULL, except ? &b->excepts : NULL,
                  timed ? &time : NULL);
}

static int call_no_sets(struct blocked *b) { return select_sets(b, FALSE, FALSE, FALSE, TRUE); }
static int call_no_sets_ever(struct blocked *b) { return select_sets(b, FALSE, FALSE, FALSE, FALSE); }
static int call_empty_sets(struct blocked *b) { return select_sets(b, TRUE, TRUE, TRUE, TRUE); }
static int call_empty_set_ever(struct blocked *b) { return select_sets(b, TRUE, FALSE, FALSE, FALSE); }

/* Readable is what waits, writable it is not. */
static int call_three_sets(struct blocked *b)
{
    FD_SET(b->s, &b->reads);
    FD_SET(b->s, &b->writes);
    FD_SET(b->s, &b->excepts);
    return select_sets(b, TRUE, TRUE, TRUE, FALSE);
}

static int call_read_and_except(struct blocked *b)
{
    FD_SET(b->s, &b->reads);
    FD_SET(b->s, &b->excepts);
    FD_SET(b->extra, &b->reads);
    FD_SET(b->extra, &b->excepts);
    return select_sets(b, TRUE, FALSE, TRUE, FALSE);
}

static int call_one_set_twice(struct blocked *b)
{
    FD_SET(b->s, &b->reads);
    return select(0, &b->reads, NULL, &b->reads, NULL);
}

static int call_doubles(struct blocked *b)
{
    b->reads.fd_count = 3;
    b->reads.fd_array[0] = b->reads.fd_array[1] = b->s;
    b->reads.fd_array[2] = b->extra;
    return select_sets(b, TRUE, FALSE, FALSE, FALSE);
}

static int call_with_invalid(struct blocked *b)
{
    FD_SET(b->s, &b->reads);
    FD_SET(b->arg ? (SOCKET)b->arg : INVALID_SOCKET, &b->writes);
    return select_sets(b, TRUE, TRUE, FALSE, TRUE);
}

static void open_with_other(struct blocked *b)
{
    open_pair(b);
    b->extra = loopback(SOCK_DGRAM);
}

static void open_nonblocking(struct blocked *b)
{
    open_with_other(b);
    set_blocking(b->s, FALSE);
    set_blocking(b->extra, FALSE);
}

static void send_both(struct blocked *b)
{
    send_urgent(b);
    send_data(b);
}

/* Also without a wait both are found. */
static void open_both_ready(struct blocked *b)
{
    struct sockaddr_in address;

    open_with_other(b);
    address = address_of(b->extra);
    ok(sendto(b->extra, "extra", 5, 0, (struct sockaddr *)&address, sizeof(address)) == 5, "error %d\n", WSAGetLastError());
    ok(readable(b->extra, PATIENCE), "nothing comes\n");
    send_data(b);
    ok(readable(b->s, PATIENCE), "nothing comes\n");
}

static int call_two(struct blocked *b)
{
    int ret;

    FD_SET(b->s, &b->reads);
    FD_SET(b->extra, &b->reads);
    ret = select_sets(b, TRUE, FALSE, FALSE, FALSE);
    note(b, " extra %s in the set,", FD_ISSET(b->extra, &b->reads) ? "is" : "is not");
    return ret;
}

static const struct situation sets[] =
{
    { "no sets", open_pair, call_no_sets, NULL, NULL, after_sets, .waits = EITHER },
    { "no sets, no timeout", open_pair, call_no_sets_ever, NULL, NULL, after_sets, .waits = EITHER },
    { "empty sets", open_pair, call_empty_sets, NULL, NULL, after_sets, .waits = EITHER },
    { "empty set, no timeout", open_pair, call_empty_set_ever, NULL, NULL, after_sets, .waits = EITHER },
    { "three sets, data", open_filled, call_three_sets, send_data, NULL, after_sets, .waits = WAITS },
    { "three sets, out of band", open_filled, call_three_sets, send_urgent, send_data, after_sets, .waits = WAITS },
    { "three sets, room", open_filled, call_three_sets, read_filled, NULL, after_sets, .waits = WAITS },
    { "two sets", open_with_other, call_read_and_except, send_data, NULL, after_sets, .waits = WAITS },
    { "two sets, non-blocking", open_nonblocking, call_read_and_except, send_data, NULL, after_sets, .waits = WAITS },
    { "one set for two", open_with_other, call_one_set_twice, send_both, NULL, after_sets, .waits = WAITS },
    { "two are ready", open_both_ready, call_two, NULL, NULL, after_sets, .waits = AT_ONCE },
    { "a socket twice", open_with_other, call_doubles, send_data, NULL, after_sets, .waits = WAITS, .old_differs = TRUE },
    { "with INVALID_SOCKET", open_pair, call_with_invalid, NULL, NULL, after_sets, .waits = EITHER },
    { "with no socket", open_pair, call_with_invalid, NULL, NULL, after_sets, .arg = 0x1234 },
};

/* --- more sockets than the usual set has room for --- */

struct large_set
{
    u_int count;
    SOCKET sockets[100];
};

static SOCKET many[2][100];

static int call_many(struct blocked *b)
{
    struct large_set set;
    unsigned int i;
    int ret;

    set.count = ARRAY_SIZE(set.sockets);
    memcpy(set.sockets, many[b->hooked], sizeof(set.sockets));
    ret = select(0, (fd_set *)&set, NULL, NULL, NULL);
    for (i = 0; i < set.count && i < ARRAY_SIZE(set.sockets); i++)
    {
        unsigned int k = 0;

        while (k < 100 && many[b->hooked][k] != set.sockets[i]) k++;
        note(b, " %u", k);
    }
    return ret;
}

static void open_many(struct blocked *b)
{
    unsigned int i;

    open_datagrams(b);
    for (i = 0; i < 99; i++) many[b->hooked][i] = loopback(SOCK_DGRAM);
    many[b->hooked][99] = b->s;
}

static void close_many(struct blocked *b)
{
    unsigned int i;

    for (i = 0; i < 99; i++) closesocket(many[b->hooked][i]);
}

static const struct situation large[] =
{
    { "100 sockets", open_many, call_many, send_data, NULL, close_many, .waits = WAITS },
};

/* --- memory that is none: in a process of its own, which may end by it --- */

static LONG WINAPI fault(EXCEPTION_POINTERS *info)
{
    ExitProcess(info->ExceptionRecord->ExceptionCode);
}

static BOOL WINAPI idle(void)
{
    return FALSE;
}

static void *cut_off(void)
{
    fd_set *set = walled(offsetof(fd_set, fd_array) + sizeof(SOCKET));

    /* One socket more than there are. */
    set->fd_count = 2;
    set->fd_array[0] = loopback(SOCK_DGRAM);
    return set;
}

static void *read_only(void)
{
    fd_set *set = walled(sizeof(*set));
    DWORD old;

    FD_ZERO(set);
    FD_SET(loopback(SOCK_DGRAM), set);
    VirtualProtect(set, sizeof(*set), PAGE_READONLY, &old);
    return set;
}

static void *too_many(void)
{
    fd_set *set = walled(sizeof(*set));

    set->fd_count = 0xffffffff;
    return set;
}

/* Its arguments: what is bad, and whether there is a hook. */
void memory_child(void)
{
    int bad = atoi(argument(2)), hooked = atoi(argument(3)), ret = 0;
    void *(*const sets[])(void) = { wild, cut_off, read_only, too_many };
    struct timeval time = { 0, 100000 };
    SOCKET s = listener(1);
    struct sockaddr_in address = address_of(s);
    fd_set good;

    SetUnhandledExceptionFilter(fault);
    FD_ZERO(&good);
    FD_SET(s, &good);
    if (hooked) WSASetBlockingHook((FARPROC)(void *)idle);
    if (bad < 4) ret = select(0, sets[bad](), NULL, NULL, &time);
    else if (bad == 4) ret = select(0, &good, wild(), NULL, &time);
    else if (bad == 5) ret = select(0, &good, NULL, wild(), &time);
    else if (bad == 6) ret = select(0, &good, NULL, NULL, wild());
    else if (bad == 7) ret = connect(loopback(SOCK_STREAM), wild(), sizeof(address));
    else if (bad == 8) ret = connect(loopback(SOCK_STREAM), NULL, sizeof(address));
    else if (bad == 9) ret = connect(loopback(SOCK_STREAM), (struct sockaddr *)&address, -1);
    else
    {
        connect_to(s);
        if (bad == 10 && accept(s, wild(), wild()) == INVALID_SOCKET) ret = -1;
        if (bad == 11 && accept(s, NULL, wild()) == INVALID_SOCKET) ret = -1;
    }
    ExitProcess(ret < 0 ? WSAGetLastError() : ret);
}

static DWORD child_result(int bad, int hooked)
{
    PROCESS_INFORMATION info;
    DWORD code = 0xdead;
    char args[64];

    snprintf(args, sizeof(args), "blockopts memory %d %d", bad, hooked);
    if (!spawn_self(args, &info)) return code;
    ok(wait_for(info.hProcess, PATIENCE), "the process hangs\n");
    GetExitCodeProcess(info.hProcess, &code);
    CloseHandle(info.hThread);
    CloseHandle(info.hProcess);
    return code;
}

static void test_bad_memory(void)
{
    DWORD plain, hooked;
    int bad;

    for (bad = 0; bad < 12; bad++)
    {
        plain = child_result(bad, 0);
        hooked = child_result(bad, 1);
        ok(plain == hooked, "%d: %#lx without a hook, %#lx with one\n", bad, plain, hooked);
        trace("%d: %#lx\n", bad, plain);
    }
}

void test_selects(void)
{
    RUN(timeouts);
    RUN(sets);
    RUN(large);
    test_bad_memory();
}
