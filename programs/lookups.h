/*
 * What the parts of lookups share: the requests (lookups_requests.c), the log (lookups_log.c), files
 * (lookups_file.c), the two lists that show the first two (lookups_lists.c), the window (lookups_window.c), and the
 * command line (lookups.c). Requests, log and files know no window; they count their changes, and the window looks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef LOOKUPS_H
#define LOOKUPS_H

#include "wsasync.h"
#include <stdio.h>

/* --- lookups_requests.c: what is asked, and what became of it --- */

enum state
{
    STATE_WAITING,              /* not asked yet */
    STATE_RUNNING,
    STATE_FOUND,
    STATE_FAILED,
    STATE_CANCELLED,
    STATE_BAD,                  /* not a question: a line of a file that nobody understands */
    STATE_COUNT
};

struct entry
{
    struct wsasync_request request;
    char *text;                 /* as it was given */
    char *result;               /* the result, or why there is none; NULL: nothing to say */
    LARGE_INTEGER begun;
    double ms;                  /* from asking to the end */
    enum state state;
    BOOL asked;                 /* so there is a task handle and a time */
    BOOL late;                  /* a message came although cancel had said that none would */
};

struct tally
{
    unsigned int total, in[STATE_COUNT];
    unsigned int late;          /* messages after cancel */
};

extern struct tally tally;
extern unsigned int requests_changes;

int requests_begin(HWND);       /* for this window's requests; 0 or a Winsock error */
void requests_end(void);        /* cancels all; in WM_DESTROY */

/* For the window procedure: TRUE when the message was a request's. */
BOOL requests_message(HWND, UINT, WPARAM, LPARAM);

/* Returns NULL, or what is wrong with the text; then nothing is added. */
const char *requests_add(const char *text);
/* Adds a bad line, to show that and why it is not asked. FALSE: no memory. */
BOOL requests_add_bad(const char *text, const char *problem);

/* Asks so many of what waits. */
void requests_start(unsigned int most);
void requests_cancel(unsigned int index);       /* in vain where there is nothing to cancel */
void requests_cancel_all(void);
BOOL requests_over(void);       /* nothing waits, nothing runs */

const struct entry *requests_entry(unsigned int index);
double requests_ms(const struct entry *);       /* up to now, while it runs */
const char *state_name(enum state);

/* --- lookups_log.c --- */

enum event { EVENT_MESSAGE, EVENT_CANCEL, EVENT_LATE, EVENT_ERROR, EVENT_NOTE, EVENT_COUNT };

struct log_line
{
    double ms;                  /* since the program began */
    enum event event;
    HANDLE task;                /* NULL: of none */
    char *text;
};

extern unsigned int log_count, log_changes;

void log_add(enum event, HANDLE task, const char *format, ...);
const struct log_line *log_get(unsigned int index);     /* the oldest kept first */
const char *event_name(enum event);
double ms_since(const LARGE_INTEGER *);

/* --- lookups_file.c --- */

/* Reads a file of names, and adds them. Returns NULL, or what is wrong, to be freed; then nothing was added. */
char *file_open(const WCHAR *path);
/* Writes what the list and the log show; "-": on standard output. Likewise. */
char *file_report(const WCHAR *path);
char *to_utf8(const WCHAR *);           /* both: to be freed; NULL: no memory */
WCHAR *to_wide(const char *);           /* what is no UTF-8 is taken for the system's code page */
extern BOOL file_failed;                /* one of the two has failed at least once */

/* --- lookups_lists.c: the list and the log on the screen; nothing is kept there, they ask for what they show --- */

void lists_create(HWND window);
void lists_layout(void);                /* after their size has changed */
void lists_refresh(void);               /* shows what has changed, and the time of what runs */
BOOL lists_notify(NMHDR *, LRESULT *);  /* WM_NOTIFY; TRUE: *result is its answer */
void lists_select_all(HWND list);
void lists_cancel_selected(void);
void lists_show_last(void);             /* of the entries */

/* --- lookups_window.c --- */

HWND window_create(void);
BOOL window_message(MSG *);             /* accelerators, Tab and the like; TRUE: it is dealt with */
void window_wake(void);                 /* something has changed, or may */
void window_refresh(void);              /* now */
BOOL window_add(const char *text);      /* as Add does */
BOOL window_open(const WCHAR *path);    /* as File, Open does */
BOOL window_report(const WCHAR *path);  /* as File, Save report does */

/* --- lookups.c --- */

extern const char usage[];
extern BOOL unattended;                 /* nobody is there to press OK */
void say(const char *text, BOOL error); /* on the standard stream where there is one, else in a box */
void script_over(void);                 /* the window, when nothing waits and nothing runs */
void script_timer(void);                /* the window, when TIMER_SCRIPT is due */
enum { TIMER_TICK = 1, TIMER_SCRIPT };

#endif
