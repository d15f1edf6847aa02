/*
 * The window of lookups: lays out its controls, gives commands to the requests, and shows at a slow tick what has
 * changed, however many messages there were. Knows what a user can do; must not know how a request goes.
 *
 * A dialog with a window procedure of its own, so that the keyboard works as everywhere.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "lookups.h"
#include "lookups_ids.h"
#include "wsresolve_print.h"

#include <commctrl.h>
#include <commdlg.h>
#include <shellapi.h>
#include <stdlib.h>

enum
{
    TICK_MS = 20,               /* how often some that wait are asked, while there are any */
    AT_ONCE = 32,               /* how many then: the threads that hundreds would start leave the window no room */
    SHOW_MS = 100               /* how often what has changed is shown */
};

static HWND window;
static HACCEL accelerators;
static BOOL ticking;
static DWORD shown_at;

static HWND control(int id)
{
    return GetDlgItem(window, id);
}

/* --- layout: all in dialog units, but what follows from the window's size --- */

enum { MARGIN = 6, GAP = 4, LABEL = 90, BUTTON = 62, LINE = 14, TEXT = 10 };
enum { STATUS_LATE = 92, STATUS_WHICH = 100, SMALLEST_X = 300, SMALLEST_Y = 190 };

static int across(int units)
{
    RECT rect = { 0, 0, units, 0 };

    MapDialogRect(window, &rect);
    return rect.right;
}

static int down(int units)
{
    RECT rect = { 0, 0, 0, units };

    MapDialogRect(window, &rect);
    return rect.bottom;
}

static void place(HDWP *moves, int id, int x, int y, int width, int height)
{
    if (*moves)
        *moves = DeferWindowPos(*moves, control(id), NULL, x, y, max(width, 0), max(height, 0),
                                SWP_NOZORDER | SWP_NOACTIVATE);
}

static void layout_status(int width)
{
    int parts[3];

    parts[0] = width - across(STATUS_LATE + STATUS_WHICH);
    parts[1] = width - across(STATUS_WHICH);
    parts[2] = -1;
    SendMessageW(control(ID_STATUS), SB_SETPARTS, ARRAYSIZE(parts), (LPARAM)parts);
}

static void layout(void)
{
    int margin = across(MARGIN), gap = across(GAP), line = down(LINE), button = across(BUTTON), label = across(LABEL);
    int left = margin, right, y, list, log;
    HDWP moves = BeginDeferWindowPos(8);
    RECT client, status;

    SendMessageW(control(ID_STATUS), WM_SIZE, 0, 0);
    GetClientRect(window, &client);
    GetWindowRect(control(ID_STATUS), &status);
    right = client.right - margin;
    /* Two lists share what the lines and the gaps between leave: three parts for the first, two for the log. */
    list = client.bottom - (status.bottom - status.top) - 2 * margin - 2 * line - down(TEXT) - 3 * gap;
    log = max(list * 2 / 5, 0);
    list = max(list - log, 0);

    y = margin;
    place(&moves, ID_QUERY_LABEL, left, y + (line - down(8)) / 2, label, down(8));
    place(&moves, ID_QUERY, left + label, y, right - button - gap - left - label, line);
    place(&moves, ID_ADD, right - button, y, button, line);
    y += line + gap;
    place(&moves, ID_LIST, left, y, right - left, list);
    y += list + gap;
    place(&moves, ID_PROGRESS, left, y, right - left - 2 * (button + gap), line);
    place(&moves, ID_CANCEL_SELECTED, right - 2 * button - gap, y, button, line);
    place(&moves, ID_CANCEL_ALL, right - button, y, button, line);
    y += line + gap;
    place(&moves, ID_LOG_LABEL, left, y, right - left, down(8));
    y += down(TEXT);
    place(&moves, ID_LOG, left, y, right - left, log);
    if (moves) EndDeferWindowPos(moves);

    layout_status(client.right);
    lists_layout();
}

static void set_smallest(MINMAXINFO *info)
{
    RECT rect = { 0, 0, across(SMALLEST_X), down(SMALLEST_Y) };

    AdjustWindowRect(&rect, WS_OVERLAPPEDWINDOW, TRUE);
    info->ptMinTrackSize.x = rect.right - rect.left;
    info->ptMinTrackSize.y = rect.bottom - rect.top;
}

/* --- what it shows --- */

static void set_text(HWND control, UINT message, WPARAM wparam, const char *text)
{
    WCHAR *wide = to_wide(text ? text : "");

    SendMessageW(control, message, wparam, (LPARAM)wide);
    free(wide);
}

