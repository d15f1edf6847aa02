/*
 * The six blocking database calls with a blocking hook: it is called while they wait, it can cancel them, and their
 * results belong to the thread. The answers themselves are hooknames_same.c's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "hooknames.h"

int calls;
int cancel_at;
DWORD cancelled;

BOOL WINAPI counting_hook(void)
{
    calls++;
    return FALSE;
}

BOOL WINAPI cancelling_hook(void)
{
    if (++calls < cancel_at) return FALSE;
    ok(!WSACancelBlockingCall(), "error %d\n", WSAGetLastError());
    cancelled = GetTickCount();
    return FALSE;
}

static BOOL WINAPI busy_hook(void)
{
    cancelling_hook();
    return TRUE;
}

struct hostent *host_by_addr(BYTE a, BYTE b, BYTE c, BYTE d)
{
    BYTE bytes[] = { a, b, c, d };

    return gethostbyaddr((const char *)bytes, sizeof(bytes), AF_INET);
}

HANDLE begin_asking(LPTHREAD_START_ROUTINE routine, const void *arg)
{
    HANDLE thread = CreateThread(NULL, 0, routine, (void *)arg, 0, NULL);

    ok(thread != NULL, "no thread, error %lu\n", GetLastError());
    return thread;
}

void end(HANDLE thread)
{
    ok(WaitForSingleObject(thread, PATIENCE) == WAIT_OBJECT_0, "a thread does not end\n");
    CloseHandle(thread);
}

/* --- the hook is called, and cancels --- */

static char *question;

/* What was asked is the program's again. */
static BOOL WINAPI releasing_hook(void)
{
    free_pages(question);
    question = NULL;
    return FALSE;
}

static void test_slow(void)
{
    const struct hostent *host;

    winetest_push_context("slow");
    set_hook(counting_hook);
    calls = 0;
    host = gethostbyname(scripted("h7.d500"));
    ok(host && !memcmp(host->h_addr_list[0], "\x0a\x01\x00\x07", 4), "no host, error %d\n", WSAGetLastError());
    todo_builtin ok(calls >= 3, "the hook is called %d times\n", calls);
    calls = 0;
    host = host_by_addr(10, 9, 1, 244);
    ok(host && !strcmp(host->h_name, "h500.test"), "no host, error %d\n", WSAGetLastError());
    todo_builtin ok(calls >= 3, "the hook is called %d times\n", calls);
    calls = 0;
    host = gethostbyname(scripted("nx.d500"));
    ok(!host && WSAGetLastError() == WSAHOST_NOT_FOUND, "got %p, error %d\n", host, WSAGetLastError());
    todo_builtin ok(calls >= 3, "the hook is called %d times\n", calls);
    set_hook(releasing_hook);
    question = strcpy(walled(64), scripted("h7.d200"));
    host = gethostbyname(question);
    ok(host && !memcmp(host->h_addr_list[0], "\x0a\x01\x00\x07", 4), "no host, error %d\n", WSAGetLastError());
    todo_builtin ok(!question, "the hook is not called\n");
    free_pages(question);
    WSAUnhookBlockingHook();
    winetest_pop_context();
}

void expect_given_up_(const void *result)
{
    int error = WSAGetLastError();
    DWORD passed = GetTickCount() - cancelled;

    winetest_ok(!result && error == WSAEINTR && passed < 1000, "got %p, error %d, %lu ms after the cancel\n", result,
                result ? 0 : error, passed);
}

static void test_cancelled(void)
{
    static const hook_routine hooks[] = { cancelling_hook, busy_hook };
    static const int rounds[] = { 1, 2, 5 };
    BYTE way = ours ? 8 : 9;            /* 10.8: no answer; 10.9.0.x: after x ms */
    unsigned int i, k;

    for (k = 0; k < ARRAY_SIZE(hooks); k++)
        for (i = 0; i < ARRAY_SIZE(rounds); i++)
        {
            winetest_push_context("cancelled in %s %d", k ? "busy round" : "round", rounds[i]);
            cancel_at = rounds[i];
            set_hook(hooks[k]);
            cancelled = GetTickCount() - 10000;
            calls = 0;
            todo_builtin expect_given_up(gethostbyname(scripted(ours ? "never.h1" : "h1.d50")));
            todo_builtin ok(calls == cancel_at, "the hook is called %d times\n", calls);
            calls = 0;
            todo_builtin expect_given_up(gethostbyname(scripted("h1.d%u", ours ? 20000 : 50)));
            calls = 0;
            todo_builtin expect_given_up(host_by_addr(10, way, 0, 50));
            set_hook(counting_hook);
            calls = 0;
            ok(gethostbyname(scripted("h2")) != NULL, "the next one fails, error %d\n", WSAGetLastError());
            winetest_pop_context();
        }
    WSAUnhookBlockingHook();
}

