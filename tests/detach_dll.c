/*
 * detach.dll: a DLL as legacy programs have them, which from its DLL_PROCESS_DETACH cancels its requests and calls
 * WSACleanup. It imports ws2_32, so it is detached before that is. It knows no test: it reports to detach.h's memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <winsock2.h>
#include <windows.h>
#include "detach.h"

static struct detach_report *report;
static HWND window;
static HANDLE requests[DETACH_HANDLES];
static unsigned int request_count;
static char buffer[MAXGETHOSTSTRUCT];

void __declspec(dllexport) watch(struct detach_report *where, HWND hwnd, const HANDLE *handles, unsigned int count)
{
    for (request_count = 0; request_count < count && request_count < DETACH_HANDLES; request_count++)
        requests[request_count] = handles[request_count];
    window = hwnd;
    report = where;
}

static void detach(BOOL process_ended)
{
    unsigned int i;

    report->process_ended = process_ended;
    InterlockedIncrement(&report->begun);
    for (i = 0; i < request_count; i++) report->cancel[i] = WSACancelAsyncRequest(requests[i]);
    WSACancelAsyncRequest(NULL);
    WSACancelAsyncRequest((HANDLE)(ULONG_PTR)0xffff);
    if (process_ended)
    {
        WSADATA data;

        report->submitted = WSAAsyncGetProtoByNumber(window, WM_APP, 6, buffer, sizeof(buffer)) != NULL;
        WSAStartup(MAKEWORD(2, 2), &data);
    }
    while (report->cleanups < 100 && !WSACleanup()) report->cleanups++;
    report->error = WSAGetLastError();
    InterlockedIncrement(&report->done);
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved)
{
    (void)instance;
    if (reason == DLL_PROCESS_DETACH && report) detach(reserved != NULL);
    return TRUE;
}
