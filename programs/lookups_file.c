/*
 * Files of names, and the report. Knows what they look like; must not know the window.
 *
 * A file of names has a query on each line (wsresolve_query.h); blanks around it do not count, nor do empty lines and
 * those that begin with #. Lines end as they do on any system; the file is ASCII or UTF-8, or UTF-16 with a byte order
 * mark. A line that is no query is kept, as a bad one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "lookups.h"
#include "wsresolve_print.h"

#include <stdarg.h>
#include <stdlib.h>

enum { BIGGEST = 16 * 1024 * 1024, MOST_LINES = 200000 };

BOOL file_failed;

char *to_utf8(const WCHAR *wide)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = malloc(size + 1);

    if (text) text[WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL)] = 0;
    return text;
}

WCHAR *to_wide(const char *text)
{
    UINT page = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0) ? CP_UTF8 : CP_ACP;
    int size = MultiByteToWideChar(page, 0, text, -1, NULL, 0);
    WCHAR *wide = malloc((size + 1) * sizeof(*wide));

    if (wide) wide[MultiByteToWideChar(page, 0, text, -1, wide, size)] = 0;
    return wide;
}

/* "cannot read PATH: the system's words, or these" */
static char *problem(const char *what, const WCHAR *path, DWORD error, const char *words)
{
    WCHAR wide[256] = L"";
    char *name = to_utf8(path), *reason, *text;
    DWORD length;

    file_failed = TRUE;
    length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, error, 0, wide,
                            ARRAYSIZE(wide), NULL);
    while (length && (wide[length - 1] <= ' ' || wide[length - 1] == '.')) wide[--length] = 0;
    reason = to_utf8(wide);
    if (!words) words = reason && *reason ? reason : "unknown error";
    text = malloc((name ? strlen(name) : 0) + strlen(words) + 64);
    if (text) sprintf(text, "cannot %s %s: %s", what, name ? name : "?", words);
    free(name);
    free(reason);
    return text;
}

/* The whole file and a 0 after it, or NULL and *why. */
static char *read_all(const WCHAR *path, DWORD *size, char **why)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    char *data = NULL;
    DWORD got = 0;

    *why = NULL;
    *size = 0;
    if (file == INVALID_HANDLE_VALUE)
    {
        *why = problem("read", path, GetLastError(), NULL);
        return NULL;
    }
    /* Until one byte more than it may have, not what GetFileSize says: that is nothing for a pipe. */
    if (!(data = malloc(BIGGEST + 3))) *why = problem("read", path, ERROR_NOT_ENOUGH_MEMORY, NULL);
    while (data && *size <= BIGGEST)
    {
        if (!ReadFile(file, data + *size, BIGGEST + 1 - *size, &got, NULL) && GetLastError() != ERROR_BROKEN_PIPE)
        {
            *why = problem("read", path, GetLastError(), NULL);
            break;
        }
        if (!got) break;
        *size += got;
    }
    CloseHandle(file);
    if (data && !*why && *size > BIGGEST) *why = problem("read", path, 0, "larger than 16 MB, no file of names");
    if (*why)
    {
        free(data);
        return NULL;
    }
    data[*size] = data[*size + 1] = 0;
    return data;
}

/* To UTF-8, without mark. NULL: no memory. What is a 0 in it becomes another byte that no query has. */
static char *decode(char *data, DWORD *size)
{
    WCHAR *wide = (WCHAR *)data;
    char *text = data;
    DWORD i, length = *size / 2;

    if (*size >= 2 && (wide[0] == 0xfeff || wide[0] == 0xfffe))
    {
        if (wide[0] == 0xfffe)
            for (i = 0; i < length; i++) wide[i] = (WCHAR)(wide[i] << 8 | wide[i] >> 8);
        text = malloc(3 * length + 1);
        *size = text ? WideCharToMultiByte(CP_UTF8, 0, wide, length, text, 3 * length, NULL, NULL) : 0;
        free(data);
        if (!text) return NULL;
        text[*size] = 0;
    }
    for (i = 0; i < *size; i++)
        if (!text[i]) text[i] = 0x1a;
    if (!strncmp(text, "\xef\xbb\xbf", 3)) memmove(text, text + 3, (*size -= 3) + 1);
    return text;
}

