/*
 * Services and protocols: what the prefix's files say is answered, by the blocking calls and by the asynchronous ones, in
 * whatever form a line is written or a question asked. How changes of the files are seen is databases_change.c's.
 *
 * It replaces these files, so it runs only where WSASYNC_TEST_PREFIX says "throwaway" (tests/wine-run).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "databases.h"

HWND window;

const char *etc(const char *name)
{
    static char paths[4][MAX_PATH + 32];
    static char directory[MAX_PATH];
    static int next;
    char *path = paths[next++ % 4], value[MAX_PATH];
    DWORD size = sizeof(value);

    /* Asked once: a test changes it. An old Wine has another place for them than Windows. */
    if (directory[0]) {}
    else if (RegGetValueA(HKEY_LOCAL_MACHINE, "System\\CurrentControlSet\\Services\\Tcpip\\Parameters", "DatabasePath",
                     RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND, NULL, value, &size)
        || !ExpandEnvironmentStringsA(value, directory, MAX_PATH))
    {
        GetSystemDirectoryA(directory, MAX_PATH);
        strcat(directory, "\\drivers\\etc");
    }
    sprintf(path, "%s\\%s", directory, name);
    return path;
}

void move_over(const char *from, const char *to)
{
    int tries = 0;

    while (!MoveFileExA(from, to, MOVEFILE_REPLACE_EXISTING) && ++tries < 100) Sleep(10);
    ok(tries < 100, "%s: error %lu\n", to, GetLastError());
}

