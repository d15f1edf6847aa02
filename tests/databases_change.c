/*
 * Files of services and protocols that change, vanish and come back while a program asks: what is new is seen within a
 * time, what is asked meanwhile is answered from one state or the other, and a missing file is the platform's affair.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "databases.h"
#include "image.h"
#include <svcguid.h>

static const struct question service = SERVICE("changing", "tcp"), protocol = PROTOCOL("changing");
static const struct question last = PROTOCOL("last");

#define NONE "error 11004"              /* WSANO_DATA */

/* --- one after another --- */

void test_changes(void)
{
    winetest_push_context("changes");
    put_file(etc("services"), "changing 1/tcp\n", -1);
    expect_seen(&service, "service changing port 0x100 tcp");
    ok(!strcmp(answer(&last), "protocol last 99 alias last-alias"), "%s\n", answer(&last));
    /* of the same size; and to nothing */
    put_file(etc("services"), "changing 2/tcp\n", -1);
    put_file(etc("protocol"), "", 0);
    expect_seen(&service, "service changing port 0x200 tcp");
    expect_seen(&last, NONE);
    winetest_pop_context();
}

/* --- missing --- */

static BOOL CALLBACK idle_hook(void)
{
    return FALSE;
}

/* Others of ours that look services up find what the platform does, in that file. */
static void test_askers(const char *services)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    static const struct question unknown = SERVICE("unknown", NULL);
    GUID by_service = SVCID_INET_SERVICEBYNAME;
    WSAQUERYSETA set = { .dwSize = sizeof(set), .dwNameSpace = NS_DNS, .lpServiceClassId = &by_service };
    struct timeval timeout = { 20, 0 };
    char result[1024], text[100];
    DWORD size = sizeof(result);
    int length = sizeof(address);
    SOCKET listener, s;
    HANDLE handle;

    finish();
    start(MAKEWORD(1, 1));
    WSASetBlockingHook((FARPROC)(void *)idle_hook);
    ok(!strcmp(answer(&service), "service changing port 0x4d00 tcp alias alias"), "%s\n", answer(&service));
    ok(!strcmp(answer(&unknown), NONE), "%s\n", answer(&unknown));
    WSAUnhookBlockingHook();
    finish();
    start(MAKEWORD(2, 2));

    set.lpszServiceInstanceName = (char *)"changing/tcp";
    ok(!WSALookupServiceBeginA(&set, LUP_RETURN_NAME, &handle), "error %d\n", WSAGetLastError());
    ok(!WSALookupServiceNextA(handle, 0, &size, (WSAQUERYSETA *)result), "error %d\n", WSAGetLastError());
    ok(!strcmp(((WSAQUERYSETA *)result)->lpszServiceInstanceName, "changing"), "another name\n");
    ok(!WSALookupServiceEnd(handle), "error %d\n", WSAGetLastError());

    listener = socket(AF_INET, SOCK_STREAM, 0);
    ok(!bind(listener, (struct sockaddr *)&address, length) && !listen(listener, 5), "error %d\n", WSAGetLastError());
    getsockname(listener, (struct sockaddr *)&address, &length);
    sprintf(text, "changing 77/tcp alias\nlistening %u/tcp\n", ntohs(address.sin_port));
    put_file(services, text, -1);
    s = socket(AF_INET, SOCK_STREAM, 0);
    ok(!WSAConnectByNameA(s, "127.0.0.1", "unknown", NULL, NULL, NULL, NULL, &timeout, NULL), "connected\n");
    ok(WSAGetLastError() == WSATYPE_NOT_FOUND, "error %d\n", WSAGetLastError());
    ok(WSAConnectByNameA(s, "127.0.0.1", "listening", NULL, NULL, NULL, NULL, &timeout, NULL), "error %d\n",
       WSAGetLastError());
    closesocket(s);
    closesocket(listener);
}

static const char parameters[] = "System\\CurrentControlSet\\Services\\tcpip\\Parameters";

