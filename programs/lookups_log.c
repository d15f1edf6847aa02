/*
 * The log: what happened, in the order in which it happened. Must not know who looks at it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "lookups.h"

#include <stdarg.h>
#include <stdlib.h>

enum { MOST = 20000, LONGEST = 600 };

unsigned int log_count, log_changes;

static struct log_line lines[MOST];
static unsigned int first;      /* a ring */
static LARGE_INTEGER begin;

double ms_since(const LARGE_INTEGER *then)
{
    LARGE_INTEGER now, frequency;

    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    return 1000.0 * (now.QuadPart - then->QuadPart) / frequency.QuadPart;
}

void log_add(enum event event, HANDLE task, const char *format, ...)
{
    char text[LONGEST] = "";
    struct log_line *line;
    va_list args;

    if (!begin.QuadPart) QueryPerformanceCounter(&begin);
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    line = &lines[(first + log_count) % MOST];
    if (log_count < MOST) log_count++;
    else first = (first + 1) % MOST;
    free(line->text);
    line->ms = ms_since(&begin);
    line->event = event;
    line->task = task;
    line->text = strdup(text);
    log_changes++;
}

const struct log_line *log_get(unsigned int index)
{
    return index < log_count ? &lines[(first + index) % MOST] : NULL;
}

const char *event_name(enum event event)
{
    static const char *const names[EVENT_COUNT] = { "message", "cancel", "late message", "error", "note" };

    return names[event];
}
