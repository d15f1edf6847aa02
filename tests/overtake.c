/*
 * What hangs holds up nothing else: a lookup that the resolver keeps, cancelled or not, or a post that the program's
 * routine keeps, in a lane that had one worker. Each in a process of its own, so that no idle workers are left over.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "postroutine.h"
#include "image.h"

#define SLOW_MS 10000

/* The next lookup answers before the first, which the resolver has. */
static void test_slow_name(BOOL cancel)
{
    char bufs[2][MAXGETHOSTSTRUCT];
    const char *slow = scripted("h1.d%u", SLOW_MS);
    HWND hwnd = new_window();
    struct completion first;
    HANDLE handles[2];

    start(MAKEWORD(1, 1));
    handles[0] = by_name(hwnd, slow, bufs[0], sizeof(bufs[0]));
    while (!asked(slow))
        Sleep(1);       /* the server cannot tell us */
    if (cancel)
        expect_cancel(handles[0], 0);
    handles[1] = by_name(hwnd, scripted("h2"), bufs[1], sizeof(bufs[1]));
    ok(next_completion(&first, PATIENCE), "no message\n");
    ok(first.wparam == (WPARAM)handles[1], "the second waited for the first\n");
    if (!cancel)
        expect_completion(handles[0], 0, -1);
    finish();
}

static HANDLE leave;
static LONG slow_call;

static void inside_waits(struct watched *watched)
{
    if (watched->calls == slow_call)
        WaitForSingleObject(leave, 3 * PATIENCE);
}

/* The routine keeps the first post, or the first fails and it keeps the second; for longer than workers stay idle. */
static void test_slow_post(BOOL repost, BOOL very)
{
    struct watched slow = {.failures = repost ? 1 : 0, .inside = inside_waits};
    char bufs[2][MAXGETHOSTSTRUCT];
    HANDLE handle, second;
    HWND hwnd;

    start(MAKEWORD(1, 1));
    if (use_routine())
    {
        hwnd = new_window();
        leave = CreateEventA(NULL, TRUE, FALSE, NULL);
        slow_call = repost ? 2 : 1;
        watch_window(&slow);
        handle = submit_watched(&slow, bufs[0], sizeof(bufs[0]));
        if (repost)
            ok(wait_for(slow.entered, PATIENCE), "not posted again\n");
        if (very)
            Sleep(33000);       /* nothing tells that a worker has not ended */
        second = by_number(hwnd, IPPROTO_UDP, bufs[1], sizeof(bufs[1]));
        expect_completion(second, 0, -1);
        SetEvent(leave);
        expect_completion(handle, 0, -1);
        CloseHandle(leave);
        unwatch_windows();
        WSApSetPostRoutine(NULL);
    }
    finish();
}

/* Workers end although a request waits to be re-posted for ever; all but the one that sees to it. */
static void test_idle_end(void)
{
    struct watched never = {.failures = FOR_EVER};
    char bufs[32][64];
    DWORD before = thread_count(), threads, begin;
    unsigned int i;
    HANDLE handle;
    HWND hwnd;

    start(MAKEWORD(1, 1));
    if (use_routine())
    {
        hwnd = new_window();
        watch_window(&never);
        handle = submit_watched(&never, bufs[0], sizeof(bufs[0]));
        for (i = 0; i < ARRAY_SIZE(bufs); i++)
            by_name(hwnd, scripted("h%u.d200", i), bufs[i], sizeof(bufs[i]));
        for (i = 0; i < ARRAY_SIZE(bufs); i++)
        {
            struct completion done;

            ok(next_completion(&done, PATIENCE), "no message\n");
        }
        ok(thread_count() > before + 8, "%lu threads\n", thread_count());
        /* nobody but the worker itself has a handle of it to wait for */
        for (begin = GetTickCount(); (threads = thread_count()) > before + 2 && GetTickCount() - begin < 120000;)
            Sleep(500);
        ok(threads <= before + 2, "%lu threads, %lu before\n", threads, before);
        ok(WaitForSingleObject(never.entered, PATIENCE) == WAIT_OBJECT_0, "not posted any more\n");
        expect_cancel(handle, 0);
        unwatch_windows();
        WSApSetPostRoutine(NULL);
    }
    finish();
}

START_TEST(overtake)
{
    const char *part = argument(1);

    if (!part)
    {
        start(MAKEWORD(1, 1));
        if (names_available())
        {
            run_self("overtake name");
            run_self("overtake cancelled");
            run_program(NULL, "overtake idle", 2 * TIME_LIMIT, FAILURES);
        }
        finish();
        run_self("overtake post");
        run_self("overtake repost");
        run_program(NULL, "overtake kept", 2 * TIME_LIMIT, FAILURES);
    }
    else if (!strcmp(part, "name"))
        test_slow_name(FALSE);
    else if (!strcmp(part, "cancelled"))
        test_slow_name(TRUE);
    else if (!strcmp(part, "idle"))
        test_idle_end();
    else
        test_slow_post(strcmp(part, "post"), !strcmp(part, "kept"));
}
