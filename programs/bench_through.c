/*
 * The bench's row about the calls that are the platform's: through us, and the platform's functions called directly, in
 * turn, in one process, on the same sockets. So neither the machine's mood nor where memory lies makes a difference
 * between the two. Where the builtin is measured both are the same functions: then the ratio shows the noise.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

enum { PAIRS = 41, SELECTED = 64, STREAM = 1 << 20, CHUNK = 1 << 16 };

static SOCKET left, right;              /* a connection */
static SOCKET many[SELECTED];
static char sent[STREAM], received[STREAM];

static void ping_pong(const struct winsock *calls)
{
    char ball[64] = "ball", caught[64];
    int i;

    for (i = 0; i < 100; i++)
    {
        if (calls->send(left, ball, sizeof(ball), 0) != sizeof(ball)
            || calls->recv(right, caught, sizeof(caught), 0) != sizeof(caught)
            || calls->send(right, caught, sizeof(caught), 0) != sizeof(caught)
            || calls->recv(left, caught, sizeof(caught), 0) != sizeof(caught) || memcmp(ball, caught, sizeof(ball)))
            die("ping-pong: error %d", ws.WSAGetLastError());
    }
}

static DWORD WINAPI receive(void *arg)
{
    const struct winsock *calls = arg;
    int got, ret;

    for (got = 0; got < STREAM; got += ret)
        if ((ret = calls->recv(right, received + got, min(STREAM - got, CHUNK), 0)) <= 0)
            die("stream: error %d", ws.WSAGetLastError());
    return calls->send(right, "k", 1, 0) != 1;
}

static void stream(const struct winsock *calls)
{
    HANDLE thread = CreateThread(NULL, 0, receive, (void *)calls, 0, NULL);
    int done, ret;
    char ok;

    for (done = 0; done < STREAM; done += ret)
        if ((ret = calls->send(left, sent + done, min(STREAM - done, CHUNK), 0)) <= 0)
            die("stream: error %d", ws.WSAGetLastError());
    if (calls->recv(left, &ok, 1, 0) != 1 || memcmp(sent, received, STREAM)) die("stream: something else came");
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    memset(received, 0, sizeof(received));
}

static void swap_bytes(const struct winsock *calls)
{
    unsigned int i, sum = 0;

    for (i = 0; i < 500000; i++) sum += calls->htons((u_short)i);
    if (sum != 3495973920u) die("htons: %u", sum);
}

static void select_many(const struct winsock *calls)
{
    static struct timeval at_once;
    fd_set set;
    int i, j;

    for (i = 0; i < 50; i++)
    {
        set.fd_count = SELECTED;
        for (j = 0; j < SELECTED; j++) set.fd_array[j] = many[j];
        if (calls->select(0, &set, NULL, NULL, &at_once) != 1 || set.fd_array[0] != many[SELECTED - 1])
            die("select: error %d", ws.WSAGetLastError());
    }
}

static void ask_host(const struct winsock *calls)
{
    int i;

    for (i = 0; i < 20; i++)
        if (!calls->gethostbyname("h1.through.test")) die("gethostbyname: error %d", ws.WSAGetLastError());
}

static void ask_address(const struct winsock *calls)
{
    const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
    struct addrinfo *info;
    int i, error;

    for (i = 0; i < 20; i++)
    {
        if ((error = calls->getaddrinfo("h1.through.test", NULL, &hints, &info))) die("getaddrinfo: error %d", error);
        calls->freeaddrinfo(info);
    }
}

static double time_of(void (*run)(const struct winsock *), const struct winsock *calls)
{
    double began = now_us();

    run(calls);
    return now_us() - began;
}

/* Which of a pair comes first changes, for the second one finds warm caches. */
static void compare_pairs(const char *name, double calls, void (*run)(const struct winsock *))
{
    static double ratios[PAIRS], ours[PAIRS];
    double direct = 0;
    char line[64];
    int i;

    run(&ws);
    run(&platform_ws);
    for (i = 0; i < PAIRS; i++)
    {
        if (i & 1) direct = time_of(run, &platform_ws);
        ours[i] = time_of(run, &ws);
        if (!(i & 1)) direct = time_of(run, &platform_ws);
        ratios[i] = direct / ours[i];
    }
    snprintf(line, sizeof(line), "through_%s_ratio", name);
    report(line, median(ratios, PAIRS));
    snprintf(line, sizeof(line), "through_%s", name);
    report(line, median(ours, PAIRS) / calls);
}

static SOCKET bound(int type, struct sockaddr_in *address)
{
    SOCKET s = ws.socket(AF_INET, type, 0);
    int size = sizeof(*address);

    memset(address, 0, sizeof(*address));
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = 0x0100007f;
    if (s == INVALID_SOCKET || ws.bind(s, (struct sockaddr *)address, size)
        || ws.getsockname(s, (struct sockaddr *)address, &size))
        die("socket: error %d", ws.WSAGetLastError());
    return s;
}

void row_through(void)
{
    struct sockaddr_in address;
    SOCKET listener = bound(SOCK_STREAM, &address);
    unsigned int i;

    left = ws.socket(AF_INET, SOCK_STREAM, 0);
    if (ws.listen(listener, 1) || ws.connect(left, (struct sockaddr *)&address, sizeof(address))
        || (right = ws.accept(listener, NULL, NULL)) == INVALID_SOCKET)
        die("no connection: error %d", ws.WSAGetLastError());
    for (i = 0; i < SELECTED; i++) many[i] = bound(SOCK_DGRAM, &address);
    if (ws.sendto(many[0], "x", 1, 0, (struct sockaddr *)&address, sizeof(address)) != 1)
        die("sendto: error %d", ws.WSAGetLastError());
    for (i = 0; i < STREAM; i++) sent[i] = (char)(i * 2654435761u >> 24);
    Sleep(100);

    compare_pairs("htons", 500000, swap_bytes);
    compare_pairs("ping_pong", 100, ping_pong);
    compare_pairs("stream", 1, stream);
    compare_pairs("select", 50, select_many);
    compare_pairs("host", 20, ask_host);
    compare_pairs("address", 20, ask_address);
}
