/*
 * How a call with a hook waits: a new message, the end of the operation and a cancel end the wait at once. What it costs
 * is hookwait_cost.c's. It knows the documented API and the promised rate of calls only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "hookwait.h"

/* Promised: a call every 50 ms or so when nothing happens, a cancel within 100 ms. */
enum { PERIOD = 50, SOON = 1000, OFTEN = 100 };
#define WOKEN (PERIOD * 800)            /* microseconds: later than that it was not woken, but had slept enough */

/* The quarter that is fastest was: a busy machine makes most of them late, but none too early. */
static ULONGLONG fast_quarter(ULONGLONG *values, unsigned int count)
{
    median(values, count);              /* sorts them */
    return values[count / 4];
}

static LRESULT CALLBACK window_proc(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    struct pumping *pumping = (struct pumping *)GetWindowLongPtrW(hwnd, GWLP_USERDATA);

    if (msg == WM_TIMER)
    {
        if (InterlockedIncrement(&pumping->timers) == 10) SetEvent(pumping->handled);
    }
    else if (msg == QUERY) InterlockedIncrement(&pumping->queries);
    else if (msg == NOTE)
    {
        InterlockedIncrement(&pumping->notes);
        pumping->seen = microseconds();
        SetEvent(pumping->handled);
    }
    else return DefWindowProcW(hwnd, msg, wparam, lparam);
    return 0;
}

void make_window(struct pumping *pumping, DWORD style, HWND parent)
{
    pumping->hwnd = CreateWindowExW(0, L"Static", NULL, style, 0, 0, 50, 50, parent, NULL, NULL, NULL);
    ok(pumping->hwnd != NULL, "no window, error %lu\n", GetLastError());
    SetWindowLongPtrW(pumping->hwnd, GWLP_USERDATA, (LONG_PTR)pumping);
    SetWindowLongPtrW(pumping->hwnd, GWLP_WNDPROC, (LONG_PTR)window_proc);
}

BOOL set_pumping(struct pumping *pumping, enum call call, BOOL (*hook)(struct scene *))
{
    memset(pumping, 0, sizeof(*pumping));
    if (!(call == NAME ? set_name_scene(&pumping->scene, ours ? 6000 : 300) : set_scene(&pumping->scene, call)))
        return FALSE;
    pumping->scene.hook = hook;
    pumping->ready = CreateEventW(NULL, FALSE, FALSE, NULL);
    pumping->idle = CreateEventW(NULL, FALSE, FALSE, NULL);
    pumping->handled = CreateEventW(NULL, FALSE, FALSE, NULL);
    return TRUE;
}

void end_pumping(struct pumping *pumping)
{
    wait_end(&pumping->scene);
    end_scene(&pumping->scene);
    CloseHandle(pumping->ready);
    CloseHandle(pumping->idle);
    CloseHandle(pumping->handled);
}

void be_ready(struct scene *scene)
{
    SetEvent(((struct pumping *)scene)->ready);
}

void window_only(struct scene *scene)
{
    make_window((struct pumping *)scene, 0, HWND_MESSAGE);
    be_ready(scene);
}

/* --- what ends the wait --- */

static BOOL pump_until_stopped(struct scene *scene)
{
    struct pumping *pumping = (struct pumping *)scene;
    BOOL any = FALSE;
    MSG msg;

    while (PeekMessageW(&msg, NULL, 0, 0, PM_REMOVE))
    {
        any = TRUE;
        TranslateMessage(&msg);
        DispatchMessageW(&msg);
    }
    if (pumping->stop) return cancel_call(scene);
    if (!any) SetEvent(pumping->idle);
    return any;
}

static BOOL only_watch(struct scene *scene)
{
    struct pumping *pumping = (struct pumping *)scene;

    if (pumping->watched)
    {
        pumping->seen = microseconds();
        pumping->watched = FALSE;
        SetEvent(pumping->handled);
    }
    else SetEvent(pumping->idle);
    return pumping->stop ? cancel_call(scene) : FALSE;
}

static void count_notes(struct scene *scene)
{
    struct pumping *pumping = (struct pumping *)scene;
    MSG msg;

    while (PeekMessageW(&msg, pumping->hwnd, NOTE, NOTE, PM_REMOVE)) pumping->notes++;
    DestroyWindow(pumping->hwnd);
}

