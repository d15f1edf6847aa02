/*
 * legacy: a name finder as they were written in 1996. Winsock 1.1, imported from WSOCK32.dll by ordinal; a
 * window procedure; one static buffer of MAXGETHOSTSTRUCT bytes for all lookups. The next name the user types
 * cancels the lookup before, closing the window cancels and frees. Like many of its time it cancels without
 * asking whether there is anything to cancel, and believes the answer, as the specification says it may:
 * nothing comes any more, and the buffer is its own again. It also connects (legacy_connect.c).
 *
 * With words on the command line it plays them instead of waiting for a user, and reports what it saw
 * (legacy.h). It must not know wsasync: it is what cannot be changed any more.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "legacy.h"

#include <stdio.h>
#include <string.h>

#define WM_HOST_FOUND (WM_USER + 1)

enum { ID_LOOK_UP = IDOK, ID_CANCEL = IDCANCEL, ID_EDIT = 100, ID_CONNECT, ID_ANSWER, ID_HISTORY };

static HINSTANCE instance;
static HWND window, edit, answer, history;
static BOOL scripted;

static char *host_buffer;       /* of all lookups; there while the window is */
static HANDLE task;             /* the latest lookup's */
static char host_name[256];     /* its name */
static BOOL answered;           /* it is over */
static int host_error;          /* how */

/* Over a Winsock that writes at any time, no pointer in the buffer can be trusted. */
static BOOL in_buffer(const void *ptr, int size)
{
    return (const char *)ptr >= host_buffer && (const char *)ptr + size <= host_buffer + MAXGETHOSTSTRUCT;
}

/* What is in the buffer now, for the user. */
static const char *answer_text(void)
{
    const struct hostent *host = (const struct hostent *)host_buffer;
    static char text[64];
    char *address = NULL;

    if (host_error)
    {
        sprintf(text, "not found (error %d)", host_error);
        return text;
    }
    if (in_buffer(host->h_addr_list, sizeof(char *))) address = host->h_addr_list[0];
    if (!in_buffer(address, sizeof(struct in_addr))) return "nothing sensible";
    return strcpy(text, inet_ntoa(*(struct in_addr *)address));
}

static void cancel_lookup(void)
{
    saw_cancel(task, WSACancelAsyncRequest(task) == SOCKET_ERROR ? WSAGetLastError() : 0);
}

static void look_up(void)
{
    unsigned long address;
    char line[400];

    if (answered)               /* the name before moves to the list, with what the buffer says of it */
    {
        saw_answer(answer_text());
        sprintf(line, "%s  %s", host_name, answer_text());
        SendMessage(history, LB_ADDSTRING, 0, (LPARAM)line);
    }
    cancel_lookup();

    GetWindowText(edit, host_name, sizeof(host_name));
    SetWindowText(edit, "");
    SetWindowText(answer, "...");
    answered = FALSE;
    address = inet_addr(host_name);
    if (address == INADDR_NONE)
        task = WSAAsyncGetHostByName(window, WM_HOST_FOUND, host_name, host_buffer, MAXGETHOSTSTRUCT);
    else
        task = WSAAsyncGetHostByAddr(window, WM_HOST_FOUND, (char *)&address, sizeof(address), PF_INET,
                                     host_buffer, MAXGETHOSTSTRUCT);
    if (task) saw_request(task, host_name);
    else SetWindowText(answer, "Winsock does not take it");
}

static void host_found(HANDLE which, int error)
{
    saw_message(which, which == task);
    if (which != task) return;  /* of a name that the user has given up */
    answered = TRUE;
    host_error = error;
    saw_answer(answer_text());
    SetWindowText(answer, answer_text());
}

static void connect_now(void)
{
    char typed[256];

    GetWindowText(edit, typed, sizeof(typed));
    SetWindowText(answer, "connecting ...");
    SetWindowText(answer, connect_to(typed));
}

static HWND add_control(HWND parent, const char *class, const char *text, DWORD style, int id, int x, int y,
                        int width, int height)
{
    return CreateWindow(class, text, WS_CHILD | WS_VISIBLE | style, x, y, width, height, parent,
                        (HMENU)(INT_PTR)id, instance, NULL);
}