/* Not in place: it may be a hard link to the template's. */
void put_file(const char *path, const void *text, int size)
{
    char fresh[MAX_PATH + 40];
    HANDLE file;
    DWORD written;

    if (size < 0) size = strlen(text);
    sprintf(fresh, "%s.new", path);
    file = CreateFileA(fresh, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    ok(WriteFile(file, text, size, &written, NULL) && written == (DWORD)size, "%s: error %lu\n", fresh, GetLastError());
    CloseHandle(file);
    move_over(fresh, path);
}

void remove_file(const char *path)
{
    ok(DeleteFileA(path), "%s: error %lu\n", path, GetLastError());
}

const char *answer(const struct question *question)
{
    switch (question->kind)
    {
    case BY_SERVICE: return serv_text(getservbyname(question->name, question->proto));
    case BY_PORT: return serv_text(getservbyport(htons(question->number), question->proto));
    case BY_PROTOCOL: return proto_text(getprotobyname(question->name));
    default: return proto_text(getprotobynumber(question->number));
    }
}

static HANDLE submit(const struct question *question, void *buf, int size)
{
    switch (question->kind)
    {
    case BY_SERVICE: return by_service(window, question->name, question->proto, buf, size);
    case BY_PORT: return by_port(window, question->number, question->proto, buf, size);
    case BY_PROTOCOL: return by_protocol(window, question->name, buf, size);
    default: return by_number(window, question->number, buf, size);
    }
}

static const char *completed(const struct question *question, HANDLE handle, void *buf)
{
    struct completion completion;

    if (!expect_message(handle, &completion)) return "nothing";
    WSASetLastError(WSAGETASYNCERROR(completion.lparam));
    if (question->kind == BY_SERVICE || question->kind == BY_PORT)
        return serv_text(WSAGETASYNCERROR(completion.lparam) ? NULL : buf);
    return proto_text(WSAGETASYNCERROR(completion.lparam) ? NULL : buf);
}

const char *answer_later(const struct question *question)
{
    char buf[4096];

    return completed(question, submit(question, buf, sizeof(buf)), buf);
}

void expect_seen_(const struct question *question, const char *text)
{
    DWORD begun = GetTickCount();
    const char *both[2];

    do
    {
        both[0] = answer(question);
        both[1] = answer_later(question);
        if (!strcmp(both[0], text) && !strcmp(both[1], text)) break;
        Sleep(5);
    }
    while (GetTickCount() - begun < PATIENCE);
    winetest_ok(!strcmp(both[0], text) && !strcmp(both[1], text), "%s, later %s, expected %s\n", both[0], both[1], text);
}

/* --- forms --- */

static const char services[] =
    "\xef\xbb\xbf" "byte-order 900/tcp\n"
    "# name number/protocol aliases\n"
    "\n \t \r\n"
    "plain 1001/tcp\n"
    "tabbed\t\t1002/tcp\talias-a\t alias-b \n"
    "carriage 1003/tcp alias-c\r\n"
    "  indented 1004/udp\r\n"
    "commented 1005/tcp alias-d # hidden\n"
    "glued 1006/tcp#hidden\n"
    "glued-alias 1007/tcp alias-e#hidden\n"
    "multi 1010/udp multi-u\n"
    "multi 1010/tcp multi-t\n"
    "multi 1011/sctp\n"
    "MixedCase 1012/TCP MixedAlias\n"
    "twice 1013/tcp\n"
    "twice 1014/tcp\n"
    "other 1014/tcp\n"
    "earlier 1015/tcp later\n"
    "later 1016/tcp\n"
    "high 40000/tcp\n"
    "nought 0/tcp\n"
    "top 65535/tcp\n"
    "above 65536/tcp\n"
    "huge 99999999999999999999999/tcp\n"
    "negative -1/tcp\n"
    "no-slash 1020\n"
    "no-protocol 1021/\n"
    "no-number /tcp\n"
    "letters abc/tcp\n"
    "trailing 1022x/tcp\n"
    "apart 1023 /tcp\n"
    "alone\n"
    "1024/tcp\n"
    "\xfc\xe4 1025/tcp \xff\xfe\xc4\n"
    "\xc3\xbc 1026/tcp\n"
    "cut 1027/tcp al\0 behind\n"
    "leading 0001028/tcp\n"
    "long-protocol 1029/a-protocol-of-its-own\n"
    "last 1099/tcp last-alias";

static const char protocols[] =
    "# name number aliases\r\n"
    "ip\t0\tIP\r\n"
    "tcp 6 TCP transmission # hidden\r\n"
    "udp 17\n"
    "Mixed 41 MixedAlias\n"
    "two 50\n"
    "two 51\n"
    "again 50\n"
    "top 32767\n"
    "above 32768\n"
    "huge 99999999999999999999\n"
    "negative -6\n"
    "letters six\n"
    "trailing 52x\n"
    "slash 53/tcp\n"
    "alone\n"
    "last 99 last-alias";

#define NONE "error 11004"              /* WSANO_DATA */

static const struct form
{
    struct question question;
    const char *expected;
    BOOL differs;                       /* the builtin answers otherwise */
}
forms[] =
{
    {SERVICE("byte-order", "tcp"), "service byte-order port 0x8403 tcp", TRUE},
    {SERVICE("plain", "tcp"), "service plain port 0xe903 tcp", FALSE},
    {SERVICE("plain", "udp"), NONE, FALSE},
    {SERVICE("plain", NULL), "service plain port 0xe903 tcp", FALSE},
    {SERVICE("plain", ""), "service plain port 0xe903 tcp", TRUE},
    {SERVICE("plai", "tcp"), NONE, FALSE},
    {SERVICE("plainer", "tcp"), NONE, FALSE},
    {SERVICE("tabbed", "tcp"), "service tabbed port 0xea03 tcp alias alias-a alias alias-b", FALSE},
    {SERVICE("alias-a", "tcp"), "service tabbed port 0xea03 tcp alias alias-a alias alias-b", TRUE},
    {SERVICE("alias-b", NULL), "service tabbed port 0xea03 tcp alias alias-a alias alias-b", TRUE},
    {SERVICE("alias-b", "udp"), NONE, FALSE},
    {SERVICE("carriage", "tcp"), "service carriage port 0xeb03 tcp alias alias-c", FALSE},
    {SERVICE("alias-c", "tcp"), "service carriage port 0xeb03 tcp alias alias-c", TRUE},
    {SERVICE("indented", "udp"), "service indented port 0xec03 udp", FALSE},
    {SERVICE("commented", "tcp"), "service commented port 0xed03 tcp alias alias-d", FALSE},
    {SERVICE("hidden", NULL), NONE, FALSE},
    {SERVICE("#", NULL), NONE, FALSE},
    {SERVICE("glued", "tcp"), "service glued port 0xee03 tcp", FALSE},
    {SERVICE("glued-alias", "tcp"), "service glued-alias port 0xef03 tcp alias alias-e", FALSE},
    /* a name with several protocols: the first line */
    {SERVICE("multi", NULL), "service multi port 0xf203 udp alias multi-u", FALSE},
    {SERVICE("multi", "tcp"), "service multi port 0xf203 tcp alias multi-t", FALSE},
    {SERVICE("multi", "sctp"), "service multi port 0xf303 sctp", FALSE},
    {SERVICE("multi", "dccp"), NONE, FALSE},
    {SERVICE("multi-t", NULL), "service multi port 0xf203 tcp alias multi-t", TRUE},
    {SERVICE("multi-t", "udp"), NONE, FALSE},
    {PORT(1010, NULL), "service multi port 0xf203 udp alias multi-u", TRUE},
    {PORT(1010, ""), "service multi port 0xf203 udp alias multi-u", TRUE},
    {PORT(1010, "tcp"), "service multi port 0xf203 tcp alias multi-t", TRUE},
    {PORT(1010, "sctp"), NONE, FALSE},
    {SERVICE("twice", NULL), "service twice port 0xf503 tcp", FALSE},
    {PORT(1014, NULL), "service twice port 0xf603 tcp", TRUE},
    {SERVICE("later", NULL), "service earlier port 0xf703 tcp alias later", TRUE},
    /* letter case */
    {SERVICE("mixedcase", "tcp"), "service MixedCase port 0xf403 TCP alias MixedAlias", FALSE},
    {SERVICE("MIXEDCASE", "Tcp"), "service MixedCase port 0xf403 TCP alias MixedAlias", FALSE},
    {SERVICE("mixedALIAS", "TCP"), "service MixedCase port 0xf403 TCP alias MixedAlias", TRUE},
    {PORT(1012, "tCP"), "service MixedCase port 0xf403 TCP alias MixedAlias", TRUE},
    {SERVICE("\xfc\xe4", "tcp"), "service \xfc\xe4 port 0x104 tcp alias \xff\xfe\xc4", FALSE},
    {SERVICE("\xff\xfe\xc4", "tcp"), "service \xfc\xe4 port 0x104 tcp alias \xff\xfe\xc4", TRUE},
    {SERVICE("\xff\xfe\xe4", "tcp"), NONE, FALSE},
    {SERVICE("\xc3\xbc", "tcp"), "service \xc3\xbc port 0x204 tcp", FALSE},
    /* numbers */
    {PORT(40000, "tcp"), "service high port 0x409c tcp", FALSE},
    {PORT(65535, NULL), "service top port 0xffff tcp", TRUE},
    {PORT(0, NULL), "service nought port 0 tcp", FALSE},
    {SERVICE("nought", NULL), "service nought port 0 tcp", FALSE},
    {SERVICE("above", NULL), NONE, TRUE},
    {SERVICE("huge", NULL), NONE, TRUE},
    {SERVICE("negative", NULL), NONE, TRUE},
    {SERVICE("leading", NULL), "service leading port 0x404 tcp", FALSE},
    {PORT(1028, NULL), "service leading port 0x404 tcp", TRUE},
    /* what is no line */
    {SERVICE("no-slash", NULL), NONE, FALSE},
    {SERVICE("no-protocol", NULL), NONE, TRUE},
    {SERVICE("no-number", NULL), NONE, TRUE},
    {SERVICE("letters", NULL), NONE, TRUE},
    {SERVICE("trailing", NULL), NONE, TRUE},
    {SERVICE("apart", NULL), NONE, TRUE},
    {SERVICE("alone", NULL), NONE, FALSE},
    {SERVICE("1024/tcp", NULL), NONE, FALSE},
    {SERVICE("cut", NULL), "service cut port 0x304 tcp alias al", TRUE},
    {SERVICE("behind", NULL), NONE, FALSE},
    {SERVICE("", NULL), NONE, FALSE},
    {SERVICE("long-protocol", "A-Protocol-Of-Its-Own"), "service long-protocol port 0x504 a-protocol-of-its-own", FALSE},
    {SERVICE("last", "tcp"), "service last port 0x4b04 tcp alias last-alias", FALSE},
    {SERVICE("last-alias", "tcp"), "service last port 0x4b04 tcp alias last-alias", TRUE},
    /* protocols */
    {PROTOCOL("ip"), "protocol ip 0 alias IP", FALSE},
    {PROTOCOL("tcp"), "protocol tcp 6 alias TCP alias transmission", FALSE},
    {PROTOCOL("TCP"), "protocol tcp 6 alias TCP alias transmission", FALSE},
    {PROTOCOL("Transmission"), "protocol tcp 6 alias TCP alias transmission", TRUE},
    {PROTOCOL("hidden"), NONE, FALSE},
    {PROTOCOL("mIXED"), "protocol Mixed 41 alias MixedAlias", FALSE},
    {PROTOCOL("mixedalias"), "protocol Mixed 41 alias MixedAlias", TRUE},
    {PROTOCOL("two"), "protocol two 50", FALSE},
    {PROTOCOL("above"), NONE, TRUE},
    {PROTOCOL("huge"), NONE, TRUE},
    {PROTOCOL("negative"), NONE, TRUE},
    {PROTOCOL("letters"), NONE, TRUE},
    {PROTOCOL("trailing"), NONE, TRUE},
    {PROTOCOL("slash"), NONE, TRUE},
    {PROTOCOL("alone"), NONE, FALSE},
    {PROTOCOL(""), NONE, FALSE},
    {PROTOCOL("last"), "protocol last 99 alias last-alias", FALSE},
    {PROTOCOL("last-alias"), "protocol last 99 alias last-alias", TRUE},
    {PROTOCOL("plain"), NONE, FALSE},
    {NUMBER(0), "protocol ip 0 alias IP", FALSE},
    {NUMBER(17), "protocol udp 17", FALSE},
    {NUMBER(50), "protocol two 50", FALSE},
    {NUMBER(51), "protocol two 51", FALSE},
    {NUMBER(32767), "protocol top 32767", FALSE},
    {NUMBER(6 + 0x10000), NONE, FALSE},
    {NUMBER(-6), NONE, TRUE},
    {NUMBER(1001), NONE, FALSE},
};

static const char *debug_question(const struct question *question)
{
    static char text[200];

    sprintf(text, "kind %d, %s, %s, %d", question->kind, question->name ? question->name : "NULL",
            question->proto ? question->proto : "NULL", question->number);
    return text;
}

static void test_forms(void)
{
    static HANDLE handles[ARRAY_SIZE(forms)];
    static char bufs[ARRAY_SIZE(forms)][512];
    const char *got;
    unsigned int i, way;

    for (i = 0; i < ARRAY_SIZE(forms); i++) handles[i] = submit(&forms[i].question, bufs[i], sizeof(bufs[i]));
    for (way = 0; way < 2; way++)
        for (i = 0; i < ARRAY_SIZE(forms); i++)
        {
            winetest_push_context("%s, %s", way ? "asynchronous" : "blocking", debug_question(&forms[i].question));
            got = way ? completed(&forms[i].question, handles[i], bufs[i]) : answer(&forms[i].question);
            todo_builtin_if(forms[i].differs && strcmp(got, forms[i].expected))
            ok(!strcmp(got, forms[i].expected), "%s, expected %s\n", got, forms[i].expected);
            winetest_pop_context();
        }
}

/* Only 16 bits of a port count, however a program widened them. */
static void test_ports(void)
{
    static const char high[] = "service high port 0x409c tcp";
    int forms[3] = { htons(40000), (short)htons(40000), htons(40000) | 0x70000 };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(forms); i++)
    {
        const char *got = serv_text(getservbyport(forms[i], "tcp"));

        todo_builtin_if(strcmp(got, high)) ok(!strcmp(got, high), "%#x: %s\n", forms[i], got);
    }
}

