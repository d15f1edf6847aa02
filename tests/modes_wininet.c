/*
 * Wine's own DLLs know nothing of hooks: what wininet does on a thread that has one is not made with it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "modes.h"
#include <wininet.h>

static DWORD WINAPI answer_thread(void *arg)
{
    static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    SOCKET s = accept(*(SOCKET *)arg, NULL, NULL);
    char buf[1024];

    recv(s, buf, sizeof(buf), 0);
    Sleep(60);                       /* the program waits for this */
    send(s, answer, sizeof(answer) - 1, 0);
    closesocket(s);
    return 0;
}

void test_wininet(void)
{
    HMODULE module = LoadLibraryA("wininet.dll");
    HINTERNET (WINAPI *open)(const char *, DWORD, const char *, const char *, DWORD) =
        (void *)GetProcAddress(module, "InternetOpenA");
    HINTERNET (WINAPI *connect_to)(HINTERNET, const char *, INTERNET_PORT, const char *, const char *, DWORD, DWORD,
                                   DWORD_PTR) = (void *)GetProcAddress(module, "InternetConnectA");
    HINTERNET (WINAPI *open_request)(HINTERNET, const char *, const char *, const char *, const char *, const char **, DWORD,
                                     DWORD_PTR) = (void *)GetProcAddress(module, "HttpOpenRequestA");
    BOOL (WINAPI *send_request)(HINTERNET, const char *, DWORD, void *, DWORD) =
        (void *)GetProcAddress(module, "HttpSendRequestA");
    BOOL (WINAPI *read)(HINTERNET, void *, DWORD, DWORD *) = (void *)GetProcAddress(module, "InternetReadFile");
    BOOL (WINAPI *close)(HINTERNET) = (void *)GetProcAddress(module, "InternetCloseHandle");
    HINTERNET session, connection, request;
    struct scene scene;
    char text[64];
    HANDLE thread;
    DWORD size = 0;

    if (!open || !connect_to || !open_request || !send_request || !read || !close)
    {
        win_skip("no wininet\n");
        return;
    }
    winetest_push_context("wininet");
    set_scene(&scene, ACCEPT);
    thread = CreateThread(NULL, 0, answer_thread, &scene.s, 0, NULL);
    session = open("test", INTERNET_OPEN_TYPE_DIRECT, NULL, NULL, 0);
    /* not with a URL: some Wine cannot take that apart (seen with 5.0) */
    connection = connect_to(session, "127.0.0.1", ntohs(scene.address.sin_port), NULL, NULL, INTERNET_SERVICE_HTTP, 0, 0);
    request = open_request(connection, "GET", "/", NULL, NULL, NULL, INTERNET_FLAG_RELOAD | INTERNET_FLAG_NO_CACHE_WRITE, 0);
    hook_calls();
    ok(send_request(request, NULL, 0, NULL, 0), "error %lu\n", GetLastError());
    ok(read(request, text, sizeof(text), &size) && size == 5, "got %lu bytes, error %lu\n", size, GetLastError());
    ok(!hook_calls(), "the hook is called\n");
    close(request);
    close(connection);
    close(session);
    WaitForSingleObject(thread, PATIENCE);
    CloseHandle(thread);
    end_scene(&scene);
    winetest_pop_context();
}
