/*
 * The lookups window: lookups.exe, beside the test executable, driven as a user would drive it and by its command line;
 * what it made of that is read in its report. Knows its controls' numbers and the form of the report, nothing else.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"

#include <commctrl.h>
#include <stdlib.h>
#include "../programs/lookups_ids.h"

enum { LINES = 2000, FROZEN = 4000 };   /* ms; what a window may at most be deaf for, on a busy machine */

static PROCESS_INFORMATION process;
static HWND window;
static char *report;            /* the latest one */

/* --- files --- */

/* Of this process, in the temporary directory; one of 8 rotating buffers. */
static const char *file_path(const char *name)
{
    static char paths[8][2 * MAX_PATH];
    static int next;
    char *path = paths[next++ & 7], directory[MAX_PATH];

    GetTempPathA(sizeof(directory), directory);
    sprintf(path, "%slookups-%lu-%s", directory, GetCurrentProcessId(), name);
    return path;
}

static void write_file(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(file_path(name), "wb");
    BOOL written = file && fwrite(data, 1, size, file) == size;

    if (file && fclose(file)) written = FALSE;
    ok(written, "%s not written\n", file_path(name));
}

static void write_text(const char *name, const char *text)
{
    write_file(name, text, strlen(text));
}

/* Of process; all of it is there once the process, or what it did next, has been seen. */
static void read_report(void)
{
    FILE *file = fopen(file_path("report"), "r");
    size_t size = 4 * 1024 * 1024;

    free(report);
    report = calloc(1, size);
    ok(file != NULL, "no report\n");
    if (file) fread(report + 1, 1, size - 2, file);
    if (file) fclose(file);
    *report = '\n';             /* so that each line has one before it */
    DeleteFileA(file_path("report"));
}

/* The number in the line NAME=NUMBER; -1: there is none. */
static int counted(const char *name)
{
    const char *found;
    char line[64];

    sprintf(line, "\n%s=", name);
    found = strstr(report, line);
    return found ? atoi(found + strlen(line)) : -1;
}

/* What the list says of a query, as "state|result". */
static const char *outcome(const char *query)
{
    static char text[600];
    char state[32], task[32], asked[300], *line = report;
    int end;

    while ((line = strstr(line, "\nentry\t")))
    {
        line += 7;
        end = 0;
        *asked = 0;
        if (sscanf(line, "%31[^\t]\t%*[^\t]\t%31[^\t]\t%299[^\t\n]\t%n", state, task, asked, &end) < 3) continue;
        if (!end || strcmp(asked, query)) continue;
        sprintf(text, "%s|%.*s", state, (int)min(strcspn(line + end, "\n"), 500), line + end);
        return text;
    }
    return "not there";
}

#define expect_outcome(query, wanted) expect_outcome_(__LINE__, query, wanted)
static void expect_outcome_(int line, const char *query, const char *wanted)
{
    ok_(__FILE__, line)(!strcmp(outcome(query), wanted), "%s: %s, not %s\n", query, outcome(query), wanted);
}

static BOOL logged(const char *event, const char *text)
{
    char begin[64], *line = report, *end;
    BOOL found;

    sprintf(begin, "\nlog\t%s\t", event);
    while ((line = strstr(line, begin)))
    {
        line++;
        if ((end = strchr(line, '\n'))) *end = 0;
        found = strstr(line, text) != NULL;
        if (end) *end = '\n';
        if (found) return TRUE;
    }
    return FALSE;
}

/* --- the program --- */

/* What it says goes to the file "said". */
static void run_lookups(const char *args)
{
    STARTUPINFOA startup = { .cb = sizeof(startup), .dwFlags = STARTF_USESTDHANDLES };
    SECURITY_ATTRIBUTES inherited = { sizeof(inherited), NULL, TRUE };
    char path[MAX_PATH], line[4096];
    BOOL ret;

    GetModuleFileNameA(NULL, path, sizeof(path));
    strcpy(strrchr(path, '\\') + 1, "lookups.exe");
    snprintf(line, sizeof(line), "\"%s\" %s", path, args);
    startup.hStdOutput = startup.hStdError =
        CreateFileA(file_path("said"), GENERIC_WRITE, FILE_SHARE_READ, &inherited, CREATE_ALWAYS, 0, NULL);
    ret = CreateProcessA(path, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process);
    ok(ret, "%s not started, error %lu\n", line, GetLastError());
    CloseHandle(startup.hStdOutput);
    window = NULL;
}

