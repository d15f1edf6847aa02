/*
 * Inside a blocking call of a process of version 1, that is in its hook, all other calls are refused, without any effect;
 * but for those that work, and only there: not on other threads, not afterwards, not in a process of version 2.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "inprogress.h"
#include "image.h"

#define EXIT_CODE 77

static struct blocked blocked;
static int calls;

#define refused(call, value) do { \
    WSASetLastError(0xdead); \
    ok((call) == (value) && WSAGetLastError() == WSAEINPROGRESS, #call ": error %d\n", WSAGetLastError()); } while (0)

static DWORD run(LPTHREAD_START_ROUTINE routine, void *arg)
{
    HANDLE thread = CreateThread(NULL, 0, routine, arg, 0, NULL);
    DWORD code = ~0u;

    ok(WaitForSingleObject(thread, PATIENCE) == WAIT_OBJECT_0, "a thread does not end\n");
    GetExitCodeThread(thread, &code);
    CloseHandle(thread);
    return code;
}

static DWORD WINAPI call_outside(void *arg)
{
    winetest_push_context("another thread");
    call_everything(OUTSIDE);
    winetest_pop_context();
    return 0;
}

static BOOL WINAPI calling_hook(void)
{
    if (calls++) return FALSE;
    call_everything(INSIDE);
    run(call_outside, NULL);
    call_everything(INSIDE);
    let_go(&blocked);
    return FALSE;
}

/* --- every export --- */

static void test_recv(void)
{
    int ret;

    winetest_push_context("recv");
    calls = 0;
    set_hook(calling_hook);
    ret = block(&blocked);
    ok(ret == 1, "got %d, error %d\n", ret, WSAGetLastError());
    todo_builtin ok(calls, "the hook is not called\n");
    call_everything(OUTSIDE);
    winetest_pop_context();
}

static void test_others(void)
{
    struct timeval time = { 0, 200000 };
    fd_set set;
    int ret;

    if (!names_available()) return;
    calls = 0;
    set_hook(calling_hook);
    winetest_push_context("gethostbyname");
    ok(gethostbyname(scripted("h1.d200")) != NULL, "error %d\n", WSAGetLastError());
    todo_builtin ok(calls, "the hook is not called\n");
    call_everything(OUTSIDE);
    winetest_pop_context();

    calls = 0;
    set_hook(calling_hook);
    winetest_push_context("select");
    FD_ZERO(&set);
    FD_SET(blocked.sender, &set);
    ret = select(0, &set, NULL, NULL, &time);
    ok(!ret, "got %d, error %d\n", ret, WSAGetLastError());
    todo_builtin ok(calls, "the hook is not called\n");
    call_everything(OUTSIDE);
    winetest_pop_context();
    WSAUnhookBlockingHook();
}

static BOOL WINAPI cancelling_hook(void)
{
    calls++;
    WSACancelBlockingCall();
    return FALSE;
}

static BOOL WINAPI patient_hook(void)
{
    calls++;
    return FALSE;
}

/* However a call has ended, nothing is refused after it. */
static void test_endings(void)
{
    DWORD timeout = 100;
    int ret;

    winetest_push_context("cancelled");
    calls = 0;
    set_hook(cancelling_hook);
    ret = block(&blocked);
    todo_builtin ok(ret == SOCKET_ERROR && WSAGetLastError() == WSAEINTR, "got %d, error %d\n", ret, WSAGetLastError());
    todo_builtin ok(calls, "the hook is not called\n");
    WSAUnhookBlockingHook();    /* would cancel the others, too */
    call_everything(OUTSIDE);
    winetest_pop_context();

    winetest_push_context("timed out");
    calls = 0;
    set_hook(patient_hook);
    setsockopt(blocked.socket, SOL_SOCKET, SO_RCVTIMEO, (char *)&timeout, sizeof(timeout));
    blocked.bound = 10000;
    ret = block(&blocked);
    ok(ret == SOCKET_ERROR && WSAGetLastError() == WSAETIMEDOUT, "got %d, error %d\n", ret, WSAGetLastError());
    todo_builtin ok(calls, "the hook is not called\n");
    call_everything(OUTSIDE);
    WSAUnhookBlockingHook();
    winetest_pop_context();
}

/* --- what is refused has no effect --- */

static SOCKET idle, listener, pair[2];
static struct sockaddr_in bound;

