/*
 * Unit "helper": include/wsasync.h over the ws2_32 of this process, ours or the platform's. What it promises
 * must hold over both; only lookups.strays may differ. Timing that no real ws2_32 can be made to have is in
 * helper_protocol.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"

static int cancels;             /* calls of WSACancelAsyncRequest by the helper */
static int counted_cancel(HANDLE task)
{
    cancels++;
    return WSACancelAsyncRequest(task);
}
#define WSACancelAsyncRequest counted_cancel
#include "wsasync.h"
#undef WSACancelAsyncRequest
#include "helper.h"

struct item                     /* a request, and what became of it */
{
    struct wsasync_request request;     /* first: the handler gets it */
    enum { PROTOCOL, SERVICE, HOST } kind;
    int calls, error;                   /* of the handler, since it was expected last */
    int number;                         /* what came: a protocol, a port, or an address */
    void (*then)(struct item *);        /* what the handler does besides */
};

static struct wsasync lookups;
static struct wsasync_task *table[ROOM];
static struct item items[ROOM];
static HWND window;
static char seen[128];          /* in order: a letter for each item handled, a digit for each mark */

static void record(char c)
{
    size_t length = strlen(seen);

    if (length + 1 < sizeof(seen)) seen[length] = c;
}

static int number_of(int kind, void *result)
{
    ULONG **list, lowest = ~0ul;

    switch (kind)
    {
    case SERVICE:
        return ntohs(((struct servent *)result)->s_port);
    case HOST:
        /* the lowest: the platform may put them in another order (seen with 10.0) */
        for (list = (ULONG **)((struct hostent *)result)->h_addr_list; *list; list++) lowest = min(lowest, ntohl(**list));
        return lowest;
    default:
        return ((struct protoent *)result)->p_proto;
    }
}

static void done(struct wsasync_request *request, int error, void *result)
{
    struct item *item = (struct item *)request;

    ok(!wsasync_outstanding(request), "handler called for an outstanding request\n");
    ok(!error == (result != NULL), "error %d with result %p\n", error, result);
    item->calls++;
    item->error = error;
    if (result) item->number = number_of(item->kind, result);
    record('a' + (item - items));
    if (item->then) item->then(item);
}

static LRESULT CALLBACK window_proc(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    if (wsasync_dispatch(&lookups, hwnd, msg, wparam, lparam)) return 0;
    if (msg == MARK) record('0' + wparam);
    return DefWindowProcA(hwnd, msg, wparam, lparam);
}

