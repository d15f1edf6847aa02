/*
 * Hooks that do what hooks should not: they end their thread or process, have the socket closed or Winsock ended under
 * the call, call everything. Only their own call may suffer. Jumps and numbers are badhook_many.c's. It knows the
 * documented API only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scene.h"
#include "badhook.h"
#include "image.h"

#define EXIT_CODE 77
#define NOT_EXITED 78
#define GIVEN_UP 64             /* calls in turn */

static DWORD run_thread(LPTHREAD_START_ROUTINE routine, void *arg)
{
    HANDLE thread = CreateThread(NULL, 0, routine, arg, 0, NULL);
    DWORD code = STILL_ACTIVE;

    WaitForSingleObject(thread, PATIENCE);
    GetExitCodeThread(thread, &code);
    CloseHandle(thread);
    return code;
}

/* --- hooks that change hooks, and hooks that take their time --- */

struct changing
{
    struct scene scene;
    int refused, set_refused, blocking;
};

static BOOL CALLBACK never_called(void)
{
    ok(0, "a hook that was never set is called\n");
    return FALSE;
}

static BOOL change_hooks(struct scene *scene)
{
    struct changing *changing = (struct changing *)scene;

    WSASetLastError(0xdead);
    changing->refused += WSAUnhookBlockingHook() == SOCKET_ERROR && WSAGetLastError() == WSAEINPROGRESS;
    WSASetLastError(0xdead);
    changing->set_refused += !WSASetBlockingHook((FARPROC)(void *)never_called) && WSAGetLastError() == WSAEINPROGRESS;
    changing->blocking += WSAIsBlocking();
    return scene->calls == 3 ? cancel_call(scene) : FALSE;
}

/* The hook is still the thread's. */
static void block_again(struct scene *scene)
{
    struct timeval timeout = { 0, 150000 };
    struct sockaddr_in address;
    LONG calls = scene->calls;
    fd_set set;
    SOCKET s = loopback_socket(SOCK_DGRAM, &address);

    FD_ZERO(&set);
    FD_SET(s, &set);
    ok(select(0, &set, NULL, NULL, &timeout) == 0, "select: error %d\n", WSAGetLastError());
    todo_builtin ok(scene->calls > calls, "the hook is gone\n");
    closesocket(s);
}

static void test_changing(enum call call)
{
    struct changing changing;

    winetest_push_context("%s, hook changes hooks", call_names[call]);
    memset(&changing, 0, sizeof(changing));
    if (set_scene(&changing.scene, call))
    {
        changing.scene.hook = change_hooks;
        changing.scene.after = block_again;
        perform(&changing.scene);
        expect_cancelled(&changing.scene);
        todo_builtin ok(changing.refused >= 3, "WSAUnhookBlockingHook refused %d times\n", changing.refused);
        todo_builtin ok(changing.set_refused >= 3, "WSASetBlockingHook refused %d times\n", changing.set_refused);
        todo_builtin ok(changing.blocking >= 3, "blocking %d times\n", changing.blocking);
        end_scene(&changing.scene);
    }
    winetest_pop_context();
}

struct slow
{
    struct scene scene;
    HANDLE go;
};

static BOOL take_time(struct scene *scene)
{
    WaitForSingleObject(((struct slow *)scene)->go, PATIENCE);
    return scene->calls < 3;
}

/* The operation ends while the hook is busy, and is not lost. */
static void test_slow(enum call call)
{
    struct slow slow;

    winetest_push_context("%s, slow hook", call_names[call]);
    if (set_scene(&slow.scene, call))
    {
        slow.scene.hook = take_time;
        slow.go = CreateEventW(NULL, TRUE, FALSE, NULL);
        perform_elsewhere(&slow.scene);
        WaitForSingleObject(slow.scene.called, ours ? PATIENCE : 20);
        release(&slow.scene);
        SetEvent(slow.go);
        wait_end(&slow.scene);
        expect_success(&slow.scene);
        todo_builtin ok(slow.scene.calls, "the hook is not called\n");
        end_scene(&slow.scene);
        CloseHandle(slow.go);
    }
    winetest_pop_context();
}

/* --- hooks that end their thread --- */

static BOOL exit_thread(struct scene *scene)
{
    ExitThread(EXIT_CODE);
}

