/*
 * A scripted DNS server on port 53 of 127.0.0.1, UDP and TCP, for the tests' network namespace (tests/ns). It owns the
 * sockets and the answers that wait for their time; what is answered is dnsd_script.c's business.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "dnsd.h"

enum { MAX_UDP = 512, MAX_MESSAGE = 65535, MAX_CLIENTS = 900 };

static int verbose;

void *grown(void *old, size_t size)
{
    void *new = realloc(old, size);

    if (!new)
    {
        fputs("dnsd: out of memory\n", stderr);
        exit(1);
    }
    return new;
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

/* --- clients --- */

struct client                   /* of TCP */
{
    int fd;
    uint64_t id;                /* a late answer finds its client by it */
    struct message in, out;
};

static struct client clients[MAX_CLIENTS];
static unsigned int client_count;
static uint64_t next_client;
static int udp, tcp;

static void send_tcp(struct client *client, const struct message *reply)
{
    client->out.data = grown(client->out.data, client->out.len + reply->len + 2);
    put16(&client->out, reply->len);
    memcpy(client->out.data + client->out.len, reply->data, reply->len);
    client->out.len += reply->len;
}

static void drop(unsigned int i)
{
    close(clients[i].fd);
    free(clients[i].in.data);
    free(clients[i].out.data);
    clients[i] = clients[--client_count];
}

/* --- answers that wait for their time: a heap, the earliest first --- */

struct late
{
    uint64_t due, order;
    uint64_t client;            /* 0: UDP */
    struct sockaddr_in peer;
    struct message reply;
};

static struct late *heap;
static size_t heap_count, heap_room;

static int before(const struct late *a, const struct late *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void push(struct late late)
{
    static uint64_t order;
    size_t i, up;

    late.order = order++;
    if (heap_count == heap_room)
    {
        heap_room = heap_room ? 2 * heap_room : 256;
        heap = grown(heap, heap_room * sizeof(*heap));
    }
    for (i = heap_count++; i && before(&late, &heap[up = (i - 1) / 2]); i = up) heap[i] = heap[up];
    heap[i] = late;
}

static struct late pop(void)
{
    struct late first = heap[0], last = heap[--heap_count];
    size_t i = 0, down;

    while ((down = 2 * i + 1) < heap_count)
    {
        if (down + 1 < heap_count && before(&heap[down + 1], &heap[down])) down++;
        if (!before(&heap[down], &last)) break;
        heap[i] = heap[down];
        i = down;
    }
    heap[i] = last;
    return first;
}

static void deliver(struct late *late)
{
    unsigned int i;

    if (!late->client)
        sendto(udp, late->reply.data, late->reply.len, 0, (struct sockaddr *)&late->peer, sizeof(late->peer));
    for (i = 0; late->client && i < client_count; i++)
        if (clients[i].id == late->client) send_tcp(&clients[i], &late->reply);
    free(late->reply.data);
}

static void serve(const unsigned char *question, size_t len, size_t max, uint64_t client,
                  const struct sockaddr_in *peer)
{
    struct late late = { .client = client };
    unsigned int delay;

    if (peer) late.peer = *peer;
    if (!answer(question, len, max, verbose, &late.reply, &delay)) return;
    late.due = now_ms() + delay;
    if (delay) push(late);
    else deliver(&late);
}

/* --- sockets --- */

static void read_udp(void)
{
    unsigned char question[MAX_MESSAGE];
    struct sockaddr_in peer;
    socklen_t size;
    ssize_t len;

    for (;;)
    {
        size = sizeof(peer);
        len = recvfrom(udp, question, sizeof(question), 0, (struct sockaddr *)&peer, &size);
        if (len < 0) return;
        serve(question, len, MAX_UDP, 0, &peer);
    }
}

/* Returns 0 when the client is gone. */
static int read_tcp(struct client *client)
{
    size_t len, done = 0;
    ssize_t got;

    client->in.data = grown(client->in.data, MAX_MESSAGE + 2);
    got = recv(client->fd, client->in.data + client->in.len, MAX_MESSAGE + 2 - client->in.len, 0);
    if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
    client->in.len += got;
    while (client->in.len - done >= 2 && client->in.len - done >= 2 + (len = get16(client->in.data + done)))
    {
        serve(client->in.data + done + 2, len, MAX_MESSAGE, client->id, NULL);
        done += 2 + len;
    }
    memmove(client->in.data, client->in.data + done, client->in.len -= done);
    return 1;
}

static int write_tcp(struct client *client)
{
    ssize_t sent = send(client->fd, client->out.data, client->out.len, MSG_NOSIGNAL);

    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    memmove(client->out.data, client->out.data + sent, client->out.len -= sent);
    return 1;
}

static void accept_client(void)
{
    int fd = accept4(tcp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) return;
    clients[client_count++] = (struct client){ .fd = fd, .id = ++next_client };
}

static int open_socket(int type)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(53) };
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, room = 4 << 20;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || (type == SOCK_STREAM && listen(fd, 128)))
    {
        perror("dnsd: port 53 of 127.0.0.1");
        exit(1);
    }
    return fd;
}

static void run(void)
{
    struct pollfd fds[MAX_CLIENTS + 2];
    struct late late;
    unsigned int i;
    uint64_t now;
    int timeout;

    for (;;)
    {
        for (now = now_ms(); heap_count && heap[0].due <= now; )
        {
            late = pop();
            deliver(&late);
        }
        timeout = heap_count ? (int)(heap[0].due - now) : -1;
        fds[0] = (struct pollfd){ .fd = udp, .events = POLLIN };
        fds[1] = (struct pollfd){ .fd = client_count < MAX_CLIENTS ? tcp : -1, .events = POLLIN };
        for (i = 0; i < client_count; i++)
            fds[i + 2] = (struct pollfd){ .fd = clients[i].fd,
                                          .events = POLLIN | (clients[i].out.len ? POLLOUT : 0) };
        if (poll(fds, client_count + 2, timeout) < 0) continue;
        if (fds[0].revents) read_udp();
        for (i = client_count; i--; )       /* downwards: dropping one moves the last into its place */
        {
            if (fds[i + 2].revents & ~POLLOUT && !read_tcp(&clients[i])) drop(i);
            else if (clients[i].out.len && !write_tcp(&clients[i])) drop(i);
        }
        if (fds[1].revents) accept_client();
    }
}

int main(int argc, char **argv)
{
    int option, background = 0;

    while ((option = getopt(argc, argv, "bv")) != -1)
    {
        if (option == 'b') background = 1;
        else if (option == 'v') verbose = 1;
        else
        {
            fputs("usage: dnsd [-b] [-v]\n  -b  go to the background once the port is open\n"
                  "  -v  say on standard error what is asked\n", stderr);
            return 2;
        }
    }
    udp = open_socket(SOCK_DGRAM);
    tcp = open_socket(SOCK_STREAM);
    if (background && daemon(0, verbose)) perror("dnsd");
    run();
    return 0;
}
