/*
 * wsresolve's command line: programs/wsresolve.c itself, which is included here, with parse_query(). The input is cut at its
 * newlines into arguments.
 *
 * An argument that is taken for an address must be one for the C library, too, with the same bytes, and the other way round;
 * any other must say the same when it is put together again from what was understood.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <winsock2.h>
#include <stdio.h>
#include <stdlib.h>
#include "shim.h"

/* Of wsasync.h and user32, as much as the rest of wsresolve.c needs to be compiled; none of it is called. */
#define WSASYNC_H
#define WM_APP 0x8000
#define WM_TIMER 0x0113
#define WM_DESTROY 0x0002
#define HWND_MESSAGE ((HWND)-3)

struct wsasync { int unused; };
struct wsasync_task;
struct wsasync_request
{
    void (*done)(struct wsasync_request *request, int error, void *result);
    void *context;
    HANDLE handle;
};
typedef struct
{
    LRESULT (*lpfnWndProc)(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam);
    HINSTANCE hInstance;
    const char *lpszClassName;
} WNDCLASSA;
typedef struct { int unused; } MSG;

#define NOT_CALLED (violation("%s is called", __func__), 0)
#define wsasync_outstanding(request) NOT_CALLED
#define wsasync_cancel(request) NOT_CALLED
#define wsasync_dispatch(...) NOT_CALLED
#define wsasync_init(...) NOT_CALLED
#define wsasync_end(lookups) NOT_CALLED
#define KillTimer(...) NOT_CALLED
#define SetTimer(...) NOT_CALLED
#define DefWindowProcA(...) NOT_CALLED
#define GetModuleHandleA(name) NULL
#define RegisterClassA(class) NOT_CALLED
#define CreateWindowA(...) (violation("%s is called", __func__), NULL)
#define DestroyWindow(hwnd) NOT_CALLED
#define GetMessageA(msg, ...) ((void)(msg), NOT_CALLED)
#define DispatchMessageA(msg) ((void)(msg), NOT_CALLED)
#define WSAStartup(version, data) ((void)(data), NOT_CALLED)
#define WSACleanup() NOT_CALLED
#define GetLastError() 0lu
#define QueryPerformanceCounter(count) ((count)->QuadPart = 0)
#define QueryPerformanceFrequency(count) ((count)->QuadPart = 1)
#define ask(...) NOT_CALLED
#define error_name(error) ""
#define print_result(...) NOT_CALLED
#define print_which() NOT_CALLED
#define WSRESOLVE_ASK_H
#define WSRESOLVE_PRINT_H

static unsigned int complaints;

static int complain(void)
{
    return ++complaints;
}

#define fprintf(...) complain()
#define main wsresolve_main
#include "../../programs/wsresolve_query.h"
#include "../../programs/wsresolve.c"
#undef main

#define ARGUMENTS 16

/* What was understood, as an argument. */
static void put_together(const struct query *query, char *text, size_t size)
{
    switch (query->kind)
    {
    case QUERY_HOST: snprintf(text, size, "%s", query->name); break;
    case QUERY_SERVICE: snprintf(text, size, "%s/%s", query->name, query->proto); break;
    case QUERY_PORT: snprintf(text, size, "%u/%s", query->number, query->proto); break;
    case QUERY_PROTOCOL: snprintf(text, size, "proto:%s", query->name); break;
    case QUERY_PROTOCOL_NUMBER: snprintf(text, size, "proto:%u", query->number); break;
    case QUERY_ADDRESS: inet_ntop(query->length == 4 ? AF_INET : AF_INET6, query->address, text, size); break;
    }
}

static BOOL same_question(const struct query *a, const struct query *b)
{
    return a->kind == b->kind && a->number == b->number && a->length == b->length && !strcmp(a->proto, b->proto)
           && (a->kind == QUERY_PORT || !strcmp(a->name, b->name)) && !memcmp(a->address, b->address, sizeof(a->address));
}

static void check_query(const char *text, const struct query *query)
{
    struct query again;
    char whole[2 * QUERY_NAME_MAX + 10];

    if (!memchr(query->name, 0, sizeof(query->name)) || !memchr(query->proto, 0, sizeof(query->proto)))
        violation("'%s': a string without an end", text);
    if (query->kind > QUERY_PROTOCOL_NUMBER || query->number > (query->kind == QUERY_PROTOCOL_NUMBER ? 255 : 65535)
        || (query->kind == QUERY_ADDRESS ? query->length != 4 && query->length != 16 : query->length != 0))
        violation("'%s': kind %d, number %u, length %d", text, query->kind, query->number, query->length);
    if (query->kind != QUERY_PORT && query->kind != QUERY_PROTOCOL_NUMBER && query->number)
        violation("'%s': a number that nobody asked for", text);
    if ((query->kind == QUERY_PORT && strtoull(text, NULL, 10) != query->number)
        || (query->kind == QUERY_PROTOCOL_NUMBER && strtoull(text + 6, NULL, 10) != query->number))
        violation("'%s' is understood as %u", text, query->number);
    put_together(query, whole, sizeof(whole));
    if (parse_query(whole, &again) || !same_question(query, &again))
        violation("'%s' is not understood as '%s'", text, whole);
}

static void check_argument(const char *text)
{
    unsigned char address[16];
    struct query query;
    const char *problem = parse_query(text, &query);
    int length = inet_pton(AF_INET, text, address) == 1 ? 4 : inet_pton(AF_INET6, text, address) == 1 ? 16 : 0;

    if (!problem)
        check_query(text, &query);
    else if (!*problem)
        violation("'%s': a problem without words", text);
    if (length ? problem || query.length != length || memcmp(query.address, address, length) : !problem && query.length)
        violation("'%s' is %san address", text, length ? "" : "no ");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *at, *argv[ARGUMENTS + 2] = {"wsresolve"}, *next;
    int argc = 1, i, plain = 0;
    BOOL ok;

    memcpy(text, data, size);
    text[size] = 0;
    for (at = text; at && argc <= ARGUMENTS; at = next)
    {
        if ((next = strchr(at, '\n')))
            *next++ = 0;
        check_argument(at);
        argv[argc++] = strdup(at);
    }
    all = calloc(argc, sizeof(*all));
    count = which = complaints = 0;
    cancel_after = -1;
    ok = read_arguments(argc, argv);
    if (ok ? complaints : !complaints)
        violation("the command line is %s, with %u complaints", ok ? "good" : "bad", complaints);
    for (i = 0; ok && i < count; i++)
        check_query(all[i].text, &all[i].query);
    for (i = 1; ok && i < argc; i++)
        plain += *argv[i] != '-';
    if (ok && (cancel_after < -1 || cancel_after > 0x7ffffffe || count > argc - 1 || (!count && !which)
               || (cancel_after == -1 && count < plain)))
        violation("%d of %d arguments are asked for, to be cancelled after %ld", count, argc - 1, cancel_after);
    free(all);
    for (i = 1; i < argc; i++)
        free(argv[i]);
    free(text);
    return 0;
}
