/*
 * bench: what asynchronous lookups cost, measured from a program's side, with whatever ws2_32 it is given.
 *
 *     bench ROW [N]       prints lines of a name and a number; times in us unless the name says otherwise
 *
 * It is linked to no ws2_32: loading that is measured too. A wrong answer ends it with status 1. bench-run runs it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct winsock ws, platform_ws;
HWND window;

/* --- time and results --- */

double now_us(void)
{
    static double per_us;
    LARGE_INTEGER value;

    if (!per_us)
    {
        QueryPerformanceFrequency(&value);
        per_us = value.QuadPart / 1e6;
    }
    QueryPerformanceCounter(&value);
    return value.QuadPart / per_us;
}

void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    fflush(stderr);
    TerminateProcess(GetCurrentProcess(), 1);
    abort();
}

void *memory(size_t size)
{
    char *block = malloc(size);
    size_t i;

    if (!block) die("out of memory");
    memset(block, 0, size);
    for (i = 0; i < size; i += 4096) ((volatile char *)block)[i] = 0;   /* or else memset may be made calloc */
    return block;
}

void report(const char *name, double value)
{
    printf("%s %.4f\n", name, value);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

double median(double *samples, unsigned int count)
{
    qsort(samples, count, sizeof(*samples), compare);
    return (samples[(count - 1) / 2] + samples[count / 2]) / 2;
}

void report_samples(const char *name, double *samples, unsigned int count)
{
    char line[64];

    snprintf(line, sizeof(line), "%s_median", name);
    report(line, median(samples, count));
    snprintf(line, sizeof(line), "%s_p99", name);
    report(line, samples[(count * 99 + 99) / 100 - 1]);
}

/* --- requests --- */

static struct request *by_handle[65536];

/* Services that every Wine prefix knows. With the case of 9 letters, and of "tcp", there are 4,096 ways to ask for each. */
static const struct
{
    const char *name;
    unsigned short port;
}
services[16] =
{
    { "nameserver", 42 }, { "netbios-ns", 137 }, { "netbios-ssn", 139 }, { "pcmail-srv", 158 },
    { "cmip-agent", 164 }, { "rpc2portmap", 369 }, { "microsoft-ds", 445 }, { "submissions", 465 },
    { "conference", 531 }, { "dhcpv6-client", 546 }, { "dhcpv6-server", 547 }, { "afpovertcp", 548 },
    { "submission", 587 }, { "http-rpc-epmap", 593 }, { "msexch-routing", 691 }, { "kerberos-adm", 749 },
};

static unsigned int vary_case(char *out, const char *text, unsigned int letters, unsigned int bits)
{
    for (; *text; text++)
    {
        *out = *text;
        if (letters && *text >= 'a' && *text <= 'z')
        {
            if (bits & 1) *out -= 'a' - 'A';
            bits >>= 1;
            letters--;
        }
        out++;
    }
    *out = 0;
    return bits;
}

void batch_make(struct batch *batch, enum kind kind, unsigned int count, const char *label)
{
    struct request *request;
    unsigned int i;

    batch->kind = kind;
    batch->count = count;
    batch->answered = 0;
    batch->requests = memory(count * sizeof(*batch->requests));
    batch->buffers = memory((size_t)count * MAXGETHOSTSTRUCT);
    for (i = 0; i < count; i++)
    {
        request = &batch->requests[i];
        request->buf = batch->buffers + (size_t)i * MAXGETHOSTSTRUCT;
        request->number = i;
        if (kind == HOSTS) snprintf(request->name, sizeof(request->name), "h%u.%s.test", i, label);
        else vary_case(request->proto, "tcp", 3, vary_case(request->name, services[i % 16].name, 9, i / 16));
    }
}

void batch_submit(struct batch *batch, unsigned int from, unsigned int to)
{
    struct request *request;

    for (; from < to; from++)
    {
        request = &batch->requests[from];
        if (batch->kind == HOSTS)
            request->handle = ws.WSAAsyncGetHostByName(window, WM_DONE, request->name, request->buf, MAXGETHOSTSTRUCT);
        else
            request->handle = ws.WSAAsyncGetServByName(window, WM_DONE, request->name, request->proto, request->buf,
                                                       MAXGETHOSTSTRUCT);
        if (!request->handle) die("request %u of %u: error %d", from, batch->count, ws.WSAGetLastError());
        by_handle[(ULONG_PTR)request->handle & 0xffff] = request;
    }
}

unsigned int batch_written(const struct batch *batch)
{
    unsigned int i, written = 0;

    for (i = 0; i < batch->count; i++) written += *(void *volatile *)batch->requests[i].buf != NULL;
    return written;
}

void batch_wait(struct batch *batch, unsigned int answered)
{
    struct request *request;
    MSG msg;

    while (batch->answered < answered)
    {
        if (GetMessageA(&msg, NULL, 0, 0) <= 0) die("no more messages");
        if (msg.message != WM_DONE) continue;
        request = msg.wParam < 65536 ? by_handle[msg.wParam] : NULL;
        if (!request || request->answered) die("a message for %#Ix, which nobody waits for", (ULONG_PTR)msg.wParam);
        if (WSAGETASYNCERROR(msg.lParam)) die("%s: error %d", request->name, WSAGETASYNCERROR(msg.lParam));
        request->answered = TRUE;
        batch->answered++;
    }
}

static BOOL is_right(const struct batch *batch, const struct request *request)
{
    const struct hostent *host = (const void *)request->buf;
    const struct servent *service = (const void *)request->buf;
    const BYTE *address;

    if (!request->answered) return FALSE;
    if (batch->kind == SERVICES)
        return service->s_name && service->s_port == (short)ws.htons(services[request->number % 16].port);
    if (!host->h_addr_list || !(address = (const BYTE *)host->h_addr_list[0]) || host->h_addr_list[1]) return FALSE;
    return host->h_length == 4 && address[0] == 10 && address[1] == 1 && address[2] == request->number >> 8
           && address[3] == (request->number & 255) && !strcmp(host->h_name, request->name);
}

void batch_check(const struct batch *batch)
{
    unsigned int i;

    for (i = 0; i < batch->count; i++)
        if (!is_right(batch, &batch->requests[i])) die("%s: a wrong answer", batch->requests[i].name);
}

void batch_free(struct batch *batch)
{
    free(batch->requests);
    free(batch->buffers);
}

BOOL take_message(MSG *msg)
{
    while (PeekMessageA(msg, NULL, 0, 0, PM_REMOVE))
        if (msg->message == WM_DONE) return TRUE;
    return FALSE;
}

/* --- Winsock --- */

static void bind_calls(struct winsock *calls, HMODULE module)
{
#define BIND(call) if (!(calls->call = (void *)GetProcAddress(module, #call))) die("no " #call);
    WINSOCK_CALLS(BIND)
#undef BIND
}

static void start(void)
{
    HMODULE module, platform;
    double began = now_us();
    WSADATA data;

    if (!(module = LoadLibraryA("ws2_32.dll"))) die("no ws2_32: error %lu", GetLastError());
    bind_calls(&ws, module);
    if (ws.WSAStartup(MAKEWORD(1, 1), &data)) die("WSAStartup failed");
    report("load_ms", (now_us() - began) / 1000);
    /* ours gives the platform's module this name */
    platform = GetModuleHandleA("ws2_32.platform.dll");
    bind_calls(&platform_ws, platform ? platform : module);
    report("is_ours", platform != NULL);
}

/* Holds what Wine starts for its first program, so that the others need not wait for it. */
static void keep(void)
{
    char c;

    puts("ready");
    fflush(stdout);
    while (fread(&c, 1, 1, stdin) == 1);
}

int main(int argc, char **argv)
{
    static const struct { const char *name; void (*run)(void); } rows[] =
    {
        { "submit", row_submit }, { "burst", row_burst }, { "hosts", row_hosts }, { "slow", row_slow },
        { "cancel", row_cancel }, { "latency", row_latency }, { "outstanding", row_outstanding },
        { "through", row_through }, { "keep", keep },
    };
    const char *name = argc > 1 ? argv[1] : "";
    unsigned int i, number = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

    if (strcmp(name, "load")) window = CreateWindowA("STATIC", "bench", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    if (strcmp(name, "keep")) start();
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!strcmp(name, rows[i].name)) rows[i].run();
    if (!strcmp(name, "curve")) row_curve(number);
    puts("done 1");
    fflush(stdout);
    TerminateProcess(GetCurrentProcess(), 0);       /* lookups may hang; nothing is left to be done */
    return 0;
}
