/*
 * WSAStartup and WSACleanup: versions, what is filled in, counting, and what the last cleanup does to what is pending.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stddef.h>
#include "postroutine.h"

static HWND window;

static int cleanup_error(void)
{
    WSASetLastError(0xdead);
    return WSACleanup() == SOCKET_ERROR ? WSAGetLastError() : 0;
}

static void test_versions(void)
{
    static const struct
    {
        BYTE major, minor;
        int error;
        WORD version;
    } tests[] =
    {
        { 0, 0, WSAVERNOTSUPPORTED, 0x202 }, { 0, 1, WSAVERNOTSUPPORTED, 0x202 }, { 0, 255, WSAVERNOTSUPPORTED, 0x202 },
        { 1, 0, 0, 0x001 }, { 1, 1, 0, 0x101 }, { 1, 2, 0, 0x101 }, { 1, 255, 0, 0x101 },
        { 2, 0, 0, 0x002 }, { 2, 1, 0, 0x102 }, { 2, 2, 0, 0x202 }, { 2, 3, 0, 0x202 }, { 2, 255, 0, 0x202 },
        { 3, 0, 0, 0x202 }, { 3, 1, 0, 0x202 }, { 4, 5, 0, 0x202 }, { 255, 255, 0, 0x202 },
    };
    WSADATA *data;
    unsigned int i;
    BOOL old;
    int ret;

    for (i = 0; i < ARRAY_SIZE(tests); i++)
    {
        winetest_push_context("%u.%u", tests[i].major, tests[i].minor);
        old = tests[i].major == 1;
        data = walled(sizeof(*data));
        ret = WSAStartup(MAKEWORD(tests[i].major, tests[i].minor), data);
        ok(ret == tests[i].error, "got %d, expected %d\n", ret, tests[i].error);
        if (old_wine)
        {
            /* It writes nothing when it refuses, and grants any other version. */
            ok(ret || data->wVersion == MAKEWORD(tests[i].major, tests[i].minor), "version %#x\n", data->wVersion);
            ok(!ret || untouched(data, sizeof(*data)), "written\n");
            free_pages(data);
            ok(cleanup_error() == (ret ? WSANOTINITIALISED : 0), "cleanup: error %d\n", WSAGetLastError());
            winetest_pop_context();
            continue;
        }
        ok(data->wVersion == tests[i].version, "version %#x, expected %#x\n", data->wVersion, tests[i].version);
        ok(data->wHighVersion == 0x202, "highest version %#x\n", data->wHighVersion);
        ok(data->iMaxSockets == (old ? 32767 : 0), "%u sockets\n", data->iMaxSockets);
        ok(data->iMaxUdpDg == (old ? 65467 : 0), "datagrams of %u\n", data->iMaxUdpDg);
        ok(!strcmp(data->szDescription, "WinSock 2.0"), "description %s\n", data->szDescription);
        ok(!strcmp(data->szSystemStatus, "Running"), "status %s\n", data->szSystemStatus);
        ok(untouched(&data->lpVendorInfo, sizeof(data->lpVendorInfo)), "vendor information is written\n");
        free_pages(data);
        ok(cleanup_error() == (ret ? WSANOTINITIALISED : 0), "cleanup: error %d\n", WSAGetLastError());
        ret = WSAStartup(MAKEWORD(tests[i].major, tests[i].minor), NULL);
        ok(ret == (tests[i].error ? tests[i].error : WSAEFAULT), "NULL: got %d\n", ret);
        ok(cleanup_error() == WSANOTINITIALISED, "cleanup: error %d\n", WSAGetLastError());
        winetest_pop_context();
    }
}

static void test_bad_data(void)
{
    char *reserved = wild(), *below = walled(sizeof(WSADATA) - 1);

    winetest_push_context("unwritable data");
    if (!deadly("a wild WSADATA"))
    {
        ok(WSAStartup(MAKEWORD(2, 2), (WSADATA *)0x10) == WSAEFAULT, "low address accepted\n");
        ok(WSAStartup(MAKEWORD(2, 2), (WSADATA *)reserved) == WSAEFAULT, "no memory, accepted\n");
        ok(WSAStartup(MAKEWORD(2, 2), (WSADATA *)below) == WSAEFAULT, "a byte short, accepted\n");
        ok(WSAStartup(MAKEWORD(0, 1), (WSADATA *)reserved) == WSAVERNOTSUPPORTED, "version 0.1 accepted\n");
        ok(untouched(below, sizeof(WSADATA) - 1), "part of the data is written\n");
    }
    ok(cleanup_error() == WSANOTINITIALISED, "a failed start counts\n");
    winetest_pop_context();
    free_pages(reserved);
    free_pages(below);
}