static BOOL is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

/* The next line without blanks around it, as a string in its place; NULL at the end. */
static char *next_line(char **text)
{
    char *line = *text, *end = line + strcspn(line, "\r\n");

    if (!*line) return NULL;
    *text = end + (end[0] == '\r' && end[1] == '\n') + !!*end;
    *end = 0;
    while (is_blank(*line)) line++;
    while (end > line && is_blank(end[-1])) *--end = 0;
    return line;
}

static unsigned int count_lines(const char *text)
{
    unsigned int count = 1;

    for (; *text; text++) count += *text == '\n' || *text == '\r';
    return count;
}

char *file_open(const WCHAR *path)
{
    unsigned int number = 0, good = 0, bad = 0;
    char *why, *text, *rest, *line, *name, where[160];
    const char *wrong;
    DWORD size;

    if (!(text = read_all(path, &size, &why))) return why;
    if (!(text = decode(text, &size))) return problem("read", path, ERROR_NOT_ENOUGH_MEMORY, NULL);
    if (count_lines(text) > MOST_LINES)
    {
        free(text);
        return problem("read", path, 0, "more than 200000 lines, no file of names");
    }
    name = to_utf8(path);
    for (rest = text; (line = next_line(&rest)); )
    {
        number++;
        if (!*line || *line == '#') continue;
        if (!(wrong = requests_add(line)))
        {
            good++;
            continue;
        }
        bad++;
        snprintf(where, sizeof(where), "line %u: %s", number, wrong);
        requests_add_bad(line, where);
        log_add(EVENT_ERROR, NULL, "%s: line %u: %s", name ? name : "?", number, wrong);
    }
    log_add(EVENT_NOTE, NULL, "read %s: %u to look up, %u bad", name ? name : "?", good, bad);
    free(name);
    free(text);
    return NULL;
}

/* --- the report --- */

static void write_task(FILE *out, HANDLE task)
{
    if (task) fprintf(out, "0x%04lx", (unsigned long)(ULONG_PTR)task);
    else fprintf(out, "-");
}

static void write_report(FILE *out)
{
    const struct entry *entry;
    const struct log_line *line;
    char *which = which_text();
    unsigned int i;

    fprintf(out, "ws2_32=%s\n", which ? which : "?");
    free(which);
    fprintf(out, "total=%u\n", tally.total);
    for (i = 0; i < STATE_COUNT; i++) fprintf(out, "%s=%u\n", state_name(i), tally.in[i]);
    fprintf(out, "messages after cancel=%u\n", tally.late);
    for (i = 0; (entry = requests_entry(i)); i++)
    {
        fprintf(out, "entry\t%s\t%.1f\t", state_name(entry->state), requests_ms(entry));
        write_task(out, entry->asked ? entry->request.handle : NULL);
        fprintf(out, "\t%s\t%s\n", entry->text, entry->result ? entry->result : "");
    }
    for (i = 0; (line = log_get(i)); i++)
    {
        fprintf(out, "log\t%s\t%.1f\t", event_name(line->event), line->ms);
        write_task(out, line->task);
        fprintf(out, "\t%s\n", line->text ? line->text : "");
    }
}

char *file_report(const WCHAR *path)
{
    BOOL standard = !wcscmp(path, L"-"), failed;
    FILE *out = standard ? stdout : _wfopen(path, L"w");

    if (!out) return problem("write", path, GetLastError(), NULL);
    write_report(out);
    failed = ferror(out) || fflush(out);
    if (!standard && fclose(out)) failed = TRUE;
    return failed ? problem("write", path, 0, "not all of it could be written") : NULL;
}