static void open_sockets(void)
{
    int size = sizeof(bound);

    memset(&bound, 0, sizeof(bound));
    bound.sin_family = AF_INET;
    bound.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    idle = socket(AF_INET, SOCK_STREAM, 0);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    ok(!bind(listener, (struct sockaddr *)&bound, sizeof(bound)) && !listen(listener, 2)
       && !getsockname(listener, (struct sockaddr *)&bound, &size)
       && !connect(pair[0], (struct sockaddr *)&bound, sizeof(bound)), "no sockets, error %d\n", WSAGetLastError());
    pair[1] = accept(listener, NULL, NULL);
    ok(send(pair[1], "?", 1, 0) == 1, "send fails, error %d\n", WSAGetLastError());
}

static void refuse_all(void)
{
    struct sockaddr_in address;
    char buf[64], name[64];
    int size = sizeof(address), value = 1, i;
    WSABUF wsabuf = { sizeof(buf), buf };
    struct timeval time = { 0 };
    DWORD bytes, flags = 0;
    WSADATA *data = walled(sizeof(*data));
    u_long one = 1, number = 0xdead;
    fd_set set;

    memset(buf, FILL, sizeof(buf));
    memset(name, FILL, sizeof(name));
    memset(&address, FILL, sizeof(address));
    for (i = 0; i < 3; i++) refused(WSACleanup(), SOCKET_ERROR);
    ok(WSAStartup(MAKEWORD(1, 1), data) == WSAEINPROGRESS, "started\n");
    ok(WSAStartup(MAKEWORD(2, 2), data) == WSAEINPROGRESS, "started\n");
    ok(WSAStartup(MAKEWORD(0, 0), NULL) == WSAEINPROGRESS, "started\n");
    ok(untouched(data, sizeof(*data)), "data of a refused start is written\n");

    refused(closesocket(blocked.socket), SOCKET_ERROR);
    refused(closesocket(idle), SOCKET_ERROR);
    refused(closesocket(pair[0]), SOCKET_ERROR);
    refused(shutdown(pair[0], SD_BOTH), SOCKET_ERROR);
    refused(WSASendDisconnect(pair[0], NULL), SOCKET_ERROR);
    refused(recv(pair[0], buf, sizeof(buf), 0), SOCKET_ERROR);
    refused(recvfrom(pair[0], buf, sizeof(buf), 0, (struct sockaddr *)&address, &size), SOCKET_ERROR);
    refused(WSARecv(pair[0], &wsabuf, 1, &bytes, &flags, NULL, NULL), SOCKET_ERROR);
    refused(send(pair[0], "x", 1, 0), SOCKET_ERROR);
    refused(sendto(pair[0], "x", 1, 0, NULL, 0), SOCKET_ERROR);
    wsabuf.len = 1;
    refused(WSASend(pair[0], &wsabuf, 1, &bytes, 0, NULL, NULL), SOCKET_ERROR);
    FD_ZERO(&set);
    FD_SET(idle, &set);
    FD_SET(pair[0], &set);
    refused(select(0, &set, NULL, NULL, &time), SOCKET_ERROR);
    ok(set.fd_count == 2 && set.fd_array[0] == idle && set.fd_array[1] == pair[0], "the sets have changed\n");
    ok(__WSAFDIsSet(idle, &set), "__WSAFDIsSet does not work\n");

    refused(ioctlsocket(pair[0], FIONBIO, &one), SOCKET_ERROR);
    refused(ioctlsocket(pair[0], FIONREAD, &number), SOCKET_ERROR);
    refused(WSAIoctl(pair[0], FIONBIO, &one, sizeof(one), NULL, 0, &bytes, NULL, NULL), SOCKET_ERROR);
    refused(WSAAsyncSelect(pair[0], NULL, 0, 0), SOCKET_ERROR);
    refused(WSAEventSelect(pair[0], NULL, FD_READ), SOCKET_ERROR);
    refused(setsockopt(pair[0], SOL_SOCKET, SO_KEEPALIVE, (char *)&value, sizeof(value)), SOCKET_ERROR);
    refused(bind(idle, (struct sockaddr *)&address, sizeof(address)), SOCKET_ERROR);
    refused(listen(idle, 1), SOCKET_ERROR);
    refused(connect(idle, (struct sockaddr *)&bound, sizeof(bound)), SOCKET_ERROR);
    refused(WSAConnect(idle, (struct sockaddr *)&bound, sizeof(bound), NULL, NULL, NULL, NULL), SOCKET_ERROR);
    refused(accept(listener, (struct sockaddr *)&address, &size), INVALID_SOCKET);
    refused(getpeername(pair[0], (struct sockaddr *)&address, &size), SOCKET_ERROR);
    refused(getsockname(pair[0], (struct sockaddr *)&address, &size), SOCKET_ERROR);
    refused(gethostname(name, sizeof(name)), SOCKET_ERROR);
    refused(socket(AF_INET, SOCK_STREAM, 0), INVALID_SOCKET);
    refused(WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED), INVALID_SOCKET);
    ok(untouched(buf, sizeof(buf)) && untouched(name, sizeof(name)) && untouched(&address, sizeof(address))
       && size == sizeof(address) && number == 0xdead, "a refused call has written\n");

    /* What works, works on what there is. */
    ok(!WSAHtonl(pair[0], 0x01020304, &number) && number == 0x04030201, "WSAHtonl: %#lx\n", number);
    size = sizeof(buf);
    bytes = sizeof(buf);
    ok(!WSAAddressToStringA((struct sockaddr *)&bound, sizeof(bound), NULL, buf, &bytes)
       && !strncmp(buf, "127.0.0.1:", 10), "WSAAddressToStringA: error %d\n", WSAGetLastError());
    free_pages(data);
}

