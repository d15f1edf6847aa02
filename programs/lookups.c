/*
 * lookups: Winsock's asynchronous database calls in a window: a list of what is asked, of what became of it, and a log
 * of the messages as they arrive. Over a ws2_32 whose cancel works, none comes after it.
 *
 * Owns the command line, which is a script: each word does what a user could, in order (see usage[]). Must not know
 * controls or requests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "lookups.h"
#include "wsresolve_print.h"

#include <shellapi.h>
#include <stdlib.h>

enum exit_status { ALL_FOUND, NOT_ALL_FOUND, BAD_USAGE, NO_WINDOW };

const char usage[] =
    "usage: lookups [FILE | STEP]...\n"
    "\n"
    "Looks up names, services and addresses with Winsock's asynchronous calls, and shows what becomes of each.\n"
    "A FILE has one on each line; empty lines, and those that begin with #, do not count:\n"
    "\n"
    QUERY_FORMS
    "\n"
    "Files are opened and steps taken in the order in which they are given:\n"
    "\n"
    "  --add QUERY          adds one, as the field and Enter do\n"
    "  --wait MS            waits so many milliseconds\n"
    "  --wait-done          waits until nothing is looked up any more\n"
    "  --cancel-all         cancels all that is not over\n"
    "  --cancel-after MS    --wait MS --cancel-all\n"
    "  --report FILE        writes the list and the log as they are now; - : on standard output\n"
    "  --exit               ends; nobody is asked to press OK on the way\n"
    "  --exit-when-done     --wait-done --exit\n"
    "  --help               this\n"
    "\n"
    "The report has a line NAME=NUMBER for each count, then lines of fields between tabs: 'entry', state, time in\n"
    "ms, task handle, query, result; 'log', event, time in ms, task handle, text.\n"
    "\n"
    "exit status: 0 all found, 1 not all found or cancelled, 2 bad usage or a file that cannot be read or written,\n"
    "3 no window, or Winsock does not start\n";

enum action { OPEN, ADD, WAIT, WAIT_DONE, CANCEL_ALL, REPORT, EXIT };

struct step
{
    enum action action;
    const WCHAR *word;
    DWORD ms;
};

BOOL unattended;

static struct step *steps;      /* two for each argument at most */
static unsigned int step_count, step_next;
static HWND window;
static BOOL wait_done;

void say(const char *text, BOOL error)
{
    HANDLE stream = GetStdHandle(error ? STD_ERROR_HANDLE : STD_OUTPUT_HANDLE);
    WCHAR *wide;

    if (stream && GetFileType(stream) != FILE_TYPE_UNKNOWN)
    {
        fprintf(error ? stderr : stdout, "%s", text);
        fflush(error ? stderr : stdout);
    }
    else if ((wide = to_wide(text)))
    {
        MessageBoxW(window, wide, L"Lookups", error ? MB_ICONWARNING : MB_OK);
        free(wide);
    }
}

/* --- the script --- */

/* Returns FALSE where the script has to wait. */
static BOOL take_step(const struct step *step)
{
    char *text;

    switch (step->action)
    {
    case OPEN: window_open(step->word); break;
    case ADD:
        if (!(text = to_utf8(step->word))) break;
        if (!window_add(text)) file_failed = TRUE;
        free(text);
        break;
    case WAIT:
        SetTimer(window, TIMER_SCRIPT, step->ms, NULL);
        return FALSE;
    case WAIT_DONE:
        wait_done = TRUE;
        window_wake();
        return FALSE;
    case CANCEL_ALL: requests_cancel_all(); break;
    case REPORT:
        window_refresh();
        window_report(step->word);
        break;
    case EXIT:
        DestroyWindow(window);
        return FALSE;
    }
    window_wake();
    return TRUE;
}

static void take_steps(void)
{
    while (step_next < step_count && take_step(steps + step_next++)) continue;
}

void script_timer(void)
{
    KillTimer(window, TIMER_SCRIPT);
    take_steps();
}

void script_over(void)
{
    if (!wait_done) return;
    wait_done = FALSE;
    take_steps();
}

/* --- the command line --- */

static void add_step(enum action action, const WCHAR *word, DWORD ms)
{
    steps[step_count].action = action;
    steps[step_count].word = word;
    steps[step_count++].ms = ms;
}

