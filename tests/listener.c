/*
 * A listener that is notified of connections is notified of each, for ever: two visitors connect a few milliseconds
 * apart and are gone at once, as browsers do; the program takes what it is told of. The builtin falls asleep: a
 * connection waits, select() says so, and no notification comes. How soon, is measured on the builtin's own functions in
 * the same process, and ours has to live through twenty times as much. What a selection promises otherwise is
 * listener_rules.c's. It knows the documented API, and that the platform's DLL is in the process beside ours.
 *
 * With an argument each case lasts so many seconds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "notices.h"
#include "listener.h"
#include <psapi.h>

enum { VISITORS = 2, TIMES = 20, AT_LEAST = 500, CASE_MS = 5000, BUILTIN_MS = 30000 };

/* How long a waiting connection goes unreported before the listener counts as asleep. Generous where it must not sleep;
 * where it is known to, notifications otherwise come within a millisecond. */
enum { ASLEEP = 10000, BUILTIN_ASLEEP = 500, SLICE = 100 };

/* What is ours, or the platform's. */
static struct functions
{
    SOCKET (WSAAPI *accept)(SOCKET, struct sockaddr *, int *);
    SOCKET (WSAAPI *WSAAccept)(SOCKET, const struct sockaddr *, int *, LPCONDITIONPROC, DWORD_PTR);
    int (WSAAPI *WSAAsyncSelect)(SOCKET, HWND, unsigned int, long);
    int (WSAAPI *WSAEventSelect)(SOCKET, HANDLE, long);
} imported, platform;

HMODULE platform_module(void)
{
    HMODULE modules[256];
    DWORD size, i;

    if (!K32EnumProcessModules(GetCurrentProcess(), modules, sizeof(modules), &size)) return NULL;
    for (i = 0; i < min(size / sizeof(*modules), ARRAY_SIZE(modules)); i++)
        if (GetProcAddress(modules[i], "WSAAccept") && !is_ours(modules[i])) return modules[i];
    return NULL;
}

static void find_functions(void)
{
    HMODULE module = platform_module();

#define FIND(name) imported.name = (void *)name; platform.name = (void *)GetProcAddress(module, #name)
    FIND(accept);
    FIND(WSAAccept);
    FIND(WSAAsyncSelect);
    FIND(WSAEventSelect);
#undef FIND
    if (ours) ok(platform.accept && platform.accept != imported.accept, "the platform's functions are not there\n");
}

enum taking { ACCEPT, WSA_ACCEPT, WITH_CONDITION };

static const struct scenario
{
    const char *name;
    enum way way;
    enum taking taking;
} scenarios[] =
{
    { "event", BY_EVENT, ACCEPT },
    { "event and WSAEnumNetworkEvents", BY_EVENT_ENUM, ACCEPT },
    { "message", BY_MESSAGE, ACCEPT },
    { "event, WSAAccept", BY_EVENT, WSA_ACCEPT },
    { "event, WSAAccept with a condition", BY_EVENT, WITH_CONDITION },
};

struct run
{
    struct sockaddr_in address;
    volatile LONG stop, connected, failed;      /* the visitors' */
    LONG taken;
    unsigned int notices, vain, wrong;          /* vain: there was nothing to take */
    BOOL asleep, readable;
    DWORD ms;
};

static DWORD WINAPI visitor(void *arg)
{
    unsigned int state = GetCurrentThreadId();
    struct run *run = arg;
    SOCKET s;

    while (!run->stop)
    {
        s = socket(AF_INET, SOCK_STREAM, 0);
        if (!connect(s, (struct sockaddr *)&run->address, sizeof(run->address))) InterlockedIncrement(&run->connected);
        else if (!run->stop) InterlockedIncrement(&run->failed);
        closesocket(s);
        Sleep(noise(&state) % 4);
    }
    return 0;
}

static int CALLBACK mostly(WSABUF *caller, WSABUF *data, QOS *sqos, QOS *gqos, WSABUF *callee, WSABUF *callee_data,
                           GROUP *group, DWORD_PTR count)
{
    return ++*(unsigned int *)count % 8 ? CF_ACCEPT : CF_REJECT;
}

