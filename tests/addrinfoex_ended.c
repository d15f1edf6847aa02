/*
 * Lookups of GetAddrInfoExW that end before they are answered: by cancel, by their timeout, by the last cleanup. Also
 * many of them at once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "addrinfoex.h"
#include "image.h"

/* --- cancel --- */

static void test_cancel(enum told told, const char *labels)
{
    struct lookup *lookup = new_lookup(told), *after = new_lookup(BY_EVENT);
    const char *name = scripted(labels);
    struct lookup copy;
    int ret;

    winetest_push_context("told %d, %s", told, labels);
    expect_pending(lookup, ask_ex(lookup, name, NULL));
    wait_asked(name);
    ret = cancel_ex(&lookup->handle);
    todo_builtin ok(!ret, "cancel returned %d\n", ret);
    if (told == BY_EVENT)
        todo_builtin ok(WaitForSingleObject(lookup->done, 0) == WAIT_OBJECT_0, "the event is not set by cancel\n");
    if (told == BY_ASKING) todo_builtin ok(result_ex(&lookup->ov) == WSA_E_CANCELLED, "error %d\n", result_ex(&lookup->ov));
    todo_builtin expect_over(lookup, WSA_E_CANCELLED);
    if (told == BY_ROUTINE) ok(lookup->thread != GetCurrentThreadId(), "called on this thread\n");
    ok(cancel_ex(&lookup->handle) == WSA_INVALID_HANDLE, "cancelled twice\n");

    /* the answer comes, and is not for the caller any more */
    copy = *lookup;
    memset(&lookup->ov, FILL, sizeof(lookup->ov));
    memset(&lookup->list, FILL, sizeof(lookup->list));
    expect_pending(after, ask_ex(after, scripted("h1.d1200"), NULL));
    expect_over(after, 0);
    ok(untouched(&lookup->ov, sizeof(lookup->ov)) && untouched(&lookup->list, sizeof(lookup->list)),
       "written after the completion\n");
    ok(lookup->calls == copy.calls, "called again\n");
    lookup->list = copy.list;
    free_lookup(lookup);
    free_lookup(after);
    winetest_pop_context();
}

/* What the process has committed for itself alone. */
static SIZE_T private_bytes(void)
{
    MEMORY_BASIC_INFORMATION info;
    const char *at = NULL;
    SIZE_T sum = 0;

    for (; VirtualQuery(at, &info, sizeof(info)); at = (const char *)info.BaseAddress + info.RegionSize)
        if (info.State == MEM_COMMIT && info.Type == MEM_PRIVATE) sum += info.RegionSize;
    return sum;
}

/* 10,000 at once: what each takes, beside what the test itself keeps of it. The first ones start all the threads. When
 * they are cancelled live ones have places, though the resolver still has all those that run. */
void test_outstanding(void)
{
    enum { FIRST = 600, MORE = 9400, PLACES = 256 };
    struct lookup *lookups = VirtualAlloc(NULL, (FIRST + MORE) * sizeof(*lookups), MEM_COMMIT, PAGE_READWRITE), *one;
    DWORD begin = GetTickCount(), before = thread_count();
    unsigned int i, refused = 0, failed = 0, wrong = 0;
    SIZE_T bytes = 0;

    if (deadly("10,000 lookups, each in a thread of a pool of 500 for 20 s")) return;
    for (i = 0; i < FIRST + MORE; i++)
    {
        if (i == FIRST)
        {
            while (thread_count() < before + PLACES && GetTickCount() - begin < PATIENCE) Sleep(50);
            bytes = private_bytes();
        }
        refused += ask_ex(&lookups[i], scripted("h1.d20000"), NULL) != WSA_IO_PENDING;
    }
    bytes = private_bytes() - bytes;
    ok(!refused, "%u were refused\n", refused);
    /* from the last, else others begin in the places of those that run */
    for (i = FIRST + MORE; i--;) failed += cancel_ex(&lookups[i].handle) != 0;
    ok(!failed, "%u were not cancelled\n", failed);
    for (i = 0; i < FIRST + MORE; i++) wrong += result_ex(&lookups[i].ov) != WSA_E_CANCELLED;
    ok(!wrong, "%u were not cancelled\n", wrong);
    one = new_lookup(BY_EVENT);
    begin = GetTickCount();
    expect_pending(one, ask_ex(one, scripted("h9"), NULL));
    expect_over(one, 0);
    begin = GetTickCount() - begin;
    ok(begin < 8000, "answered after %lu ms\n", begin);
    free_lookup(one);
    trace("%Iu bytes each, %lu threads\n", bytes / MORE, thread_count() - before);
    ok(bytes / MORE < 2048, "%Iu bytes each\n", bytes / MORE);
    VirtualFree(lookups, 0, MEM_RELEASE);
}