static BOOL CALLBACK is_window(HWND hwnd, LPARAM lparam)
{
    char class[32];

    if (GetClassNameA(hwnd, class, sizeof(class)) && !strcmp(class, LOOKUPS_CLASS) && IsWindowVisible(hwnd))
        window = hwnd;
    return !window;
}

/* Another process tells of nothing: what it did can only be looked for. */
#define await(condition) (await_begin(), ok(await_(condition), "%s\n", #condition))
static DWORD await_since;
static void await_begin(void) { await_since = GetTickCount(); }
#define await_(condition) \
    ({ while (!(condition) && GetTickCount() - await_since < PATIENCE) WaitForSingleObject(process.hProcess, 10); \
       (condition); })

static BOOL find_window(void)
{
    EnumThreadWindows(process.dwThreadId, is_window, 0);
    return window != NULL;
}

static DWORD end_lookups(void)
{
    DWORD code = ~0u;

    if (WaitForSingleObject(process.hProcess, PATIENCE))
    {
        ok(0, "it does not end\n");
        TerminateProcess(process.hProcess, 99);
    }
    GetExitCodeProcess(process.hProcess, &code);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return code;
}

static HWND control(int id)
{
    return GetDlgItem(window, id);
}

static int list_count(int id)
{
    return (int)SendMessageA(control(id), LVM_GETITEMCOUNT, 0, 0);
}

/* --- by its command line --- */

