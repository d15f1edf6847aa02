/*
 * Unit "helper", second half: include/wsasync.h over a make-believe Winsock, which answers when the test says
 * so, lies about cancelling or refuses it, and reissues handles soon. What timing does in helper.c is an
 * order of calls here.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"
#include "helper_winsock.h"

#define WSAAsyncGetProtoByNumber fake_start
#define WSACancelAsyncRequest fake_cancel
#include "wsasync.h"
#undef WSAAsyncGetProtoByNumber
#undef WSACancelAsyncRequest
#include "helper.h"

/* --- the program --- */

struct item
{
    struct wsasync_request request;
    int number;                 /* asked for, a new one each time */
    int started, cancelled, called;
    struct call *call;          /* the latest */
};

#define ITEMS 12
static struct wsasync lookups;
static struct wsasync_task *table[ROOM];
static struct item items[ITEMS];
static HWND window;
static int numbers;
static int quit_seen;           /* its exit code, plus one */

static void done(struct wsasync_request *request, int error, void *result)
{
    struct item *item = (struct item *)request;

    ok(!wsasync_outstanding(request), "outstanding in its handler\n");
    ok(!error && ((struct protoent *)result)->p_proto == item->number, "error %d, result %d, expected %d\n",
       error, result ? ((struct protoent *)result)->p_proto : -1, item->number);
    item->called++;
}

static void begin(struct item *item)
{
    int error;

    item->number = ++numbers;
    error = wsasync_proto_by_number(&lookups, &item->request, item->number);
    ok(!error, "got %d\n", error);
    item->call = fake_calls + fake_count - 1;
    item->started++;
}

static int cancel(struct item *item)
{
    item->cancelled++;
    return wsasync_cancel(&item->request);
}

static void pump(void)
{
    MSG msg;

    while (PeekMessageA(&msg, NULL, 0, 0, PM_REMOVE))
    {
        if (msg.message == WM_QUIT) quit_seen = msg.wParam + 1;
        DispatchMessageA(&msg);
    }
}

/* --- what a message that another thread sends may do while cancel looks into the queue --- */

enum { PROBE_END = 1, PROBE_RESTART, PROBE_TAKE_OVER, PROBE_FULL };

static LRESULT probe(WPARAM what)
{
    int i;

    switch (what)
    {
    case PROBE_END:
        wsasync_end(&lookups);
        break;
    case PROBE_RESTART:         /* the request that is being cancelled is over: it may be started */
        ok(!wsasync_outstanding(&items[0].request), "outstanding\n");
        begin(items);
        cancel(items + 1);
        begin(items + 1);
        break;
    case PROBE_TAKE_OVER:       /* a modal loop takes the message; another request gets its number */
        pump();
        for (i = 1; i < 4; i++)
        {
            begin(items + i);
            fake_complete(items[i].call, 0);
        }
        break;
    case PROBE_FULL:            /* the number of the request that is being cancelled is not to be had yet */
        i = wsasync_proto_by_number(&lookups, &items[1].request, 6);
        ok(i == WSAEWOULDBLOCK, "got %d\n", i);
        break;
    }
    return 0;
}

static LRESULT CALLBACK window_proc(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    if (wsasync_dispatch(&lookups, hwnd, msg, wparam, lparam)) return 0;
    if (msg == MARK) return probe(wparam);
    return DefWindowProcA(hwnd, msg, wparam, lparam);
}

static DWORD CALLBACK send_probe(void *what)
{
    SendMessageA(window, MARK, (WPARAM)what, 0);
    return 0;
}

static int cancel_with_probe(struct item *item, ULONG_PTR what)
{
    HANDLE thread = CreateThread(NULL, 0, send_probe, (void *)what, 0, NULL);
    int verdict;

    while (!(HIWORD(GetQueueStatus(QS_SENDMESSAGE)) & QS_SENDMESSAGE)) Sleep(1);
    verdict = cancel(item);
    pump();
    ok(!WaitForSingleObject(thread, PATIENCE), "the message is not delivered\n");
    CloseHandle(thread);
    return verdict;
}