/* --- whose results are, and errors --- */

static DWORD WINAPI ask_meanwhile(void *arg)
{
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(forms); i++) answer(&forms[i].question);
    return 0;
}

static void test_storage(void)
{
    struct servent *serv = getservbyname("tabbed", "tcp");
    struct protoent *proto = getprotobyname("tcp");
    HANDLE thread;
    char *text;

    ok(serv && proto, "error %d\n", WSAGetLastError());
    if (!serv || !proto) return;
    thread = begin_asking(ask_meanwhile, NULL);
    end(thread);
    ok(!strcmp(serv_text(serv), "service tabbed port 0xea03 tcp alias alias-a alias alias-b"), "%s\n", serv_text(serv));
    ok(!strcmp(proto_text(proto), "protocol tcp 6 alias TCP alias transmission"), "%s\n", proto_text(proto));
    /* What a program does to it is not in the next answer. */
    text = serv->s_name;
    memcpy(text, "TABBED", 6);
    serv->s_aliases[0] = NULL;
    serv->s_port = 0;
    ok(!strcmp(serv_text(getservbyname("tabbed", "tcp")),
               "service tabbed port 0xea03 tcp alias alias-a alias alias-b"), "a result is not the thread's own\n");
}

static void test_errors(void)
{
    const char *nothing = wild();

    WSASetLastError(0xdead);
    ok(getservbyname("plain", "tcp") != NULL, "not found\n");
    todo_builtin_if(WSAGetLastError() != 0xdead) ok(WSAGetLastError() == 0xdead, "error %d\n", WSAGetLastError());
#define expect_error(call, error) \
    (WSASetLastError(0xdead), ok(!(call) && WSAGetLastError() == (error), "error %d\n", WSAGetLastError()))
    expect_error(getservbyname("none", "tcp"), WSANO_DATA);
    expect_error(getservbyport(0x1234, NULL), WSANO_DATA);
    expect_error(getprotobyname("none"), WSANO_DATA);
    expect_error(getprotobynumber(77), WSANO_DATA);
    if (deadly("strings that cannot be read")) return;
    expect_error(getservbyname(NULL, "tcp"), WSAEFAULT);
    expect_error(getservbyname(nothing, "tcp"), WSAEFAULT);
    expect_error(getservbyname("plain", nothing), WSAEFAULT);
    expect_error(getservbyport(0x1500, nothing), WSAEFAULT);
    expect_error(getprotobyname(NULL), WSAEFAULT);
    expect_error(getprotobyname(nothing), WSAEFAULT);
    expect_error(getprotobyname((char *)walled(2)), WSAEFAULT);
}

