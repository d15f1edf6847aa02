/*
 * What the wait of a call with a hook costs, whatever lies in the thread's message queue. It knows the documented API
 * and the promised rate of calls only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "hookwait.h"

/* Promised: a call every 50 ms or so when nothing happens, less than 1 % of the time. */
enum { LEAST_RATE = 5, MOST_RATE = 60, MEASURED_MS = 4000 };

static BOOL nothing_to_do(struct scene *scene)
{
    return ((struct pumping *)scene)->stop ? cancel_call(scene) : FALSE;
}

static void unread_posted(struct scene *scene)
{
    MSG msg;

    PeekMessageW(&msg, NULL, 0, 0, PM_NOREMOVE);        /* makes the queue */
    PostThreadMessageW(GetCurrentThreadId(), NOTE, 0, 0);
    be_ready(scene);
}

static void looked_at_posted(struct scene *scene)
{
    MSG msg;

    unread_posted(scene);
    PeekMessageW(&msg, NULL, 0, 0, PM_NOREMOVE);
}

static void pending_timer(struct scene *scene)
{
    struct pumping *pumping = (struct pumping *)scene;

    make_window(pumping, 0, HWND_MESSAGE);
    SetTimer(pumping->hwnd, 1, 10, NULL);
    be_ready(scene);
}

static void pending_paint(struct scene *scene)
{
    struct pumping *pumping = (struct pumping *)scene;

    make_window(pumping, WS_POPUP | WS_VISIBLE, NULL);
    RedrawWindow(pumping->hwnd, NULL, NULL, RDW_INVALIDATE);
    be_ready(scene);
}

/* Nobody but the hook may take what is in the queue. */
static void still_posted(struct scene *scene)
{
    MSG msg;

    ok(PeekMessageW(&msg, NULL, NOTE, NOTE, PM_REMOVE), "the posted message is gone\n");
    ok(!PeekMessageW(&msg, NULL, NOTE, NOTE, PM_REMOVE), "the posted message is there twice\n");
}

static void still_timer(struct scene *scene)
{
    struct pumping *pumping = (struct pumping *)scene;
    MSG msg;

    ok(!pumping->timers, "%ld timer messages taken\n", pumping->timers);
    ok(PeekMessageW(&msg, pumping->hwnd, WM_TIMER, WM_TIMER, PM_REMOVE), "no timer message\n");
    DestroyWindow(pumping->hwnd);
}

static void still_paint(struct scene *scene)
{
    struct pumping *pumping = (struct pumping *)scene;
    MSG msg;

    ok(PeekMessageW(&msg, pumping->hwnd, WM_PAINT, WM_PAINT, PM_REMOVE), "no paint message\n");
    DestroyWindow(pumping->hwnd);
}

static void still_sent(struct scene *scene)
{
    struct pumping *pumping = (struct pumping *)scene;
    MSG msg;

    PeekMessageW(&msg, NULL, 0, 0, PM_NOREMOVE);
    ok(pumping->queries == 1, "handled %ld sent messages, not 1\n", pumping->queries);
    DestroyWindow(pumping->hwnd);
}

static ULONGLONG ticks(const FILETIME *kernel, const FILETIME *user)
{
    return ((ULONGLONG)kernel->dwHighDateTime << 32) + kernel->dwLowDateTime
        + ((ULONGLONG)user->dwHighDateTime << 32) + user->dwLowDateTime;
}

/* In units of 100 ns; of the process where no thread is given. */
static ULONGLONG used_time(HANDLE thread)
{
    FILETIME created, exited, kernel, user;
    BOOL ret = thread ? GetThreadTimes(thread, &created, &exited, &kernel, &user)
                      : GetProcessTimes(GetCurrentProcess(), &created, &exited, &kernel, &user);

    ok(ret, "no times, error %lu\n", GetLastError());
    return ret ? ticks(&kernel, &user) : 0;
}