static void show_which(void)
{
    char title[200], *which = which_text();

    snprintf(title, sizeof(title), "Lookups - %s", which ? which : "?");
    set_text(window, WM_SETTEXT, 0, title);
    set_text(control(ID_STATUS), SB_SETTEXTW, 2, which);
    free(which);
}

static void show_status(void)
{
    static unsigned int shown = ~0u;
    unsigned int over = tally.total - tally.in[STATE_WAITING] - tally.in[STATE_RUNNING];
    char text[160];

    if (shown == requests_changes) return;
    shown = requests_changes;
    sprintf(text, "%u of %u over: %u found, %u failed, %u cancelled", over, tally.total, tally.in[STATE_FOUND],
            tally.in[STATE_FAILED] + tally.in[STATE_BAD], tally.in[STATE_CANCELLED]);
    set_text(control(ID_STATUS), SB_SETTEXTW, 0, text);
    sprintf(text, "messages after cancel: %u", tally.late);
    set_text(control(ID_STATUS), SB_SETTEXTW, 1, text);
    SendMessageW(control(ID_PROGRESS), PBM_SETRANGE32, 0, max(tally.total, 1));
    SendMessageW(control(ID_PROGRESS), PBM_SETPOS, over, 0);
}

void window_refresh(void)
{
    shown_at = GetTickCount();
    show_status();
    lists_refresh();
}

void window_wake(void)
{
    if (!ticking) ticking = SetTimer(window, TIMER_TICK, TICK_MS, NULL) != 0;
}

static void tick(void)
{
    BOOL over;

    requests_start(AT_ONCE);
    over = requests_over();
    if (!over && GetTickCount() - shown_at < SHOW_MS) return;
    window_refresh();
    if (!over) return;
    KillTimer(window, TIMER_TICK);
    ticking = FALSE;
    script_over();
}

/* --- what a user can do --- */

/* The problem, to be freed; NULL: there is none. */
static BOOL tell(char *problem, const WCHAR *title)
{
    WCHAR *wide;

    if (!problem) return TRUE;
    log_add(EVENT_ERROR, NULL, "%s", problem);
    window_wake();
    if (unattended) fprintf(stderr, "lookups: %s\n", problem);
    else if ((wide = to_wide(problem)))
    {
        MessageBoxW(window, wide, title, MB_ICONWARNING);
        free(wide);
    }
    free(problem);
    return FALSE;
}

BOOL window_add(const char *text)
{
    const char *problem = requests_add(text);

    if (problem) log_add(EVENT_ERROR, NULL, "'%s' is not added: %s", text, problem);
    else lists_show_last();
    window_wake();
    return !problem;
}

BOOL window_open(const WCHAR *path)
{
    BOOL read = tell(file_open(path), L"Lookups: open names");

    window_wake();
    return read;
}

BOOL window_report(const WCHAR *path)
{
    return tell(file_report(path), L"Lookups: save report");
}

/* What is typed stays until it is a question. */
static void add_typed(void)
{
    HWND edit = control(ID_QUERY);
    int length = GetWindowTextLengthW(edit) + 1;
    WCHAR *wide = calloc(length, sizeof(*wide));
    char *text, *begin;

    if (!wide) return;
    GetWindowTextW(edit, wide, length);
    text = to_utf8(wide);
    free(wide);
    if (!text) return;
    begin = text + strspn(text, " \t");
    length = (int)strlen(begin);
    while (length && strchr(" \t", begin[length - 1])) begin[--length] = 0;
    if (!*begin) SetFocus(edit);
    else if (window_add(begin)) SetWindowTextW(edit, L"");
    else
    {
        MessageBeep(MB_ICONWARNING);
        SetFocus(edit);
        SendMessageW(edit, EM_SETSEL, 0, -1);
    }
    free(text);
}

static void choose(BOOL save)
{
    WCHAR path[4096] = L"";
    OPENFILENAMEW choice = { .lStructSize = sizeof(choice) };

    choice.hwndOwner = window;
    choice.lpstrFilter = L"Text files (*.txt)\0*.txt\0All files\0*.*\0";
    choice.lpstrFile = path;
    choice.nMaxFile = ARRAYSIZE(path);
    choice.lpstrDefExt = save ? L"txt" : NULL;
    choice.Flags = OFN_HIDEREADONLY | OFN_NOCHANGEDIR | (save ? OFN_OVERWRITEPROMPT : OFN_FILEMUSTEXIST);
    if (!(save ? GetSaveFileNameW : GetOpenFileNameW)(&choice)) return;
    if (save) window_report(path);
    else window_open(path);
}