DWORD WINAPI look_up(void *name)
{
    return gethostbyname(name) != NULL;
}

static BOOL WINAPI late_hook(void)
{
    /* When a slower one has its answer, the call's own is there. */
    if (!calls++) end(begin_asking(look_up, scripted("h1.d1000")));
    ok(!WSACancelBlockingCall(), "error %d\n", WSAGetLastError());
    return FALSE;
}

static void test_too_late(void)
{
    const struct hostent *host;

    winetest_push_context("cancelled too late");
    set_hook(late_hook);
    calls = 0;
    host = gethostbyname(scripted("h3.d50"));
    ok(host && !memcmp(host->h_addr_list[0], "\x0a\x01\x00\x03", 4), "no host, error %d\n", WSAGetLastError());
    todo_builtin ok(calls == 1, "the hook is called %d times\n", calls);
    calls = 0;
    host = gethostbyname(scripted("nx.d50"));
    ok(!host && WSAGetLastError() == WSAHOST_NOT_FOUND, "got %p, error %d\n", host, WSAGetLastError());
    WSAUnhookBlockingHook();
    winetest_pop_context();
}

/* What is answered at once needs no hook. How fast that is, depends on the machine, but most often it is. */
static void test_fast(void)
{
    int i, hooked = 0, count = 0;

    winetest_push_context("at once");
    set_hook(counting_hook);
#define count(call) (calls = 0, call, hooked += calls > 0, count++)
    for (i = 0; i < 20; i++)
    {
        count(gethostbyname("127.0.0.1"));
        count(getservbyname("ftp", "tcp"));
        count(getservbyport(htons(21), "tcp"));
        count(getprotobyname("tcp"));
        count(getprotobynumber(6));
    }
#undef count
    ok(hooked <= count / 2, "of %d calls %d called the hook\n", count, hooked);
    WSAUnhookBlockingHook();
    winetest_pop_context();
}

/* The local databases, made busy by requests before: they wait for nothing, so the hook is not called, and cannot cancel. */
static void test_local(void)
{
    enum { ROUNDS = 12 };
    int i, k, wrong = 0, hooked = 0;
    static char bufs[10 * ROUNDS][256];
    const struct protoent *proto;
    const struct servent *serv;
    HWND hwnd;

    if (old_wine)
    {
        skip("an old Wine has no files for them, and must be asked\n");
        return;
    }
    hwnd = new_window();
    winetest_push_context("local");
    for (i = 0; i < ROUNDS; i++)
    {
        for (k = 0; k < 10 * i; k++) by_port(hwnd, 1000 * i + k, i % 2 ? "tcp" : "udp", bufs[k], sizeof(bufs[k]));
        cancel_at = i % 4 + 1;
        set_hook(cancelling_hook);
        calls = 0;
        serv = i % 2 ? getservbyname("ftp", "tcp") : getservbyport(htons(21), "tcp");
        wrong += !serv || serv->s_port != htons(21) || strcmp(serv->s_name, "ftp");
        proto = i % 2 ? getprotobyname("udp") : getprotobynumber(17);
        wrong += !proto || proto->p_proto != 17 || strcmp(proto->p_name, "udp");
        hooked += calls;
        for (k = 0; k < 10 * i; k++) next_completion(NULL, PATIENCE);
    }
    ok(!wrong, "%d of %d wrong\n", wrong, 2 * ROUNDS);
    ok(!hooked, "the hook is called %d times\n", hooked);
    WSAUnhookBlockingHook();
    DestroyWindow(hwnd);
    winetest_pop_context();
}

