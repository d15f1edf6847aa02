/*
 * The unit shortage: connections by name, and the catalogs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "shortage.h"
#include "connectby.h"
#include "image.h"

/* --- connecting --- */

enum way { WIDE, NARROW, TIMED, BY_LIST };

static void connect_by(enum way way)
{
    struct sockaddr_in remote, address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    SOCKET_ADDRESS_LIST list = { .iAddressCount = 1, .Address = { { (struct sockaddr *)&address, sizeof(address) } } };
    struct timeval patience = { PATIENCE / 1000, 0 };
    DWORD size = sizeof(remote);
    WORD port = 0;
    SOCKET listener = listen_at("127.0.0.1", &port), s, accepted;
    BOOL connected;
    int i;

    by_name_a = (void *)GetProcAddress(winsock(), "WSAConnectByNameA");
    by_name_w = (void *)GetProcAddress(winsock(), "WSAConnectByNameW");
    by_list = (void *)GetProcAddress(winsock(), "WSAConnectByList");
    if (way == BY_LIST ? !by_list : !by_name_a || !by_name_w)
    {
        todo_builtin ok(0, "no such function\n");
        closesocket(listener);
        return;
    }
    address.sin_port = htons(port);
    fall_short();
    s = socket(AF_INET, SOCK_STREAM, 0);
    memset(&remote, FILL, sizeof(remote));
    for (i = 0, connected = FALSE; i < 2 && !connected; i++)
    {
        WSASetLastError(0xdead);
        if (way == BY_LIST)
            connected = by_list(s, &list, NULL, NULL, &size, (struct sockaddr *)&remote, &patience, NULL);
        else if (way == WIDE)
            connected = by_name_w(s, wide(quick_name), wide(decimal(port)), NULL, NULL, &size, (struct sockaddr *)&remote,
                                  NULL, NULL);
        else
            connected = by_name_a(s, quick_name, decimal(port), NULL, NULL, &size, (struct sockaddr *)&remote,
                                  way == TIMED ? &patience : NULL, NULL);
        worked(connected, WSAENOBUFS, WSAENOBUFS);
        ok(connected || (untouched(&remote, sizeof(remote)) && size == sizeof(remote)), "an error, and an address\n");
        if (!i) suffice();
        else ok(connected, "not connected when there is enough, error %d\n", WSAGetLastError());
    }
    ok(!connected || remote.sin_port == htons(port), "port %u\n", ntohs(remote.sin_port));
    if (connected)
    {
        accepted = accept(listener, NULL, NULL);
        ok(accepted != INVALID_SOCKET, "no connection, error %d\n", WSAGetLastError());
        closesocket(accepted);
    }
    closesocket(s);
    closesocket(listener);
}

static void connect_wide(void) { connect_by(WIDE); }
static void connect_narrow(void) { connect_by(NARROW); }
static void connect_timed(void) { connect_by(TIMED); }
static void connect_by_list(void) { connect_by(BY_LIST); }

/* --- catalogs --- */

static void list_spaces(const char *function, BOOL everywhere)
{
    INT (WINAPI *list)(DWORD *, void *) = (void *)GetProcAddress(winsock(), function);
    char result[1000];
    DWORD size = sizeof(result);

    if (!list && !everywhere) return;
    WSASetLastError(0xdead);
    todo_builtin ok(list(&size, result) == 1, "%s: error %d\n", function, WSAGetLastError());
}

static void spaces(void)
{
    fall_short();
    list_spaces("WSAEnumNameSpaceProvidersW", TRUE);
    list_spaces("WSAEnumNameSpaceProvidersA", TRUE);
    list_spaces("WSAEnumNameSpaceProvidersExW", FALSE);
    list_spaces("WSAEnumNameSpaceProvidersExA", FALSE);
}

static void changes(void)
{
    INT (WINAPI *notify)(HANDLE *, OVERLAPPED *, void *) = (void *)GetProcAddress(winsock(), "WSAProviderConfigChange");
    HANDLE handle = NULL;

    if (!ours && deadly("WSAProviderConfigChange")) return;
    fall_short();
    if (worked(!notify(&handle, NULL, NULL), WSA_NOT_ENOUGH_MEMORY, WSA_NOT_ENOUGH_MEMORY))
    {
        ok(handle != NULL, "no handle\n");
        close_theirs(handle);
    }
    else ok(!handle, "handle %p with an error\n", handle);
}

const struct scenario connect_scenarios[] =
{
    { "WSAConnectByNameW", connect_wide, FALSE },
    { "WSAConnectByNameA", connect_narrow, FALSE },
    { "WSAConnectByNameA, timeout", connect_timed, FALSE },
    { "WSAConnectByList", connect_by_list, FALSE },
    { "WSAEnumNameSpaceProviders", spaces, FALSE },
    { "WSAProviderConfigChange", changes, FALSE },
    { NULL, NULL, FALSE }
};
