/*
 * Implementation of blocked.h: the thread with its hook, the sockets. Checks are made on the watching thread only, so
 * that contexts and todos hold for them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "blocked.h"

static DWORD slot;
static volatile LONG stray_hooks;       /* calls on a thread that is in no blocking call of ours */

static void __attribute__((constructor)) prepare(void)
{
    slot = TlsAlloc();
}

/* --- the call --- */

static BOOL WINAPI hook(void)
{
    struct blocked *b = TlsGetValue(slot);
    LONG calls;

    if (!b)
    {
        InterlockedIncrement(&stray_hooks);
        return FALSE;
    }
    calls = InterlockedIncrement(&b->calls);
    if (!WSAIsBlocking()) b->strange++;
    if (calls == b->cancel_at)
    {
        if (b->ask)
        {
            SetEvent(b->noticed);
            WaitForSingleObject(b->answered, PATIENCE);
        }
        b->cancelled = GetTickCount();
        b->cancel_ret = WSACancelBlockingCall();
        SetEvent(b->noticed);
    }
    else if (calls == b->notice) SetEvent(b->noticed);
    return b->busy;
}

static DWORD WINAPI blocked_thread(void *arg)
{
    struct blocked *b = arg;

    b->no_hook = b->hooked && !WSASetBlockingHook((FARPROC)(void *)hook);
    TlsSetValue(slot, b);
    b->begun = GetTickCount();
    WSASetLastError(0xdead);
    b->ret = b->call(b);
    b->error = b->ret < 0 ? WSAGetLastError() : 0;
    b->returned = GetTickCount();
    TlsSetValue(slot, NULL);
    b->still_blocking = WSAIsBlocking();
    return 0;
}

void prepare_scene(struct blocked *b)
{
    unsigned int i;

    memset(b, 0, sizeof(*b));
    b->s = b->peer = b->extra = b->result = INVALID_SOCKET;
    for (i = 0; i < ARRAY_SIZE(b->fills); i++) b->fills[i] = INVALID_SOCKET;
    b->hooked = TRUE;
    b->notice = 2;
    b->len = 100;
}

void close_scene(struct blocked *b)
{
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(b->fills); i++) closesocket(b->fills[i]);
    closesocket(b->result);
    closesocket(b->extra);
    /* What was sent and not read must not make this wait. */
    set_linger(b->s, 0);
    closesocket(b->s);
    closesocket(b->peer);
    free_pages(b->buf);
}

void begin(struct blocked *b, int (*call)(struct blocked *))
{
    b->call = call;
    b->calls = b->strange = b->cancel_ret = 0;
    b->noticed = CreateEventW(NULL, TRUE, FALSE, NULL);
    b->answered = CreateEventW(NULL, TRUE, FALSE, NULL);
    b->started = GetTickCount();
    b->thread = CreateThread(NULL, 0, blocked_thread, b, 0, NULL);
}

BOOL in_call(struct blocked *b)
{
    HANDLE handles[2] = { b->thread, b->noticed };
    DWORD passed = GetTickCount() - b->started, quiet = QUIET;

    if (b->hooked && (b->notice || b->cancel_at))
    {
        if (ours) return WaitForMultipleObjects(2, handles, FALSE, PATIENCE / 6) != WAIT_OBJECT_0;
        quiet = QUIET / 4;
    }
    /* Without a hook a thread that waits shows no sign of it. */
    return !returned(b, quiet - min(quiet, passed));
}

BOOL returned(struct blocked *b, DWORD ms)
{
    return WaitForSingleObject(b->thread, ms) == WAIT_OBJECT_0;
}

void end_(struct blocked *b)
{
    BOOL came = returned(b, PATIENCE / 3);

    winetest_ok(came, "the call hangs, after %ld calls of the hook\n", b->calls);
    if (!came) TerminateThread(b->thread, 0);
    winetest_ok(!b->strange && !b->no_hook && !b->still_blocking && !stray_hooks,
                "WSAIsBlocking() was FALSE in %ld of %ld calls of the hook, and %d after them; hook %sset; %ld calls elsewhere\n",
                b->strange, b->calls, b->still_blocking, b->no_hook ? "not " : "", stray_hooks);
    stray_hooks = 0;
    CloseHandle(b->thread);
    CloseHandle(b->noticed);
    CloseHandle(b->answered);
}

void note(struct blocked *b, const char *format, ...)
{
    int used = strlen(b->log);
    va_list args;

    va_start(args, format);
    vsnprintf(b->log + used, sizeof(b->log) - used, format, args);
    va_end(args);
}

/* --- sockets --- */

SOCKET loopback(int type)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    SOCKET s = socket(AF_INET, type, 0);

    if (s == INVALID_SOCKET || bind(s, (struct sockaddr *)&address, sizeof(address)))
        winetest_ok(0, "no socket, error %d\n", WSAGetLastError());
    return s;
}

struct sockaddr_in address_of(SOCKET s)
{
    struct sockaddr_in address = { 0 };
    int len = sizeof(address);

    if (getsockname(s, (struct sockaddr *)&address, &len))
        winetest_ok(0, "getsockname: error %d\n", WSAGetLastError());
    return address;
}

void set_number(SOCKET s, int level, int option, int value)
{
    if (setsockopt(s, level, option, (char *)&value, sizeof(value)))
        winetest_ok(0, "setsockopt %#x: error %d\n", option, WSAGetLastError());
}