/* Where the platform finds its files is asked anew by each of its calls: so its answers show. */
void test_missing(void)
{
    char path[MAX_PATH], services[MAX_PATH], protocols[MAX_PATH], old[MAX_PATH];
    DWORD size = sizeof(old);

    winetest_push_context("missing");
    GetTempPathA(sizeof(path), path);
    strcat(path, "wsasync-databases");
    CreateDirectoryA(path, NULL);
    sprintf(services, "%s\\services", path);
    sprintf(protocols, "%s\\protocol", path);
    put_file(services, "changing 77/tcp alias\n", -1);
    put_file(protocols, "changing 77\n", -1);
    ok(!RegGetValueA(HKEY_LOCAL_MACHINE, parameters, "DatabasePath", RRF_RT_REG_SZ, NULL, old, &size), "no path\n");
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, parameters, "DatabasePath", REG_SZ, path, strlen(path) + 1);

    put_file(etc("protocol"), "changing 3\n", -1);
    if (ours) expect_seen(&protocol, "protocol changing 3");
    remove_file(etc("services"));
    expect_seen(&service, "service changing port 0x4d00 tcp alias alias");
    if (ours)
    {
        static const struct question any = SERVICE("changing", ""), port = PORT(77, NULL);

        ok(!strcmp(answer(&any), "service changing port 0x4d00 tcp alias alias"), "%s\n", answer(&any));
        ok(!strcmp(answer_later(&any), "service changing port 0x4d00 tcp alias alias"), "%s\n", answer_later(&any));
        ok(!strcmp(answer(&port), "service changing port 0x4d00 tcp alias alias"), "%s\n", answer(&port));
        ok(!strcmp(answer(&protocol), "protocol changing 3"), "the other database is not ours: %s\n", answer(&protocol));
        test_askers(services);
        /* without a line it is not missing */
        put_file(etc("services"), "# nothing\n", -1);
        expect_seen(&service, NONE);
    }
    else put_file(etc("services"), "# nothing\n", -1);
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, parameters, "DatabasePath", REG_SZ, old, strlen(old) + 1);
    DeleteFileA(services);
    DeleteFileA(protocols);
    RemoveDirectoryA(path);
    winetest_pop_context();
}