static void complain(const char *what, const WCHAR *word)
{
    char *utf8 = to_utf8(word), *text = malloc((utf8 ? strlen(utf8) : 0) + strlen(what) + 64);

    if (text) sprintf(text, "lookups: %s: %s\n'lookups --help' tells more\n", what, utf8 ? utf8 : "?");
    say(text ? text : what, TRUE);
    free(text);
    free(utf8);
}

static BOOL read_ms(const WCHAR *word, DWORD *ms)
{
    WCHAR *end;

    *ms = wcstoul(word, &end, 10);
    return *word >= '0' && *word <= '9' && !*end && *ms <= USER_TIMER_MAXIMUM;
}

/* Returns how many words it took; 0, having said why, if it is not understood. */
static int read_word(const WCHAR *word, const WCHAR *value)
{
    static const struct { const WCHAR *name; enum action action; BOOL value; } known[] =
    {
        { L"--add", ADD, TRUE }, { L"--wait", WAIT, TRUE }, { L"--wait-done", WAIT_DONE, FALSE },
        { L"--cancel-all", CANCEL_ALL, FALSE }, { L"--cancel-after", WAIT, TRUE }, { L"--report", REPORT, TRUE },
        { L"--exit", EXIT, FALSE }, { L"--exit-when-done", WAIT_DONE, FALSE },
    };
    DWORD ms = 0;
    int i = 0;

    if (wcsncmp(word, L"--", 2))
    {
        add_step(OPEN, word, 0);
        return 1;
    }
    while (i < (int)ARRAYSIZE(known) && wcscmp(word, known[i].name)) i++;
    if (i == ARRAYSIZE(known))
    {
        complain("no such step", word);
        return 0;
    }
    if (known[i].value && !value)
    {
        complain("something must come after it", word);
        return 0;
    }
    if (known[i].action == WAIT && !read_ms(value, &ms))
    {
        complain("not a number of milliseconds", value);
        return 0;
    }
    add_step(known[i].action, value, ms);
    if (!wcscmp(word, L"--cancel-after")) add_step(CANCEL_ALL, NULL, 0);
    if (!wcscmp(word, L"--exit-when-done")) add_step(EXIT, NULL, 0);
    return 1 + known[i].value;
}

static BOOL read_arguments(int argc, WCHAR **argv)
{
    int i, taken;

    if (!(steps = calloc(2 * argc, sizeof(*steps)))) return FALSE;
    for (i = 1; i < argc; i += taken)
        if (!(taken = read_word(argv[i], i + 1 < argc ? argv[i + 1] : NULL))) return FALSE;
    unattended = step_count && steps[step_count - 1].action == EXIT;
    return TRUE;
}

static BOOL wants_help(int argc, WCHAR **argv)
{
    int i;

    for (i = 1; i < argc; i++)
        if (!wcscmp(argv[i], L"--help") || !wcscmp(argv[i], L"/?")) return TRUE;
    return FALSE;
}

static enum exit_status no_window(const char *what, int error)
{
    char text[200];

    snprintf(text, sizeof(text), "lookups: %s: %s\n", what, error_name(error));
    say(text, TRUE);
    return NO_WINDOW;
}

int WINAPI WinMain(HINSTANCE instance, HINSTANCE previous, char *line, int show)
{
    WSADATA data;
    WCHAR **argv;
    int argc, error;
    MSG message;

    if (!(argv = CommandLineToArgvW(GetCommandLineW(), &argc))) return BAD_USAGE;
    if (wants_help(argc, argv))
    {
        say(usage, FALSE);
        return ALL_FOUND;
    }
    if (!read_arguments(argc, argv)) return BAD_USAGE;

    if ((error = WSAStartup(MAKEWORD(1, 1), &data))) return no_window("WSAStartup", error);
    if (!(window = window_create())) return no_window("no window", (int)GetLastError());
    if ((error = requests_begin(window))) return no_window("no requests", error);
    ShowWindow(window, show);
    UpdateWindow(window);

    take_steps();
    while (GetMessageW(&message, NULL, 0, 0) > 0)
    {
        if (window_message(&message)) continue;
        TranslateMessage(&message);
        DispatchMessageW(&message);
    }
    WSACleanup();
    if (file_failed) return BAD_USAGE;
    return tally.in[STATE_FOUND] == tally.total ? ALL_FOUND : NOT_ALL_FOUND;
}