/* So that the rest of the period is before it: without being woken, the hook would come that much later. */
static void await_idle(struct pumping *pumping)
{
    ResetEvent(pumping->idle);
    WaitForSingleObject(pumping->idle, ours ? PATIENCE : 20);
}

enum kind { READ, UNREAD, SENT, KINDS };

static void test_messages(enum call call, enum kind kind)
{
    static const char *const kinds[KINDS] = { "read", "unread", "sent" };
    unsigned int i, count = ours ? (call == RECV ? 20 : 10) : 2, missed = 0;
    ULONGLONG late[20], begin;
    struct pumping pumping;
    DWORD_PTR result;
    BOOL seen;

    winetest_push_context("%s, messages %s", call_names[call], kinds[kind]);
    if (set_pumping(&pumping, call, kind == UNREAD ? only_watch : pump_until_stopped))
    {
        pumping.scene.before = window_only;
        pumping.scene.after = count_notes;
        perform_elsewhere(&pumping.scene);
        WaitForSingleObject(pumping.ready, PATIENCE);
        for (i = 0; i < count; i++)
        {
            await_idle(&pumping);
            begin = microseconds();
            if (kind == SENT)
            {
                seen = SendMessageTimeoutW(pumping.hwnd, QUERY, 0, 0, SMTO_NORMAL, ours ? PATIENCE : 20, &result) != 0;
                pumping.seen = microseconds();
            }
            else
            {
                pumping.watched = TRUE;
                PostMessageW(pumping.hwnd, NOTE, 0, 0);
                seen = WaitForSingleObject(pumping.handled, ours ? PATIENCE : 20) == WAIT_OBJECT_0;
            }
            missed += !seen;
            late[i] = seen ? pumping.seen - begin : ~0u;
        }
        todo_builtin ok(!missed, "%u of %u messages do not wake the hook\n", missed, count);
        todo_builtin ok(fast_quarter(late, count) < WOKEN, "the hook comes %u us later\n",
                        (unsigned int)fast_quarter(late, count));
        pumping.stop = TRUE;
        end_pumping(&pumping);
        expect_cancelled(&pumping.scene);
        ok(pumping.notes == (kind == SENT ? 0 : (LONG)count), "%ld messages of %u\n", pumping.notes, count);
    }
    winetest_pop_context();
}

/* The end of the operation, seen from the call's return. */
static void note_end(struct scene *scene)
{
    ((struct pumping *)scene)->seen = microseconds();
}

static void test_completion(enum call call)
{
    unsigned int i, count = ours ? 11 : 3;
    struct pumping pumping;
    ULONGLONG took[11];

    winetest_push_context("%s completes", call_names[call]);
    for (i = 0; i < count; i++)
    {
        if (!set_pumping(&pumping, call, pump_until_stopped)) break;
        pumping.scene.after = note_end;
        perform_elsewhere(&pumping.scene);
        await_idle(&pumping);
        took[i] = microseconds();
        release(&pumping.scene);
        end_pumping(&pumping);
        took[i] = pumping.seen - took[i];
        expect_success(&pumping.scene);
    }
    ok(fast_quarter(took, count) < WOKEN, "the call returns %u us later\n", (unsigned int)fast_quarter(took, count));
    winetest_pop_context();
}

static BOOL note_call(struct scene *scene)
{
    ((struct pumping *)scene)->called = microseconds();
    return FALSE;
}

/* A lookup cannot be released. But if its end ends the wait, it comes at any time between two calls of the hook, else
 * always with one. */
static void test_name_completion(void)
{
    enum { COUNT = 10 };
    unsigned int i, between = 0;
    struct pumping pumping;
    ULONGLONG later;

    winetest_push_context("gethostbyname completes");
    for (i = 0; i < COUNT; i++)
    {
        if (!set_pumping(&pumping, NAME, note_call)) break;
        lstrcpynA(pumping.scene.name, scripted("h7.d%u", 100 + i * PERIOD / COUNT), sizeof(pumping.scene.name));
        pumping.scene.after = note_end;
        perform_elsewhere(&pumping.scene);
        end_pumping(&pumping);
        expect_success(&pumping.scene);
        later = pumping.seen - pumping.called;
        between += later > PERIOD * 150 && later < PERIOD * 850;
    }
    if (i == COUNT) todo_builtin ok(between >= 2, "%u of %u end between two calls of the hook\n", between, COUNT);
    winetest_pop_context();
}

/* --- hooks as programs have them --- */