static void test_not_started(void)
{
    todo_builtin expect_error(getservbyname("plain", "tcp"), WSANOTINITIALISED);
    todo_builtin expect_error(getservbyport(htons(1001), NULL), WSANOTINITIALISED);
    todo_builtin expect_error(getprotobyname("tcp"), WSANOTINITIALISED);
    todo_builtin expect_error(getprotobynumber(6), WSANOTINITIALISED);
}

/* --- size and speed --- */

static void test_huge(void)
{
    static const struct question last = SERVICE("alias-59999", "udp"), first = SERVICE("name-0", NULL);
    static const struct question missing = SERVICE("name-60000", NULL), official = SERVICE("name-59999", NULL);
    char *text = malloc(4000000), *end = text;
    int i;

    for (i = 0; i < 60000; i++) end += sprintf(end, "name-%d %d/%s alias-%d\r\n", i, i, i % 2 ? "udp" : "tcp", i);
    end = add_generation(end, 0);
    put_file(etc("services"), text, end - text);
    free(text);
    expect_seen(&first, "service name-0 port 0 tcp alias alias-0");
    ok(!strcmp(answer(&official), "service name-59999 port 0x5fea udp alias alias-59999"), "%s\n", answer(&official));
    todo_builtin ok(!strcmp(answer(&last), "service name-59999 port 0x5fea udp alias alias-59999"), "%s\n", answer(&last));
    ok(!strcmp(answer(&missing), NONE), "%s\n", answer(&missing));
}