static void open_dropped(HDROP drop)
{
    UINT i, length, count = DragQueryFileW(drop, ~0u, NULL, 0);
    WCHAR *path;

    for (i = 0; i < count; i++)
    {
        length = DragQueryFileW(drop, i, NULL, 0) + 1;
        if (!(path = calloc(length, sizeof(*path)))) break;
        DragQueryFileW(drop, i, path, length);
        window_open(path);
        free(path);
    }
    DragFinish(drop);
}

static void select_all(void)
{
    HWND focus = GetFocus();

    if (focus == control(ID_QUERY)) SendMessageW(focus, EM_SETSEL, 0, -1);
    else lists_select_all(focus);
}

static void show_usage(void)
{
    WCHAR *wide = to_wide(usage);

    if (wide) MessageBoxW(window, wide, L"Lookups", MB_OK);
    free(wide);
}

static void command(int id)
{
    switch (id)
    {
    case ID_ADD: add_typed(); break;
    case ID_CANCEL_SELECTED: lists_cancel_selected(); break;
    case ID_CANCEL_ALL: requests_cancel_all(); break;
    case ID_SELECT_ALL: select_all(); break;
    case ID_OPEN: choose(FALSE); break;
    case ID_SAVE: choose(TRUE); break;
    case ID_EXIT: DestroyWindow(window); return;
    case ID_HELP: show_usage(); break;
    }
    window_wake();
}

/* --- the window --- */

static LRESULT CALLBACK window_proc(HWND hwnd, UINT message, WPARAM wparam, LPARAM lparam)
{
    LRESULT result;

    if (requests_message(hwnd, message, wparam, lparam))
    {
        window_wake();
        return 0;
    }
    if (hwnd != window) return DefDlgProcW(hwnd, message, wparam, lparam);
    switch (message)
    {
    case WM_SIZE:
        if (wparam != SIZE_MINIMIZED) layout();
        return 0;
    case WM_GETMINMAXINFO:
        set_smallest((MINMAXINFO *)lparam);
        return 0;
    case WM_TIMER:
        if (wparam == TIMER_TICK) tick();
        if (wparam == TIMER_SCRIPT) script_timer();
        return 0;
    case WM_COMMAND:
        if (HIWORD(wparam) <= 1) command(LOWORD(wparam));       /* BN_CLICKED, a menu, an accelerator */
        return 0;
    case WM_NOTIFY:
        if (lists_notify((NMHDR *)lparam, &result)) return result;
        break;
    case WM_DROPFILES:
        open_dropped((HDROP)wparam);
        return 0;
    case WM_CLOSE:
        DestroyWindow(hwnd);
        return 0;
    case WM_DESTROY:
        requests_end();
        PostQuitMessage(0);
        break;
    }
    return DefDlgProcW(hwnd, message, wparam, lparam);
}

BOOL window_message(MSG *message)
{
    return TranslateAcceleratorW(window, accelerators, message) || IsDialogMessageW(window, message);
}

HWND window_create(void)
{
    INITCOMMONCONTROLSEX controls = { sizeof(controls), ICC_LISTVIEW_CLASSES | ICC_PROGRESS_CLASS | ICC_BAR_CLASSES };
    WNDCLASSW class = { 0 };

    InitCommonControlsEx(&controls);
    class.lpfnWndProc = window_proc;
    class.cbWndExtra = DLGWINDOWEXTRA;
    class.hInstance = GetModuleHandleW(NULL);
    class.hIcon = LoadIconW(NULL, (const WCHAR *)IDI_APPLICATION);
    class.hCursor = LoadCursorW(NULL, (const WCHAR *)IDC_ARROW);
    class.hbrBackground = (HBRUSH)(COLOR_BTNFACE + 1);
    class.lpszClassName = L"" LOOKUPS_CLASS;
    if (!RegisterClassW(&class)) return NULL;
    accelerators = LoadAcceleratorsW(class.hInstance, MAKEINTRESOURCEW(ID_LOOKUPS));
    window = CreateDialogParamW(class.hInstance, MAKEINTRESOURCEW(ID_LOOKUPS), NULL, NULL, 0);
    if (!window) return NULL;
    lists_create(window);
    layout();
    show_which();
    window_refresh();
    return window;
}
