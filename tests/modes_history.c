/*
 * The unit modes' second half: sockets by the way they came about, values that are handed out again, and crowds of
 * sockets and threads. It knows the documented API only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "modes.h"

/* --- where a socket comes from --- */

static void test_before_hook(void)
{
    SOCKET s[3] = { datagram_socket(), datagram_socket(), datagram_socket() }, pair[2];
    int i;

    winetest_push_context("before the first hook");
    set_fionbio(s[1], 1);
    set_fionbio(s[2], 1);
    set_fionbio(s[2], 0);
    scene_pair(pair);
    use_hook();
    expect_mode(s[0], HOOKED);
    expect_mode(s[1], NONBLOCKING);
    expect_mode(s[2], HOOKED);
    for (i = 0; i < 2; i++) expect_mode(pair[i], HOOKED);
    for (i = 0; i < 2; i++) closesocket(pair[i]);
    for (i = 0; i < 3; i++) closesocket(s[i]);
    winetest_pop_context();
}

static void test_created(void)
{
    static const struct { BOOL wide; DWORD flags; enum mode mode; } kinds[] =
    {
        { FALSE, WSA_FLAG_OVERLAPPED, HOOKED },
        { TRUE, WSA_FLAG_OVERLAPPED, HOOKED },
        { FALSE, 0, PLAIN },
        { TRUE, 0, PLAIN },
    };
    unsigned int i;
    SOCKET s;

    for (i = 0; i < ARRAY_SIZE(kinds); i++)
    {
        winetest_push_context("WSASocket%c, flags %lu", kinds[i].wide ? 'W' : 'A', kinds[i].flags);
        s = kinds[i].wide ? WSASocketW(AF_INET, SOCK_DGRAM, 0, NULL, 0, kinds[i].flags)
                          : WSASocketA(AF_INET, SOCK_DGRAM, 0, NULL, 0, kinds[i].flags);
        bind_it(s);
        expect_mode(s, kinds[i].mode);
        set_fionbio(s, 1);
        expect_mode(s, NONBLOCKING);
        set_fionbio(s, 0);
        expect_mode(s, kinds[i].mode);
        closesocket(s);
        winetest_pop_context();
    }
    ok(socket(-1, -1, -1) == INVALID_SOCKET, "it succeeds\n");
}

static int CALLBACK accept_all(WSABUF *caller, WSABUF *caller_data, QOS *qos, QOS *group_qos, WSABUF *callee,
                               WSABUF *callee_data, GROUP *group, DWORD_PTR context)
{
    return CF_ACCEPT;
}

static void test_accepted(void)
{
    static const char *const listeners[] = { "blocking", "non-blocking", "event", "event no more", "message", "blocking again" };
    static const char *const ways[] = { "accept", "WSAAccept", "WSAAccept with condition" };
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    HWND window = new_window();
    struct sockaddr_in address;
    SOCKET listener, s[2];
    unsigned int i, way;

    for (i = 0; i < ARRAY_SIZE(listeners); i++)
        for (way = 0; way < ARRAY_SIZE(ways); way++)
        {
            winetest_push_context("%s, listener %s", ways[way], listeners[i]);
            listener = loopback_socket(SOCK_STREAM, &address);
            listen(listener, 1);
            s[0] = socket(AF_INET, SOCK_STREAM, 0);
            connect(s[0], (struct sockaddr *)&address, sizeof(address));
            if (i == 1 || i == 5) set_fionbio(listener, 1);
            if (i == 2 || i == 3) WSAEventSelect(listener, event, FD_ACCEPT);
            if (i == 3) WSAEventSelect(listener, NULL, 0);
            if (i == 4) WSAAsyncSelect(listener, window, DONE + 0x80, FD_ACCEPT);
            if (i == 5) set_fionbio(listener, 0);
            if (!way) s[1] = accept(listener, NULL, NULL);
            else s[1] = WSAAccept(listener, NULL, NULL, way == 2 ? accept_all : NULL, 0);
            ok(s[1] != INVALID_SOCKET, "error %d\n", WSAGetLastError());
            expect_mode(s[1], i % 5 ? NONBLOCKING : HOOKED);
            WSAEventSelect(s[1], NULL, 0);
            ok(!set_fionbio(s[1], 0), "error %d\n", WSAGetLastError());
            expect_mode(s[1], HOOKED);
            closesocket(s[0]);
            closesocket(s[1]);
            closesocket(listener);
            winetest_pop_context();
        }
    DestroyWindow(window);
    CloseHandle(event);
}

