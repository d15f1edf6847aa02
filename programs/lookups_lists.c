/*
 * The list and the log on the screen: virtual list views, so that thousands of lines cost nothing but the few that are
 * seen. Knows what a column shows; must not know what starts or ends a request.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "lookups.h"
#include "lookups_ids.h"

#include <commctrl.h>
#include <stdlib.h>

struct column
{
    const WCHAR *title;
    int width, format;          /* in dialog units; the last is as wide as there is room */
};

enum { QUERY, STATE, TIME, TASK, RESULT };
static const struct column list_columns[] =
{
    { L"Query", 92, LVCFMT_LEFT }, { L"State", 46, LVCFMT_LEFT }, { L"Time (ms)", 44, LVCFMT_RIGHT },
    { L"Task", 36, LVCFMT_RIGHT }, { L"Result", 0, LVCFMT_LEFT },
};

enum { LOG_EVENT, LOG_TIME, LOG_TASK, LOG_TEXT };
static const struct column log_columns[] =
{
    { L"Event", 52, LVCFMT_LEFT }, { L"At (ms)", 44, LVCFMT_RIGHT }, { L"Task", 36, LVCFMT_RIGHT },
    { L"What", 0, LVCFMT_LEFT },
};

static HWND list, log_view;
static unsigned int shown_changes, shown_log;

static void add_columns(HWND view, const struct column *columns, int count)
{
    LVCOLUMNW column = { .mask = LVCF_TEXT | LVCF_WIDTH | LVCF_FMT };
    RECT rect;
    int i;

    for (i = 0; i < count; i++)
    {
        SetRect(&rect, 0, 0, columns[i].width, 0);
        MapDialogRect(GetParent(view), &rect);
        column.fmt = columns[i].format;
        column.cx = rect.right;
        column.pszText = (WCHAR *)columns[i].title;
        SendMessageW(view, LVM_INSERTCOLUMNW, i, (LPARAM)&column);
    }
    SendMessageW(view, LVM_SETEXTENDEDLISTVIEWSTYLE, 0,
                 LVS_EX_FULLROWSELECT | LVS_EX_DOUBLEBUFFER | LVS_EX_LABELTIP);
}

void lists_create(HWND window)
{
    list = GetDlgItem(window, ID_LIST);
    log_view = GetDlgItem(window, ID_LOG);
    add_columns(list, list_columns, ARRAYSIZE(list_columns));
    add_columns(log_view, log_columns, ARRAYSIZE(log_columns));
}

static void widen_last(HWND view, int columns)
{
    int i, width;
    RECT rect;

    /* As if the scroll bar were there: it comes without notice. */
    GetWindowRect(view, &rect);
    width = rect.right - rect.left - GetSystemMetrics(SM_CXVSCROLL) - 2 * GetSystemMetrics(SM_CXEDGE);
    for (i = 0; i < columns - 1; i++) width -= (int)SendMessageW(view, LVM_GETCOLUMNWIDTH, i, 0);
    SendMessageW(view, LVM_SETCOLUMNWIDTH, columns - 1, max(width, 40));
}

void lists_layout(void)
{
    widen_last(list, ARRAYSIZE(list_columns));
    widen_last(log_view, ARRAYSIZE(log_columns));
}

/* --- what they show --- */

static void put(LVITEMW *item, const char *text)
{
    WCHAR *wide = text ? to_wide(text) : NULL;

    lstrcpynW(item->pszText, wide ? wide : L"", item->cchTextMax);
    free(wide);
}

static void put_ms(LVITEMW *item, double ms)
{
    char text[32];

    sprintf(text, "%.1f", ms);
    put(item, text);
}

static void put_task(LVITEMW *item, HANDLE task)
{
    char text[32] = "";

    if (task) sprintf(text, "0x%04lx", (unsigned long)(ULONG_PTR)task);
    put(item, text);
}

static void show_entry(LVITEMW *item, const struct entry *entry)
{
    switch (item->iSubItem)
    {
    case QUERY: put(item, entry->text); break;
    case STATE: put(item, state_name(entry->state)); break;
    case TIME: if (entry->asked) put_ms(item, requests_ms(entry)); break;
    case TASK: put_task(item, entry->asked ? entry->request.handle : NULL); break;
    case RESULT: put(item, entry->result); break;
    }
}

static void show_log_line(LVITEMW *item, const struct log_line *line)
{
    switch (item->iSubItem)
    {
    case LOG_TIME: put_ms(item, line->ms); break;
    case LOG_TASK: put_task(item, line->task); break;
    case LOG_EVENT: put(item, event_name(line->event)); break;
    case LOG_TEXT: put(item, line->text); break;
    }
}

