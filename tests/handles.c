/*
 * Task handles: which values there are, when one is used again, what cancel makes of each of the 65,536 and of wider
 * ones, what happens when all are taken; and which requests share one question to the resolver.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"

enum { VALUES = 0x10000 };

static HWND window;

static int cancel_error(ULONG_PTR value)
{
    return WSACancelAsyncRequest((HANDLE)value) ? WSAGetLastError() : 0;
}

/* Cancels every 16-bit value but the live ones: those of `known` are over, the rest was never issued. */
static void check_all_values(const HANDLE *known, unsigned int count)
{
    static BYTE over[VALUES];
    unsigned int i, invalid = 0, already = 0;
    int error;

    memset(over, 0, sizeof(over));
    for (i = 0; i < count; i++) over[(WORD)(ULONG_PTR)known[i]] = 1;
    for (i = 0; i < VALUES; i++)
    {
        error = cancel_error(i);
        invalid += !over[i] && error == WSAEINVAL;
        already += over[i] && error == WSAEALREADY;
    }
    todo_builtin ok(invalid == VALUES - count, "%u of %u values that were never issued are invalid\n", invalid,
                    VALUES - count);
    todo_builtin_if(count) ok(already == count, "%u of %u finished requests are known\n", already, count);
}

static void test_never_issued(void)
{
    HANDLE handle[12];
    unsigned int i;

    winetest_push_context("nothing issued");
    check_all_values(NULL, 0);
    winetest_pop_context();
    for (i = 0; i < ARRAY_SIZE(handle); i++)
    {
        handle[i] = by_number(window, 6, NULL, 0);
        ok(handle[i] && (ULONG_PTR)handle[i] < VALUES, "handle %p\n", handle[i]);
        expect_completion(handle[i], WSAENOBUFS, -1);
    }
    winetest_push_context("some issued");
    check_all_values(handle, ARRAY_SIZE(handle));
    winetest_pop_context();
    expect_silence();
}

/* The whole pointer counts, not its low 16 bits. */
static void test_width(void)
{
    static const ULONG_PTR beyond[] =
    {
        0x10000, 0x20000, 0x80000000, 0xffff0000,
#ifdef _WIN64
        0x100000000, 0x8000000000000000, 0xffffffffffff0000,
#endif
    };
    HANDLE done, live;
    char buf[256];
    unsigned int i;

    if (!names_available()) return;
    done = by_number(window, 6, buf, 0);
    expect_completion(done, WSAENOBUFS, -1);
    live = by_name(window, scripted("h1.d300"), buf, sizeof(buf));
    for (i = 0; i < ARRAY_SIZE(beyond); i++)
    {
        winetest_push_context("beyond 16 bits %#Ix", beyond[i]);
        todo_builtin expect_cancel((HANDLE)((ULONG_PTR)done | beyond[i]), WSAEINVAL);
        todo_builtin expect_cancel((HANDLE)((ULONG_PTR)live | beyond[i]), WSAEINVAL);
        winetest_pop_context();
    }
    expect_completion(live, 0, -1);
    expect_silence();
}

static void test_long_ago(void)
{
    enum { COUNT = 5000 };
    HANDLE first, handle;
    int i, n, used_again = 0, failed = 0;
    struct completion got;

    first = by_number(window, 6, NULL, 0);
    expect_completion(first, WSAENOBUFS, -1);
    for (i = 0; i < COUNT; i += 100)
    {
        for (n = 0; n < 100; n++)
        {
            handle = by_number(window, 6, NULL, 0);
            failed += !handle;
            used_again += handle == first;
        }
        while (n && next_completion(&got, PATIENCE)) n--;
        failed += n;
    }
    ok(!failed, "%d requests failed\n", failed);
    ok(!used_again, "the handle was used again\n");
    todo_builtin expect_cancel(first, WSAEALREADY);
    expect_silence();
}

/* A value rests as long as it can before it is used again. */
static void test_reuse(void)
{
    enum { COUNT = 70000 };
    static int last_use[VALUES];
    int i, failed = 0, zero = 0, wide = 0, live_again = 0, shortest = COUNT, refused = 0;
    const char *never = scripted("never.h1");
    HANDLE keep, handle;

    if (!names_available() || deadly("70,000 requests, each with a thread of its own for half a minute")) return;
    keep = by_name(window, never, NULL, 0);
    for (i = 1; i <= COUNT; i++)
    {
        handle = by_name(window, never, NULL, 0);
        failed += !handle;
        zero += !LOWORD((ULONG_PTR)handle);
        wide += (ULONG_PTR)handle >= VALUES;
        live_again += handle == keep;
        if (last_use[LOWORD((ULONG_PTR)handle)]) shortest = min(shortest, i - last_use[LOWORD((ULONG_PTR)handle)]);
        last_use[LOWORD((ULONG_PTR)handle)] = i;
        refused += WSACancelAsyncRequest(handle) != 0;
    }
    ok(!failed && !refused, "%d requests, %d cancels failed\n", failed, refused);
    ok(!zero && !wide, "%d handles are 0, %d have more than 16 bits\n", zero, wide);
    ok(!live_again, "a live request's handle was issued again\n");
    ok(shortest < COUNT && shortest >= VALUES - 100, "a handle came back after %d requests\n", shortest);
    expect_cancel(keep, 0);
    expect_cancel(keep, WSAEALREADY);
    expect_silence();
}

