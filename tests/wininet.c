/*
 * The system's own users of Winsock count apart: wininet starts Winsock too and never cleans up, and that neither keeps
 * the program's last WSACleanup from cancelling its requests nor makes a program started that has not started. It
 * knows wininet's API and a little HTTP.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"
#include "image.h"
#include <wininet.h>

static HINTERNET (WINAPI *pInternetOpenA)(LPCSTR, DWORD, LPCSTR, LPCSTR, DWORD);
static HINTERNET (WINAPI *pInternetConnectA)(HINTERNET, LPCSTR, INTERNET_PORT, LPCSTR, LPCSTR, DWORD, DWORD, DWORD_PTR);
static HINTERNET (WINAPI *pHttpOpenRequestA)(HINTERNET, LPCSTR, LPCSTR, LPCSTR, LPCSTR, LPCSTR *, DWORD, DWORD_PTR);
static BOOL (WINAPI *pHttpSendRequestA)(HINTERNET, LPCSTR, DWORD, LPVOID, DWORD);
static BOOL (WINAPI *pInternetReadFile)(HINTERNET, LPVOID, DWORD, LPDWORD);
static BOOL (WINAPI *pInternetCloseHandle)(HINTERNET);

/* --- a server for one request after the other --- */

static SOCKET listener;
static unsigned short port;

static void serve(void)
{
    static const char answer[] =
        "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    char request[2048];
    SOCKET client;
    int got, len;

    while ((client = accept(listener, NULL, NULL)) != INVALID_SOCKET)
    {
        for (len = 0; len < (int)sizeof(request) - 1; )
        {
            got = recv(client, request + len, sizeof(request) - 1 - len, 0);
            if (got <= 0) break;
            len += got;
            request[len] = 0;
            if (strstr(request, "\r\n\r\n")) break;
        }
        send(client, answer, sizeof(answer) - 1, 0);
        shutdown(client, SD_SEND);
        while (recv(client, request, sizeof(request), 0) > 0) {}
        closesocket(client);
    }
}

static void fetch(const char *when)
{
    HINTERNET session, connection, request;
    char text[16] = "";
    DWORD size = 0;

    session = pInternetOpenA("wsasync test", INTERNET_OPEN_TYPE_DIRECT, NULL, NULL, 0);
    ok(session != NULL, "%s: InternetOpen fails, error %lu\n", when, GetLastError());
    /* not with a URL: some Wine cannot take that apart (seen with 5.0) */
    connection = pInternetConnectA(session, "127.0.0.1", port, NULL, NULL, INTERNET_SERVICE_HTTP, 0, 0);
    request = pHttpOpenRequestA(connection, "GET", "/hello", NULL, NULL, NULL,
                                INTERNET_FLAG_RELOAD | INTERNET_FLAG_NO_CACHE_WRITE, 0);
    ok(request != NULL, "%s: no request, error %lu\n", when, GetLastError());
    if (pHttpSendRequestA(request, NULL, 0, NULL, 0))
    {
        ok(pInternetReadFile(request, text, sizeof(text) - 1, &size), "%s: not read, error %lu\n", when, GetLastError());
        ok(size == 5 && !memcmp(text, "hello", 5), "%s: got '%s'\n", when, text);
    }
    else ok(0, "%s: no answer, error %lu\n", when, GetLastError());
    pInternetCloseHandle(request);
    pInternetCloseHandle(connection);
    pInternetCloseHandle(session);
}

/* The server is another process: the program's last cleanup ends this one's sockets. */
static void server_child(const char *event_name, const char *mapping_name)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    int len = sizeof(address);
    HANDLE mapping = OpenFileMappingA(FILE_MAP_WRITE, FALSE, mapping_name);
    volatile LONG *shared = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, sizeof(*shared));
    HANDLE event = OpenEventA(EVENT_MODIFY_STATE, FALSE, event_name);

    start(MAKEWORD(2, 2));
    listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ok(!bind(listener, (struct sockaddr *)&address, sizeof(address)), "bind fails, error %d\n", WSAGetLastError());
    ok(!listen(listener, 5), "listen fails, error %d\n", WSAGetLastError());
    getsockname(listener, (struct sockaddr *)&address, &len);
    *shared = ntohs(address.sin_port);
    SetEvent(event);
    serve();
}

static BOOL start_server(PROCESS_INFORMATION *server)
{
    char event_name[64], mapping_name[64], args[192];
    volatile LONG *shared;
    HANDLE mapping, wait[2];

    snprintf(event_name, sizeof(event_name), "wsasync-http-%lx", GetCurrentProcessId());
    snprintf(mapping_name, sizeof(mapping_name), "wsasync-port-%lx", GetCurrentProcessId());
    wait[0] = CreateEventA(NULL, TRUE, FALSE, event_name);
    mapping = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof(*shared), mapping_name);
    shared = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, sizeof(*shared));
    snprintf(args, sizeof(args), "wininet server %s %s", event_name, mapping_name);
    if (!start_program(NULL, args, server)) return FALSE;
    wait[1] = server->hProcess;
    if (WaitForMultipleObjects(2, wait, FALSE, TIME_LIMIT * 1000) != WAIT_OBJECT_0) return FALSE;
    port = *shared;
    return port != 0;
}