static DWORD WINAPI cleanup_thread(void *arg)
{
    return cleanup_error();
}

static int cleanup_elsewhere(void)
{
    HANDLE thread = CreateThread(NULL, 0, cleanup_thread, NULL, 0, NULL);
    DWORD code;

    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &code);
    CloseHandle(thread);
    return code;
}

static void test_count(void)
{
    WSADATA data;
    SOCKET s;
    int i;

    winetest_push_context("count");
    ok(cleanup_error() == WSANOTINITIALISED, "error %d\n", WSAGetLastError());
    ok(cleanup_error() == WSANOTINITIALISED, "error %d\n", WSAGetLastError());

    /* Each success counts, whatever its version; a failure does not. */
    start(MAKEWORD(2, 2));
    start(MAKEWORD(1, 1));
    start(MAKEWORD(2, 2));
    ok(WSAStartup(MAKEWORD(0, 1), &data) == WSAVERNOTSUPPORTED, "version 0.1 accepted\n");
    todo_builtin_if(old_wine) ok(WSAStartup(MAKEWORD(2, 2), NULL) == WSAEFAULT, "NULL accepted\n");
    ok(!cleanup_error(), "error %d\n", WSAGetLastError());
    todo_builtin ok(!WSAGetLastError(), "last error %d after a cleanup\n", WSAGetLastError());
    ok(!cleanup_elsewhere(), "cleanup in another thread failed\n");
    s = socket(AF_INET, SOCK_DGRAM, 0);
    ok(s != INVALID_SOCKET, "no socket with a count of 1, error %d\n", WSAGetLastError());
    /* The last one counts for all threads. */
    ok(!cleanup_elsewhere(), "cleanup in another thread failed\n");
    ok(socket(AF_INET, SOCK_DGRAM, 0) == INVALID_SOCKET && WSAGetLastError() == WSANOTINITIALISED,
       "a socket without a start, error %d\n", WSAGetLastError());
    ok(closesocket(s) == SOCKET_ERROR || old_wine, "the socket outlived the last cleanup\n");
    ok(cleanup_error() == WSANOTINITIALISED, "error %d\n", WSAGetLastError());
    ok(cleanup_elsewhere() == WSANOTINITIALISED, "not so in another thread\n");

    /* "Until it reports WSANOTINITIALISED", with requests behind us. */
    for (i = 0; i < 5; i++) start(MAKEWORD(2, 2));
    expect_completion(by_number(window, 6, NULL, 0), WSAENOBUFS, -1);
    expect_completion(by_name(window, "127.0.0.1", NULL, 0), WSAENOBUFS, -1);
    i = cleanup_all();
    ok(i == 5, "%d cleanups for 5 starts\n", i);
    winetest_pop_context();
}

/* A cleanup that is not the last changes nothing. */
static void test_not_last(void)
{
    char buf[2][256];
    HANDLE handle;

    if (!names_available()) return;
    winetest_push_context("not the last");
    start(MAKEWORD(2, 2));
    start(MAKEWORD(2, 2));
    handle = by_name(window, scripted("h1.d500"), buf[0], sizeof(buf[0]));
    finish();
    expect_completion(handle, 0, -1);
    expect_completion(by_number(window, 6, buf[1], sizeof(buf[1])), 0, -1);
    todo_builtin expect_cancel(handle, WSAEALREADY);
    finish();
    winetest_pop_context();
    expect_silence();
}