void set_linger(SOCKET s, int seconds)
{
    struct linger linger = { TRUE, seconds };

    setsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&linger, sizeof(linger));
}

void set_blocking(SOCKET s, BOOL blocking)
{
    u_long mode = !blocking;

    if (ioctlsocket(s, FIONBIO, &mode)) winetest_ok(0, "FIONBIO: error %d\n", WSAGetLastError());
}

SOCKET listener(int backlog)
{
    SOCKET s = loopback(SOCK_STREAM);

    /* What is accepted inherits it. */
    set_number(s, SOL_SOCKET, SO_RCVBUF, 0x8000);
    if (listen(s, backlog)) winetest_ok(0, "listen: error %d\n", WSAGetLastError());
    return s;
}

SOCKET connect_to(SOCKET listening)
{
    struct sockaddr_in address = address_of(listening);
    SOCKET s = loopback(SOCK_STREAM);

    set_number(s, SOL_SOCKET, SO_SNDBUF, 0x8000);
    if (connect(s, (struct sockaddr *)&address, sizeof(address)))
        winetest_ok(0, "connect: error %d\n", WSAGetLastError());
    return s;
}

void stream_pair(struct blocked *b)
{
    SOCKET listening = listener(1);

    b->s = connect_to(listening);
    b->peer = accept(listening, NULL, NULL);
    if (b->peer == INVALID_SOCKET) winetest_ok(0, "accept: error %d\n", WSAGetLastError());
    b->address = address_of(b->peer);
    closesocket(listening);
}

void datagram_pair(struct blocked *b)
{
    b->s = loopback(SOCK_DGRAM);
    b->peer = loopback(SOCK_DGRAM);
    b->address = address_of(b->s);
    connect(b->peer, (struct sockaddr *)&b->address, sizeof(b->address));
    b->address = address_of(b->peer);
}

static BOOL ready(SOCKET s, BOOL write, DWORD ms)
{
    struct timeval time = { ms / 1000, ms % 1000 * 1000 };
    fd_set set;

    FD_ZERO(&set);
    FD_SET(s, &set);
    return select(0, write ? NULL : &set, write ? &set : NULL, NULL, &time) == 1;
}

BOOL readable(SOCKET s, DWORD ms)
{
    return ready(s, FALSE, ms);
}

BOOL writable(SOCKET s, DWORD ms)
{
    return ready(s, TRUE, ms);
}

void crowded_listener(struct blocked *b)
{
    unsigned int i;

    b->peer = listener(0);
    b->address = address_of(b->peer);
    for (i = 0; i < ARRAY_SIZE(b->fills); i++)
    {
        b->fills[i] = loopback(SOCK_STREAM);
        set_blocking(b->fills[i], FALSE);
        connect(b->fills[i], (struct sockaddr *)&b->address, sizeof(b->address));
        if (!writable(b->fills[i], 300)) break;
    }
    winetest_ok(i < ARRAY_SIZE(b->fills), "the listener takes everybody\n");
    b->s = loopback(SOCK_STREAM);
}

int call_connect(struct blocked *b)
{
    return connect(b->s, (struct sockaddr *)&b->address, sizeof(b->address));
}

BOOL accept_until(struct blocked *b)
{
    struct sockaddr_in wanted = address_of(b->s), from;
    int len;

    while (readable(b->peer, PATIENCE / 3))
    {
        len = sizeof(from);
        b->extra = accept(b->peer, (struct sockaddr *)&from, &len);
        if (from.sin_port == wanted.sin_port) return TRUE;
        closesocket(b->extra);
    }
    b->extra = INVALID_SOCKET;
    return FALSE;
}

void fill(struct blocked *b)
{
    char buf[4096];
    int ret;

    set_blocking(b->s, FALSE);
    do
    {
        pattern(buf, b->sent, sizeof(buf));
        while ((ret = send(b->s, buf, sizeof(buf), 0)) > 0)
        {
            b->sent += ret;
            pattern(buf, b->sent, sizeof(buf));
        }
    } while (writable(b->s, 500));      /* what a kernel still takes after a window probe (seen: 260 ms) */
    set_blocking(b->s, TRUE);
}

/* --- the pattern --- */

static char pattern_byte(unsigned int i)
{
    return i * 7 + (i >> 8) * 3 + (i >> 16);
}

void pattern(char *buf, unsigned int from, int len)
{
    while (len-- > 0) *buf++ = pattern_byte(from++);
}

BOOL is_pattern(const char *buf, unsigned int from, int len)
{
    while (len-- > 0) if (*buf++ != pattern_byte(from++)) return FALSE;
    return TRUE;
}

void send_pattern_(struct blocked *b, int len)
{
    char buf[4096];
    int ret;

    pattern(buf, b->sent, len);
    ret = send(b->peer, buf, len, 0);
    winetest_ok(ret == len, "sent %d of %d, error %d\n", ret, len, WSAGetLastError());
    if (ret > 0) b->sent += ret;
}

int read_pattern(struct blocked *b, int len)
{
    char buf[4096];
    int ret = 1;

    while (len && readable(b->peer, PATIENCE / 3))
    {
        ret = recv(b->peer, buf, len > 0 && len < (int)sizeof(buf) ? len : (int)sizeof(buf), 0);
        if (ret <= 0 || !is_pattern(buf, b->received, ret)) break;
        b->received += ret;
        if (len > 0) len -= ret;
    }
    return ret;
}