static void test_forms(void)
{
    static const WCHAR utf16[] = L"\xfeff" L"proto:17\r\n\x00e9t\x00e9.test";
    const char *never = scripted("never"), *slow = scripted("d3000.h7"), *later = scripted("d3500.h8");
    char text[1000], args[3000], directory[MAX_PATH], wanted[100];
    BOOL is;

    sprintf(text, "# a comment\r\n\r\nlocalhost\r\n\t127.0.0.1  \r\nftp/tcp\nftp/\n21/tcp\n21\nproto:udp\n"
            "h259.test\n10.1.1.3\nnx.test\nname with blanks\n1.2.3.444\n70000\n%s\n%s", never, slow);
    write_text("names", text);
    write_file("utf16", utf16, sizeof(utf16) - sizeof(*utf16));
    write_text("empty", "");
    GetTempPathA(sizeof(directory), directory);
    directory[strlen(directory) - 1] = 0;
    sprintf(args, "\"%s\" \"%s\" \"%s\" \"%s\" \"%s\" --wait-done --add %s --wait-done --report \"%s\" --exit",
            file_path("names"), file_path("utf16"), file_path("empty"), file_path("missing"), directory, later,
            file_path("report"));
    run_lookups(args);
    await(find_window());
    ok(wait_asked(slow), "%s is not asked\n", slow);
    ok(wait_asked(never), "%s is not asked\n", never);
    await(list_count(ID_LOG) == 20);    /* 3 files read, 2 not, 4 bad lines, 11 answers */
    /* The answer to the slow one comes only after this; and before that to the later one, which ends it all. */
    PostMessageA(window, WM_COMMAND, ID_CANCEL_ALL, 0);
    ok(end_lookups() == 2, "it ends as if all could be read\n");

    read_report();
    is = strstr(report, "\nws2_32=wsasync ") != NULL;
    ok(is == ours, "it says that its ws2_32 is %.*s\n", (int)strcspn(report + 1, "\n"), report + 1);
    ok(counted("total") == 18, "total %d\n", counted("total"));
    ok(counted("waiting") == 0, "waiting %d\n", counted("waiting"));
    ok(counted("running") == 0, "running %d\n", counted("running"));
    expect_outcome("localhost", "found|localhost 127.0.0.1");
    ok(!strncmp(outcome("127.0.0.1"), "found|", 6), "127.0.0.1: %s\n", outcome("127.0.0.1"));
    expect_outcome("ftp/tcp", "found|ftp 21/tcp");
    ok(!strncmp(outcome("ftp/"), "found|ftp 21/", 13), "ftp/: %s\n", outcome("ftp/"));
    expect_outcome("21/tcp", "found|ftp 21/tcp");
    ok(!strncmp(outcome("21"), "found|ftp 21/", 13), "21: %s\n", outcome("21"));
    ok(!strncmp(outcome("proto:udp"), "found|udp 17", 12), "proto:udp: %s\n", outcome("proto:udp"));
    ok(!strncmp(outcome("proto:17"), "found|udp 17", 12), "proto:17: %s\n", outcome("proto:17"));
    expect_outcome("h259.test", "found|h259.test 10.1.1.3");
    expect_outcome("10.1.1.3", "found|h259.test 10.1.1.3");
    expect_outcome("nx.test", "failed|WSAHOST_NOT_FOUND");
    sprintf(wanted, "found|%s 10.1.0.8", later);
    expect_outcome(later, wanted);

    /* A line that is no question is there with the reason, and takes no other along. */
    ok(counted("bad line") == 4, "bad lines %d\n", counted("bad line"));
    expect_outcome("name with blanks", "bad line|line 13: a blank or control character");
    expect_outcome("1.2.3.444", "bad line|line 14: not an IPv4 address");
    expect_outcome("70000", "bad line|line 15: a port number is at most 65535");
    ok(!strncmp(outcome("\xc3\xa9t\xc3\xa9.test"), "bad line|line 2: not ASCII", 26), "UTF-16: %s\n",
       outcome("\xc3\xa9t\xc3\xa9.test"));
    ok(logged("error", "line 14: not an IPv4 address"), "the log says nothing of line 14\n");
    sprintf(wanted, "cannot read %s: ", file_path("missing"));
    ok(logged("error", wanted), "the log says nothing of the file that is not there\n");
    sprintf(wanted, "cannot read %s: ", directory);
    ok(logged("error", wanted), "the log says nothing of the directory\n");

    /* What is cancelled stays so. */
    ok(counted("cancelled") == 2, "cancelled %d\n", counted("cancelled"));
    expect_outcome(never, "cancelled|cancel said 0");
    todo_builtin ok(!strcmp(outcome(slow), "cancelled|cancel said 0"), "%s: %s\n", slow, outcome(slow));
    ok(logged("cancel", slow), "the log says nothing of the cancel\n");
    ok(!logged("message", slow), "the log has an answer for what was cancelled\n");
    todo_builtin ok(counted("messages after cancel") == 0, "messages after cancel: %d\n",
                    counted("messages after cancel"));
    ok(logged("late message", slow) == (counted("messages after cancel") == 1), "the log and the count differ\n");
    DeleteFileA(file_path("names"));
    DeleteFileA(file_path("utf16"));
    DeleteFileA(file_path("empty"));
}

static void test_usage(void)
{
    char said[200] = "";
    FILE *file;

    run_lookups("--wait-done --no-such-step");
    ok(end_lookups() == 2, "it takes any step\n");
    if ((file = fopen(file_path("said"), "r"))) fgets(said, sizeof(said), file);
    if (file) fclose(file);
    ok(!strcmp(said, "lookups: no such step: --no-such-step\n"), "it says %s\n", said);
}

/* --- its keyboard --- */

static int focus(void)
{
    GUITHREADINFO info = { .cbSize = sizeof(info) };

    GetGUIThreadInfo(process.dwThreadId, &info);
    return info.hwndFocus ? GetDlgCtrlID(info.hwndFocus) : 0;
}

/* As if typed while that control has the focus. */
static void press(int id, WORD key)
{
    PostMessageA(control(id), WM_KEYDOWN, key, 1);
    PostMessageA(control(id), WM_KEYUP, key, 0xc0000001);
}

static void press_alt(int id, char key)
{
    PostMessageA(control(id), WM_SYSCHAR, key, 0x20000001);
}

/* --- many --- */

/* How long it takes until the window obeys the keyboard; its messages come one after the other. */
static DWORD deaf_for(void)
{
    DWORD begin = GetTickCount();
    BOOL at_query = focus() == ID_QUERY;

    press_alt(at_query ? ID_QUERY : ID_LOG, at_query ? 'm' : 'n');
    await_begin();
    await_(focus() == (at_query ? ID_LOG : ID_QUERY));
    return GetTickCount() - begin;
}