static void open_lookups(int count)
{
    static WNDCLASSA class;
    int i, error;

    if (!class.lpszClassName)
    {
        class.lpfnWndProc = window_proc;
        class.hInstance = GetModuleHandleA(NULL);
        class.lpszClassName = "wsasync test helper";
        RegisterClassA(&class);
    }
    window = CreateWindowA("wsasync test helper", NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    ok(window != NULL, "no window, error %lu\n", GetLastError());
    error = wsasync_init(&lookups, window, FIRST, table, count);
    ok(!error, "wsasync_init returned %d\n", error);
    ok(!lookups.honest == (!ours && on_wine), "cancel taken for %s\n", lookups.honest ? "honest" : "a liar");
    memset(items, 0, sizeof(items));
    memset(seen, 0, sizeof(seen));
    for (i = 0; i < ROOM; i++) items[i].request.done = done;
}

static void pump(void)
{
    MSG msg;

    while (PeekMessageA(&msg, NULL, 0, 0, PM_REMOVE)) DispatchMessageA(&msg);
}

/* Dispatches messages until the number is 0. */
static void pump_until_zero(const unsigned int *number)
{
    DWORD begin = GetTickCount();

    do pump();
    while (*number && GetTickCount() - begin < PATIENCE &&
           MsgWaitForMultipleObjectsEx(0, NULL, 100, QS_ALLINPUT, MWMO_INPUTAVAILABLE) != WAIT_FAILED);
    ok(!*number, "%u are left\n", *number);
}

/* Waits until that request, which gets this result, is over. */
#define expect_done(item, number) (winetest_set_location(__FILE__, __LINE__), expect_done_(item, number))
static void expect_done_(struct item *item, int number)
{
    DWORD begin = GetTickCount();

    do pump();
    while (wsasync_outstanding(&item->request) && GetTickCount() - begin < PATIENCE &&
           MsgWaitForMultipleObjectsEx(0, NULL, 100, QS_ALLINPUT, MWMO_INPUTAVAILABLE) != WAIT_FAILED);
    winetest_ok(item->calls == 1 && !item->error && item->number == number,
                "%d calls, error %d, result %#x, expected %#x\n", item->calls, item->error, item->number,
                number);
    item->calls = 0;
}

/* Waits until the request's message is in the queue, and leaves it there. */
static void await_queued(const struct item *item)
{
    UINT number = FIRST + item->request.task->slot;
    DWORD begin = GetTickCount();
    MSG msg;

    while (!PeekMessageA(&msg, window, number, number, PM_NOREMOVE))
    {
        if (GetTickCount() - begin > PATIENCE)
        {
            ok(0, "no message\n");
            return;
        }
        Sleep(1);
    }
}

static void close_lookups(void)
{
    MSG msg;

    pump_until_zero(&lookups.waiting);
    wsasync_end(&lookups);
    ok(!lookups.waiting, "%u cancelled requests left\n", lookups.waiting);
    ok(!PeekMessageA(&msg, window, FIRST, FIRST + ROOM - 1, PM_NOREMOVE), "message %#x left\n", msg.message);
    DestroyWindow(window);
}

static void begin(struct item *item, int number)
{
    int error = wsasync_proto_by_number(&lookups, &item->request, number);

    ok(!error, "start returned %d\n", error);
    ok(wsasync_outstanding(&item->request), "not outstanding\n");
}

/* A lookup that is not going to end soon: of a scripted name, if there are any. */
static void begin_slow(struct item *item, const char *labels)
{
    int error = wsasync_host_by_name(&lookups, &item->request, scripted(labels));

    ok(!error, "start returned %d\n", error);
}

static void test_kinds(void)
{
    ULONG loopback = htonl(INADDR_LOOPBACK);
    struct wsasync_request *request = &items[0].request;
    char name[32];
    int error;

    open_lookups(ROOM);
    strcpy(name, "tcp");
    error = wsasync_proto_by_name(&lookups, request, name);
    ok(!error, "got %d\n", error);
    strcpy(name, "udp");
    error = wsasync_proto_by_name(&lookups, request, name);
    ok(error == WSAEALREADY, "got %d\n", error);
    expect_done(items, 6);
    begin(items, 17);
    expect_done(items, 17);

    items[0].kind = SERVICE;
    error = wsasync_serv_by_name(&lookups, request, "ftp", "tcp");
    ok(!error, "got %d\n", error);
    expect_done(items, 21);
    error = wsasync_serv_by_name(&lookups, request, "ftp", NULL);
    ok(!error, "got %d\n", error);
    expect_done(items, 21);
    error = wsasync_serv_by_port(&lookups, request, htons(21), "tcp");
    ok(!error, "got %d\n", error);
    expect_done(items, 21);

    items[0].kind = HOST;
    error = wsasync_host_by_name(&lookups, request, "localhost");
    ok(!error, "got %d\n", error);
    expect_done(items, INADDR_LOOPBACK);
    error = wsasync_host_by_addr(&lookups, request, &loopback, sizeof(loopback), AF_INET);
    ok(!error, "got %d\n", error);
    expect_done(items, INADDR_LOOPBACK);

    error = wsasync_proto_by_name(&lookups, request, "no such protocol");
    ok(!error, "got %d\n", error);
    while (wsasync_outstanding(request)) pump();
    ok(items[0].calls == 1 && items[0].error == WSANO_DATA, "%d calls, error %d\n", items[0].calls,
       items[0].error);
    close_lookups();
}

static void test_growing(void)
{
    static const int sizes[] = { -1, 0, 1, 8, (int)sizeof(struct protoent) };
    char name[] = "ftp", proto[] = "tcp";
    unsigned int i;
    HANDLE first;
    int error;

    open_lookups(4);
    for (i = 0; i < ARRAY_SIZE(sizes); i++)
    {
        lookups.size = sizes[i];
        begin(items, 6);
        first = items[0].request.handle;
        expect_done(items, 6);
        ok(items[0].request.handle != first, "it fitted into %d bytes\n", sizes[i]);
    }
    /* What is asked again is what was asked, whatever has become of the caller's copy. */
    lookups.size = 0;
    items[0].kind = SERVICE;
    error = wsasync_serv_by_name(&lookups, &items[0].request, name, proto);
    ok(!error, "got %d\n", error);
    memset(name, 'x', 3);
    memset(proto, 'x', 3);
    expect_done(items, 21);
    if (names_available())
    {
        lookups.size = MAXGETHOSTSTRUCT;
        items[0].kind = HOST;
        begin_slow(items, "m2000");
        expect_done(items, 0x0a020001);
    }
    close_lookups();
}

/* --- cancelling --- */

static void test_cancel(void)
{
    int verdict, calls;

    open_lookups(ROOM);
    calls = cancels;
    verdict = wsasync_cancel(&items[0].request);
    ok(verdict == ERROR_INVALID_HANDLE, "got %d\n", verdict);
    begin(items, 6);
    expect_done(items, 6);
    verdict = wsasync_cancel(&items[0].request);
    ok(verdict == ERROR_INVALID_HANDLE, "got %d\n", verdict);
    ok(cancels == calls, "WSACancelAsyncRequest called %d times with nothing outstanding\n", cancels - calls);

    /* Finished, its message queued: others before and after it stay, in their order. */
    PostMessageA(window, MARK, 1, 0);
    begin(items + 1, 1);
    await_queued(items + 1);
    PostMessageA(window, MARK, 2, 0);
    begin(items + 2, 2);
    await_queued(items + 2);
    PostMessageA(window, MARK, 3, 0);
    begin(items + 3, 6);
    await_queued(items + 3);
    PostMessageA(window, MARK, 4, 0);
    memset(seen, 0, sizeof(seen));
    calls = cancels;
    verdict = wsasync_cancel(&items[2].request);
    todo_builtin ok(verdict == WSAEALREADY, "got %d\n", verdict);
    ok(cancels == calls + 1, "WSACancelAsyncRequest called %d times\n", cancels - calls);
    ok(!wsasync_outstanding(&items[2].request), "outstanding after cancel\n");
    ok(wsasync_cancel(&items[2].request) == ERROR_INVALID_HANDLE, "cancelled twice\n");
    pump();
    ok(!strcmp(seen, "1b23d4"), "got %s\n", seen);
    ok(!items[2].calls, "handler called after cancel\n");
    /* It can be used again, and gets its own answer only. */
    begin(items + 2, 17);
    expect_done(items + 2, 17);
    close_lookups();
}

static void test_cancel_running(void)
{
    static const char *const labels[] = { "d50.h1", "d100.h2", "d150.h3", "d200.h4" };
    DWORD begun, longest = 0;
    int i, verdict;

    if (!names_available()) return;
    open_lookups(ROOM);
    for (i = 0; i < 4; i++) begin_slow(items + i, labels[i]);
    for (i = 0; i < 4; i++)
    {
        begun = GetTickCount();
        verdict = wsasync_cancel(&items[i].request);
        longest = max(longest, GetTickCount() - begun);
        ok(!verdict, "got %d\n", verdict);
        memset(&items[i].request, 0xee, sizeof(items[i].request));     /* its memory is the program's again */
    }
    ok(longest < 1000, "cancel took %lu ms\n", longest);
    ok(lookups.waiting == (lookups.honest ? 0 : 4), "%u wait\n", lookups.waiting);
    begin(items + 4, 6);
    expect_done(items + 4, 6);
    pump_until_zero(&lookups.waiting);
    ok(lookups.strays == (lookups.honest ? 0 : 4), "%u strays\n", lookups.strays);
    for (i = 0; i < 4; i++) ok(!items[i].calls, "handler called after cancel\n");
    close_lookups();
}

/* --- handlers --- */

static void cancel_others(struct item *item)
{
    int count = wsasync_cancel_all(&lookups);

    (void)item;
    todo_builtin_if(old_wine && count != 7)         /* it has few threads at first */
    ok(count == 7, "%d were outstanding\n", count);
    ok(!wsasync_cancel_all(&lookups), "some are outstanding\n");
}

static void again(struct item *item)
{
    if (item->calls < 5) begin(item, item->calls == 4 ? 17 : 1);
}

static void begin_all(struct item *item)
{
    int i;

    for (i = 1; i < 8; i++) begin(item + i, 6);
}

static void cancel_next_and_begin(struct item *item)
{
    ok(wsasync_cancel(&item[1].request) != ERROR_INVALID_HANDLE, "the next is not outstanding\n");
    begin(item, 17);
    begin(item + 2, 1);
    item->then = NULL;
    item->calls = 0;
}

static void end_all(struct item *item)
{
    (void)item;
    wsasync_end(&lookups);
}

static void free_request(struct wsasync_request *request, int error, void *result)
{
    (void)error;
    (void)result;
    ++*(int *)request->context;
    memset(request, 0xee, sizeof(*request));
    HeapFree(GetProcessHeap(), 0, request);
}

static void test_handlers(void)
{
    struct wsasync_request *request;
    int i, calls = 0;

    /* Cancels all others, which are all in the queue. */
    open_lookups(ROOM);
    items[0].then = cancel_others;
    for (i = 0; i < 8; i++)
    {
        begin(items + i, 6);
        await_queued(items + i);
    }
    expect_done(items, 6);
    ok(!strcmp(seen, "a"), "got %s\n", seen);
    close_lookups();

    /* Starts its own request again; starts others. */
    open_lookups(ROOM);
    items[0].then = again;
    begin(items, 6);
    while (wsasync_outstanding(&items[0].request)) pump();
    ok(items[0].calls == 5 && items[0].number == 17, "%d calls, got %d\n", items[0].calls, items[0].number);
    items[0].calls = 0;
    items[0].then = begin_all;
    begin(items, 6);
    expect_done(items, 6);
    for (i = 1; i < 8; i++) expect_done(items + i, 6);
    close_lookups();

    /* Cancels one, starts its own and another. */
    open_lookups(ROOM);
    items[0].then = cancel_next_and_begin;
    begin(items, 6);
    await_queued(items);
    begin(items + 1, 6);
    do pump(); while (items[0].then);
    expect_done(items, 17);
    expect_done(items + 2, 1);
    ok(!items[1].calls, "handler called after cancel\n");
    close_lookups();

    /* Ends it all. */
    open_lookups(ROOM);
    items[0].then = end_all;
    for (i = 0; i < 8; i++)
    {
        begin(items + i, 6);
        await_queued(items + i);
    }
    expect_done(items, 6);
    ok(!strcmp(seen, "a"), "got %s\n", seen);
    ok(wsasync_proto_by_number(&lookups, &items[0].request, 6) == WSAESHUTDOWN, "started after the end\n");
    close_lookups();

    /* Frees its own request. */
    open_lookups(ROOM);
    request = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*request));
    request->done = free_request;
    request->context = &calls;
    ok(!wsasync_proto_by_number(&lookups, request, 6), "not started\n");
    begin(items, 6);
    expect_done(items, 6);
    while (!calls) pump();
    ok(calls == 1, "%d calls\n", calls);
    close_lookups();
}

