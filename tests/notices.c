/*
 * Implementation of notices.h. It knows the documented API only, and no test.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "notices.h"
#include <stdlib.h>

void open_notice(struct notice *notice, enum way way)
{
    static volatile LONG opened;

    memset(notice, 0, sizeof(*notice));
    notice->way = way;
    if (way == BY_MESSAGE)
    {
        notice->window = new_window();
        notice->message = WM_APP + InterlockedIncrement(&opened) % 0x100;
    }
    else
        notice->event = CreateEventW(NULL, way == BY_EVENT_ENUM, FALSE, NULL);
}

void close_notice(struct notice *notice)
{
    if (notice->window) DestroyWindow(notice->window);
    if (notice->event) CloseHandle(notice->event);
}

int select_events(const struct notice *notice, SOCKET s, long mask)
{
    if (notice->way == BY_MESSAGE) return WSAAsyncSelect(s, notice->window, notice->message, mask);
    return WSAEventSelect(s, notice->event, mask);
}

int deselect_events(const struct notice *notice, SOCKET s)
{
    if (notice->way == BY_MESSAGE) return WSAAsyncSelect(s, notice->window, 0, 0);
    return WSAEventSelect(s, NULL, 0);
}

static long next_message(const struct notice *notice, SOCKET s, DWORD ms)
{
    DWORD begin = GetTickCount(), passed = 0;
    MSG msg;

    for (;;)
    {
        while (PeekMessageW(&msg, notice->window, notice->message, notice->message, PM_REMOVE))
            if (msg.wParam == s) return WSAGETSELECTEVENT(msg.lParam);
        passed = GetTickCount() - begin;
        if (passed >= ms) return 0;
        MsgWaitForMultipleObjectsEx(0, NULL, ms - passed, QS_ALLINPUT, MWMO_INPUTAVAILABLE);
    }
}

long notified(const struct notice *notice, SOCKET s, DWORD ms)
{
    WSANETWORKEVENTS events;

    if (notice->way == BY_MESSAGE) return next_message(notice, s, ms);
    if (WaitForSingleObject(notice->event, ms)) return 0;
    if (notice->way == BY_EVENT) return FD_ALL_EVENTS;
    if (WSAEnumNetworkEvents(s, notice->event, &events)) return 0;
    return events.lNetworkEvents;
}

unsigned int forget_notices(const struct notice *notice, SOCKET s)
{
    unsigned int count = 0;

    while (notified(notice, s, 0)) count++;
    return count;
}

void listen_on_loopback(SOCKET s, struct sockaddr_in *address)
{
    int len = sizeof(*address);

    memset(address, 0, sizeof(*address));
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(s, (struct sockaddr *)address, sizeof(*address))
        || getsockname(s, (struct sockaddr *)address, &len) || listen(s, SOMAXCONN))
        winetest_ok(0, "no listener, error %d\n", WSAGetLastError());
}

SOCKET new_listener(struct sockaddr_in *address)
{
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);

    listen_on_loopback(s, address);
    return s;
}

SOCKET visit(const struct sockaddr_in *address)
{
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);

    if (connect(s, (const struct sockaddr *)address, sizeof(*address)))
        winetest_ok(0, "no connection, error %d\n", WSAGetLastError());
    return s;
}

void new_pair(SOCKET pair[2])
{
    struct sockaddr_in address;
    SOCKET listener = new_listener(&address);

    pair[0] = visit(&address);
    pair[1] = accept(listener, NULL, NULL);
    if (pair[1] == INVALID_SOCKET) winetest_ok(0, "no pair, error %d\n", WSAGetLastError());
    closesocket(listener);
}

unsigned int noise(unsigned int *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 16;
}

DWORD run_length(DWORD ms)
{
    const char *seconds = argument(1);

    return seconds ? strtoul(seconds, NULL, 10) * 1000 : ms;
}