/* --- whose results are --- */

static void test_kinds(void)
{
    const struct protoent *proto;
    const struct servent *serv;
    const struct hostent *host;
    const char *texts[3];

    winetest_push_context("kinds");
    set_hook(counting_hook);
    host = gethostbyname(scripted("m20.c2.d50"));
    texts[0] = host_text(host);
    serv = getservbyname("domain", "udp");
    texts[1] = serv_text(serv);
    proto = getprotobyname("udp");
    texts[2] = proto_text(proto);
    ok(host && serv && proto, "%s, %s, %s\n", texts[0], texts[1], texts[2]);
    ok(!strcmp(host_text(host), texts[0]), "the host has changed\n");
    texts[0] = host_text(host_by_addr(10, 1, 0, 9));
    ok(!strcmp(serv_text(serv), texts[1]), "the service has changed\n");
    texts[1] = serv_text(getservbyport(htons(21), NULL));
    ok(!strcmp(proto_text(proto), texts[2]), "the protocol has changed\n");
    ok(!strncmp(texts[0], "host h9.test ", 13) && !strncmp(texts[1], "service ftp ", 12), "%s, %s\n", texts[0], texts[1]);

    /* It outlives its hook. */
    host = gethostbyname(scripted("m5.d10"));
    texts[0] = host_text(host);
    WSAUnhookBlockingHook();
    getservbyname("ftp", NULL);
    getprotobynumber(6);
    end(begin_asking(look_up, scripted("m20")));
    ok(!strcmp(host_text(host), texts[0]), "the host has changed\n");
    winetest_pop_context();
}

/* Two threads: neither looks at its answer before the other has one. */
static struct { HANDLE answered, seen; } turns[2];

static DWORD WINAPI ask_in_turns(void *arg)
{
    int self = (ULONG_PTR)arg, other = !self, i, k, wrong = 0;
    const struct hostent *host;
    ULONGLONG seen;

    set_hook(counting_hook);
    for (i = 0; i < 15; i++)
    {
        host = gethostbyname(scripted("m%d.d%d", self ? 30 + i : 10 + i, i * 7 % 40));
        SetEvent(turns[self].answered);
        if (WaitForSingleObject(turns[other].answered, PATIENCE)) wrong++;
        /* each of them once; the platform may put them in another order (seen with 10.0) */
        for (k = 0, seen = 0; host && host->h_addr_list[k]; k++) seen |= 1ull << host->h_addr_list[k][3];
        wrong += k != (self ? 30 + i : 10 + i) || seen != (1ull << (k + 1)) - 2;
        SetEvent(turns[self].seen);
        if (WaitForSingleObject(turns[other].seen, PATIENCE)) wrong++;
    }
    ok(!wrong, "thread %d: %d times wrong\n", self, wrong);
    return 0;
}

static void test_two_threads(void)
{
    HANDLE thread;
    int i;

    winetest_push_context("two threads");
    for (i = 0; i < 2; i++)
    {
        turns[i].answered = CreateEventW(NULL, FALSE, FALSE, NULL);
        turns[i].seen = CreateEventW(NULL, FALSE, FALSE, NULL);
    }
    thread = begin_asking(ask_in_turns, (void *)1);
    ask_in_turns((void *)0);
    end(thread);
    for (i = 0; i < 2; i++)
    {
        CloseHandle(turns[i].answered);
        CloseHandle(turns[i].seen);
    }
    WSAUnhookBlockingHook();
    winetest_pop_context();
}

START_TEST(hooknames)
{
    if (argument(1))
    {
        bad_child();
        return;
    }
    if (!names_available()) return;
    start(MAKEWORD(1, 1));
    test_slow();
    test_cancelled();
    test_too_late();
    test_fast();
    test_local();
    test_same();
    if (old_wine) skip("an old Wine crashes with its databases locked\n");
    else run_self("hooknames bad");
    test_kinds();
    test_two_threads();
    test_left();
    finish();
    /* What was left behind is nothing to a new start. */
    start(MAKEWORD(1, 1));
    set_hook(counting_hook);
    ok(gethostbyname(scripted("h4.d20")) != NULL, "error %d\n", WSAGetLastError());
    finish();
}