static BOOL load_wininet(void)
{
    HMODULE module = LoadLibraryA("wininet.dll");

    pInternetOpenA = (void *)GetProcAddress(module, "InternetOpenA");
    pInternetConnectA = (void *)GetProcAddress(module, "InternetConnectA");
    pHttpOpenRequestA = (void *)GetProcAddress(module, "HttpOpenRequestA");
    pHttpSendRequestA = (void *)GetProcAddress(module, "HttpSendRequestA");
    pInternetReadFile = (void *)GetProcAddress(module, "InternetReadFile");
    pInternetCloseHandle = (void *)GetProcAddress(module, "InternetCloseHandle");
    return pInternetOpenA && pInternetConnectA && pHttpOpenRequestA && pHttpSendRequestA && pInternetReadFile && pInternetCloseHandle;
}

/* Started by wininet only: the program has started nothing. */
static void test_not_started(HWND hwnd)
{
    char buf[MAXGETHOSTSTRUCT];
    HANDLE handle;
    int cleanups;

    fetch("before WSAStartup");
    WSASetLastError(0xdead);
    handle = by_number(hwnd, IPPROTO_TCP, buf, sizeof(buf));
    /* Windows has one count for all. */
    todo_builtin ok((!handle && WSAGetLastError() == WSANOTINITIALISED) || broken(elsewhere && handle),
                    "got %p, error %d\n", handle, WSAGetLastError());
    if (handle) expect_completion(handle, 0, -1);
    cleanups = cleanup_all();
    /* an old Wine has ended by now what wininet started, or has not */
    todo_builtin_if(!old_wine || cleanups)
    ok(!cleanups || broken(elsewhere), "the program could clean up what it did not start\n");
}

static void test_last_cleanup(HWND hwnd, unsigned int starts)
{
    static char bufs[3][MAXGETHOSTSTRUCT];
    struct hostent *host;
    HANDLE handles[3];
    unsigned int i;
    int ret;

    winetest_push_context("%u starts", starts);
    memset(bufs, FILL, sizeof(bufs));
    for (i = 0; i < starts; i++) start(MAKEWORD(2, 2));
    fetch("started");
    for (i = 0; i < 3; i++)
    {
        handles[i] = by_name(hwnd, scripted("h%u.d1000", i + 1), bufs[i], sizeof(bufs[i]));
        ok(handles[i] != NULL, "not submitted, error %d\n", WSAGetLastError());
    }
    for (i = 1; i < starts; i++) finish();
    expect_cancel(handles[2], 0);
    ret = WSACleanup();
    ok(!ret, "WSACleanup returned %d, error %d\n", ret, WSAGetLastError());
    for (i = 0; i < 3; i++)
    {
        WSASetLastError(0xdead);
        ret = WSACancelAsyncRequest(handles[i]);
        todo_builtin ok((ret == SOCKET_ERROR && WSAGetLastError() == WSANOTINITIALISED) || broken(elsewhere),
                        "cancel after cleanup returned %d, error %d\n", ret, WSAGetLastError());
    }
    WSASetLastError(0xdead);
    ret = WSACleanup();
    todo_builtin ok((ret == SOCKET_ERROR && WSAGetLastError() == WSANOTINITIALISED) || broken(elsewhere),
                    "one cleanup too many returned %d, error %d\n", ret, WSAGetLastError());

    /* None of the three comes; they would have by now. */
    start(MAKEWORD(2, 2));
    handles[0] = WSAAsyncGetHostByName(hwnd, DONE + 1, scripted("h9.d3000"), bufs[0], 0);
    ok(take_completion(handles[0], NULL, PATIENCE), "no message after a new start\n");
    i = recorded();
    todo_builtin ok(!i || broken(elsewhere), "%u messages came after cleanup\n", i);
    forget_completions();
    todo_builtin_if(!untouched(bufs, sizeof(bufs)))
    ok(untouched(bufs, sizeof(bufs)) || broken(elsewhere), "a buffer was written after cleanup\n");
    host = gethostbyname("localhost");
    ok(host != NULL, "gethostbyname fails, error %d\n", WSAGetLastError());
    if (ours) fetch("after a new start");
    finish();
    winetest_pop_context();
}

START_TEST(wininet)
{
    PROCESS_INFORMATION server;
    unsigned int starts;
    char args[64];
    HWND hwnd;

    if (argument(1) && !strcmp(argument(1), "server"))
    {
        server_child(argument(2), argument(3));
        return;
    }
    if (!load_wininet())
    {
        win_skip("no wininet\n");
        return;
    }
    if (argument(2))
    {
        starts = atoi(argument(1));
        port = atoi(argument(2));
        hwnd = new_window();
        if (!starts) test_not_started(hwnd);
        else if (names_available()) test_last_cleanup(hwnd, starts);
        /* Its own count is what keeps it going. */
        if (ours) fetch("after the program's last cleanup");
        return;
    }
    if (!start_server(&server))
    {
        ok(0, "no server\n");
        return;
    }
    /* Each in a process of its own, that wininet has not been used in yet. */
    for (starts = 0; starts <= 3; starts++)
    {
        snprintf(args, sizeof(args), "wininet %u %u", starts, port);
        run_program(NULL, args, TIME_LIMIT, FAILURES);
    }
    TerminateProcess(server.hProcess, 0);
    CloseHandle(server.hThread);
    CloseHandle(server.hProcess);
}
