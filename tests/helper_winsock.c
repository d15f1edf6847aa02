/*
 * Implementation of helper_winsock.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"
#include "helper_winsock.h"

struct call fake_calls[MANY_CALLS];
unsigned int fake_count, fake_running;
static enum honesty honesty;
static WORD next_handle, handles;       /* reissued after so many */

void fake_reset(enum honesty how, WORD count)
{
    honesty = how;
    handles = count;
    next_handle = fake_count = fake_running = 0;
}

HANDLE WSAAPI fake_start(HWND hwnd, UINT msg, int number, char *buffer, int length)
{
    struct call *call = fake_calls + fake_count;
    unsigned int i;

    if (fake_count == MANY_CALLS)
    {
        WSASetLastError(WSAEWOULDBLOCK);
        return NULL;
    }
    do
    {
        next_handle = next_handle % handles + 1;
        for (i = 0; i < fake_count; i++)
            if (fake_calls[i].handle == next_handle && fake_calls[i].state == RUNNING) break;
    } while (i < fake_count);
    call->hwnd = hwnd;
    call->msg = msg;
    call->handle = next_handle;
    call->number = number;
    call->buffer = buffer;
    call->length = length;
    call->state = RUNNING;
    fake_count++;
    fake_running++;
    return (HANDLE)(ULONG_PTR)next_handle;
}

int WSAAPI fake_cancel(HANDLE handle)
{
    struct call *call;

    if (honesty == LIAR) return 0;
    for (call = fake_calls + fake_count - 1; call >= fake_calls; call--)
        if ((HANDLE)(ULONG_PTR)call->handle == handle) break;
    WSASetLastError(call < fake_calls ? WSAEINVAL : honesty == BUSY ? WSAEINPROGRESS : WSAEALREADY);
    if (call < fake_calls || honesty == BUSY || call->state != RUNNING) return SOCKET_ERROR;
    call->state = CANCELLED;
    fake_running--;
    return 0;
}

void fake_complete(struct call *call, int error)
{
    struct protoent protocol = { 0 };

    ok(call->state == RUNNING, "state %d\n", call->state);
    memset(call->buffer, 0xee, call->length);
    protocol.p_proto = call->number;
    if (!error) memcpy(call->buffer, &protocol, sizeof(protocol));
    call->state = POSTED;
    fake_running--;
    PostMessageA(call->hwnd, call->msg, call->handle, WSAMAKEASYNCREPLY(sizeof(protocol), error));
}
