/*
 * legacy_server: the quote of the day (RFC 865), served as it was in 1996. Winsock 1.1, imported from WSOCK32.dll by
 * ordinal; one thread; a window that WSAAsyncSelect tells of visitors. Whoever connects gets the quote and is shown
 * out. It takes all visitors there are, until WSAEWOULDBLOCK, and then waits to be told of the next.
 *
 *     legacy_server [PORT [SECONDS]]       port 17, for ever; after SECONDS it says how many it served
 *
 * It must not know wsasync: it is what cannot be changed any more.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <winsock.h>
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>

#define WM_VISITOR (WM_USER + 1)

static const char quote[] = "Patience is a virtue.\r\n";
static SOCKET door;
static unsigned int port = 17, seconds;
static int served;

static BOOL open_door(HWND window)
{
    struct sockaddr_in address = { 0 };

    address.sin_family = AF_INET;
    address.sin_port = htons((u_short)port);
    door = socket(AF_INET, SOCK_STREAM, 0);
    return door != INVALID_SOCKET && !bind(door, (struct sockaddr *)&address, sizeof(address)) && !listen(door, 5)
        && !WSAAsyncSelect(door, window, WM_VISITOR, FD_ACCEPT);
}

static void let_in(void)
{
    SOCKET visitors[64];
    int i, count = 0;

    while (count < 64 && (visitors[count] = accept(door, NULL, NULL)) != INVALID_SOCKET) count++;
    for (i = 0; i < count; i++)
    {
        send(visitors[i], quote, sizeof(quote) - 1, 0);
        closesocket(visitors[i]);
    }
    served += count;
}

static LRESULT CALLBACK window_proc(HWND window, UINT message, WPARAM wparam, LPARAM lparam)
{
    switch (message)
    {
    case WM_CREATE:
        if (seconds) SetTimer(window, 1, seconds * 1000, NULL);
        return open_door(window) ? 0 : -1;
    case WM_VISITOR:
        if (WSAGETSELECTEVENT(lparam) == FD_ACCEPT) let_in();
        return 0;
    case WM_TIMER:
        DestroyWindow(window);
        return 0;
    case WM_DESTROY:
        closesocket(door);
        PostQuitMessage(0);
        return 0;
    }
    return DefWindowProc(window, message, wparam, lparam);
}

int WINAPI WinMain(HINSTANCE instance, HINSTANCE previous, LPSTR command_line, int show)
{
    static WNDCLASS class;
    HWND window;
    WSADATA data;
    MSG msg;

    (void)previous;
    if (WSAStartup(MAKEWORD(1, 1), &data) || data.wVersion != MAKEWORD(1, 1)) return 1;
    if (*command_line) port = strtoul(command_line, &command_line, 10);
    seconds = strtoul(command_line, NULL, 10);
    class.lpfnWndProc = window_proc;
    class.hInstance = instance;
    class.hCursor = LoadCursor(NULL, IDC_ARROW);
    class.hbrBackground = (HBRUSH)(COLOR_WINDOW + 1);
    class.lpszClassName = "legacy server";
    if (!RegisterClass(&class)) return 1;
    window = CreateWindow(class.lpszClassName, "Quote of the day", WS_OVERLAPPEDWINDOW, CW_USEDEFAULT, CW_USEDEFAULT,
                          300, 100, NULL, NULL, instance, NULL);
    if (!window) return 1;
    if (!seconds) ShowWindow(window, show);
    while (GetMessage(&msg, NULL, 0, 0)) DispatchMessage(&msg);
    WSACleanup();
    printf("served=%d\n", served);
    return 0;
}