static BOOL again_then_cancel(struct scene *scene)
{
    if (scene->calls == OFTEN) cancel_call(scene);
    return TRUE;
}

static BOOL again_then_release(struct scene *scene)
{
    struct pumping *pumping = (struct pumping *)scene;

    if (scene->calls == OFTEN) SetEvent(pumping->idle);
    return TRUE;
}

static void test_always_true(enum call call)
{
    struct pumping pumping;
    ULONGLONG begin;

    winetest_push_context("%s, always TRUE", call_names[call]);
    if (set_pumping(&pumping, call, again_then_cancel))
    {
        begin = microseconds();
        perform_elsewhere(&pumping.scene);
        end_pumping(&pumping);
        expect_cancelled(&pumping.scene);
        todo_builtin ok(pumping.scene.calls == OFTEN, "%ld calls, cancelled in the 100th\n", pumping.scene.calls);
        /* One call in each period would take twice as long. */
        ok(microseconds() - begin < OFTEN * PERIOD * 1000 / 2, "that took %u us\n",
           (unsigned int)(microseconds() - begin));

        set_pumping(&pumping, call, again_then_release);
        if (call == NAME)
            lstrcpynA(pumping.scene.name, scripted("h7.d1000"), sizeof(pumping.scene.name));
        perform_elsewhere(&pumping.scene);
        WaitForSingleObject(pumping.idle, ours ? PATIENCE : 20);
        release(&pumping.scene);
        end_pumping(&pumping);
        expect_success(&pumping.scene);
        todo_builtin ok(pumping.scene.calls >= OFTEN, "%ld calls\n", pumping.scene.calls);
    }
    winetest_pop_context();
}

static void fast_timer(struct scene *scene)
{
    struct pumping *pumping = (struct pumping *)scene;

    make_window(pumping, 0, HWND_MESSAGE);
    SetTimer(pumping->hwnd, 1, 20, NULL);
    be_ready(scene);
}

/* The window lives while the call blocks: it answers, and its timer goes on. */
static void test_pump(enum call call)
{
    unsigned int i, count = ours ? 40 : 2;
    struct pumping pumping;

    winetest_push_context("%s, pumping", call_names[call]);
    if (set_pumping(&pumping, call, pump_until_stopped))
    {
        if (call == NAME) lstrcpynA(pumping.scene.name, scripted("h7.d3000"), sizeof(pumping.scene.name));
        pumping.scene.before = fast_timer;
        pumping.scene.after = count_notes;
        perform_elsewhere(&pumping.scene);
        WaitForSingleObject(pumping.ready, PATIENCE);
        WaitForSingleObject(pumping.handled, ours ? PATIENCE : 50);
        todo_builtin ok(pumping.timers >= 10, "%ld timer messages\n", pumping.timers);
        for (i = 0; i < count; i++)
        {
            PostMessageW(pumping.hwnd, NOTE, 0, 0);
            if (WaitForSingleObject(pumping.handled, ours ? PATIENCE : 20) != WAIT_OBJECT_0) break;
        }
        todo_builtin ok(i == count, "%u messages handled\n", i);
        release(&pumping.scene);
        end_pumping(&pumping);
        expect_success(&pumping.scene);
    }
    winetest_pop_context();
}

/* No window, no queue: a flag that another thread sets. */
static void test_flag(enum call call)
{
    struct pumping pumping;
    ULONGLONG begin;
    unsigned int i;

    winetest_push_context("%s, flag", call_names[call]);
    if (set_pumping(&pumping, call, only_watch))
    {
        pumping.scene.after = note_end;
        perform_elsewhere(&pumping.scene);
        for (i = 0; i < 3; i++) WaitForSingleObject(pumping.scene.called, ours ? PATIENCE : 10);
        begin = microseconds();
        pumping.stop = TRUE;
        end_pumping(&pumping);
        expect_cancelled(&pumping.scene);
        ok(pumping.seen - begin < SOON * 1000, "cancelled after %u us\n", (unsigned int)(pumping.seen - begin));
    }
    winetest_pop_context();
}

START_TEST(hookwait)
{
    enum call call;
    enum kind kind;

    start(MAKEWORD(1, 1));
    test_cost();
    for (call = RECV; call <= NAME; call++)
    {
        for (kind = READ; kind < KINDS; kind++) test_messages(call, kind);
        if (call != NAME) test_completion(call);
        test_always_true(call);
        test_pump(call);
        test_flag(call);
    }
    test_name_completion();
    finish();
}