/* FALSE: there was no connection to take. */
static BOOL take(const struct functions *functions, enum taking taking, SOCKET s, struct run *run, SOCKET *taken)
{
    static unsigned int asked;

    if (taking == ACCEPT) *taken = functions->accept(s, NULL, NULL);
    else *taken = functions->WSAAccept(s, NULL, NULL, taking == WITH_CONDITION ? mostly : NULL, (DWORD_PTR)&asked);
    if (*taken == INVALID_SOCKET)
    {
        if (WSAGetLastError() == WSAEWOULDBLOCK) return FALSE;
        if (taking != WITH_CONDITION || WSAGetLastError() != WSAECONNREFUSED)
        {
            run->wrong++;
            return FALSE;
        }
    }
    run->taken++;
    return TRUE;
}

/* All there are, before it looks at any: nothing else delays it. */
static void drain(const struct functions *functions, enum taking taking, SOCKET s, struct run *run)
{
    SOCKET taken[64];
    int count = 0;

    while (count < (int)ARRAY_SIZE(taken) && take(functions, taking, s, run, &taken[count])) count++;
    if (!count) run->vain++;
    while (count) closesocket(taken[--count]);
}

/* Until it has taken enough, or the time is up, or it is asleep. */
static void play(const struct functions *functions, const struct scenario *scenario, LONG enough, DWORD ms, DWORD asleep,
                 struct run *run)
{
    HANDLE visitors[VISITORS];
    struct notice notice;
    DWORD begin, i, unreported = 0;     /* ms */
    LONG before;
    SOCKET s;
    int ret;

    memset(run, 0, sizeof(*run));
    open_notice(&notice, scenario->way);
    s = new_listener(&run->address);
    if (scenario->way == BY_MESSAGE) ret = functions->WSAAsyncSelect(s, notice.window, notice.message, FD_ACCEPT);
    else ret = functions->WSAEventSelect(s, notice.event, FD_ACCEPT);
    ok(!ret, "not selected, error %d\n", WSAGetLastError());
    for (i = 0; i < VISITORS; i++) visitors[i] = CreateThread(NULL, 0, visitor, run, 0, NULL);

    begin = GetTickCount();
    while (unreported < asleep && (unreported || (run->taken < enough && run->ms < ms)))
    {
        before = run->connected;
        if (notified(&notice, s, SLICE))
        {
            run->notices++;
            drain(functions, scenario->taking, s, run);
            unreported = 0;
        }
        else if (before > run->taken) unreported += SLICE;      /* one has waited all the time */
        run->ms = GetTickCount() - begin;
    }
    run->asleep = unreported >= asleep;
    run->readable = readable(s, 0);
    run->stop = TRUE;
    closesocket(s);                     /* a visitor may be in front of a full house */
    WaitForMultipleObjects(VISITORS, visitors, TRUE, INFINITE);
    for (i = 0; i < VISITORS; i++) CloseHandle(visitors[i]);
    close_notice(&notice);
}

static void test_scenario(const struct scenario *scenario)
{
    DWORD ms = run_length(ours || elsewhere ? CASE_MS : BUILTIN_MS);
    LONG enough = MAXLONG;
    struct run run;

    winetest_push_context("%s", scenario->name);
    if (ours)
    {
        play(&platform, scenario, MAXLONG, CASE_MS, BUILTIN_ASLEEP, &run);
        if (run.asleep) trace("the builtin falls asleep after %ld\n", run.taken);
        else trace("the builtin is awake after %ld\n", run.taken);
        if (run.asleep && !argument(1)) enough = max(TIMES * run.taken, AT_LEAST);
    }
    play(&imported, scenario, enough, ms, ours || elsewhere ? ASLEEP : BUILTIN_ASLEEP, &run);
    trace("%ld accepted in %lu ms, %u notifications, %u in vain%s\n", run.taken, run.ms, run.notices, run.vain,
          run.asleep ? ", then asleep" : "");
    todo_builtin ok(!run.asleep, "asleep while a connection waits\n");
    if (run.asleep) ok(run.readable, "no connection waits\n");
    else ok(run.taken >= enough || run.ms >= ms, "%ld accepted in %lu ms\n", run.taken, run.ms);
    ok(!run.wrong, "%u times the error was not WSAEWOULDBLOCK\n", run.wrong);
    ok(!run.failed, "%ld visitors were not let in\n", run.failed);
    winetest_pop_context();
}

START_TEST(listener)
{
    unsigned int i;

    find_functions();
    start(MAKEWORD(2, 2));
    for (i = 0; i < ARRAY_SIZE(scenarios); i++) test_scenario(&scenarios[i]);
    finish();
    test_listener_rules();
    test_listener_inheritance();
    test_listener_gap();
}