static BOOL WINAPI refusing_hook(void)
{
    if (!calls++) refuse_all();
    let_go(&blocked);
    return FALSE;
}

static void test_effect(void)
{
    struct sockaddr_in name;
    int value = 0, size = sizeof(value), ret;
    DWORD timeout = 100;
    u_long left = 0;
    char buf[16];

    winetest_push_context("no effect");
    calls = 0;
    open_sockets();
    set_hook(refusing_hook);
    ret = block(&blocked);
    ok(ret == 1, "got %d, error %d\n", ret, WSAGetLastError());
    todo_builtin ok(calls, "the hook is not called\n");
    WSAUnhookBlockingHook();

    ret = getsockopt(pair[0], SOL_SOCKET, SO_KEEPALIVE, (char *)&value, &size);
    ok(!ret && !value, "got %d, error %d, the option is %d\n", ret, WSAGetLastError(), value);
    ret = recv(pair[0], buf, sizeof(buf), 0);
    ok(ret == 1 && buf[0] == '?', "got %d, error %d\n", ret, WSAGetLastError());
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, (char *)&timeout, sizeof(timeout));
    ret = recv(pair[0], buf, sizeof(buf), 0);
    ok(ret == SOCKET_ERROR && WSAGetLastError() == WSAETIMEDOUT, "got %d, error %d\n", ret, WSAGetLastError());
    ok(send(pair[0], "!", 1, 0) == 1, "error %d\n", WSAGetLastError());
    ret = recv(pair[1], buf, sizeof(buf), 0);
    ok(ret == 1 && buf[0] == '!', "got %d, error %d: %c\n", ret, WSAGetLastError(), buf[0]);
    ok(!ioctlsocket(pair[1], FIONREAD, &left) && !left, "%lu bytes more\n", left);
    size = sizeof(name);
    ok(getsockname(idle, (struct sockaddr *)&name, &size) && WSAGetLastError() == WSAEINVAL, "bound, error %d\n",
       WSAGetLastError());
    ok(!connect(idle, (struct sockaddr *)&bound, sizeof(bound)), "error %d\n", WSAGetLastError());
    ok(!closesocket(idle) && !closesocket(listener) && !closesocket(pair[0]) && !closesocket(pair[1]), "error %d\n",
       WSAGetLastError());
    winetest_pop_context();
}

/* --- the asynchronous calls --- */

static HWND window;
static HANDLE pending, other;
static char results[8][256];

static DWORD WINAPI cancel_other(void *arg)
{
    return WSACancelAsyncRequest(other) ? WSAGetLastError() : 0;
}

static BOOL WINAPI async_hook(void)
{
    char *unused = walled(256);
    DWORD error;

    if (calls++) return FALSE;
    expect_refused(by_name(window, "127.0.0.1", unused, 256), WSAEINPROGRESS);
    expect_refused(by_addr(window, "127.0.0.1", unused, 256), WSAEINPROGRESS);
    expect_refused(by_service(window, "ftp", NULL, unused, 256), WSAEINPROGRESS);
    expect_refused(by_port(window, 21, NULL, unused, 256), WSAEINPROGRESS);
    expect_refused(by_protocol(window, "tcp", unused, 256), WSAEINPROGRESS);
    expect_refused(by_number(window, 6, unused, 256), WSAEINPROGRESS);
    expect_refused(by_name(NULL, NULL, NULL, 0), WSAEINPROGRESS);
    expect_cancel(pending, WSAEINPROGRESS);
    expect_cancel(other, WSAEINPROGRESS);
    expect_cancel(NULL, WSAEINPROGRESS);
    expect_cancel((HANDLE)0xffff, WSAEINPROGRESS);

    /* They go on, their messages come to a hook that pumps, and other threads cancel. */
    error = run(cancel_other, NULL);
    ok(!error, "cancel on another thread: error %lu\n", error);
    expect_completion(pending, 0, -1);
    expect_cancel(pending, WSAEINPROGRESS);
    pending = NULL;
    ok(untouched(unused, 256), "a refused call has written\n");
    free_pages(unused);
    let_go(&blocked);
    return FALSE;
}

