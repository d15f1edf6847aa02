/*
 * bench_native: the rows about hosts, with what this system's own programs have for them.
 *
 *     bench_native hosts|slow c-ares|libuv|getaddrinfo_a
 *
 * The same names and the same check of the answers as in bench.c. A process of its own, and nothing warmed up, as there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE
#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#include <uv.h>

enum { MOST = 2000, AT_ONCE = 256 };

static char names[MOST][48];
static unsigned int count, answered;

static void die(const char *what)
{
    fprintf(stderr, "bench_native: %s\n", what);
    exit(1);
}

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void check(unsigned int i, const void *address)
{
    const unsigned char *bytes = address;

    if (bytes[0] != 10 || bytes[1] != 1 || bytes[2] != i >> 8 || bytes[3] != (i & 255)) die("a wrong answer");
    answered++;
}

static void check_info(unsigned int i, const struct addrinfo *info)
{
    if (!info || info->ai_next || info->ai_family != AF_INET) die("a wrong answer");
    check(i, &((const struct sockaddr_in *)info->ai_addr)->sin_addr);
}

/* --- c-ares: as many at once as ours runs, for more the kernel throws away --- */

static ares_channel channel;
static unsigned int asked;

static void ares_answer(void *arg, int status, int timeouts, struct hostent *host);

static void ares_ask(void)
{
    unsigned int i = asked++;

    ares_gethostbyname(channel, names[i], AF_INET, ares_answer, (void *)(uintptr_t)i);
}

static void ares_answer(void *arg, int status, int timeouts, struct hostent *host)
{
    (void)timeouts;
    if (status != ARES_SUCCESS || !host->h_addr_list[0] || host->h_addr_list[1]) die(ares_strerror(status));
    check((uintptr_t)arg, host->h_addr_list[0]);
}

static void run_ares(void)
{
    struct ares_options options = { .timeout = 30000, .tries = 1 };
    struct timeval wait, *timeout;
    fd_set readers, writers;
    int most;

    if (ares_library_init(ARES_LIB_INIT_ALL) || ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES))
        die("no c-ares");
    while (answered < count)
    {
        while (asked < count && asked - answered < AT_ONCE) ares_ask();
        FD_ZERO(&readers);
        FD_ZERO(&writers);
        most = ares_fds(channel, &readers, &writers);
        timeout = ares_timeout(channel, NULL, &wait);
        select(most, &readers, &writers, NULL, timeout);
        ares_process(channel, &readers, &writers);
    }
}

/* --- libuv --- */

static void uv_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *info)
{
    if (status) die(uv_strerror(status));
    check_info((uintptr_t)request->data, info);
    uv_freeaddrinfo(info);
}

static const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };

static void run_libuv(void)
{
    static uv_getaddrinfo_t requests[MOST];
    unsigned int i;

    for (i = 0; i < count; i++)
    {
        requests[i].data = (void *)(uintptr_t)i;
        if (uv_getaddrinfo(uv_default_loop(), &requests[i], uv_answer, names[i], NULL, &hints)) die("no libuv");
    }
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

/* --- getaddrinfo_a --- */

static void run_gai(void)
{
    static struct gaicb requests[MOST];
    static struct gaicb *list[MOST];
    unsigned int i;

    for (i = 0; i < count; i++)
    {
        requests[i].ar_name = names[i];
        requests[i].ar_request = &hints;
        list[i] = &requests[i];
    }
    if (getaddrinfo_a(GAI_WAIT, list, count, NULL)) die("getaddrinfo_a failed");
    for (i = 0; i < count; i++)
    {
        if (gai_error(list[i])) die(gai_strerror(gai_error(list[i])));
        check_info(i, requests[i].ar_result);
    }
}

int main(int argc, char **argv)
{
    static const struct { const char *name, *label; unsigned int count; } rows[] =
    {
        { "hosts", "at-once", 2000 }, { "slow", "d1500.slow", 200 },
    };
    static const struct { const char *name; void (*run)(void); } peers[] =
    {
        { "c-ares", run_ares }, { "libuv", run_libuv }, { "getaddrinfo_a", run_gai },
    };
    unsigned int row, peer, i;
    double began;

    for (row = 0; argc == 3 && row < 2; row++) if (!strcmp(argv[1], rows[row].name)) break;
    for (peer = 0; argc == 3 && peer < 3; peer++) if (!strcmp(argv[2], peers[peer].name)) break;
    if (argc != 3 || row == 2 || peer == 3) die("usage: bench_native hosts|slow c-ares|libuv|getaddrinfo_a");
    count = rows[row].count;
    for (i = 0; i < count; i++) snprintf(names[i], sizeof(names[i]), "h%u.%s.test", i, rows[row].label);
    began = now_ms();
    peers[peer].run();
    if (answered != count) die("answers are missing");
    printf("%s_ms %.4f\ndone 1\n", rows[row].name, now_ms() - began);
    return 0;
}