static void test_many(void)
{
    char *text = malloc(LINES * 32), *end = text, args[1000];
    DWORD longest = 0, begin;
    int i;

    for (i = 0; i < LINES / 5; i++)
        end += sprintf(end, "ftp/tcp\nh%d.test\nproto:udp\n10.1.%d.%d\nd%d.h7.test\n", i, i >> 8, i & 255, i % 50);
    write_text("many", text);
    free(text);
    sprintf(args, "\"%s\" --wait-done --report \"%s\" --report \"%s\"", file_path("many"), file_path("report"),
            file_path("whole"));
    run_lookups(args);
    await(find_window());
    await(focus() == ID_QUERY);
    begin = GetTickCount();
    while (GetFileAttributesA(file_path("whole")) == INVALID_FILE_ATTRIBUTES && GetTickCount() - begin < 2 * PATIENCE)
    {
        longest = max(longest, deaf_for());
        if (!WaitForSingleObject(process.hProcess, 50)) break;
    }
    ok(longest < FROZEN, "the window was frozen for %lu ms\n", longest);
    trace("%d lines, %lu ms, frozen for %lu ms at most\n", LINES, GetTickCount() - begin, longest);
    ok(list_count(ID_LIST) == LINES, "the list shows %d\n", list_count(ID_LIST));
    PostMessageA(window, WM_CLOSE, 0, 0);
    ok(end_lookups() == 0, "it ends as if not all were found\n");
    read_report();
    ok(counted("found") == LINES, "found %d\n", counted("found"));
    DeleteFileA(file_path("many"));
    DeleteFileA(file_path("whole"));
}

/* --- by hand --- */

static const char *query(void)
{
    static char text[100];
    WCHAR wide[100] = L"";

    /* not in ANSI: an old Wine does not turn it into that between processes */
    SendMessageW(control(ID_QUERY), WM_GETTEXT, ARRAY_SIZE(wide), (LPARAM)wide);
    WideCharToMultiByte(CP_ACP, 0, wide, -1, text, sizeof(text), NULL, NULL);
    return text;
}

static void type_query(const char *text)
{
    SendMessageA(control(ID_QUERY), WM_SETTEXT, 0, (LPARAM)text);
}

static void test_keys(void)
{
    static const int order[] =
        { ID_QUERY, ID_ADD, ID_LIST, ID_CANCEL_SELECTED, ID_CANCEL_ALL, ID_LOG, ID_QUERY };
    int i, lines;

    await(focus() == ID_QUERY);
    for (i = 0; i + 1 < (int)ARRAY_SIZE(order); i++)
    {
        press(order[i], VK_TAB);
        await(focus() == order[i + 1]);
    }

    type_query(" ftp/tcp ");
    press(ID_QUERY, VK_RETURN);
    await(!strcmp(query(), ""));
    ok(list_count(ID_LIST) == 4, "%d lines\n", list_count(ID_LIST));

    lines = list_count(ID_LOG);
    type_query("1.2.3.444");
    press(ID_QUERY, VK_RETURN);
    await(list_count(ID_LOG) > lines);
    ok(!strcmp(query(), "1.2.3.444"), "what was typed is lost, it is '%s'\n", query());
    ok(list_count(ID_LIST) == 4, "%d lines\n", list_count(ID_LIST));

    press(ID_QUERY, VK_ESCAPE);
    press(ID_QUERY, VK_TAB);    /* where it has come to this, the other was dealt with */
    await(focus() == ID_ADD);
    ok(!strcmp(query(), "1.2.3.444"), "Esc has taken what was typed, it is '%s'\n", query());
    ok(list_count(ID_LIST) == 4, "%d lines\n", list_count(ID_LIST));

    press_alt(ID_ADD, 'n');
    await(focus() == ID_QUERY);
    press_alt(ID_QUERY, 'm');
    await(focus() == ID_LOG);
    press(ID_LOG, VK_TAB);
    press(ID_QUERY, VK_TAB);
    press(ID_ADD, VK_TAB);
    await(focus() == ID_LIST);
}