static void open_lookups(enum honesty mode, int count)
{
    static WNDCLASSA class;
    int i;

    if (!class.lpszClassName)
    {
        class.lpfnWndProc = window_proc;
        class.hInstance = GetModuleHandleA(NULL);
        class.lpszClassName = "wsasync test helper protocol";
        RegisterClassA(&class);
    }
    fake_reset(mode, 0xffff);
    numbers = quit_seen = 0;
    memset(items, 0, sizeof(items));
    for (i = 0; i < ITEMS; i++) items[i].request.done = done;
    window = CreateWindowA(class.lpszClassName, NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    ok(!wsasync_init(&lookups, window, FIRST, table, count), "not initialised\n");
    ok(!lookups.honest == (mode == LIAR), "taken for %s\n", lookups.honest ? "honest" : "a liar");
}

static void close_lookups(void)
{
    wsasync_end(&lookups);
    DestroyWindow(window);
    ok(HeapValidate(GetProcessHeap(), 0, NULL), "the heap is damaged\n");
}

static void test_late_message(void)
{
    int verdict;

    /* Cancel says 0, and yet the lookup writes and posts; meanwhile the number has a new owner. */
    open_lookups(LIAR, 1);
    begin(items);
    verdict = cancel(items);
    ok(!verdict && lookups.waiting == 1, "verdict %d, %u wait\n", verdict, lookups.waiting);
    begin(items + 1);
    ok(items[1].call->msg == items[0].call->msg, "another message number\n");
    fake_complete(items[1].call, 0);
    fake_complete(items[0].call, 0);
    pump();
    ok(!items[0].called && items[1].called == 1, "%d and %d calls\n", items[0].called, items[1].called);
    ok(lookups.strays == 1 && !lookups.waiting, "%u strays, %u wait\n", lookups.strays, lookups.waiting);

    /* The new owner is cancelled when both messages are queued: both go, and the first was a stray. */
    begin(items);
    cancel(items);
    begin(items + 1);
    fake_complete(items[0].call, 0);
    fake_complete(items[1].call, 0);
    cancel(items + 1);
    ok(!lookups.waiting, "%u wait\n", lookups.waiting);
    pump();
    ok(!items[0].called && items[1].called == 1, "%d and %d calls\n", items[0].called, items[1].called);
    /* Ended while the Winsock still holds a buffer, which is left to it. */
    begin(items);
    cancel(items);
    wsasync_end(&lookups);
    ok(HeapValidate(GetProcessHeap(), 0, (struct wsasync_task *)items[0].call->buffer - 1), "freed\n");
    fake_complete(items[0].call, 0);
    pump();
    ok(!items[0].called, "handler called\n");
    close_lookups();

    /* Refused: the buffer must stay until the message has come. */
    open_lookups(BUSY, 2);
    begin(items);
    verdict = cancel(items);
    ok(verdict == WSAEINPROGRESS && lookups.waiting == 1, "verdict %d, %u wait\n", verdict, lookups.waiting);
    fake_complete(items[0].call, 0);
    pump();
    ok(!items[0].called && !lookups.strays && !lookups.waiting, "%d calls, %u strays, %u wait\n",
       items[0].called, lookups.strays, lookups.waiting);
    close_lookups();
}

static void test_quit(void)
{
    open_lookups(HONEST, 4);
    begin(items);
    PostQuitMessage(77);
    cancel(items);              /* nothing is queued for it, and WM_QUIT passes every filter */
    ok(!quit_seen, "already quit\n");
    pump();
    ok(quit_seen == 78, "got %d\n", quit_seen - 1);
    close_lookups();
}

static void test_sent_messages(void)
{
    int i, verdict;

    for (i = 0; i < 2; i++)     /* the message is queued, or not */
    {
        open_lookups(HONEST, 4);
        begin(items);
        begin(items + 1);
        if (i) fake_complete(items[0].call, 0);
        verdict = cancel_with_probe(items, PROBE_END);
        ok(verdict == (i ? WSAEALREADY : 0), "got %d\n", verdict);
        ok(lookups.ended && !items[0].called && !items[1].called, "handlers called\n");
        close_lookups();

        open_lookups(HONEST, 4);
        begin(items);
        begin(items + 1);
        if (i) fake_complete(items[0].call, 0);
        verdict = cancel_with_probe(items, PROBE_RESTART);
        ok(verdict == (i ? WSAEALREADY : 0), "got %d\n", verdict);
        ok(wsasync_outstanding(&items[0].request), "the new one was cancelled\n");
        fake_complete(items[0].call, 0);
        fake_complete(items[1].call, 0);
        pump();
        ok(items[0].called == 1 && items[1].called == 1, "%d and %d calls\n", items[0].called,
           items[1].called);
        close_lookups();
    }

    open_lookups(HONEST, 3);
    begin(items);
    fake_complete(items[0].call, 0);
    cancel_with_probe(items, PROBE_TAKE_OVER);
    pump();
    for (i = 1; i < 4; i++) ok(items[i].called == 1, "item %d: %d calls\n", i, items[i].called);
    ok(items[3].call->msg == items[0].call->msg, "the number was not given away\n");
    ok(!items[0].called, "handler called after cancel\n");
    close_lookups();

    open_lookups(HONEST, 1);
    begin(items);
    cancel_with_probe(items, PROBE_FULL);
    begin(items + 1);
    fake_complete(items[1].call, 0);
    pump();
    ok(items[1].called == 1, "%d calls\n", items[1].called);
    close_lookups();
}

/* The same number, but not of this window. */
static void test_others_messages(void)
{
    HWND other = new_window();
    UINT number = FIRST;
    MSG msg;

    open_lookups(HONEST, 1);
    begin(items);
    PostThreadMessageA(GetCurrentThreadId(), number, 0, 1);
    PostMessageA(other, number, items[0].call->handle, 2);
    fake_complete(items[0].call, 0);
    cancel(items);
    ok(!PeekMessageA(&msg, window, number, number, PM_NOREMOVE), "the message is left\n");
    ok(PeekMessageA(&msg, NULL, number, number, PM_REMOVE) && !msg.hwnd && msg.lParam == 1, "the thread's\n");
    ok(PeekMessageA(&msg, NULL, number, number, PM_REMOVE) && msg.hwnd == other, "the other window's\n");
    close_lookups();
    DestroyWindow(other);
}

/* A size that is too small for what it is said to be enough for: the upper bits of a big one are lost. */
static void give_up(struct wsasync_request *request, int error, void *result)
{
    ok(error == WSAENOBUFS && !result, "error %d, result %p\n", error, result);
    ((struct item *)request)->called++;
}

static void test_growing(void)
{
    int length, rounds = 0;

    open_lookups(HONEST, 1);
    items[0].request.done = give_up;
    begin(items);
    do
    {
        length = items[0].call->length;
        items[0].call->state = POSTED;
        PostMessageA(window, items[0].call->msg, items[0].call->handle, WSAMAKEASYNCREPLY(10, WSAENOBUFS));
        pump();
        items[0].call = fake_calls + fake_count - 1;
        rounds++;
    } while (wsasync_outstanding(&items[0].request) && items[0].call->length > length);
    ok(items[0].called == 1 && rounds > 5 && rounds < 20, "%d calls after %d rounds\n", items[0].called,
       rounds);
    ok(length == WSASYNC_BIGGEST, "last size %d\n", length);
    close_lookups();
}

static DWORD CALLBACK other_thread(void *arg)
{
    struct wsasync *other = arg;
    int error;

    error = wsasync_proto_by_number(&lookups, &items[1].request, 6);
    ok(error == WSAEACCES, "got %d\n", error);
    error = wsasync_cancel(&items[0].request);
    ok(error == WSAEACCES, "got %d\n", error);
    ok(!wsasync_cancel_all(&lookups), "cancelled on another thread\n");
    wsasync_end(&lookups);
    ok(!lookups.ended, "ended on another thread\n");
    error = wsasync_init(other, window, FIRST, table, ROOM);
    ok(error == WSAEINVAL, "got %d\n", error);
    error = wsasync_proto_by_number(other, &items[1].request, 6);
    ok(error == WSAESHUTDOWN, "got %d\n", error);
    return 0;
}

static void test_errors(void)
{
    struct wsasync other;
    HANDLE thread;
    int error;

    open_lookups(HONEST, 2);
    error = wsasync_init(&other, NULL, FIRST, table, ROOM);
    ok(error == WSAEINVAL, "got %d\n", error);
    error = wsasync_init(&other, window, WM_USER - 1, table, ROOM);
    ok(error == WSAEINVAL, "got %d\n", error);
    error = wsasync_init(&other, window, 0xc000 - ROOM + 1, table, ROOM);
    ok(error == WSAEINVAL, "got %d\n", error);
    error = wsasync_init(&other, window, FIRST, table, 0);
    ok(error == WSAEINVAL, "got %d\n", error);
    wsasync_end(&other);

    error = wsasync_host_by_name(&lookups, &items[0].request, NULL);
    ok(error == WSAEFAULT, "got %d\n", error);
    error = wsasync_host_by_addr(&lookups, &items[0].request, "1234567890123456", 17, AF_INET6);
    ok(error == WSAEFAULT, "got %d\n", error);
    error = wsasync_serv_by_name(&lookups, &items[0].request, NULL, "tcp");
    ok(error == WSAEFAULT, "got %d\n", error);
    error = wsasync_proto_by_name(&lookups, &items[0].request, NULL);
    ok(error == WSAEFAULT, "got %d\n", error);
    ok(!wsasync_outstanding(&items[0].request), "outstanding\n");

    /* Two at a time. */
    begin(items);
    begin(items + 1);
    error = wsasync_proto_by_number(&lookups, &items[0].request, 6);
    ok(error == WSAEALREADY, "got %d\n", error);
    error = wsasync_proto_by_number(&lookups, &items[2].request, 6);
    ok(error == WSAEWOULDBLOCK, "got %d\n", error);
    cancel(items + 1);
    begin(items + 2);

    thread = CreateThread(NULL, 0, other_thread, &other, 0, NULL);
    ok(!WaitForSingleObject(thread, PATIENCE), "the thread hangs\n");
    CloseHandle(thread);
    fake_complete(items[0].call, 0);
    fake_complete(items[2].call, 0);
    pump();
    ok(items[0].called == 1 && items[2].called == 1, "%d and %d calls\n", items[0].called, items[2].called);

    /* What the call fails with, the start fails with; it is no request then. */
    fake_count = MANY_CALLS;
    error = wsasync_proto_by_number(&lookups, &items[0].request, 6);
    ok(error == WSAEWOULDBLOCK && !wsasync_outstanding(&items[0].request), "got %d\n", error);
    fake_count = 0;
    close_lookups();
}

/* Any order of starting, completing, cancelling, dispatching: each request ends once, with its own result. */
static void test_any_order(enum honesty mode)
{
    unsigned int step, seed = 12345, first_running = 0, i;
    struct item *item;
    MSG msg;

    winetest_push_context("mode %d", mode);
    open_lookups(mode, ITEMS + 2);
    fake_reset(mode, 300);
    for (step = 0; step < 6000; step++)
    {
        seed = seed * 1103515245 + 12345;
        item = items + (seed >> 20) % ITEMS;
        switch ((seed >> 16) % 4)
        {
        case 0:
            if (!wsasync_outstanding(&item->request)) begin(item);
            break;
        case 1:
            if (wsasync_outstanding(&item->request)) cancel(item);
            break;
        case 2:
            while (first_running < fake_count && fake_calls[first_running].state != RUNNING) first_running++;
            i = first_running + (seed >> 20) % 8;
            if (i < fake_count && fake_calls[i].state == RUNNING) fake_complete(fake_calls + i, 0);
            break;
        case 3:
            if (PeekMessageA(&msg, NULL, 0, 0, PM_REMOVE)) DispatchMessageA(&msg);
            break;
        }
    }
    for (i = 0; i < fake_count; i++) if (fake_calls[i].state == RUNNING) fake_complete(fake_calls + i, 0);
    pump();
    for (i = 0; i < ITEMS; i++)
        ok(items[i].started == items[i].cancelled + items[i].called,
           "item %u: %d started, %d cancelled, %d called\n", i, items[i].started, items[i].cancelled,
           items[i].called);
    ok(!fake_running && !lookups.waiting, "%u running, %u wait\n", fake_running, lookups.waiting);
    ok(mode == LIAR || !lookups.strays, "%u strays\n", lookups.strays);
    close_lookups();
    winetest_pop_context();
}

void test_helper_protocol(void)
{
    test_errors();
    test_late_message();
    test_quit();
    test_sent_messages();
    test_others_messages();
    test_growing();
    test_any_order(HONEST);
    test_any_order(LIAR);
    test_any_order(BUSY);
}