/* The time of one call, microseconds, the least of several turns. */
static double cost(struct servent *(WSAAPI *call)(const char *, const char *), int count)
{
    LARGE_INTEGER before, after, frequency;
    double best = 1e9, time;
    int i, k;

    QueryPerformanceFrequency(&frequency);
    for (k = 0; k < 5; k++)
    {
        QueryPerformanceCounter(&before);
        for (i = 0; i < count; i++) call("last", "tcp");
        QueryPerformanceCounter(&after);
        time = (after.QuadPart - before.QuadPart) * 1e6 / frequency.QuadPart / count;
        best = min(best, time);
    }
    return best;
}

static void test_speed(void)
{
    struct servent *(WSAAPI *theirs)(const char *, const char *);
    char path[MAX_PATH + 16];
    double plain, table;

    GetSystemDirectoryA(path, MAX_PATH);
    theirs = (void *)GetProcAddress(LoadLibraryA(strcat(path, "\\ws2_32.dll")), "getservbyname");
    plain = cost(theirs, 50);
    table = cost(getservbyname, 1000);
    trace("the platform's getservbyname %.1f us, this one %.2f us\n", plain, table);
    todo_builtin ok(table < plain / 8, "%.2f us, the platform's %.1f us\n", table, plain);
}

START_TEST(databases)
{
    const char *prefix = getenv("WSASYNC_TEST_PREFIX");
    static const struct question first = SERVICE("plain", "tcp"), proto = PROTOCOL("last");

    if (argument(1))
    {
        plain_child();
        return;
    }
    if (!prefix || strcmp(prefix, "throwaway"))
    {
        skip("would replace this prefix's files\n");
        return;
    }
    if (elsewhere || (old_wine && !ours))
    {
        start(MAKEWORD(2, 2));
        ok(getservbyname("ftp", "tcp") != NULL, "no ftp\n");
        finish();
        skip("services are the system's\n");
        return;
    }
    put_file(etc("services"), services, sizeof(services) - 1);
    put_file(etc("protocol"), protocols, sizeof(protocols) - 1);
    test_not_started();
    start(MAKEWORD(2, 2));
    window = new_window();
    expect_seen(&first, "service plain port 0xe903 tcp");
    expect_seen(&proto, "protocol last 99 alias last-alias");
    test_forms();
    test_ports();
    test_storage();
    test_errors();
    test_speed();
    test_changes();
    test_locked();
    test_denied();
    test_same_stamp(0);
    test_same_stamp(1000);
    if (old_wine) skip("an old Wine's own databases are the system's\n");
    else test_missing();
    test_huge();
    test_while_changing();
    run_self("databases plain");
    DestroyWindow(window);
    finish();
}