static void test_async(void)
{
    int ret;

    if (!names_available()) return;
    winetest_push_context("async");
    window = new_window();
    calls = 0;
    set_hook(async_hook);
    pending = by_name(window, scripted("h3.d300"), results[0], sizeof(results[0]));
    other = by_name(window, scripted("h4.d%u", ours ? 20000 : 200), results[1], sizeof(results[1]));
    ret = block(&blocked);
    ok(ret == 1, "got %d, error %d\n", ret, WSAGetLastError());
    todo_builtin ok(calls, "the hook is not called\n");
    todo_builtin ok(!pending, "its message did not come inside\n");
    if (pending)
    {
        expect_completion(pending, 0, -1);
        expect_completion(other, 0, -1);
    }
    expect_silence();
    expect_completion(by_number(window, 6, results[0], sizeof(results[0])), 0, -1);
    WSAUnhookBlockingHook();
    DestroyWindow(window);
    winetest_pop_context();
}

/* --- the end of the process in a hook --- */

static const char *way;

static DWORD WINAPI exit_process(void *arg)
{
    ExitProcess(EXIT_CODE);
}

static BOOL WINAPI exiting_hook(void)
{
    static HANDLE thread;

    if (!strcmp(way, "exit")) exit(EXIT_CODE);
    if (!strcmp(way, "ExitProcess")) ExitProcess(EXIT_CODE);
    if (!thread) thread = CreateThread(NULL, 0, exit_process, NULL, 0, NULL);
    if (!strcmp(way, "while the hook runs")) Sleep(INFINITE);
    return FALSE;
}

static void exit_child(const char *call, const char *how)
{
    struct timeval time = { ours ? 30 : 0, 100000 };
    fd_set set;

    way = how;
    winetest_debug = 0;
    start(MAKEWORD(1, 1));
    open_blocked(&blocked);
    blocked.bound = ours ? PATIENCE : 100;
    if (strcmp(how, "not at all")) set_hook(exiting_hook);
    if (!strcmp(call, "recv")) block(&blocked);
    else if (!strcmp(call, "gethostbyname")) gethostbyname(scripted(ours ? "never.h1" : "h1.d100"));
    else
    {
        FD_ZERO(&set);
        FD_SET(blocked.socket, &set);
        select(0, &set, NULL, NULL, &time);
    }
    ExitProcess(EXIT_CODE + 1);
}

static void test_exit(void)
{
    static const char *const names[] = { "recv", "gethostbyname", "select" };
    static const char *const ways[] = { "ExitProcess", "exit", "thread", "\"while the hook runs\"" };
    unsigned int i, k;
    char args[128];

    if (!names_available()) return;
    for (i = 0; i < ARRAY_SIZE(names); i++)
        for (k = 0; k < ARRAY_SIZE(ways); k++)
        {
            winetest_push_context("%s, %s", names[i], ways[k]);
            snprintf(args, sizeof(args), "inprogress %s %s", names[i], ways[k]);
            /* What waits for a lookup to end, takes half a minute. */
            todo_builtin run_program(NULL, args, 20, EXIT_CODE);
            winetest_pop_context();
        }
}

START_TEST(inprogress)
{
    if (argument(1))
    {
        exit_child(argument(1), argument(2));
        return;
    }
    test_table();
    start(MAKEWORD(1, 1));
    open_blocked(&blocked);
    call_everything(BEFORE);
    test_recv();
    test_others();
    test_endings();
    close_blocked(&blocked);
    open_blocked(&blocked);
    test_effect();
    test_async();
    close_blocked(&blocked);
    /* No start and no cleanup inside has counted. */
    ok(cleanup_all() == 1, "another number of cleanups than of starts\n");

    start(MAKEWORD(2, 2));
    todo_builtin expect_not_set((FARPROC)(void *)patient_hook, WSAEOPNOTSUPP);
    open_blocked(&blocked);
    block_plainly(&blocked);
    call_everything(MODERN);
    close_blocked(&blocked);
    finish();
    test_exit();
}