/* By an accept that had to wait, with the hook. */
static void test_waited(void)
{
    struct scene scene;
    SOCKET s;

    winetest_push_context("accept that waited");
    if (set_scene(&scene, ACCEPT))
    {
        perform_elsewhere(&scene);
        WaitForSingleObject(scene.called, ours ? PATIENCE : 10);
        s = socket(AF_INET, SOCK_STREAM, 0);
        ok(!connect(s, (struct sockaddr *)&scene.address, sizeof(scene.address)), "error %d\n", WSAGetLastError());
        wait_end(&scene);
        if (!scene.rescued) expect_mode(scene.result, HOOKED);
        closesocket(s);
        end_scene(&scene);
    }
    winetest_pop_context();
}

enum end { BY_CLOSESOCKET, BY_CLOSEHANDLE, ENDS };

/* A value that was another socket's says nothing. */
static void test_reused(void)
{
    static const struct { u_long first_fionbio; DWORD first, second; enum mode mode; } kinds[] =
    {
        { 1, WSA_FLAG_OVERLAPPED, WSA_FLAG_OVERLAPPED, HOOKED },
        { 0, WSA_FLAG_OVERLAPPED, 0, PLAIN },
        { 1, 0, WSA_FLAG_OVERLAPPED, HOOKED },
        { 1, WSA_FLAG_OVERLAPPED, 0, PLAIN },
    };
    unsigned int i, round;
    enum end end;
    SOCKET s, other;

    for (i = 0; i < ARRAY_SIZE(kinds); i++)
        for (end = 0; end < ENDS; end++)
        {
            winetest_push_context("value again, kind %u, %s", i, end ? "CloseHandle" : "closesocket");
            for (round = 0; round < 50; round++)
            {
                s = WSASocketA(AF_INET, SOCK_DGRAM, 0, NULL, 0, kinds[i].first);
                set_fionbio(s, kinds[i].first_fionbio);
                if (end == BY_CLOSESOCKET) closesocket(s);
                else CloseHandle((HANDLE)s);
                other = WSASocketA(AF_INET, SOCK_DGRAM, 0, NULL, 0, kinds[i].second);
                if (other == s) break;
                closesocket(other);
            }
            ok(round < 50, "never the same value\n");
            if (round < 50)
            {
                bind_it(other);
                expect_mode(other, kinds[i].mode);
                closesocket(other);
            }
            winetest_pop_context();
        }
}

/* One socket with two values: what is done by the one cannot be seen of the other, so neither is hooked. */
static void test_duplicated(void)
{
    struct sockaddr_in address;
    WSAPROTOCOL_INFOA info;
    WSAPROTOCOL_INFOW wide;
    unsigned int i;
    SOCKET s, twin, ends[2];

    for (i = 0; i < 2; i++)
    {
        winetest_push_context("WSADuplicateSocket%c", i ? 'W' : 'A');
        s = datagram_socket();
        expect_mode(s, HOOKED);
        if (i) ok(!WSADuplicateSocketW(s, GetCurrentProcessId(), &wide), "error %d\n", WSAGetLastError());
        else ok(!WSADuplicateSocketA(s, GetCurrentProcessId(), &info), "error %d\n", WSAGetLastError());
        twin = i ? WSASocketW(-1, -1, -1, &wide, 0, WSA_FLAG_OVERLAPPED)
                 : WSASocketA(-1, -1, -1, &info, 0, WSA_FLAG_OVERLAPPED);
        ok(twin != INVALID_SOCKET && twin != s, "got %#Ix, error %d\n", twin, WSAGetLastError());
        expect_mode(twin, PLAIN);
        expect_mode(s, PLAIN);
        ok(!set_fionbio(twin, 1), "error %d\n", WSAGetLastError());
        expect_mode(s, NONBLOCKING);
        expect_mode(twin, NONBLOCKING);
        ok(!set_fionbio(s, 0), "error %d\n", WSAGetLastError());
        expect_mode(twin, PLAIN);
        closesocket(s);
        expect_mode(twin, PLAIN);
        closesocket(twin);
        winetest_pop_context();
    }

    /* What is accepted has the mode of its listener, as little as that is known. */
    winetest_push_context("accepted from a duplicate");
    s = loopback_socket(SOCK_STREAM, &address);
    listen(s, 1);
    ok(!WSADuplicateSocketA(s, GetCurrentProcessId(), &info), "error %d\n", WSAGetLastError());
    twin = WSASocketA(-1, -1, -1, &info, 0, WSA_FLAG_OVERLAPPED);
    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    ok(!connect(ends[0], (struct sockaddr *)&address, sizeof(address)), "error %d\n", WSAGetLastError());
    ends[1] = accept(twin, NULL, NULL);
    expect_mode(ends[1], PLAIN);
    for (i = 0; i < 2; i++) closesocket(ends[i]);
    closesocket(twin);
    closesocket(s);
    winetest_pop_context();
}

