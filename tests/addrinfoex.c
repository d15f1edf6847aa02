/*
 * GetAddrInfoExW while the caller goes on: how it is told, by an event, by a routine or by asking, and what of the
 * caller's is used. The arguments, how lookups end before they are answered, the other form and the races are in the
 * files beside. The unit knows the documented API only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "addrinfoex.h"
#include "image.h"

int (WINAPI *cancel_ex)(HANDLE *);
int (WINAPI *result_ex)(OVERLAPPED *);
int (WINAPI *narrow_ex)(const char *, const char *, DWORD, GUID *, const ADDRINFOEXA *, ADDRINFOEXA **, struct timeval *,
                        OVERLAPPED *, void *, HANDLE *);

void load_ex(void)
{
    cancel_ex = (void *)GetProcAddress(winsock(), "GetAddrInfoExCancel");
    result_ex = (void *)GetProcAddress(winsock(), "GetAddrInfoExOverlappedResult");
    narrow_ex = (void *)GetProcAddress(winsock(), "GetAddrInfoExA");
}

struct lookup *new_lookup(enum told told)
{
    struct lookup *lookup = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*lookup));

    lookup->list = (void *)0xdeadbeef;
    lookup->handle = NO_HANDLE;
    lookup->ov.Internal = 0xdeadbeef;
    lookup->ov.Pointer = (void *)0xdeadbeef;
    if (told != BY_ASKING) lookup->done = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (told == BY_EVENT) lookup->ov.hEvent = lookup->done;
    return lookup;
}

void free_lookup(struct lookup *lookup)
{
    if (lookup->list && lookup->list != (void *)0xdeadbeef) FreeAddrInfoExW(lookup->list);
    if (lookup->done) CloseHandle(lookup->done);
    HeapFree(GetProcessHeap(), 0, lookup);
}

void CALLBACK count_call(DWORD error, DWORD bytes, WSAOVERLAPPED *ov)
{
    struct lookup *lookup = (struct lookup *)ov;

    lookup->error = error;
    lookup->bytes = bytes;
    lookup->thread = GetCurrentThreadId();
    InterlockedIncrement(&lookup->calls);
    SetEvent(lookup->done);
}

int ask_ex(struct lookup *lookup, const char *name, struct timeval *timeout)
{
    BOOL routine = lookup->done && !lookup->ov.hEvent;

    WSASetLastError(0xdead);
    return GetAddrInfoExW(wide(name), NULL, NS_DNS, NULL, NULL, &lookup->list, timeout, &lookup->ov,
                          routine ? (void *)count_call : NULL, &lookup->handle);
}

BOOL wait_over(struct lookup *lookup)
{
    DWORD begin = GetTickCount();

    if (lookup->done) return WaitForSingleObject(lookup->done, PATIENCE) == WAIT_OBJECT_0;
    while (result_ex(&lookup->ov) == WSAEINPROGRESS)
    {
        if (GetTickCount() - begin > PATIENCE) return FALSE;
        Sleep(1);       /* it is what asking is */
    }
    return TRUE;
}

void expect_pending_(struct lookup *lookup, int ret)
{
    int error = WSAGetLastError();

    winetest_ok(ret == WSA_IO_PENDING && error == WSA_IO_PENDING
                && (!lookup->list || lookup->ov.Internal != WSAEINPROGRESS), "returned %d, error %d, list %p\n",
                ret, error, lookup->list);
}

void expect_over_(struct lookup *lookup, int error)
{
    BOOL over = wait_over(lookup);

    winetest_ok(over && (int)lookup->ov.Internal == error && result_ex(&lookup->ov) == error
                && lookup->ov.Pointer == &lookup->list && !lookup->list == !!error
                && (!lookup->done || lookup->ov.hEvent || (lookup->calls == 1 && (int)lookup->error == error && !lookup->bytes)),
                "over %d, error %lu, expected %d, pointer %p of %p, list %p, %ld calls with error %lu, %lu bytes\n", over,
                (DWORD)lookup->ov.Internal, error, lookup->ov.Pointer, &lookup->list, lookup->list, lookup->calls,
                lookup->error, lookup->bytes);
}

