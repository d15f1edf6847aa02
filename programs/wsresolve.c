/*
 * wsresolve: a console client of Winsock's asynchronous database calls. Asks everything on its command line
 * at once and prints a line for each completion message as it comes. Owns the options, the window and the
 * order of lines; must not know the protocol of a request, which is wsasync.h's, or what a result looks like.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wsasync.h"
#include "wsresolve_ask.h"
#include "wsresolve_print.h"

#include <stdio.h>
#include <stdlib.h>

#define AT_A_TIME 4096          /* requests outstanding; the rest follow as these end */
#define CANCEL_TIMER 1

enum exit_status { ALL_FOUND, NOT_ALL_FOUND, BAD_USAGE, NO_WINSOCK };

struct lookup
{
    struct wsasync_request request;
    struct query query;
    const char *text;
    LARGE_INTEGER begun;
};

static struct wsasync lookups;
static struct wsasync_task *table[AT_A_TIME];
static struct lookup *all;
static int count, begun, ended, failed;
static BOOL which;
static long cancel_after = -1;  /* ms; -1: never */

int _CRT_glob = 0;              /* the run-time library is not to take names for file patterns */

static const char usage[] =
    "usage: wsresolve [--cancel-after MS] [--which] QUERY...\n"
    "\n"
    "Looks up every QUERY at once, with Winsock's asynchronous calls, and prints a line for each\n"
    "completion message as it comes: task handle, time since it was asked, error, query, result.\n"
    "\n"
    QUERY_FORMS
    "\n"
    "  --cancel-after MS    cancel what is not answered after MS milliseconds, and end\n"
    "  --which              say which ws2_32 this is; alone, nothing is looked up\n"
    "  --help               this\n"
    "\n"
    "exit status: 0 all found, 1 not all found or cancelled, 2 bad usage, 3 Winsock does not start\n";

/* The line of a lookup that is over, without what comes after the query. */
static void print_line(const struct lookup *lookup, const char *outcome)
{
    LARGE_INTEGER now, frequency;

    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    printf("0x%04lx %11.3f ms  %-18s %s", (unsigned long)(ULONG_PTR)lookup->request.handle,
           1000.0 * (now.QuadPart - lookup->begun.QuadPart) / frequency.QuadPart, outcome, lookup->text);
    ended++;
}

static void begin_some(void);

static void done(struct wsasync_request *request, int error, void *result)
{
    struct lookup *lookup = request->context;

    print_line(lookup, error_name(error));
    if (error) failed++;
    else
    {
        printf(" -> ");
        print_result(lookup->query.kind, result);
    }
    printf("\n");
    fflush(stdout);
    begin_some();
}

static int begin_lookup(struct lookup *lookup)
{
    struct wsasync_request *request = &lookup->request;

    request->done = done;
    request->context = lookup;
    QueryPerformanceCounter(&lookup->begun);
    return ask(&lookups, request, &lookup->query);
}

/* Starts what is not started yet, as far as there is room. */
static void begin_some(void)
{
    struct lookup *lookup;
    int error;

    while (begun < count)
    {
        lookup = all + begun;
        error = begin_lookup(lookup);
        if (error == WSAEWOULDBLOCK && begun > ended) return;   /* a completion comes, then again */
        begun++;
        if (!error) continue;
        print_line(lookup, error_name(error));
        printf(" (not started)\n");
        failed++;
    }
}

static void cancel_rest(void)
{
    int i, verdict, left = count - begun;

    for (i = 0; i < begun; i++)
    {
        if (!wsasync_outstanding(&all[i].request)) continue;
        verdict = wsasync_cancel(&all[i].request);
        print_line(all + i, "cancelled");
        printf(" (cancel said %s)\n", verdict ? error_name(verdict) : "0");
        failed++;
    }
    if (left) printf("%d more were not asked\n", left);
    failed += left;
    ended += left;
    begun = count;
}

