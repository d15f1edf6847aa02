/*
 * Wild, NULL and short-lived pointers, senseless lengths, buffers whose pages change while a lookup runs: a message
 * with WSAEFAULT (or the size), never a crash, never half a result. What is said of good arguments is in async.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <limits.h>
#include <setjmp.h>
#include "common.h"

static HWND window;
static char *reserved;          /* address space without memory */

static void *bad_pointer(unsigned int i)
{
    switch (i)
    {
    case 0: return (void *)0x10;
    case 1: return (void *)0xfff0;
    case 2: return reserved;
    case 3: return reserved + 0x7ff3;
    case 4: return (void *)~(ULONG_PTR)0;
    case 5: return (void *)~(ULONG_PTR)0xf;
#ifdef _WIN64
    case 6: return (void *)0xdeadbeefdeadbeef;
    case 7: return (void *)0x00007fffffff0010;
    case 8: return (void *)0x8000000000000000;
#endif
    }
    return NULL;
}

/* Each call with one pointer in the place under test. */
static HANDLE submit_with(unsigned int place, const char *ptr, void *buf, int len)
{
    switch (place)
    {
    case 0: return by_name(window, ptr, buf, len);
    case 1: return WSAAsyncGetHostByAddr(window, DONE, ptr, 4, AF_INET, buf, len);
    case 2: return by_service(window, ptr, "tcp", buf, len);
    case 3: return by_service(window, "ftp", ptr, buf, len);
    case 4: return by_port(window, 21, ptr, buf, len);
    case 5: return by_protocol(window, ptr, buf, len);
    }
    return NULL;
}

static void test_pointers(void)
{
    static const char *const places[] = { "host name", "address", "service", "its protocol", "a port's protocol",
                                          "protocol" };
    char buf[MAXGETHOSTSTRUCT], *endless;
    unsigned int i, j;

    if (deadly("NULL and wild arguments")) return;
    memset(buf, FILL, sizeof(buf));
    memset(endless = walled(700), 'a', 700);
    for (i = 0; i < ARRAY_SIZE(places); i++)
    {
        winetest_push_context("%s", places[i]);
        for (j = 0; bad_pointer(j); j++)
        {
            winetest_push_context("%p", bad_pointer(j));
            expect_completion(submit_with(i, bad_pointer(j), buf, sizeof(buf)), WSAEFAULT, 0);
            winetest_pop_context();
        }
        if (i != 3 && i != 4) expect_completion(submit_with(i, NULL, buf, sizeof(buf)), WSAEFAULT, 0);
        /* Runs into the wall before it ends: a string without its NUL, an address of three bytes. */
        expect_completion(submit_with(i, i == 1 ? endless + 697 : endless, buf, sizeof(buf)), WSAEFAULT, 0);
        ok(untouched(buf, sizeof(buf)), "the buffer is written\n");
        winetest_pop_context();
    }
    free_pages(endless);
    expect_silence();
}

static jmp_buf before_call;
static DWORD leaving;                   /* the thread that leaves at its next exception */

static LONG CALLBACK leave_by_jump(EXCEPTION_POINTERS *info)
{
    if (leaving != GetCurrentThreadId()) return EXCEPTION_CONTINUE_SEARCH;
    leaving = 0;
    longjmp(before_call, 1);
}

/* A program's handler that sees the look at a pointer may jump out of the call. */
static void test_left_by_jump(void)
{
    static char buf[MAXGETHOSTSTRUCT];
    static volatile unsigned int i, left;
    void *handler;

    if (!ours)
    {
        skip("what it holds then is its affair\n");
        return;
    }
    handler = AddVectoredExceptionHandler(TRUE, leave_by_jump);
    for (i = 0; i < 6; i++)
    {
        if (setjmp(before_call)) left++;
        else
        {
            leaving = GetCurrentThreadId();
            submit_with(i, reserved, buf, sizeof(buf));
        }
        leaving = 0;
    }
    RemoveVectoredExceptionHandler(handler);
    trace("%u of %u calls were left\n", left, i);
    expect_completion(by_number(window, IPPROTO_TCP, buf, sizeof(buf)), 0, -1);
    expect_completion(submit_with(0, reserved, buf, sizeof(buf)), WSAEFAULT, 0);
    forget_completions();
}

#define WITHIN 0xe0000001                /* no code of the system's */
static DWORD raising;
static unsigned int raised;

static LONG CALLBACK raise_within(EXCEPTION_POINTERS *info)
{
    if (raising != GetCurrentThreadId()) return EXCEPTION_CONTINUE_SEARCH;
    raising = 0;
    RaiseException(WITHIN, 0, 0, NULL);
    return EXCEPTION_CONTINUE_SEARCH;
}