/* The last cleanup ends all that is pending, without a word and at once; buffers are the program's again. */
static void test_pending(void)
{
    enum { COUNT = 60 };
    const char *name, *never = scripted("never.h1");
    HANDLE handle[COUNT], hanging, thread;
    char *buf[COUNT], *more;
    DWORD begin, code;
    int i, written = 0, known = 0;
    SOCKET s;

    if (!names_available()) return;
    winetest_push_context("pending");
    start(MAKEWORD(2, 2));
    s = socket(AF_INET, SOCK_STREAM, 0);
    hanging = by_name(window, never, more = walled(256), 256);
    ok(wait_asked(never), "the lookup does not begin\n");
    for (i = 0; i < COUNT; i++) handle[i] = by_name(window, scripted("h%d.d1500", i), buf[i] = walled(256), 256);
    begin = GetTickCount();
    thread = CreateThread(NULL, 0, cleanup_thread, NULL, 0, NULL);
    ok(wait_for(thread, PATIENCE / 2), "cleanup waits for the resolver\n");
    GetExitCodeThread(thread, &code);
    CloseHandle(thread);
    ok(!code, "cleanup: error %lu\n", code);
    ok(GetTickCount() - begin < 10000, "cleanup took %lu ms\n", GetTickCount() - begin);
    ok(closesocket(s) == SOCKET_ERROR, "the socket outlived the cleanup\n");
    for (i = 0; ours && i < COUNT; i++)
    {
        written += !untouched(buf[i], 256);
        free_pages(buf[i]);
    }
    ok(!written, "%d buffers written\n", written);
    if (ours) free_pages(more);
    todo_builtin expect_cancel(hanging, WSANOTINITIALISED);

    /* A new start works at once, and hears nothing of the old one. */
    start(MAKEWORD(2, 2));
    expect_completion(by_number(window, 6, NULL, 0), WSAENOBUFS, -1);
    expect_completion(by_name(window, name = scripted("h9"), NULL, 0), WSAENOBUFS, -1);
    ok(asked(name) == 1, "asked %u times\n", asked(name));
    for (i = 0; i < COUNT; i++)
        known += WSACancelAsyncRequest(handle[i])
            && (WSAGetLastError() == WSAEALREADY || WSAGetLastError() == WSAEINVAL);
    todo_builtin ok(known == COUNT, "of %d old requests %d are over\n", COUNT, known);
    todo_builtin expect_silence_after(1800);
    finish();
    winetest_pop_context();
}

/* What is queued at that moment stays queued. */
static void test_posted(void)
{
    HANDLE handle;
    char buf[256];
    MSG msg;

    winetest_push_context("posted before");
    start(MAKEWORD(2, 2));
    handle = by_number(window, 6, buf, sizeof(buf));
    while (!PeekMessageW(&msg, window, DONE, DONE, PM_NOREMOVE))
        MsgWaitForMultipleObjectsEx(0, NULL, 100, QS_ALLINPUT, 0);
    finish();
    expect_completion(handle, 0, -1);
    ok(((struct protoent *)buf)->p_proto == 6, "no result\n");
    winetest_pop_context();
    expect_silence();
}

/* Start, ask, stop, in a row: no round leaves anything behind. */
static void test_rounds(void)
{
    enum { ROUNDS = 200 };
    static char buf[2][ROUNDS][128];
    HANDLE handle[2];
    int i, failed = 0, written = 0;

    winetest_push_context("rounds");
    memset(buf, FILL, sizeof(buf));
    for (i = 0; i < ROUNDS; i++)
    {
        start(i % 3 ? MAKEWORD(2, 2) : MAKEWORD(1, 1));
        handle[0] = by_port(window, 21, "tcp", buf[0][i], sizeof(buf[0][i]));
        handle[1] = by_name(window, "127.0.0.1", buf[1][i], sizeof(buf[1][i]));
        failed += !handle[0] || !handle[1];
        if (i % 2 && handle[0]) expect_completion(handle[0], 0, -1);
        /* Written to or not: from here on it is the program's. */
        finish();
        if (ours) memset(buf[0][i], FILL, sizeof(buf[0][i]));
        if (ours) memset(buf[1][i], FILL, sizeof(buf[1][i]));
        if (ours) recorded();
        forget_completions();
    }
    ok(!failed, "%d requests failed\n", failed);
    if (!ours) for (i = 0; i < 20; i++) next_completion(NULL, 200);
    forget_completions();
    if (ours) expect_silence();
    for (i = 0; i < ROUNDS; i++) written += !untouched(buf[0][i], 128) || !untouched(buf[1][i], 128);
    todo_builtin ok(!written, "%d buffers written after the last cleanup\n", written);
    winetest_pop_context();
}

START_TEST(startup)
{
    window = new_window();
    test_versions();
    test_bad_data();
    test_count();
    test_not_last();
    test_pending();
    test_posted();
    test_rounds();
}