static LRESULT CALLBACK window_proc(HWND hwnd, UINT message, WPARAM wparam, LPARAM lparam)
{
    if (wsasync_dispatch(&lookups, hwnd, message, wparam, lparam)) return 0;
    if (message == WM_TIMER && wparam == CANCEL_TIMER)
    {
        KillTimer(hwnd, CANCEL_TIMER);
        cancel_rest();
        return 0;
    }
    if (message == WM_DESTROY) wsasync_end(&lookups);
    return DefWindowProcA(hwnd, message, wparam, lparam);
}

static HWND create_window(void)
{
    WNDCLASSA class = { 0 };

    class.lpfnWndProc = window_proc;
    class.hInstance = GetModuleHandleA(NULL);
    class.lpszClassName = "wsresolve";
    RegisterClassA(&class);
    return CreateWindowA(class.lpszClassName, NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, class.hInstance, NULL);
}

static enum exit_status resolve_all(void)
{
    HWND hwnd = create_window();
    MSG msg;

    if (!hwnd || wsasync_init(&lookups, hwnd, WM_APP, table, AT_A_TIME))
    {
        fprintf(stderr, "wsresolve: no window (error %lu)\n", GetLastError());
        return NO_WINSOCK;
    }
    begin_some();
    if (!cancel_after) cancel_rest();
    else if (cancel_after > 0) SetTimer(hwnd, CANCEL_TIMER, cancel_after, NULL);

    while (ended < count && GetMessageA(&msg, NULL, 0, 0) > 0) DispatchMessageA(&msg);
    DestroyWindow(hwnd);
    return failed ? NOT_ALL_FOUND : ALL_FOUND;
}

/* Returns FALSE, and says why, if the command line is not understood. */
static BOOL read_arguments(int argc, char **argv)
{
    const char *problem;
    BOOL ok = TRUE, options = TRUE;
    char *end;
    int i;

    for (i = 1; i < argc; i++)
    {
        if (options && argv[i][0] == '-')
        {
            if (!strcmp(argv[i], "--")) options = FALSE;
            else if (!strcmp(argv[i], "--which")) which = TRUE;
            else if (!strcmp(argv[i], "--cancel-after"))
            {
                cancel_after = argv[++i] ? strtol(argv[i], &end, 10) : -1;
                if (cancel_after >= 0 && cancel_after < 0x7fffffff && end > argv[i] && !*end) continue;
                fprintf(stderr, "wsresolve: --cancel-after wants a number of milliseconds\n");
                return FALSE;
            }
            else
            {
                fprintf(stderr, "wsresolve: no such option: %s\n", argv[i]);
                return FALSE;
            }
            continue;
        }
        all[count].text = argv[i];
        if ((problem = parse_query(argv[i], &all[count++].query)))
        {
            fprintf(stderr, "wsresolve: '%s': %s\n", argv[i], problem);
            ok = FALSE;
        }
    }
    if (count || which || !ok) return ok;
    fprintf(stderr, "wsresolve: nothing to look up\n");
    return FALSE;
}

int main(int argc, char **argv)
{
    enum exit_status status = ALL_FOUND;
    WSADATA data;
    int i, error;

    for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
    {
        if (strcmp(argv[i], "--help")) continue;
        printf("%s", usage);
        return ALL_FOUND;
    }
    if (!(all = calloc(argc, sizeof(*all)))) return NO_WINSOCK;
    if (!read_arguments(argc, argv))
    {
        fprintf(stderr, "'wsresolve --help' tells more\n");
        return BAD_USAGE;
    }

    if (which) print_which();
    if (!count) return ALL_FOUND;
    if ((error = WSAStartup(MAKEWORD(2, 2), &data)))
    {
        fprintf(stderr, "wsresolve: WSAStartup: %s\n", error_name(error));
        return NO_WINSOCK;
    }
    status = resolve_all();
    WSACleanup();
    return status;
}