/* What hangs in the resolver does not keep cancel, nor more of it than the pool has threads. */
static void test_cancel_many(unsigned int count, const char *labels)
{
    struct lookup **lookups = HeapAlloc(GetProcessHeap(), 0, count * sizeof(*lookups)), *one;
    unsigned int i, refused = 0, failed = 0, wrong = 0, calls = 0;
    DWORD begin, passed;

    winetest_push_context("%u of %s", count, labels);
    for (i = 0; i < count; i++)
    {
        lookups[i] = new_lookup(i % 2 ? BY_EVENT : BY_ROUTINE);
        refused += ask_ex(lookups[i], scripted(labels), NULL) != WSA_IO_PENDING;
    }
    ok(!refused, "%u were refused\n", refused);
    begin = GetTickCount();
    for (i = 0; i < count; i++) failed += cancel_ex(&lookups[i]->handle) != 0;
    passed = GetTickCount() - begin;
    todo_builtin ok(!failed, "%u were not cancelled\n", failed);
    ok(passed < 5000, "it took %lu ms\n", passed);
    for (i = 0; i < count; i++)
    {
        wrong += !wait_over(lookups[i]) || lookups[i]->ov.Internal != WSA_E_CANCELLED || lookups[i]->list;
        calls += lookups[i]->calls;
    }
    passed = GetTickCount() - begin;
    todo_builtin ok(!wrong, "%u did not complete as cancelled\n", wrong);
    todo_builtin ok(passed < 4000, "they were told after %lu ms\n", passed);
    ok(calls == (count + 1) / 2, "%u calls of the routine for %u lookups\n", calls, (count + 1) / 2);
    /* live ones have their places */
    one = new_lookup(BY_EVENT);
    expect_pending(one, ask_ex(one, scripted("h9"), NULL));
    expect_over(one, 0);
    free_lookup(one);
    for (i = 0; i < count; i++) free_lookup(lookups[i]);
    HeapFree(GetProcessHeap(), 0, lookups);
    winetest_pop_context();
}

/* --- timeout --- */

static void test_timeout(enum told told)
{
    struct timeval soon = { 0, 300000 }, late = { 20, 0 }, none = { 0, 0 };
    struct lookup *lookup = new_lookup(told);
    DWORD begin = GetTickCount(), passed;

    winetest_push_context("told %d", told);
    expect_pending(lookup, ask_ex(lookup, scripted("h1.d3000"), &soon));
    todo_builtin expect_over(lookup, WSAETIMEDOUT);
    passed = GetTickCount() - begin;
    todo_builtin ok(passed >= 290 && passed < 2500, "after %lu ms\n", passed);
    ok(cancel_ex(&lookup->handle) == WSA_INVALID_HANDLE, "cancelled, though its time was over\n");
    free_lookup(lookup);

    lookup = new_lookup(told);
    expect_pending(lookup, ask_ex(lookup, scripted("h2.d100"), &late));
    expect_over(lookup, 0);
    free_lookup(lookup);

    lookup = new_lookup(told);
    expect_pending(lookup, ask_ex(lookup, scripted("h2.d1000"), &none));
    todo_builtin expect_over(lookup, WSAETIMEDOUT);
    free_lookup(lookup);

    lookup = new_lookup(told);
    expect_pending(lookup, ask_ex(lookup, scripted("h2.d1000"), &late));
    todo_builtin ok(!cancel_ex(&lookup->handle), "not cancelled\n");
    todo_builtin expect_over(lookup, WSA_E_CANCELLED);
    free_lookup(lookup);
    winetest_pop_context();
}

/* --- the last cleanup --- */

static void test_cleanup(void)
{
    struct timeval late = { 20, 0 };
    struct lookup *lookups[6], *one = new_lookup(BY_EVENT);
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(lookups); i++)
    {
        lookups[i] = new_lookup(i % 3);
        expect_pending(lookups[i], ask_ex(lookups[i], scripted("h4.d3000"), i < 3 ? NULL : &late));
    }
    start(MAKEWORD(2, 2));
    finish();
    ok(result_ex(&lookups[0]->ov) == WSAEINPROGRESS, "over after a cleanup that is not the last\n");
    finish();
    todo_builtin ok(WaitForSingleObject(lookups[0]->done, 0) == WAIT_OBJECT_0, "the event is not set by the last cleanup\n");
    WSASetLastError(0xdead);
    todo_builtin ok(GetAddrInfoExW(L"127.0.0.1", NULL, NS_DNS, NULL, NULL, &one->list, NULL, NULL, NULL, NULL)
                    == WSANOTINITIALISED && WSAGetLastError() == WSANOTINITIALISED && !one->list, "error %d\n",
                    WSAGetLastError());
    if (ours) ok(ask_ex(one, "127.0.0.1", NULL) == WSANOTINITIALISED && WSAGetLastError() == WSANOTINITIALISED, "error %d\n",
                 WSAGetLastError());
    start(MAKEWORD(2, 2));
    if (one->list) FreeAddrInfoExW(one->list);
    expect_pending(one, ask_ex(one, scripted("h5.d300"), NULL));
    for (i = 0; i < ARRAY_SIZE(lookups); i++)
    {
        winetest_push_context("%u", i);
        todo_builtin expect_over(lookups[i], WSA_E_CANCELLED);
        winetest_pop_context();
        free_lookup(lookups[i]);
    }
    expect_over(one, 0);
    free_lookup(one);
}

void test_ex_ended(void)
{
    enum told told;

    for (told = BY_EVENT; told <= BY_ASKING; told++)
    {
        test_cancel(told, "h1.d1000");
        test_timeout(told);
    }
    test_cleanup();
    test_cancel_many(200, "h1.d5000");
}