static void test_selection(void)
{
    int lines = list_count(ID_LOG);

    press(ID_LIST, VK_HOME);
    press(ID_LIST, VK_DELETE);
    await(list_count(ID_LOG) > lines);
    ok(SendMessageA(control(ID_LIST), LVM_GETSELECTEDCOUNT, 0, 0) == 1, "not one line is selected\n");
    SetForegroundWindow(window);
    keybd_event(VK_CONTROL, 0, 0, 0);
    keybd_event('A', 0, 0, 0);
    keybd_event('A', 0, KEYEVENTF_KEYUP, 0);
    keybd_event(VK_CONTROL, 0, KEYEVENTF_KEYUP, 0);
    await(SendMessageA(control(ID_LIST), LVM_GETSELECTEDCOUNT, 0, 0) == 4);
}

/* All controls are inside the window, and none lies over another. */
static void expect_layout(int width, int height)
{
    static const int ids[] = { ID_QUERY_LABEL, ID_QUERY, ID_ADD, ID_LIST, ID_PROGRESS, ID_CANCEL_SELECTED,
                               ID_CANCEL_ALL, ID_LOG_LABEL, ID_LOG, ID_STATUS };
    RECT client, rects[ARRAY_SIZE(ids)], both;
    unsigned int i, j;

    SetWindowPos(window, NULL, 0, 0, width, height, SWP_NOZORDER | SWP_NOMOVE | SWP_NOACTIVATE);
    GetClientRect(window, &client);
    MapWindowPoints(window, NULL, (POINT *)&client, 2);
    for (i = 0; i < ARRAY_SIZE(ids); i++)
    {
        GetWindowRect(control(ids[i]), &rects[i]);
        ok(!IsRectEmpty(&rects[i]) && UnionRect(&both, &rects[i], &client) && EqualRect(&both, &client),
           "%d x %d: control %d is not inside\n", width, height, ids[i]);
        for (j = 0; j < i; j++)
            ok(!IntersectRect(&both, &rects[i], &rects[j]), "%d x %d: controls %d and %d overlap\n", width, height,
               ids[i], ids[j]);
    }
    ok(rects[3].right - rects[3].left > (client.right - client.left) * 9 / 10, "%d x %d: the list is narrow\n", width,
       height);
}

static void test_by_hand(void)
{
    const char *names[3] = { scripted("never"), scripted("never"), scripted("never") };
    char text[400], args[1000], *first, *rest;
    int i;

    sprintf(text, "%s\n%s\n%s\n", names[0], names[1], names[2]);
    write_text("names", text);
    sprintf(args, "\"%s\" --wait-done --report \"%s\" --exit", file_path("names"), file_path("report"));
    run_lookups(args);
    await(find_window());
    for (i = 0; i < 3; i++) ok(wait_asked(names[i]), "%s is not asked\n", names[i]);

    test_keys();
    test_selection();
    expect_layout(900, 700);
    expect_layout(100, 100);    /* smaller than it can be made */
    press_alt(ID_LIST, 'c');    /* Cancel all: then all is over, and it ends */
    ok(end_lookups() == 1, "it ends as if all were found\n");

    read_report();
    expect_outcome("ftp/tcp", "found|ftp 21/tcp");
    for (i = 0; i < 3; i++) expect_outcome(names[i], "cancelled|cancel said 0");
    ok(counted("total") == 4, "total %d\n", counted("total"));
    ok(counted("messages after cancel") == 0, "messages after cancel: %d\n", counted("messages after cancel"));
    first = strstr(report, "\nlog\tcancel\t");
    rest = first ? strstr(first + 1, "\nlog\tcancel\t") : NULL;
    ok(rest && strstr(first, names[0]) < rest, "Delete did not cancel the first one\n");
    ok(logged("note", "cancelled all: 2,"), "Delete did not cancel one alone\n");
    ok(logged("error", "'1.2.3.444' is not added: not an IPv4 address"), "nobody says what was wrong\n");
    DeleteFileA(file_path("names"));
}

START_TEST(lookups)
{
    start(MAKEWORD(1, 1));
    if (names_available())
    {
        test_forms();
        test_by_hand();
        test_many();
    }
    test_usage();
    DeleteFileA(file_path("said"));
    free(report);
    finish();
}