/* All at once: what one uses does not depend on the others. */
void test_cost(void)
{
    static const struct
    {
        const char *what;
        enum call call;
        void (*before)(struct scene *), (*after)(struct scene *);
        BOOL send;
    } kinds[] =
    {
        { "recv without a queue", RECV, be_ready, NULL, FALSE },
        { "select without a queue", SELECT, be_ready, NULL, FALSE },
        { "accept without a queue", ACCEPT, be_ready, NULL, FALSE },
        { "gethostbyname without a queue", NAME, be_ready, NULL, FALSE },
        { "recv, unread message", RECV, unread_posted, still_posted, FALSE },
        { "select, unread message", SELECT, unread_posted, still_posted, FALSE },
        { "accept, message looked at", ACCEPT, looked_at_posted, still_posted, FALSE },
        { "gethostbyname, unread message", NAME, unread_posted, still_posted, FALSE },
        { "recv, sent message", RECV, window_only, still_sent, TRUE },
        { "select, timer", SELECT, pending_timer, still_timer, FALSE },
        { "gethostbyname, timer", NAME, pending_timer, still_timer, FALSE },
        { "accept, paint", ACCEPT, pending_paint, still_paint, FALSE },
    };
    enum { COUNT = ARRAY_SIZE(kinds) };
    static struct pumping all[COUNT];
    ULONGLONG used[COUNT], process, begin, passed;
    LONG calls[COUNT];
    unsigned int i, hundredths;

    if (!names_available()) return;
    for (i = 0; i < COUNT; i++)
    {
        if (!set_pumping(&all[i], kinds[i].call, nothing_to_do)) return;
        if (kinds[i].call == NAME)
            lstrcpynA(all[i].scene.name, scripted("h7.d%u", MEASURED_MS + 2500), sizeof(all[i].scene.name));
        all[i].scene.rescue = PATIENCE;
        all[i].scene.before = kinds[i].before;
        all[i].scene.after = kinds[i].after;
        perform_elsewhere(&all[i].scene);
        ok(WaitForSingleObject(all[i].ready, PATIENCE) == WAIT_OBJECT_0, "not under way\n");
        if (kinds[i].send) ok(SendNotifyMessageW(all[i].hwnd, QUERY, 0, 0), "not sent, error %lu\n", GetLastError());
    }
    for (i = 0; i < COUNT; i++) WaitForSingleObject(all[i].scene.called, ours ? PATIENCE : 50);

    process = used_time(NULL);
    for (i = 0; i < COUNT; i++) used[i] = used_time(all[i].scene.thread);
    for (i = 0; i < COUNT; i++) calls[i] = all[i].scene.calls;
    begin = microseconds();
    Sleep(MEASURED_MS);                 /* what is measured is that nothing happens */
    passed = microseconds() - begin;
    for (i = 0; i < COUNT; i++) calls[i] = all[i].scene.calls - calls[i];
    for (i = 0; i < COUNT; i++) used[i] = used_time(all[i].scene.thread) - used[i];
    process = used_time(NULL) - process;

    for (i = 0; i < COUNT; i++)
    {
        winetest_push_context("%s", kinds[i].what);
        hundredths = used[i] * 1000 / passed;   /* 1 % is 100 */
        ok(hundredths < 100, "uses %u.%02u %% of the time\n", hundredths / 100, hundredths % 100);
        ok((ULONGLONG)calls[i] * 1000000 <= MOST_RATE * passed, "%ld calls in %u ms\n", calls[i],
           (unsigned int)(passed / 1000));
        todo_builtin ok((ULONGLONG)calls[i] * 1000000 >= LEAST_RATE * passed, "%ld calls in %u ms\n", calls[i],
                        (unsigned int)(passed / 1000));
        winetest_pop_context();
    }
    hundredths = process * 1000 / passed;
    trace("%u threads: %u.%02u %%\n", COUNT, hundredths / 100, hundredths % 100);
    ok(hundredths < 100 * COUNT, "the process uses %u.%02u %% for %u threads\n", hundredths / 100, hundredths % 100,
       COUNT);
    for (i = 0; i < COUNT; i++)
    {
        if (kinds[i].call == NAME) all[i].stop = TRUE;
        else release(&all[i].scene);
    }
    for (i = 0; i < COUNT; i++)
    {
        winetest_push_context("%s", kinds[i].what);
        end_pumping(&all[i]);
        if (kinds[i].call == NAME) expect_cancelled(&all[i].scene);
        else expect_success(&all[i].scene);
        winetest_pop_context();
    }
}