static void show(HWND view, LVITEMW *item)
{
    const struct log_line *line = view == log_view ? log_get(item->iItem) : NULL;
    const struct entry *entry = view == list ? requests_entry(item->iItem) : NULL;

    if (!(item->mask & LVIF_TEXT) || !item->cchTextMax) return;
    item->pszText[0] = 0;
    if (entry) show_entry(item, entry);
    if (line) show_log_line(item, line);
}

static COLORREF colour(HWND view, unsigned int index)
{
    static const COLORREF of_state[STATE_COUNT] =
    {
        [STATE_WAITING] = RGB(112, 112, 112), [STATE_RUNNING] = RGB(0, 64, 192), [STATE_FAILED] = RGB(160, 0, 0),
        [STATE_CANCELLED] = RGB(128, 80, 0), [STATE_BAD] = RGB(160, 0, 0)
    };
    static const COLORREF of_event[EVENT_COUNT] =
    {
        [EVENT_CANCEL] = RGB(128, 80, 0), [EVENT_LATE] = RGB(160, 0, 0), [EVENT_ERROR] = RGB(160, 0, 0),
        [EVENT_NOTE] = RGB(112, 112, 112)
    };
    const struct entry *entry = view == list ? requests_entry(index) : NULL;
    const struct log_line *line = view == log_view ? log_get(index) : NULL;

    if (entry) return entry->late ? of_event[EVENT_LATE] : of_state[entry->state];
    return line ? of_event[line->event] : 0;
}

static LRESULT draw(NMLVCUSTOMDRAW *what)
{
    if (what->nmcd.dwDrawStage == CDDS_PREPAINT) return CDRF_NOTIFYITEMDRAW;
    if (what->nmcd.dwDrawStage == CDDS_ITEMPREPAINT)
        what->clrText = colour(what->nmcd.hdr.hwndFrom, (unsigned int)what->nmcd.dwItemSpec);
    return CDRF_DODEFAULT;
}

BOOL lists_notify(NMHDR *notice, LRESULT *result)
{
    if (notice->hwndFrom != list && notice->hwndFrom != log_view) return FALSE;
    *result = 0;
    switch (notice->code)
    {
    case LVN_GETDISPINFOW:
        show(notice->hwndFrom, &((NMLVDISPINFOW *)notice)->item);
        return TRUE;
    case (UINT)NM_CUSTOMDRAW:
        *result = draw((NMLVCUSTOMDRAW *)notice);
        return TRUE;
    case LVN_KEYDOWN:
        if (notice->hwndFrom == list && ((NMLVKEYDOWN *)notice)->wVKey == VK_DELETE) lists_cancel_selected();
        return TRUE;
    }
    return FALSE;
}

/* --- what has changed --- */

/* All that can be seen. */
static void redraw(HWND view)
{
    int first = (int)SendMessageW(view, LVM_GETTOPINDEX, 0, 0);

    SendMessageW(view, LVM_REDRAWITEMS, first, first + SendMessageW(view, LVM_GETCOUNTPERPAGE, 0, 0));
}

static void set_count(HWND view, unsigned int count)
{
    if ((unsigned int)SendMessageW(view, LVM_GETITEMCOUNT, 0, 0) != count)
        SendMessageW(view, LVM_SETITEMCOUNT, count, LVSICF_NOINVALIDATEALL | LVSICF_NOSCROLL);
}

static void refresh_log(void)
{
    int count = (int)SendMessageW(log_view, LVM_GETITEMCOUNT, 0, 0);
    int top = (int)SendMessageW(log_view, LVM_GETTOPINDEX, 0, 0);
    BOOL at_end = top + SendMessageW(log_view, LVM_GETCOUNTPERPAGE, 0, 0) >= count;

    if (shown_log == log_changes) return;
    shown_log = log_changes;
    set_count(log_view, log_count);
    /* Who has scrolled back reads there. */
    if (at_end) SendMessageW(log_view, LVM_ENSUREVISIBLE, log_count - 1, FALSE);
    redraw(log_view);
}

void lists_refresh(void)
{
    refresh_log();
    if (shown_changes == requests_changes && !tally.in[STATE_RUNNING]) return;
    shown_changes = requests_changes;
    set_count(list, tally.total);
    redraw(list);
}

void lists_show_last(void)
{
    set_count(list, tally.total);
    SendMessageW(list, LVM_ENSUREVISIBLE, tally.total - 1, FALSE);
}

void lists_select_all(HWND view)
{
    LVITEMW item = { .stateMask = LVIS_SELECTED, .state = LVIS_SELECTED };

    SendMessageW(view == log_view ? view : list, LVM_SETITEMSTATE, (WPARAM)-1, (LPARAM)&item);
}

void lists_cancel_selected(void)
{
    int i = -1;

    while ((i = (int)SendMessageW(list, LVM_GETNEXTITEM, i, LVNI_SELECTED)) >= 0) requests_cancel(i);
    window_wake();
}