static SOCKET twin_of(SOCKET s)
{
    HANDLE twin = NULL;

    DuplicateHandle(GetCurrentProcess(), (HANDLE)s, GetCurrentProcess(), &twin, 0, TRUE, DUPLICATE_SAME_ACCESS);
    return (SOCKET)twin;
}

void inherited_child(const char *text)
{
    SOCKET s = strtoul(text, NULL, 16);

    start(MAKEWORD(1, 1));
    use_hook();
    winetest_push_context("inherited");
    expect_mode(s, PLAIN);
    set_fionbio(s, 1);
    expect_mode(s, NONBLOCKING);
    winetest_pop_context();
    finish();
}

static void test_inherited(void)
{
    SOCKET s = datagram_socket(), twin = twin_of(s);
    char args[64];

    winetest_push_context("DuplicateHandle");
    expect_mode(twin, PLAIN);
    snprintf(args, sizeof(args), "modes inherited %lx", (ULONG)twin);
    run_self(args);
    closesocket(twin);
    closesocket(s);
    winetest_pop_context();
}

/* A cleanup closes all sockets, and takes the hooks. */
static void test_restart(void)
{
    SOCKET s, other;
    unsigned int round;

    winetest_push_context("after a cleanup");
    s = datagram_socket();
    set_fionbio(s, 1);
    expect_mode(s, NONBLOCKING);
    finish();
    start(MAKEWORD(1, 1));
    for (round = 0; round < 50; round++) if ((other = datagram_socket()) == s) break;
    ok(round < 50 || old_wine, "never the same value\n");      /* an old Wine's last cleanup closes no socket */
    expect_mode(other, PLAIN);
    use_hook();
    expect_mode(other, HOOKED);
    finish();
    start(MAKEWORD(1, 1));
    winetest_pop_context();
}

void test_histories(void)
{
    test_before_hook();
    test_created();
    test_accepted();
    test_waited();
    test_reused();
    test_duplicated();
    test_inherited();
    test_restart();
}

/* --- crowds --- */

static void test_many(void)
{
    enum { COUNT = 2000 };
    static SOCKET s[COUNT];
    unsigned int i, hooked = 0, nonblocking = 0, others = 0, step = ours ? 1 : 200;
    enum mode mode;

    winetest_push_context("%u sockets", COUNT);
    for (i = 0; i < COUNT; i++)
    {
        s[i] = datagram_socket();
        if (i % 2) set_fionbio(s[i], 1);
    }
    /* from the back, so that order is of no help */
    for (i = 0; i < COUNT; i++)
    {
        unsigned int at = COUNT - 1 - i;

        if (!(at % 2) && at % step) continue;
        mode = mode_of(s[at]);
        if (at % 2) nonblocking += mode == NONBLOCKING;
        else hooked += mode == HOOKED;
    }
    ok(nonblocking == COUNT / 2, "%u sockets are non-blocking\n", nonblocking);
    todo_builtin ok(hooked == COUNT / 2, "%u sockets are hooked\n", hooked);
    for (i = 0; i < COUNT; i += 2) closesocket(s[i]);
    for (i = 1; i < COUNT; i += 2) others += mode_of(s[i]) != NONBLOCKING;
    ok(!others, "%u sockets are something else since their neighbours have gone\n", others);
    for (i = 1; i < COUNT; i += 2) closesocket(s[i]);
    winetest_pop_context();
}

enum { THREADS = 6, EACH = 12, ROUNDS = 150 };

static SOCKET shared;
static volatile LONG wrong_modes;

/* Sockets that come, go and change, each on its own thread. */
static DWORD WINAPI change_thread(void *arg)
{
    ULONG random = (ULONG_PTR)arg;
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    u_long fionbio[EACH] = { 0 }, value;
    SOCKET s[EACH];
    unsigned int i, round, which;
    DWORD size;

    use_hook();
    for (i = 0; i < EACH; i++) s[i] = datagram_socket();
    for (round = 0; round < ROUNDS; round++)
    {
        random = random * 1103515245 + 12345;
        which = (random >> 16) % EACH;
        value = fionbio[which] = random >> 28 & 1;
        switch ((random >> 24) % 4)
        {
        case 0:
            set_fionbio(s[which], value);
            break;
        case 1:
            WSAIoctl(s[which], FIONBIO, &value, sizeof(value), NULL, 0, &size, NULL, NULL);
            break;
        case 2:
            WSAEventSelect(s[which], event, FD_READ);
            WSAEventSelect(s[which], NULL, 0);
            set_fionbio(s[which], value);
            break;
        default:
            closesocket(s[which]);
            s[which] = datagram_socket();
            fionbio[which] = 0;
        }
        set_fionbio(shared, random >> 20 & 1);
    }
    for (i = 0; i < EACH; i++)
        if (mode_of(s[i]) != (fionbio[i] ? NONBLOCKING : HOOKED)) InterlockedIncrement(&wrong_modes);
    for (i = 0; i < EACH; i++) closesocket(s[i]);
    CloseHandle(event);
    return 0;
}

