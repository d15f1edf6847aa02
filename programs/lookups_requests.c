/*
 * The requests of lookups: a list that only grows, some of it asked at a time, each entry with its end. The protocol of
 * a request is wsasync.h's; here is what its user makes of it, with a line in the log for each end. Must not know the
 * window but by its handle.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "lookups.h"
#include "wsresolve_ask.h"
#include "wsresolve_print.h"

#include <stdlib.h>

enum { AT_A_TIME = 1024 };      /* so many messages at most wait in the queue, and the window behind them */

struct tally tally;
unsigned int requests_changes;

static struct wsasync lookups;
static struct wsasync_task *table[AT_A_TIME];
static struct entry **entries;  /* each stays where it is while it is outstanding */
static unsigned int room, next; /* next: none before it waits */

int requests_begin(HWND window)
{
    return wsasync_init(&lookups, window, WM_APP, table, AT_A_TIME);
}

void requests_end(void)
{
    wsasync_end(&lookups);
}

const struct entry *requests_entry(unsigned int index)
{
    return index < tally.total ? entries[index] : NULL;
}

const char *state_name(enum state state)
{
    static const char *const names[STATE_COUNT] =
        { "waiting", "running", "found", "failed", "cancelled", "bad line" };

    return names[state];
}

double requests_ms(const struct entry *entry)
{
    return entry->state == STATE_RUNNING ? ms_since(&entry->begun) : entry->ms;
}

BOOL requests_over(void)
{
    return !tally.in[STATE_WAITING] && !tally.in[STATE_RUNNING];
}

static void set_state(struct entry *entry, enum state state)
{
    if (entry->state == STATE_RUNNING) entry->ms = ms_since(&entry->begun);
    tally.in[entry->state]--;
    tally.in[state]++;
    entry->state = state;
    requests_changes++;
}

static void set_result(struct entry *entry, const char *result)
{
    free(entry->result);
    entry->result = strdup(result);
}

static struct entry *add(const char *text, enum state state)
{
    struct entry **grown, *entry;

    if (tally.total == room)
    {
        if (!(grown = realloc(entries, (2 * room + 64) * sizeof(*entries)))) return NULL;
        entries = grown;
        room = 2 * room + 64;
    }
    if (!(entry = calloc(1, sizeof(*entry)))) return NULL;
    if (!(entry->text = strdup(text)))
    {
        free(entry);
        return NULL;
    }
    entry->state = state;
    entries[tally.total++] = entry;
    tally.in[state]++;
    requests_changes++;
    return entry;
}

const char *requests_add(const char *text)
{
    struct query query;
    const char *problem = parse_query(text, &query);

    if (problem) return problem;
    return add(text, STATE_WAITING) ? NULL : "no memory";
}

BOOL requests_add_bad(const char *text, const char *problem)
{
    struct entry *entry = add(text, STATE_BAD);

    if (entry) set_result(entry, problem);
    return entry != NULL;
}

/* --- asking --- */

static void done(struct wsasync_request *request, int error, void *result)
{
    struct entry *entry = request->context;
    struct query query;

    set_state(entry, error ? STATE_FAILED : STATE_FOUND);
    if (error) set_result(entry, error_name(error));
    else if (!parse_query(entry->text, &query))
    {
        free(entry->result);
        entry->result = result_text(query.kind, result);
    }
    log_add(EVENT_MESSAGE, request->handle, "%s: %s", entry->text, entry->result ? entry->result : "no memory");
}

static int start(struct entry *entry)
{
    struct query query;

    if (parse_query(entry->text, &query)) return WSAEINVAL;
    entry->request.done = done;
    entry->request.context = entry;
    QueryPerformanceCounter(&entry->begun);
    return ask(&lookups, &entry->request, &query);
}

void requests_start(unsigned int most)
{
    struct entry *entry;
    int error;

    for (; next < tally.total && tally.in[STATE_RUNNING] < AT_A_TIME; next++)
    {
        entry = entries[next];
        if (entry->state != STATE_WAITING) continue;
        if (!most--) return;
        error = start(entry);
        if (!error)
        {
            entry->asked = TRUE;
            set_state(entry, STATE_RUNNING);
            continue;
        }
        if (error == WSAEWOULDBLOCK && tally.in[STATE_RUNNING]) return;     /* again after a completion */
        set_state(entry, STATE_FAILED);
        set_result(entry, error_name(error));
        log_add(EVENT_ERROR, NULL, "%s: not asked: %s", entry->text, error_name(error));
    }
}

/* --- what comes after the end --- */

/* The latest cancelled entry that had this task; NULL: none is known. */
static struct entry *cancelled_task(HANDLE task)
{
    unsigned int i;

    for (i = tally.total; i--; )
        if (entries[i]->state == STATE_CANCELLED && entries[i]->asked && entries[i]->request.handle == task)
            return entries[i];
    return NULL;
}

BOOL requests_message(HWND window, UINT message, WPARAM wparam, LPARAM lparam)
{
    unsigned int strays = lookups.strays;
    struct entry *entry;

    if (!wsasync_dispatch(&lookups, window, message, wparam, lparam)) return FALSE;
    if (lookups.strays == strays) return TRUE;

    tally.late++;
    requests_changes++;
    entry = cancelled_task((HANDLE)wparam);
    if (entry)
    {
        entry->late = TRUE;
        set_result(entry, "cancel said 0, the message came all the same");
    }
    log_add(EVENT_LATE, (HANDLE)wparam, "%s: after cancel had said 0: %s", entry ? entry->text : "?",
            error_name(WSAGETASYNCERROR(lparam)));
    return TRUE;
}

void requests_cancel(unsigned int index)
{
    struct entry *entry = index < tally.total ? entries[index] : NULL;
    unsigned int strays = lookups.strays;
    char said[64];
    int verdict;

    if (entry && entry->state == STATE_WAITING)
    {
        set_state(entry, STATE_CANCELLED);
        set_result(entry, "not asked");
    }
    /* Not outstanding and yet running: a message that was sent while it is being cancelled has led here. */
    if (!entry || entry->state != STATE_RUNNING || !wsasync_outstanding(&entry->request)) return;

    verdict = wsasync_cancel(&entry->request);
    if (verdict == WSAEACCES) return;
    set_state(entry, STATE_CANCELLED);
    sprintf(said, "cancel said %s", verdict ? error_name(verdict) : "0");
    set_result(entry, said);
    log_add(EVENT_CANCEL, entry->request.handle, "%s: %s", entry->text, said);
    if (lookups.strays == strays) return;

    /* Whose they were is not known: also those of earlier requests that had its number lay there. */
    tally.late += lookups.strays - strays;
    log_add(EVENT_LATE, NULL, "found in the queue while this was cancelled: %u", lookups.strays - strays);
}

void requests_cancel_all(void)
{
    unsigned int i, asked = tally.in[STATE_RUNNING], all = asked + tally.in[STATE_WAITING];

    for (i = 0; i < tally.total; i++) requests_cancel(i);
    next = tally.total;
    log_add(EVENT_NOTE, NULL, "cancelled all: %u, of which %u were running", all, asked);
}