static LONG WINAPI count_raised(EXCEPTION_POINTERS *info)
{
    if (info->ExceptionRecord->ExceptionCode != WITHIN) return EXCEPTION_CONTINUE_SEARCH;
    raised++;
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* What such a handler raises itself comes to the program, and the call goes on. */
static void test_raised_within(void)
{
    char buf[MAXGETHOSTSTRUCT];
    LPTOP_LEVEL_EXCEPTION_FILTER before;
    void *handler;
    unsigned int i;

    if (!ours)
    {
        skip("what it holds then is its affair\n");
        return;
    }
    handler = AddVectoredExceptionHandler(TRUE, raise_within);
    before = SetUnhandledExceptionFilter(count_raised);
    for (i = 0; i < 6; i++)
    {
        raised = 0;
        raising = GetCurrentThreadId();
        expect_completion(submit_with(i, reserved, buf, sizeof(buf)), WSAEFAULT, 0);
        ok(raised == !raising, "place %u: %u exceptions\n", i, raised);
        raising = 0;
    }
    SetUnhandledExceptionFilter(before);
    RemoveVectoredExceptionHandler(handler);
}

static void test_long_names(void)
{
    static const unsigned int lengths[] = { 64, 255, 256, 1024, 0x1000, 100000 };
    char buf[MAXGETHOSTSTRUCT], *name;
    unsigned int i;

    memset(buf, FILL, sizeof(buf));
    for (i = 0; i < ARRAY_SIZE(lengths); i++)
    {
        winetest_push_context("%u letters", lengths[i]);
        name = walled(lengths[i] + 1);
        memset(name, 'x', lengths[i]);
        name[lengths[i]] = 0;
        expect_completion(by_service(window, name, NULL, buf, sizeof(buf)), WSANO_DATA, 0);
        expect_completion(by_service(window, "ftp", name, buf, sizeof(buf)), WSANO_DATA, 0);
        expect_completion(by_port(window, 21, name, buf, sizeof(buf)), WSANO_DATA, 0);
        expect_completion(by_protocol(window, name, buf, sizeof(buf)), WSANO_DATA, 0);
        if (names_available())
        {
            ok(!gethostbyname(name), "exists\n");
            expect_completion(by_name(window, name, buf, sizeof(buf)), WSAGetLastError(), 0);
        }
        free_pages(name);
        winetest_pop_context();
    }
    ok(untouched(buf, sizeof(buf)), "the buffer is written\n");
    expect_silence();
}

static void test_address_lengths(void)
{
    static const int lengths[] = { 0, 1, 3, 5, 8, 15, 16, 17, 255, 0x10000, INT_MAX, -1, -4, INT_MIN };
    static const int families[] = { AF_UNSPEC, AF_UNIX, AF_IPX, 1234, -1 };
    char buf[MAXGETHOSTSTRUCT], *addr = walled(4);
    static const char loopback6[16] = { [15] = 1 };
    unsigned int i;
    int error;

    memcpy(addr, "\x7f\0\0\1", 4);
    memset(buf, FILL, sizeof(buf));
    for (i = 0; i < ARRAY_SIZE(lengths); i++)
    {
        winetest_push_context("%d bytes", lengths[i]);
        if ((lengths[i] >= 0 && lengths[i] < 4) || !deadly("an address length that is wrong"))
            todo_builtin expect_completion(WSAAsyncGetHostByAddr(window, DONE, addr, lengths[i], AF_INET, buf,
                                                                 sizeof(buf)), WSAEFAULT, 0);
        winetest_pop_context();
    }
    if (!deadly("an IPv6 address of 4 bytes"))
        expect_completion(WSAAsyncGetHostByAddr(window, DONE, addr, 4, AF_INET6, buf, sizeof(buf)), WSAEFAULT, 0);
    ok(untouched(buf, sizeof(buf)), "the buffer is written\n");

    for (i = 0; i < ARRAY_SIZE(families); i++)
    {
        winetest_push_context("family %d", families[i]);
        error = gethostbyaddr(addr, 4, families[i]) ? 0 : WSAGetLastError();
        expect_completion(WSAAsyncGetHostByAddr(window, DONE, addr, 4, families[i], buf, sizeof(buf)), error, -1);
        winetest_pop_context();
    }
    error = gethostbyaddr(loopback6, 16, AF_INET6) ? 0 : WSAGetLastError();
    expect_completion(WSAAsyncGetHostByAddr(window, DONE, loopback6, 16, AF_INET6, buf, sizeof(buf)), error, -1);
    free_pages(addr);
    expect_silence();
}

/* A record that is long enough to be interesting, and local. */
static HANDLE lookup(void *buf, int len)
{
    return by_service(window, "discard", "udp", buf, len);
}

static int needed;

static void test_buffer_lengths(void)
{
    char *buf = walled(needed), *below = walled(needed - 1);
    unsigned int i;

    winetest_push_context("NULL");
    expect_completion(lookup(NULL, 0), WSAENOBUFS, needed);
    expect_completion(lookup(NULL, -1), WSAENOBUFS, needed);
    expect_completion(lookup(NULL, INT_MIN), WSAENOBUFS, needed);
    todo_builtin expect_completion(lookup(NULL, 1), WSAEFAULT, 0);
    todo_builtin expect_completion(lookup(NULL, needed - 1), WSAEFAULT, 0);
    if (!deadly("a NULL buffer with a length"))
    {
        expect_completion(lookup(NULL, needed), WSAEFAULT, 0);
        expect_completion(lookup(NULL, INT_MAX), WSAEFAULT, 0);
    }
    winetest_pop_context();

    winetest_push_context("too short");
    expect_completion(lookup(buf, 0), WSAENOBUFS, needed);
    expect_completion(lookup(buf, -1), WSAENOBUFS, needed);
    expect_completion(lookup(buf, INT_MIN), WSAENOBUFS, needed);
    ok(untouched(buf, needed), "the buffer is written\n");
    winetest_pop_context();

    winetest_push_context("said to be huge");
    expect_completion(lookup(buf, INT_MAX), 0, needed);
    if (!deadly("a buffer shorter than said"))
    {
        expect_completion(lookup(below, INT_MAX), WSAEFAULT, 0);
        expect_completion(lookup(below, needed), WSAEFAULT, 0);
        ok(untouched(below, needed - 1), "part of a result in a buffer that cannot take it\n");
    }
    winetest_pop_context();

    for (i = 0; bad_pointer(i); i++)
    {
        winetest_push_context("%p", bad_pointer(i));
        expect_completion(lookup(bad_pointer(i), 0), WSAENOBUFS, needed);
        expect_completion(lookup(bad_pointer(i), -1), WSAENOBUFS, needed);
        if (!deadly("a wild buffer"))
        {
            expect_completion(lookup(bad_pointer(i), needed), WSAEFAULT, 0);
            expect_completion(lookup(bad_pointer(i), INT_MAX), WSAEFAULT, 0);
            /* Too short to be filled, and not there: either is true. */
            expect_completion(lookup(bad_pointer(i), needed - 1), -1, -1);
        }
        /* The buffer is none of a failing lookup's business. */
        expect_completion(by_number(window, 255, bad_pointer(i), 1024), WSANO_DATA, 0);
        winetest_pop_context();
    }
    free_pages(buf);
    free_pages(below);
    expect_silence();
}

static BOOL guarded(void *ptr)
{
    MEMORY_BASIC_INFORMATION info;

    return VirtualQuery(ptr, &info, sizeof(info)) && (info.Protect & PAGE_GUARD);
}

static void test_protection(void)
{
    static const struct
    {
        DWORD protect;
        BOOL writable;
    } pages[] =
    {
        { PAGE_READWRITE, TRUE }, { PAGE_EXECUTE_READWRITE, TRUE }, { PAGE_READONLY, FALSE }, { PAGE_NOACCESS, FALSE },
        { PAGE_EXECUTE_READ, FALSE }, { PAGE_READWRITE | PAGE_GUARD, FALSE }, { PAGE_READONLY | PAGE_GUARD, FALSE },
    };
    static const char constant[1024] = "in a section that is read-only";
    char *base, *buf;
    HANDLE section;
    unsigned int i;
    DWORD old;

    for (i = 0; i < ARRAY_SIZE(pages); i++)
    {
        winetest_push_context("protection %#lx", pages[i].protect);
        base = VirtualAlloc(NULL, 0x2000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        memset(base, FILL, 0x2000);
        if (pages[i].writable)
        {
            VirtualProtect(base, 0x2000, pages[i].protect, &old);
            expect_completion(lookup(base, 0x2000), 0, needed);
        }
        else if (!deadly("a buffer that cannot be written"))
        {
            /* The whole, then only the last byte. */
            VirtualProtect(base + 0x1000, 0x1000, pages[i].protect, &old);
            expect_completion(lookup(base + 0x1000, 0x1000), WSAEFAULT, 0);
            expect_completion(lookup(base + 0x1000 - needed + 1, needed), WSAEFAULT, 0);
            ok(untouched(base, 0x1000), "part of a result before the bad page\n");
            if (pages[i].protect & (PAGE_NOACCESS | PAGE_GUARD))    /* as a name, which nothing ends before the bad page */
            {
                expect_completion(by_protocol(window, base + 0x1000, NULL, 0), WSAEFAULT, 0);
                expect_completion(by_protocol(window, base + 0x0ff0, NULL, 0), WSAEFAULT, 0);
            }
            if (pages[i].protect & PAGE_GUARD) ok(guarded(base + 0x1000), "the guard is gone\n");
            VirtualProtect(base + 0x1000, 0x1000, PAGE_READWRITE, &old);
            ok(untouched(base + 0x1000, 0x1000), "the page is written\n");
            expect_completion(lookup(base + 0x1000 - needed + 1, needed), 0, needed);
        }
        VirtualFree(base, 0, MEM_RELEASE);
        winetest_pop_context();
    }

    winetest_push_context("copy on write");
    section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x1000, NULL);
    buf = MapViewOfFile(section, FILE_MAP_COPY, 0, 0, 0);
    ok(buf != NULL, "no view, error %lu\n", GetLastError());
    expect_completion(lookup(buf, 0x1000), 0, needed);
    UnmapViewOfFile(buf);
    winetest_pop_context();
    winetest_push_context("shared section");
    buf = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    expect_completion(lookup(buf, 0x1000), 0, needed);
    UnmapViewOfFile(buf);
    CloseHandle(section);
    winetest_pop_context();

    if (!deadly("code and constants as buffers"))
    {
        expect_completion(lookup((void *)constant, sizeof(constant)), WSAEFAULT, 0);
        ok(!strcmp(constant, "in a section that is read-only"), "a constant changed\n");
        expect_completion(lookup((void *)test_protection, 1024), WSAEFAULT, 0);
    }
    expect_silence();
}

enum fate { RELEASED, DECOMMITTED, READ_ONLY, GUARDED, LOCKED, WALLED_OFF, COMMITTED, FATES };

/* The buffer's pages change while the resolver is at work: what counts is what they are when the result is there. */
static void test_in_flight(void)
{
    static const char *const names[] = { "released", "decommitted", "read-only", "guarded", "no access",
                                         "second half gone", "committed late" };
    HANDLE handle[FATES];
    char *base[FATES];
    int i, size;
    DWORD old;

    if (!names_available()) return;
    size = expect_completion(by_name(window, scripted("m20"), NULL, 0), WSAENOBUFS, -1);
    for (i = 0; i < FATES; i++)
    {
        if (i != COMMITTED && deadly("a buffer that is gone when the result comes")) continue;
        base[i] = VirtualAlloc(NULL, 0x2000, i == COMMITTED ? MEM_RESERVE : MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        if (i != COMMITTED) memset(base[i], FILL, 0x2000);
        handle[i] = by_name(window, scripted("m20.d800"), base[i] + 0x1000 - size / 2, size + 20);
    }
    for (i = 0; i < FATES; i++)
    {
        if (i != COMMITTED && !ours) continue;
        switch (i)
        {
        case RELEASED:
            /* Held at once, or somebody else's memory might come to lie there. */
            VirtualFree(base[i], 0, MEM_RELEASE);
            ok(VirtualAlloc(base[i], 0x2000, MEM_RESERVE, PAGE_NOACCESS) == base[i], "not held\n");
            break;
        case DECOMMITTED: VirtualFree(base[i], 0x2000, MEM_DECOMMIT); break;
        case READ_ONLY: VirtualProtect(base[i], 0x2000, PAGE_READONLY, &old); break;
        case GUARDED: VirtualProtect(base[i], 0x2000, PAGE_READWRITE | PAGE_GUARD, &old); break;
        case LOCKED: VirtualProtect(base[i], 0x2000, PAGE_NOACCESS, &old); break;
        case WALLED_OFF: VirtualProtect(base[i] + 0x1000, 0x1000, PAGE_NOACCESS, &old); break;
        case COMMITTED: VirtualAlloc(base[i], 0x2000, MEM_COMMIT, PAGE_READWRITE); break;
        }
    }
    for (i = 0; i < FATES; i++)
    {
        if (i != COMMITTED && !ours) continue;
        winetest_push_context("%s", names[i]);
        if (i == COMMITTED) expect_completion(handle[i], 0, -1);
        else expect_completion(handle[i], WSAEFAULT, 0);
        if (i == GUARDED) ok(guarded(base[i]) && guarded(base[i] + 0x1000), "a guard is gone\n");
        if (i >= READ_ONLY && i <= WALLED_OFF)
        {
            VirtualProtect(base[i], 0x2000, PAGE_READWRITE, &old);
            ok(untouched(base[i], 0x2000), "the buffer is written\n");
        }
        VirtualFree(base[i], 0, MEM_RELEASE);
        winetest_pop_context();
    }
    expect_silence();
}

START_TEST(badargs)
{
    start(MAKEWORD(2, 2));
    window = new_window();
    reserved = wild();
    needed = expect_completion(lookup(NULL, 0), WSAENOBUFS, -1);
    ok(needed > (int)sizeof(struct servent) && needed < 512, "%d bytes needed\n", needed);
    test_pointers();
    test_left_by_jump();
    test_raised_within();
    test_long_names();
    test_address_lengths();
    test_buffer_lengths();
    test_protection();
    test_in_flight();
    finish();
}