static void test_threads(void)
{
    HANDLE threads[THREADS];
    enum mode mode, twins_mode;
    unsigned int i, round;
    SOCKET twin;

    winetest_push_context("%u threads", THREADS);
    for (round = 0; round < (ours ? 5 : 2); round++)
    {
        shared = datagram_socket();
        for (i = 0; i < THREADS; i++)
            threads[i] = CreateThread(NULL, 0, change_thread, (void *)(ULONG_PTR)(round * THREADS + i), 0, NULL);
        for (i = 0; i < THREADS; i++)
        {
            ok(WaitForSingleObject(threads[i], PATIENCE) == WAIT_OBJECT_0, "a thread hangs\n");
            CloseHandle(threads[i]);
        }
        /* Whose change was the last nobody knows; but what is unknown of the twin is made plain by a plain call. */
        mode = mode_of(shared);
        twin = twin_of(shared);
        twins_mode = mode_of(twin);
        ok(twins_mode == PLAIN || twins_mode == NONBLOCKING, "the twin has mode %d\n", twins_mode);
        todo_builtin_if(mode == PLAIN)
        ok(mode == (twins_mode == PLAIN ? HOOKED : NONBLOCKING), "mode %d, in truth %d\n", mode, twins_mode);
        closesocket(twin);
        set_fionbio(shared, 1);
        expect_mode(shared, NONBLOCKING);
        set_fionbio(shared, 0);
        expect_mode(shared, HOOKED);
        closesocket(shared);
    }
    todo_builtin ok(!wrong_modes, "%ld sockets with another mode\n", wrong_modes);
    winetest_pop_context();
}

/* --- one listener, a thread without a hook and three with --- */

enum { CONNECTIONS = 300 };

static SOCKET listener;
static volatile LONG accepted_count, accept_failures, accepted_wrong;
static LONG accept_error;

static BOOL CALLBACK patient_hook(void)
{
    return FALSE;
}

static DWORD WINAPI accept_thread(void *hooked)
{
    SOCKET s;

    while (accepted_count < CONNECTIONS)
    {
        if (hooked) WSASetBlockingHook((FARPROC)(void *)patient_hook);
        s = accept(listener, NULL, NULL);
        if (accepted_count >= CONNECTIONS) break;
        if (s == INVALID_SOCKET)
        {
            accept_error = WSAGetLastError();
            InterlockedIncrement(&accept_failures);
            continue;
        }
        use_hook();
        if (mode_of(s) != HOOKED) InterlockedIncrement(&accepted_wrong);
        WSAUnhookBlockingHook();
        closesocket(s);
        InterlockedIncrement(&accepted_count);
    }
    return 0;
}

static void test_listener(void)
{
    struct sockaddr_in address;
    HANDLE threads[4];
    SOCKET s[CONNECTIONS + 4];
    unsigned int i, connections = ours ? CONNECTIONS : 20;

    winetest_push_context("one listener");
    accepted_count = CONNECTIONS - connections;
    listener = loopback_socket(SOCK_STREAM, &address);
    listen(listener, SOMAXCONN);
    for (i = 0; i < 4; i++) threads[i] = CreateThread(NULL, 0, accept_thread, (void *)(ULONG_PTR)i, 0, NULL);
    for (i = 0; i < connections; i++)
    {
        s[i] = socket(AF_INET, SOCK_STREAM, 0);
        ok(!connect(s[i], (struct sockaddr *)&address, sizeof(address)), "error %d\n", WSAGetLastError());
    }
    while (accepted_count < CONNECTIONS && !accept_failures && WaitForMultipleObjects(4, threads, TRUE, 10)) {}
    accepted_count = CONNECTIONS;
    for (i = connections; i < connections + 4; i++)     /* one for each that waits in accept still */
    {
        s[i] = socket(AF_INET, SOCK_STREAM, 0);
        connect(s[i], (struct sockaddr *)&address, sizeof(address));
    }
    ok(WaitForMultipleObjects(4, threads, TRUE, PATIENCE) < 4, "a thread hangs\n");
    for (i = 0; i < 4; i++) CloseHandle(threads[i]);
    /* Plain ones can fail so if another is faster; here there is but one of them. */
    todo_builtin_if(accept_failures && accept_error == WSAEWOULDBLOCK)
    ok(!accept_failures, "accept fails %ld times, error %ld\n", accept_failures, accept_error);
    todo_builtin ok(!accepted_wrong, "%ld sockets with another mode\n", accepted_wrong);
    for (i = 0; i < connections + 4; i++) closesocket(s[i]);
    closesocket(listener);
    winetest_pop_context();
}

void test_crowds(void)
{
    test_many();
    test_threads();
    test_listener();
}