/* One that is answered cancels others that run; late messages reach no one. */
static void test_handler_cancels_running(void)
{
    int i;

    if (!names_available()) return;
    open_lookups(ROOM);
    for (i = 1; i < 8; i++) begin_slow(items + i, i & 1 ? "d100.h1" : "d200.h2");
    items[0].then = cancel_others;
    begin(items, 6);
    expect_done(items, 6);
    pump_until_zero(&lookups.waiting);
    todo_builtin_if(old_wine && strcmp(seen, "a"))
    {
        ok(lookups.strays == (lookups.honest ? 0 : 7), "%u strays\n", lookups.strays);
        ok(!strcmp(seen, "a"), "got %s\n", seen);
    }
    close_lookups();
}

/* Before WSAStartup, and with requests left over at the last WSACleanup. */
static void test_startup(void)
{
    int error;

    open_lookups(ROOM);
    begin(items, 6);
    finish();
    error = wsasync_proto_by_number(&lookups, &items[1].request, 6);
    todo_builtin ok(error == WSANOTINITIALISED, "got %d\n", error);
    ok((!error) == wsasync_outstanding(&items[1].request), "error %d\n", error);
    wsasync_cancel_all(&lookups);
    start(MAKEWORD(2, 2));
    close_lookups();
    ok(!items[0].calls && !items[1].calls, "handler called after cancel\n");
}

START_TEST(helper)
{
    start(MAKEWORD(2, 2));
    test_kinds();
    test_growing();
    test_cancel();
    test_cancel_running();
    test_handlers();
    test_handler_cancels_running();
    test_startup();
    finish();
    test_helper_protocol();
}