void expect_address_(const ADDRINFOEXW *list, const char *address)
{
    const struct sockaddr_in *in = list ? (const struct sockaddr_in *)list->ai_addr : NULL;

    winetest_ok(list && list->ai_family == AF_INET && list->ai_addrlen == sizeof(*in) && in
                && !strcmp(inet_ntoa(in->sin_addr), address) && !list->ai_blob && !list->ai_bloblen && !list->ai_provider,
                "list %p, address %s, expected %s\n", list, in ? inet_ntoa(in->sin_addr) : "none", address);
}

/* --- the ways to be told --- */

static void test_told(enum told told)
{
    static const char *const ways[] = { "by event", "by routine", "by asking" };
    struct lookup *lookup = new_lookup(told);
    HANDLE event = lookup->ov.hEvent, copy;
    int ret;

    winetest_push_context("%s", ways[told]);
    ret = ask_ex(lookup, scripted("h77.d400"), NULL);
    expect_pending(lookup, ret);
    ok(result_ex(&lookup->ov) == WSAEINPROGRESS && lookup->ov.Internal == WSAEINPROGRESS, "error %d while it runs\n",
       result_ex(&lookup->ov));
    todo_builtin ok(lookup->handle && lookup->handle != NO_HANDLE, "handle %p\n", lookup->handle);
    expect_over(lookup, 0);
    expect_address(lookup->list, "10.1.0.77");
    ok(lookup->ov.hEvent == event, "the event is %p, was %p\n", lookup->ov.hEvent, event);
    copy = lookup->handle;
    ok(cancel_ex(&copy) == WSA_INVALID_HANDLE, "one that is over can be cancelled\n");
    ok(copy == lookup->handle, "cancel wrote the handle\n");
    if (told == BY_ROUTINE) ok(lookup->thread != GetCurrentThreadId(), "called on this thread\n");
    free_lookup(lookup);

    /* the same OVERLAPPED's second lookup, and one that fails */
    lookup = new_lookup(told);
    expect_pending(lookup, ask_ex(lookup, scripted("nx"), NULL));
    todo_builtin expect_over(lookup, WSAHOST_NOT_FOUND);
    if (lookup->done) ResetEvent(lookup->done);
    lookup->calls = 0;
    expect_pending(lookup, ask_ex(lookup, scripted("h78"), NULL));
    expect_over(lookup, 0);
    expect_address(lookup->list, "10.1.0.78");
    free_lookup(lookup);
    winetest_pop_context();
}

static void CALLBACK free_all(DWORD error, DWORD bytes, WSAOVERLAPPED *ov)
{
    struct lookup *lookup = (struct lookup *)ov;
    HANDLE done = lookup->done;

    FreeAddrInfoExW(lookup->list);
    free_pages(lookup);
    SetEvent(done);
}

/* All that the caller gave is gone before the routine returns. */
static void test_routine_frees(void)
{
    struct lookup *lookup = walled(sizeof(*lookup));
    HANDLE done = CreateEventW(NULL, TRUE, FALSE, NULL);
    int ret;

    memset(lookup, 0, sizeof(*lookup));
    lookup->done = done;
    ret = GetAddrInfoExW(wide(scripted("h1.d50")), NULL, NS_DNS, NULL, NULL, &lookup->list, NULL, &lookup->ov,
                         (void *)free_all, &lookup->handle);
    ok(ret == WSA_IO_PENDING, "returned %d\n", ret);
    ok(WaitForSingleObject(done, PATIENCE) == WAIT_OBJECT_0, "never called\n");
    CloseHandle(done);
}

static struct lookup *second, *third;
static int second_ret, third_ret, first_cancel, third_cancel;

static void CALLBACK ask_again(DWORD error, DWORD bytes, WSAOVERLAPPED *ov)
{
    struct lookup *first = (struct lookup *)ov;

    first_cancel = cancel_ex(&first->handle);
    second_ret = ask_ex(second, "127.0.0.2", NULL);
    third_ret = ask_ex(third, scripted("h3.d1000"), NULL);
    third_cancel = cancel_ex(&third->handle);
    count_call(error, bytes, ov);
}

