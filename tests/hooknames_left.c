/*
 * Database calls that their hook gave up, and what goes on behind them: later calls, requests of other threads, threads
 * that end and hooks that jump away are not affected.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "hooknames.h"
#include <setjmp.h>

static const char *current;             /* the name that a hook waits for to be asked */

static DWORD WINAPI await_question(void *name)
{
    return wait_asked(name);
}

static DWORD longest;                   /* that one had to wait for it */

static BOOL WINAPI running_hook(void)
{
    DWORD begun = GetTickCount();

    if (!calls++ && current) end(begin_asking(await_question, current));
    longest = max(longest, GetTickCount() - begun);
    WSACancelBlockingCall();
    cancelled = GetTickCount();
    return FALSE;
}

static void test_many(void)
{
    int i, k, count, wrong, slow;
    const struct hostent *host;
    DWORD passed;

    for (k = 0; k < 2; k++)
    {
        winetest_push_context(k ? "many, cancelled when asked" : "many, cancelled at once");
        /* In sum more than there are workers, but for the places of those that are given up. */
        count = !ours ? 3 : k ? 180 : 150;
        set_hook(running_hook);
        longest = 0;
        for (i = wrong = slow = 0; i < count; i++)
        {
            const char *name = scripted(ours ? "never.h1" : "h1.d20");

            calls = 0;
            current = k ? name : NULL;
            host = gethostbyname(name);
            wrong += host || WSAGetLastError() != WSAEINTR;
            slow += GetTickCount() - cancelled > 1000;
        }
        todo_builtin ok(!wrong, "%d of %d not cancelled\n", wrong, count);
        todo_builtin_if(slow) ok(!slow, "%d of %d came back late\n", slow, count);
        /* The resolver gives up after half a minute: nobody has waited for that. */
        ok(longest < 5000, "one was asked after %lu ms\n", longest);
        set_hook(counting_hook);
        passed = GetTickCount();
        host = gethostbyname(scripted("h3.d100"));
        passed = GetTickCount() - passed;
        ok(host != NULL, "a live one fails, error %d\n", WSAGetLastError());
        ok(passed < 10000, "a live one takes %lu ms\n", passed);
        ok(host_by_addr(10, 1, 0, 4) != NULL, "a live one fails, error %d\n", WSAGetLastError());
        ok(getservbyname("ftp", NULL) != NULL, "a service is not found, error %d\n", WSAGetLastError());
        WSAUnhookBlockingHook();
        winetest_pop_context();
    }
}

/* Requests of another thread, one of them the same question as that which is cancelled. */
static HANDLE submitted;

static DWORD WINAPI requester(void *name)
{
    static char buf[8][MAXGETHOSTSTRUCT];
    HWND hwnd = new_window();
    HANDLE handles[8];
    int i;

    winetest_push_context("requests");
    handles[0] = by_name(hwnd, name, buf[0], sizeof(buf[0]));
    for (i = 1; i < 8; i++) handles[i] = by_name(hwnd, scripted("h%d.d%d", i, 150 * i), buf[i], sizeof(buf[i]));
    SetEvent(submitted);
    for (i = 0; i < 8; i++) expect_completion(handles[i], 0, -1);
    expect_silence();
    DestroyWindow(hwnd);
    winetest_pop_context();
    return 0;
}

static void test_requests(void)
{
    const char *name = scripted("h9.d900");
    HANDLE thread;
    int i;

    winetest_push_context("with requests");
    submitted = CreateEventW(NULL, FALSE, FALSE, NULL);
    thread = begin_asking(requester, name);
    ok(WaitForSingleObject(submitted, PATIENCE) == WAIT_OBJECT_0, "not submitted\n");
    cancel_at = 2;
    set_hook(cancelling_hook);
    calls = 0;
    todo_builtin expect_given_up(gethostbyname(name));
    for (i = 0; i < 3; i++)
    {
        calls = 0;
        todo_builtin expect_given_up(gethostbyname(scripted("h1.d%u", ours ? 10000 : 20)));
    }
    end(thread);
    CloseHandle(submitted);
    WSAUnhookBlockingHook();
    winetest_pop_context();
}

static BOOL WINAPI leaving_hook(void)
{
    ExitThread(0);
}

static DWORD WINAPI leaver(void *name)
{
    set_hook(leaving_hook);
    gethostbyname(name);
    todo_builtin ok(0, "came back from a hook that ends the thread\n");
    return 0;
}

static void test_leavers(void)
{
    int i;

    winetest_push_context("ExitThread in a hook");
    set_hook(counting_hook);
    for (i = 0; i < 6; i++)
    {
        end(begin_asking(leaver, scripted(ours ? i % 2 ? "never.h1" : "h1.d%d" : "h1.d20", 100 + 10 * i)));
        ok(gethostbyname(scripted("h2.d20")) != NULL, "error %d\n", WSAGetLastError());
    }
    WSAUnhookBlockingHook();
    winetest_pop_context();
}

static jmp_buf jump;

static BOOL WINAPI jumping_hook(void)
{
    longjmp(jump, 1);
}

static BOOL jump_out(const char *name)
{
    if (setjmp(jump)) return TRUE;
    set_hook(jumping_hook);
    gethostbyname(name);
    return FALSE;
}

static void test_jump(void)
{
    int i;

    winetest_push_context("a jump out of a hook");
    for (i = 0; i < 4; i++)
    {
        todo_builtin ok(jump_out(scripted(ours ? i % 2 ? "never.h1" : "h1.d%d" : "h1.d20", 100 + 10 * i)), "no jump\n");
        ok(!WSAIsBlocking(), "blocks\n");
        todo_builtin ok(WSACancelBlockingCall() && WSAGetLastError() == WSAEINVAL, "error %d\n", WSAGetLastError());
        ok(set_hook(counting_hook) != NULL, "error %d\n", WSAGetLastError());
        calls = 0;
        ok(gethostbyname(scripted("h2.d100")) != NULL, "error %d\n", WSAGetLastError());
        todo_builtin ok(calls >= 1, "the hook is not called\n");
    }
    WSAUnhookBlockingHook();
    winetest_pop_context();
}

void test_left(void)
{
    test_many();
    test_requests();
    test_leavers();
    test_jump();
}
