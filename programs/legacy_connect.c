/*
 * The connect of the legacy client, as programs did it that had no time for WSAAsyncSelect: gethostbyname() and
 * connect() that block, and a blocking hook that keeps the window alive meanwhile. Owns the hook and the
 * attempt; knows the window only as something that gets messages. While a call blocks nothing else may be asked
 * of Winsock: whoever could, asks WSAIsBlocking() first.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "legacy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The specification's example; WM_QUIT it leaves to the reader. */
static BOOL CALLBACK pump(void)
{
    MSG msg;
    BOOL there;

    saw_hook();
    there = PeekMessage(&msg, NULL, 0, 0, PM_REMOVE);
    if (!there) return FALSE;
    if (msg.message != WM_QUIT)
    {
        handle_message(&msg);
        return TRUE;
    }
    PostQuitMessage(msg.wParam);    /* is meant for the main loop */
    WSACancelBlockingCall();
    return FALSE;
}

/* Returns 0 or the error. */
static int find(const char *name, struct in_addr *address)
{
    const struct hostent *host;

    address->s_addr = inet_addr(name);
    if (address->s_addr != INADDR_NONE) return 0;
    host = gethostbyname(name);
    if (!host) return WSAGetLastError();
    memcpy(address, host->h_addr, sizeof(*address));
    return 0;
}

static int attempt(const char *name, unsigned short port)
{
    struct sockaddr_in peer;
    SOCKET s;
    int error;

    memset(&peer, 0, sizeof(peer));
    peer.sin_family = AF_INET;
    peer.sin_port = htons(port);
    error = find(name, &peer.sin_addr);
    if (error) return error;
    s = socket(AF_INET, SOCK_STREAM, 0);
    if (s == INVALID_SOCKET) return WSAGetLastError();
    if (connect(s, (struct sockaddr *)&peer, sizeof(peer)) == SOCKET_ERROR) error = WSAGetLastError();
    closesocket(s);             /* what would be said to the peer is not this program's part */
    return error;
}

const char *connect_to(const char *typed)
{
    static char text[64];
    char name[256], *colon;
    int error;

    strncpy(name, typed, sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    colon = strchr(name, ':');
    if (colon) *colon++ = 0;

    saw_connect();
    WSASetBlockingHook((FARPROC)(void *)pump);
    error = attempt(name, colon ? atoi(colon) : 80);
    WSAUnhookBlockingHook();
    saw_connect_end(error);

    if (!error) return "connected";
    if (error == WSAEINTR) return "given up";
    sprintf(text, "no connection (error %d)", error);
    return text;
}

void give_up(void)
{
    if (WSAIsBlocking()) WSACancelBlockingCall();
}