/* Somebody writes it, and lets nobody read it: until he is done the answers of before hold. */
void test_locked(void)
{
    DWORD begun;
    HANDLE file;
    int wrong = 0;

    winetest_push_context("locked");
    put_file(etc("services"), "changing 66/tcp\n", -1);
    file = CreateFileA(etc("services"), GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    ok(file != INVALID_HANDLE_VALUE, "error %lu\n", GetLastError());
    for (begun = GetTickCount(); GetTickCount() - begun < 1300; Sleep(10))
    {
        const char *got = answer(&service);

        wrong += strcmp(got, "service changing port 0x200 tcp") && strcmp(got, "service changing port 0x4200 tcp");
    }
    todo_builtin ok(!wrong, "%d wrong answers\n", wrong);
    CloseHandle(file);
    expect_seen(&service, "service changing port 0x4200 tcp");
    winetest_pop_context();
}

static BOOL WINAPI deny(const WCHAR *path, GET_FILEEX_INFO_LEVELS level, void *data)
{
    SetLastError(ERROR_ACCESS_DENIED);
    return FALSE;
}

/* As little does it hold them up that nobody can tell whether it is there, as where a server of files is away. */
void test_denied(void)
{
    DWORD begun;
    int wrong = 0;
    void *before;

    if (!ours)
    {
        skip("the builtin asks in another way\n");
        return;
    }
    winetest_push_context("denied");
    before = patch_import(winsock(), "GetFileAttributesExW", deny);
    ok(before != NULL, "it imports no GetFileAttributesExW\n");
    remove_file(etc("services"));
    for (begun = GetTickCount(); GetTickCount() - begun < 2300; Sleep(10))
        wrong += strcmp(answer(&service), "service changing port 0x4200 tcp") != 0;
    ok(!wrong, "%d wrong answers\n", wrong);
    patch_import(winsock(), "GetFileAttributesExW", before);
    put_file(etc("services"), "changing 67/tcp\n", -1);
    expect_seen(&service, "service changing port 0x4300 tcp");
    winetest_pop_context();
}

static void put_stamped(const char *text, const FILETIME *time)
{
    char fresh[MAX_PATH + 32];
    HANDLE file;

    sprintf(fresh, "%s2", etc("services"));
    put_file(fresh, text, -1);
    file = CreateFileA(fresh, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    ok(SetFileTime(file, NULL, NULL, time), "error %lu\n", GetLastError());
    CloseHandle(file);
    move_over(fresh, etc("services"));
}

/* Two states of a file with the same size and the same time, close together: the second is seen too. The clock that dates
 * files may be `ahead` of this one, by so many milliseconds. */
void test_same_stamp(int ahead)
{
    ULARGE_INTEGER later;
    FILETIME time;
    DWORD begun;
    int i;

    winetest_push_context("same stamp, %d ms ahead", ahead);
    for (i = 0; i < 10; i++)
    {
        begun = GetTickCount();
        GetSystemTimeAsFileTime(&time);
        later.LowPart = time.dwLowDateTime;
        later.HighPart = time.dwHighDateTime;
        later.QuadPart += ahead * 10000;
        time.dwLowDateTime = later.LowPart;
        time.dwHighDateTime = later.HighPart;
        put_stamped("changing 8/tcp\n", &time);
        expect_seen(&service, "service changing port 0x800 tcp");
        if (GetTickCount() - begun < 1900) break;       /* or else it may have been read too late */
        put_file(etc("services"), "changing 16/tcp\n", -1);
        expect_seen(&service, "service changing port 0x1000 tcp");
    }
    put_stamped("changing 9/tcp\n", &time);
    if (i < 10) expect_seen(&service, "service changing port 0x900 tcp");
    winetest_pop_context();
}

/* --- many threads, while it changes --- */

static volatile LONG over, answers, wrong_answers, generations[64];

/* Of each state all in an answer must come. */
static BOOL consistent(const struct servent *serv)
{
    int generation;

    if (!serv || sscanf(serv->s_name, "threads-%d", &generation) != 1) return FALSE;
    generations[generation & 63] = 1;
    return ntohs(serv->s_port) == 2000 + generation && serv->s_aliases[0] && atoi(serv->s_aliases[0]) == generation
           && serv->s_aliases[1] && !strcmp(serv->s_aliases[1], "always") && !serv->s_aliases[2]
           && !strcmp(serv->s_proto, generation % 2 ? "tcp" : "udp");
}

static DWORD WINAPI ask_all_the_time(void *arg)
{
    HWND hwnd = arg ? new_window() : NULL;
    char buf[512];

    while (!over)
    {
        struct completion completion;
        BOOL good;

        if (!arg) good = consistent(getservbyname("always", NULL));
        else good = take_completion(by_service(hwnd, "always", "", buf, sizeof(buf)), &completion, PATIENCE)
                    && !WSAGETASYNCERROR(completion.lparam) && consistent((void *)buf);
        InterlockedIncrement(&answers);
        if (!good) InterlockedIncrement(&wrong_answers);
    }
    if (hwnd) DestroyWindow(hwnd);
    return 0;
}

char *add_generation(char *text, int generation)
{
    return text + sprintf(text, "threads-%d %d/%s %d always\n", generation, 2000 + generation,
                          generation % 2 ? "tcp" : "udp", generation);
}

static void put_generation(int generation)
{
    char text[4096], *end = text;
    int i;

    for (i = 0; i < 30; i++) end += sprintf(end, "filler-%d-%d %d/tcp a b c\n", generation, i, 3000 + i);
    add_generation(end, generation);
    put_file(etc("services"), text, -1);
}

static int states_seen(void)
{
    int i, seen = 0;

    for (i = 0; i < 64; i++) seen += generations[i];
    return seen;
}

void test_while_changing(void)
{
    HANDLE threads[6];
    DWORD begun, ms;
    int i;

    if (!ours)
    {
        todo_wine ok(elsewhere, "not tried: the builtin keeps its file from being replaced while it reads\n");
        return;
    }
    winetest_push_context("while it changes");
    for (i = 0; i < (int)ARRAY_SIZE(threads); i++)
        threads[i] = begin_asking(ask_all_the_time, i % 3 ? NULL : threads);
    /* a busy machine may see few of them */
    for (begun = GetTickCount(), i = 1; (ms = GetTickCount() - begun) < 2300 || (states_seen() < 3 && ms < PATIENCE); i++)
    {
        put_generation(i % 64);
        Sleep(40);
    }
    over = TRUE;
    for (i = 0; i < (int)ARRAY_SIZE(threads); i++) end(threads[i]);
    trace("%ld answers, %d states seen\n", answers, states_seen());
    ok(!wrong_answers, "%ld of %ld wrong\n", wrong_answers, answers);
    ok(states_seen() >= 3 && answers > 100, "%d states seen in %ld answers\n", states_seen(), answers);
    winetest_pop_context();
}

/* --- a program that never asks otherwise --- */

void plain_child(void)
{
    DWORD before = thread_count();
    DWORD begun;
    const char *got = NULL;

    start(MAKEWORD(2, 2));
    put_file(etc("services"), "changing 10/tcp\n", -1);
    ok(!strcmp(answer(&service), "service changing port 0xa00 tcp"), "%s\n", answer(&service));
    put_file(etc("services"), "changing 111/tcp\n", -1);
    for (begun = GetTickCount(); GetTickCount() - begun < PATIENCE; Sleep(5))
        if (!strcmp(got = answer(&service), "service changing port 0x6f00 tcp")) break;
    ok(!strcmp(got, "service changing port 0x6f00 tcp"), "%s\n", got);
    /* A look at a file costs less than a thread. */
    ok(thread_count() == before, "%lu threads, %lu before\n", thread_count(), before);
    finish();
}