static void expect_usable(struct scene *scene)
{
    SOCKET pair[2] = { INVALID_SOCKET, INVALID_SOCKET };
    char buf[64 * 1024];
    int ret, timeout = PATIENCE / 2;

    switch (scene->call)
    {
    case RECV:
    case SELECT:
        setsockopt(scene->s, SOL_SOCKET, SO_RCVTIMEO, (char *)&timeout, sizeof(timeout));
        send(scene->peer, "after", 5, 0);
        ret = recv(scene->s, buf, sizeof(buf), 0);
        /* on the builtin, select has left what came to its rescue */
        if (ret == 6 && !ours) memmove(buf, buf + 1, ret = 5);
        ok(ret == 5 && !memcmp(buf, "after", 5), "got %d, error %d\n", ret, WSAGetLastError());
        ok(send(scene->s, "x", 1, 0) == 1, "send: error %d\n", WSAGetLastError());
        break;
    case ACCEPT:
        pair[0] = socket(AF_INET, SOCK_STREAM, 0);
        ok(!connect(pair[0], (struct sockaddr *)&scene->address, sizeof(scene->address)), "connect: error %d\n",
           WSAGetLastError());
        pair[1] = accept(scene->s, NULL, NULL);
        send(pair[0], "a", 1, 0);
        ok(recv(pair[1], buf, 1, 0) == 1, "accepted socket: error %d\n", WSAGetLastError());
        closesocket(pair[0]);
        closesocket(pair[1]);
        break;
    case NAME:
        ok(gethostbyname(scripted("h1")) != NULL, "error %d\n", WSAGetLastError());
        break;
    case SEND:
        /* How much has gone nobody knows; but it comes to an end. */
        ok(!closesocket(scene->s), "closesocket: error %d\n", WSAGetLastError());
        scene->s = INVALID_SOCKET;
        if (scene->peer == INVALID_SOCKET) break;
        setsockopt(scene->peer, SOL_SOCKET, SO_RCVTIMEO, (char *)&timeout, sizeof(timeout));
        while ((ret = recv(scene->peer, buf, sizeof(buf), 0)) > 0) {}
        ok(!ret || WSAGetLastError() != WSAETIMEDOUT, "the stream has no end\n");
        break;
    default:
        ok(!closesocket(scene->s), "closesocket: error %d\n", WSAGetLastError());
        scene->s = INVALID_SOCKET;
    }
}

static void test_thread_exit(enum call call)
{
    struct scene scene;
    DWORD code;

    winetest_push_context("%s, thread exits", call_names[call]);
    if (set_scene(&scene, call))
    {
        scene.hook = exit_thread;
        perform_elsewhere(&scene);
        if (wait_end(&scene))
        {
            /* Nothing of the call may use it now. */
            free_pages(scene.buf);
            scene.buf = NULL;
            GetExitCodeThread(scene.thread, &code);
            todo_builtin ok(code == EXIT_CODE, "got %lu\n", code);
            expect_usable(&scene);
        }
        ok(!WSAIsBlocking(), "another thread is blocking\n");
        end_scene(&scene);
    }
    winetest_pop_context();
}

/* --- hooks that end their process --- */

static BOOL exit_process(struct scene *scene)
{
    winetest_debug = 0;
    ExitProcess(EXIT_CODE);
}

static void exit_child(enum call call)
{
    struct scene scene;

    start(MAKEWORD(1, 1));
    if (set_scene(&scene, call))
    {
        scene.hook = exit_process;
        perform(&scene);
    }
    winetest_debug = 0;
    ExitProcess(NOT_EXITED);
}

static void test_process_exit(enum call call)
{
    char args[32];
    DWORD code;

    snprintf(args, sizeof(args), "badhook exit %d", call);
    code = run_program(NULL, args, TIME_LIMIT, ANY_CODE);
    todo_builtin ok(code == EXIT_CODE, "%s: exit code %#lx\n", call_names[call], code);
}

/* --- the socket, or Winsock, is taken away --- */

static DWORD WINAPI close_thread(void *scene)
{
    return closesocket(((struct scene *)scene)->s);
}

static void close_it(struct scene *scene)
{
    closesocket(scene->s);
}

static DWORD WINAPI cleanup_thread(void *scene)
{
    return WSACleanup();
}

static void clean_up(struct scene *scene)
{
    WSACleanup();
}

static BOOL have_it_closed(struct scene *scene)
{
    if (scene->calls == 1) ok(!run_thread(close_thread, scene), "not closed\n");
    return FALSE;
}

static BOOL have_it_ended(struct scene *scene)
{
    if (scene->calls == 1) ok(!run_thread(cleanup_thread, scene), "no cleanup\n");
    return FALSE;
}

/* As without a hook, whatever that is. */
static void test_closed(enum call call)
{
    struct scene scene[2];
    ULONGLONG took;
    int i;

    winetest_push_context("%s, closed", call_names[call]);
    for (i = 0; i < 2; i++)
    {
        if (!set_scene(&scene[i], call)) break;
        scene[i].plain = !i;
        scene[i].hook = have_it_closed;
        scene[i].help = close_it;
        if (!i) scene[i].rescue = 100;
        took = microseconds();
        perform(&scene[i]);
        took = microseconds() - took;
        ok(took < PATIENCE * 1000 / 4, "it takes %u us\n", (unsigned int)took);
        scene[i].s = INVALID_SOCKET;
        end_scene(&scene[i]);
    }
    /* an old Wine may say anything of it */
    if (i == 2 && !old_wine)
        ok(scene[1].result == scene[0].result && scene[1].error == scene[0].error,
           "with a hook %Id, error %d, without %Id, error %d\n", scene[1].result, scene[1].error, scene[0].result,
           scene[0].error);
    winetest_pop_context();
}

static BOOL close_then_cancel(struct scene *scene)
{
    have_it_closed(scene);
    return scene->calls > 3 ? cancel_call(scene) : FALSE;
}