static void test_routine_asks(void)
{
    struct lookup *first = new_lookup(BY_ROUTINE);
    int ret;

    second = new_lookup(BY_ROUTINE);
    third = new_lookup(BY_ROUTINE);
    ret = GetAddrInfoExW(L"127.0.0.1", NULL, NS_DNS, NULL, NULL, &first->list, NULL, &first->ov, (void *)ask_again,
                         &first->handle);
    ok(ret == WSA_IO_PENDING, "returned %d\n", ret);
    expect_over(first, 0);
    ok(first_cancel == WSA_INVALID_HANDLE, "its own handle is still good inside the routine\n");
    ok(second_ret == WSA_IO_PENDING && third_ret == WSA_IO_PENDING, "returned %d, %d\n", second_ret, third_ret);
    expect_over(second, 0);
    todo_builtin ok(!third_cancel, "cancel returned %d\n", third_cancel);
    todo_builtin expect_over(third, WSA_E_CANCELLED);
    free_lookup(first);
    free_lookup(second);
    free_lookup(third);
}

/* The strings and hints are the caller's again when the call returns. */
static void test_copies(void)
{
    ADDRINFOEXW *hints = walled(sizeof(*hints));
    struct lookup *lookup = new_lookup(BY_EVENT);
    WCHAR name[128], service[8] = L"7777";
    int ret;

    memset(hints, 0, sizeof(*hints));
    hints->ai_family = AF_INET;
    hints->ai_socktype = SOCK_DGRAM;
    hints->ai_flags = AI_CANONNAME;
    wcscpy(name, wide(scripted("h80.c1.d100")));
    ret = GetAddrInfoExW(name, service, NS_DNS, NULL, hints, &lookup->list, NULL, &lookup->ov, NULL, &lookup->handle);
    expect_pending(lookup, ret);
    memset(name, FILL, sizeof(name));
    memset(service, FILL, sizeof(service));
    free_pages(hints);
    expect_over(lookup, 0);
    expect_address(lookup->list, "10.1.0.80");
    if (lookup->list)
    {
        ok(((struct sockaddr_in *)lookup->list->ai_addr)->sin_port == htons(7777), "another port\n");
        /* an old Wine's GetAddrInfoExW takes no hints */
        todo_wine_if(old_wine)
        ok(lookup->list->ai_socktype == SOCK_DGRAM && !lookup->list->ai_next, "socket type %d\n",
           lookup->list->ai_socktype);
        todo_wine_if(old_wine)
        ok(lookup->list->ai_canonname && !wcsncmp(lookup->list->ai_canonname, L"a1.", 3), "name %s\n",
           wine_dbgstr_w(lookup->list->ai_canonname));
    }
    free_lookup(lookup);
}

/* --- what else there is to hold --- */

/* The caller's event may be closed, and its value another's, when the lookup is over. */
static void test_event_closed(void)
{
    struct lookup *lookup = new_lookup(BY_EVENT);
    HANDLE value = lookup->done, other;

    expect_pending(lookup, ask_ex(lookup, scripted("h6.d200"), NULL));
    CloseHandle(lookup->done);
    lookup->done = NULL;
    other = CreateEventW(NULL, TRUE, FALSE, NULL);
    expect_over(lookup, 0);
    if (other != value) skip("the new event has another value\n");
    else todo_builtin ok(WaitForSingleObject(other, 300) == WAIT_TIMEOUT, "another event was set\n");
    CloseHandle(other);
    free_lookup(lookup);
}

static void test_memory_gone(BOOL result)
{
    struct lookup *lookup = new_lookup(BY_EVENT), *after = new_lookup(BY_EVENT);
    OVERLAPPED *ov = walled(sizeof(*ov));
    ADDRINFOEXW **list = walled(sizeof(*list));
    int ret;

    if (deadly("the memory for the answer has gone")) return;
    memset(ov, 0, sizeof(*ov));
    ov->hEvent = lookup->done;
    ret = GetAddrInfoExW(wide(scripted("h7.d200")), NULL, NS_DNS, NULL, NULL, list, NULL, ov, NULL, NULL);
    ok(ret == WSA_IO_PENDING, "returned %d\n", ret);
    free_pages(result ? (void *)list : (void *)ov);
    ok(wait_over(lookup), "never told\n");
    if (result) ok(ov->Internal == WSAEFAULT, "error %lu\n", (DWORD)ov->Internal);
    free_pages(result ? (void *)ov : (void *)list);
    expect_pending(after, ask_ex(after, "127.0.0.1", NULL));
    expect_over(after, 0);
    free_lookup(after);
    free_lookup(lookup);
}