static LRESULT CALLBACK window_proc(HWND hwnd, UINT message, WPARAM wparam, LPARAM lparam)
{
    switch (message)
    {
    case WM_CREATE:
        edit = add_control(hwnd, "EDIT", "", WS_BORDER | WS_TABSTOP | ES_AUTOHSCROLL, ID_EDIT, 8, 8, 260, 22);
        add_control(hwnd, "BUTTON", "Look up", WS_TABSTOP | BS_DEFPUSHBUTTON, ID_LOOK_UP, 276, 8, 80, 22);
        add_control(hwnd, "BUTTON", "Connect", WS_TABSTOP, ID_CONNECT, 188, 36, 80, 22);
        add_control(hwnd, "BUTTON", "Cancel", WS_TABSTOP, ID_CANCEL, 276, 36, 80, 22);
        answer = add_control(hwnd, "STATIC", "", SS_LEFT, ID_ANSWER, 8, 40, 172, 20);
        history = add_control(hwnd, "LISTBOX", "", WS_BORDER | WS_VSCROLL | LBS_NOINTEGRALHEIGHT, ID_HISTORY,
                              8, 66, 348, 148);
        host_buffer = heap_alloc(MAXGETHOSTSTRUCT);
        task = 0;
        answered = FALSE;
        return host_buffer ? 0 : -1;
    case WM_COMMAND:
        if (LOWORD(wparam) == ID_CANCEL) give_up();
        else if (WSAIsBlocking()) MessageBeep(0);
        else if (LOWORD(wparam) == ID_LOOK_UP) look_up();
        else if (LOWORD(wparam) == ID_CONNECT) connect_now();
        return 0;
    case WM_HOST_FOUND:
        host_found((HANDLE)wparam, WSAGETASYNCERROR(lparam));
        return 0;
    case WM_SETFOCUS:
        SetFocus(edit);
        return 0;
    case WM_CLOSE:
        if (!WSAIsBlocking()) break;
        give_up();
        PostMessage(hwnd, WM_CLOSE, 0, 0);      /* again, when the call has come back */
        return 0;
    case WM_DESTROY:
        if (answered) saw_answer(answer_text());
        cancel_lookup();
        heap_free(host_buffer);
        host_buffer = NULL;
        window = NULL;
        if (!scripted) PostQuitMessage(0);
        return 0;
    }
    return DefWindowProc(hwnd, message, wparam, lparam);
}

BOOL open_window(void)
{
    static const char class_name[] = "legacy";
    static WNDCLASS class;

    if (window) return TRUE;
    if (!class.lpszClassName)
    {
        class.lpfnWndProc = window_proc;
        class.hInstance = instance;
        class.hCursor = LoadCursor(NULL, IDC_ARROW);
        class.hbrBackground = (HBRUSH)(COLOR_BTNFACE + 1);
        class.lpszClassName = class_name;
        if (!RegisterClass(&class)) return FALSE;
    }
    window = CreateWindow(class_name, "Name finder", WS_OVERLAPPED | WS_CAPTION | WS_SYSMENU | WS_MINIMIZEBOX,
                          CW_USEDEFAULT, CW_USEDEFAULT, 372, 250, NULL, NULL, instance, NULL);
    if (window) ShowWindow(window, scripted ? SW_HIDE : SW_SHOW);
    return window != NULL;
}

void close_window(void)
{
    if (window) SendMessage(window, WM_CLOSE, 0, 0);
}

void type_name(const char *name)
{
    if (!open_window()) return;
    SetWindowText(edit, name);
    SendMessage(window, WM_COMMAND, MAKEWPARAM(ID_LOOK_UP, BN_CLICKED), 0);
}

void press_connect(const char *typed)
{
    if (!open_window()) return;
    SetWindowText(edit, typed);
    SendMessage(window, WM_COMMAND, MAKEWPARAM(ID_CONNECT, BN_CLICKED), 0);
}

void press_cancel(void)
{
    if (window) SendMessage(window, WM_COMMAND, MAKEWPARAM(ID_CANCEL, BN_CLICKED), 0);
}

void handle_message(MSG *msg)
{
    if (window && IsDialogMessage(window, msg)) return;
    TranslateMessage(msg);
    DispatchMessage(msg);
}

int WINAPI WinMain(HINSTANCE this_instance, HINSTANCE previous, LPSTR command_line, int show)
{
    WSADATA data;
    MSG msg;

    (void)previous;
    (void)show;
    instance = this_instance;
    if (WSAStartup(MAKEWORD(1, 1), &data) || data.wVersion != MAKEWORD(1, 1))
    {
        MessageBox(NULL, "There is no Winsock 1.1 here.", "Name finder", MB_OK | MB_ICONSTOP);
        return 1;
    }
    scripted = script_begin(command_line);
    if (!open_window()) return 1;

    while (GetMessage(&msg, NULL, 0, 0)) handle_message(&msg);
    WSACleanup();
    if (scripted) print_report();
    return 0;
}