/* The platform's own send waits on for ever. */
static void test_closed_send(void)
{
    struct scene scene;
    ULONGLONG took;

    winetest_push_context("send, closed");
    if (set_scene(&scene, SEND))
    {
        scene.hook = close_then_cancel;
        took = microseconds();
        perform(&scene);
        took = microseconds() - took;
        ok(scene.error, "it succeeds\n");
        ok(took < PATIENCE * 1000 / 4, "it takes %u us\n", (unsigned int)took);
        if (ours) scene.s = INVALID_SOCKET;
        end_scene(&scene);
    }
    winetest_pop_context();
}

static void test_last_cleanup(enum call call)
{
    struct scene scene;
    ULONGLONG took;

    winetest_push_context("%s, last cleanup", call_names[call]);
    if (old_wine && deadly("it ends no call")) {}
    else if (set_scene(&scene, call))
    {
        scene.hook = have_it_ended;
        scene.help = clean_up;
        took = microseconds();
        perform(&scene);
        took = microseconds() - took;
        ok(took < PATIENCE * 1000 / 4, "it takes %u us\n", (unsigned int)took);
        /* select and the databases do not fail on the builtin either */
        ok(scene.error || (call != RECV && call != ACCEPT), "it succeeds\n");
        ok(!WSAIsBlocking(), "still blocking\n");
        ok(WSACleanup() == SOCKET_ERROR && WSAGetLastError() == WSANOTINITIALISED, "not cleaned up\n");
        end_scene(&scene);
        start(MAKEWORD(1, 1));
        ok(!WSAIsBlocking(), "still blocking\n");

        /* The hook is gone with the old start; the next one works. */
        set_scene(&scene, RECV);
        scene.hook = cancel_call;
        perform(&scene);
        expect_cancelled(&scene);
        end_scene(&scene);
    }
    winetest_pop_context();
}

/* --- a hook that calls everything --- */

struct nesting
{
    struct scene scene;
    struct scene inner[CALLS];
    unsigned int tried, refused;
};

static BOOL nest(struct scene *scene)
{
    struct nesting *nesting = (struct nesting *)scene;
    enum call call;

    if (scene->calls > 1) return cancel_call(scene);
    for (call = RECV; call < CALLS; call++)
    {
        attempt(&nesting->inner[call]);
        nesting->tried++;
        nesting->refused += nesting->inner[call].error == WSAEINPROGRESS;
    }
    return FALSE;
}

static void test_nesting(enum call call)
{
    static struct nesting nesting;
    enum call inner;

    winetest_push_context("%s, nested calls", call_names[call]);
    memset(&nesting, 0, sizeof(nesting));
    if (names_available() && set_scene(&nesting.scene, call))
    {
        for (inner = RECV; inner < CALLS; inner++) set_scene(&nesting.inner[inner], inner);
        nesting.scene.hook = nest;
        perform(&nesting.scene);
        expect_cancelled(&nesting.scene);
        todo_builtin ok(nesting.tried == CALLS && nesting.refused == CALLS, "%u calls, %u refused\n", nesting.tried,
                        nesting.refused);
        ok(nesting.scene.deepest <= 1, "the hook is called inside itself\n");
        /* None of them has done anything. */
        for (inner = RECV; inner < CALLS; inner++)
        {
            if (inner == RECV || inner == SELECT || inner == ACCEPT) expect_usable(&nesting.inner[inner]);
            end_scene(&nesting.inner[inner]);
        }
        end_scene(&nesting.scene);
    }
    winetest_pop_context();
}

/* A call that was given up leaves nobody behind who goes on waiting for its socket. */
static void test_given_up(void)
{
    DWORD before = thread_count();
    struct scene scene;
    unsigned int i;

    if (!set_scene(&scene, SELECT)) return;
    scene.hook = cancel_call;
    for (i = 0; i < GIVEN_UP; i++)
    {
        perform(&scene);
        expect_cancelled(&scene);
    }
    ok(thread_count() < before + GIVEN_UP / 2, "%lu threads, %lu before\n", thread_count(), before);
    end_scene(&scene);
}

/* For the unit nodriver. */
void test_hooks_briefly(void)
{
    enum call call;

    for (call = RECV; call < CALLS; call++)
    {
        if (call == NAME) continue;
        if (call < NAME) test_slow(call);
        test_thread_exit(call);
        /* of an accept whose socket is closed, this Wine's driver says something else than an old Wine */
        if (call != SEND && call != ACCEPT) test_closed(call);
        test_last_cleanup(call);
    }
    test_given_up();
}

START_TEST(badhook)
{
    enum call call;

    if (argument(1))
    {
        exit_child(atoi(argument(2)));
        return;
    }
    start(MAKEWORD(1, 1));
    for (call = RECV; call < CALLS; call++)
    {
        test_changing(call);
        if (call < NAME) test_slow(call);
        test_thread_exit(call);
        test_nesting(call);
        if (call == SEND) test_closed_send();
        else if (call != NAME) test_closed(call);
        test_last_cleanup(call);
    }
    test_process_exit(RECV);
    test_process_exit(NAME);
    test_process_exit(CONNECT);
    test_jumps();
    test_many();
    finish();
}