/* The process ends with lookups under way: nobody waits, nothing is told. */
static void leave_pending(void)
{
    unsigned int i;

    for (i = 0; i < 20; i++)
    {
        second = new_lookup(i % 3);
        expect_pending(second, ask_ex(second, scripted("h1.d20000"), NULL));
    }
}

/* In a new process: nothing to wait for, so no thread either, with a timeout. */
static void test_no_thread(void)
{
    static const char *const names[] = { "127.0.0.1", NULL };
    struct timeval timeout = { 20, 0 };
    DWORD threads = thread_count();
    ADDRINFOEXW *list;
    unsigned int i;
    int ret;

    for (i = 0; i < ARRAY_SIZE(names); i++)
    {
        winetest_push_context("%s", names[i]);
        ret = GetAddrInfoExW(wide(names[i]), L"7777", NS_DNS, NULL, NULL, &list, &timeout, NULL, NULL, NULL);
        ok(!ret, "returned %d\n", ret);
        ok(thread_count() == threads, "%lu threads, %lu before\n", thread_count(), threads);
        if (!ret) FreeAddrInfoExW(list);
        winetest_pop_context();
    }
}

static void test_names(void)
{
    struct lookup *lookup = new_lookup(BY_EVENT);

    /* what the platform makes of a name is the same as when it is asked at once; not ASCII goes through as it is */
    static const WCHAR *const names[] = { L"", L"localhost", L"::1", L"b\x00fc" L"cher.test", L"\xd800x" };
    ADDRINFOEXW *list;
    unsigned int i;
    int ret, pending;

    for (i = 0; i < ARRAY_SIZE(names); i++)
    {
        winetest_push_context("%s", wine_dbgstr_w(names[i]));
        ResetEvent(lookup->done);
        lookup->ov.Pointer = NULL;
        ret = GetAddrInfoExW(names[i], NULL, NS_ALL, NULL, NULL, &list, NULL, NULL, NULL, NULL);
        todo_builtin_if(WSAGetLastError() != ret)
        ok(WSAGetLastError() == ret && !list == !!ret, "returned %d, last error %d\n", ret, WSAGetLastError());
        todo_builtin_if(ret < 0) ok(ret >= 0, "returned %d\n", ret);
        pending = GetAddrInfoExW(names[i], NULL, NS_DNS, NULL, NULL, &lookup->list, NULL, &lookup->ov, NULL, NULL);
        todo_builtin_if(pending != WSA_IO_PENDING) ok(pending == WSA_IO_PENDING, "returned %d\n", pending);
        if (pending == WSA_IO_PENDING) todo_builtin_if(ret) expect_over(lookup, ret);
        if (list) FreeAddrInfoExW(list);
        if (lookup->list) FreeAddrInfoExW(lookup->list);
        lookup->list = NULL;
        winetest_pop_context();
    }
    free_lookup(lookup);
}

START_TEST(addrinfoex)
{
    enum told told;

    load_ex();
    start(MAKEWORD(2, 2));
    if (argument(1))
    {
        if (!strcmp(argument(1), "leave")) leave_pending();
        else
        {
            if (!strcmp(argument(1), "address")) test_no_thread();
            else test_outstanding();
            finish();
        }
        return;
    }
    if (!names_available())
    {
        finish();
        return;
    }
    for (told = BY_EVENT; told <= BY_ASKING; told++) test_told(told);
    test_names();
    test_copies();
    test_routine_frees();
    test_routine_asks();
    test_event_closed();
    test_memory_gone(FALSE);
    test_memory_gone(TRUE);
    test_ex_arguments();
    test_ex_narrow();
    test_ex_race();
    test_ex_ended();
    test_ex_restart();
    test_ex_routines_wait();
    finish();
    run_self("addrinfoex many");
    run_self("addrinfoex leave");
    run_self("addrinfoex address");
}