static void test_all_taken(void)
{
    static HANDLE handle[VALUES];
    static BYTE seen[VALUES];
    int i, count, twice = 0, refused = 0;
    const char *never = scripted("never.h2");
    HANDLE again;

    if (!names_available() || deadly("65,535 requests, each with a thread of its own for half a minute")) return;
    for (count = 0; count < VALUES && (handle[count] = by_name(window, never, NULL, 0)); count++)
        twice += seen[LOWORD((ULONG_PTR)handle[count])]++;
    ok(WSAGetLastError() == WSAEWOULDBLOCK, "error %d\n", WSAGetLastError());
    ok(count == VALUES - 1 && !twice && !seen[0], "%d live requests, %d handles twice, 0 issued: %d\n", count, twice,
       seen[0]);
    expect_refused(by_number(window, 6, NULL, 0), WSAEWOULDBLOCK);

    /* One place free: it, and nothing else, can be had. */
    expect_cancel(handle[12345], 0);
    again = by_name(window, never, NULL, 0);
    ok(again == handle[12345], "got %p, free was %p\n", again, handle[12345]);
    expect_refused(by_number(window, 6, NULL, 0), WSAEWOULDBLOCK);
    expect_cancel(handle[100], 0);
    again = by_number(window, 6, NULL, 0);
    expect_completion(again, WSAENOBUFS, -1);
    expect_cancel(again, WSAEALREADY);

    for (i = 0; i < count; i++) refused += i != 100 && WSACancelAsyncRequest(handle[i]);
    ok(!refused, "%d cancels failed\n", refused);
    for (i = refused = 0; i < count; i++) refused += cancel_error((ULONG_PTR)handle[i]) != WSAEALREADY;
    ok(!refused, "%d requests are not known to be over\n", refused);
    expect_completion(by_number(window, 6, NULL, 0), WSAENOBUFS, -1);
    expect_silence();
}

/* --- equal questions --- */

static void test_shared(void)
{
    const char *name, *other;
    char buf[4][256];
    HANDLE handle[4];
    int i;

    if (!names_available()) return;
    winetest_push_context("equal lookups");
    memset(buf, FILL, sizeof(buf));
    name = scripted("h77.d800");
    for (i = 0; i < 4; i++) handle[i] = by_name(window, name, buf[i], i == 3 ? 10 : 256);
    for (i = 0; i < 3; i++)
    {
        if (expect_completion(handle[i], 0, -1) > 0)
            ok(!memcmp(((struct hostent *)buf[i])->h_addr_list[0], "\x0a\1\0\x4d", 4), "wrong address\n");
    }
    expect_completion(handle[3], WSAENOBUFS, -1);
    ok(untouched(buf[3], 256), "written with another's answer\n");
    todo_builtin ok(asked(name) == 1, "the resolver was asked %u times\n", asked(name));
    /* Nothing is kept: the next one asks again. */
    i = asked(name);
    expect_completion(by_name(window, name, buf[0], 256), 0, -1);
    ok(asked(name) == (unsigned int)i + 1, "asked %u times, before %d\n", asked(name), i);
    winetest_pop_context();

    winetest_push_context("unequal lookups");
    name = scripted("h78.d400");
    other = scripted("h79.d400");
    handle[0] = by_name(window, name, buf[0], 256);
    handle[1] = by_name(window, other, buf[1], 256);
    handle[2] = by_service(window, "ftp", "tcp", buf[2], 256);
    handle[3] = by_service(window, "echo", "udp", buf[3], 256);
    for (i = 0; i < 4; i++) expect_completion(handle[i], 0, -1);
    ok(((struct hostent *)buf[0])->h_addr_list[0][3] == 78, "wrong address\n");
    ok(((struct hostent *)buf[1])->h_addr_list[0][3] == 79, "wrong address\n");
    ok(((struct servent *)buf[2])->s_port == htons(21), "wrong port\n");
    ok(((struct servent *)buf[3])->s_port == htons(7), "wrong port\n");
    ok(asked(name) == 1 && asked(other) == 1, "asked %u and %u times\n", asked(name), asked(other));
    winetest_pop_context();

    winetest_push_context("one of two cancelled");
    for (i = 0; i < 2; i++)
    {
        name = scripted("h80.d1000");
        memset(buf, FILL, sizeof(buf));
        handle[0] = by_name(window, name, buf[0], 256);
        handle[1] = by_name(window, name, buf[1], 256);
        ok(wait_asked(name), "the lookup does not begin\n");
        expect_cancel(handle[i], 0);
        expect_completion(handle[1 - i], 0, -1);
        todo_builtin ok(asked(name) == 1, "asked %u times\n", asked(name));
        todo_builtin expect_silence_after(1200);
        todo_builtin ok(untouched(buf[i], 256), "the buffer is written\n");
    }
    winetest_pop_context();

    /* A lookup whose last requester has left is nobody's, and answers nobody. */
    winetest_push_context("abandoned");
    name = scripted("h81.d1000");
    handle[0] = by_name(window, name, buf[0], 256);
    ok(wait_asked(name), "the lookup does not begin\n");
    expect_cancel(handle[0], 0);
    handle[1] = by_name(window, name, buf[1], 256);
    expect_completion(handle[1], 0, -1);
    ok(asked(name) == 2, "asked %u times\n", asked(name));
    todo_builtin expect_silence_after(700);
    winetest_pop_context();

    winetest_push_context("another start");
    name = scripted("h82.d1000");
    handle[0] = by_name(window, name, buf[2], 256);
    ok(wait_asked(name), "the lookup does not begin\n");
    finish();
    start(MAKEWORD(2, 2));
    handle[1] = by_name(window, name, buf[3], 256);
    expect_completion(handle[1], 0, -1);
    ok(asked(name) == 2, "asked %u times\n", asked(name));
    todo_builtin expect_silence_after(700);
    winetest_pop_context();
}

START_TEST(handles)
{
    window = new_window();
    start(MAKEWORD(2, 2));
    test_never_issued();
    test_width();
    test_long_ago();
    test_shared();
    test_reuse();
    test_all_taken();
    finish();
}
