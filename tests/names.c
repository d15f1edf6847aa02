/*
 * Whoever asks for ws2_32 by name in a process gets the one that the program imports, whatever the way, the spelling
 * and the order. Each order needs a process of its own: this program again, or dynamic.exe, which imports no Winsock.
 * It knows how DLLs are asked for, nothing of what they do.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"
#include "image.h"
#include <tlhelp32.h>
#include <psapi.h>

static const char *const spellings[] =
{
    "ws2_32.dll", "ws2_32", "WS2_32.dll", "WS2_32", "Ws2_32.DLL", "wS2_32.dLL",
};

static void check(HMODULE module, const char *how)
{
    ok(module == winsock(), "%s: got %p, expected %p\n", how, module, winsock());
}

/* Every way of asking, balanced. */
static void ask_all(const char *when)
{
    HMODULE module;
    unsigned int i, k;
    BOOL ret;

    for (i = 0; i < ARRAY_SIZE(spellings); i++)
    {
        winetest_push_context("%s, %s", when, spellings[i]);
        check(GetModuleHandleA(spellings[i]), "GetModuleHandleA");
        check(GetModuleHandleW(wide(spellings[i])), "GetModuleHandleW");

        ret = GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, spellings[i], &module);
        ok(ret, "GetModuleHandleExA fails, error %lu\n", GetLastError());
        check(module, "GetModuleHandleExA");
        ret = GetModuleHandleExW(0, wide(spellings[i]), &module);
        ok(ret, "GetModuleHandleExW fails, error %lu\n", GetLastError());
        check(module, "GetModuleHandleExW");
        if (ret) FreeLibrary(module);

        /* More often than anything holds it: only a balance that is off by one each time would show. */
        for (k = 0; k < 20; k++)
        {
            module = LoadLibraryA(spellings[i]);
            check(module, "LoadLibraryA");
            if (module) FreeLibrary(module);
            module = LoadLibraryW(wide(spellings[i]));
            check(module, "LoadLibraryW");
            if (module) FreeLibrary(module);
        }
        check(GetModuleHandleA(spellings[i]), "GetModuleHandleA after FreeLibrary");
        module = LoadLibraryExA(spellings[i], NULL, LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
        check(module, "LoadLibraryExA(SEARCH_DEFAULT_DIRS)");
        if (module) FreeLibrary(module);
        /* Loaded already, so no search takes place. */
        module = LoadLibraryExW(wide(spellings[i]), NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
        check(module, "LoadLibraryExW(SEARCH_SYSTEM32)");
        if (module) FreeLibrary(module);
        winetest_pop_context();
    }
    ret = GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                             (const WCHAR *)WSAStartup, &module);
    ok(ret && module == winsock(), "%s: module of an address is %p\n", when, module);
}

/* The lists that debuggers and plug-in hosts look at. */
static void enumerate(const char *when)
{
    MODULEENTRY32 entry = { .dwSize = sizeof(entry) };
    HMODULE modules[512];
    char name[MAX_PATH];
    unsigned int i, seen = 0;
    HANDLE snapshot;
    DWORD size;

    winetest_push_context("%s", when);
    snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, GetCurrentProcessId());
    ok(snapshot != INVALID_HANDLE_VALUE, "no snapshot, error %lu\n", GetLastError());
    if (Module32First(snapshot, &entry))
        do
        {
            if (lstrcmpiA(entry.szModule, "ws2_32.dll")) continue;
            seen++;
            check((HMODULE)entry.modBaseAddr, "toolhelp");
        } while (Module32Next(snapshot, &entry));
    CloseHandle(snapshot);
    ok(seen == 1, "toolhelp lists %u\n", seen);

    seen = 0;
    ok(EnumProcessModules(GetCurrentProcess(), modules, sizeof(modules), &size), "EnumProcessModules fails\n");
    for (i = 0; i < size / sizeof(*modules); i++)
    {
        if (!GetModuleBaseNameA(GetCurrentProcess(), modules[i], name, sizeof(name))
            || lstrcmpiA(name, "ws2_32.dll")) continue;
        seen++;
        check(modules[i], "psapi");
    }
    ok(seen == 1, "psapi lists %u\n", seen);
    winetest_pop_context();
}

/* Makes the DLL need the platform's. */
static void use(void)
{
    struct protoent *protocol;
    BYTE buf[MAXGETHOSTSTRUCT];
    HWND hwnd = new_window();
    HANDLE handle;

    start(MAKEWORD(2, 2));
    ok(inet_addr("127.0.0.1") == htonl(INADDR_LOOPBACK), "inet_addr fails\n");
    protocol = getprotobyname("tcp");
    ok(protocol && protocol->p_proto == IPPROTO_TCP, "getprotobyname fails, error %d\n", WSAGetLastError());
    handle = by_protocol(hwnd, "udp", buf, sizeof(buf));
    ok(handle != NULL, "not submitted, error %d\n", WSAGetLastError());
    expect_completion(handle, 0, -1);
    DestroyWindow(hwnd);
}

static void test_imports(const char *when)
{
    HMODULE program = GetModuleHandleW(NULL);
    void *imported;

    ok(image_of((const void *)WSACancelAsyncRequest) == winsock(), "%s: the program's imports differ\n", when);
    imported = (void *)GetProcAddress(winsock(), "WSACleanup");
    ok(imported == (void *)WSACleanup, "%s: import and GetProcAddress differ: %p, %p\n", when, WSACleanup, imported);
    ok(image_of((const void *)test_imports) == program, "image_of() is wrong\n");
}

static void test_wsock32(const char *when)
{
    static const struct { WORD wsock32, ws2_32; } differing[] = { { 10, 11 }, { 11, 12 }, { 12, 10 } };
    static const WORD others[] = { 1, 2, 3, 4, 5, 6, 8, 9, 13, 14, 15, 16, 18, 19, 20, 22, 23, 51, 52, 53, 54, 55,
                                   56, 57, 151, 500 };
    static const char *const by_name[] =
    {
        "WSAStartup", "WSACleanup", "WSAAsyncGetHostByName", "WSACancelAsyncRequest", "WSAAsyncSelect",
        "WSASetBlockingHook", "gethostbyname", "__WSAFDIsSet", "inet_addr", "ioctlsocket",
    };
    HMODULE wsock32 = LoadLibraryA("wsock32");
    void *theirs, *exported;
    unsigned int i;

    ok(wsock32 != NULL, "no wsock32, error %lu\n", GetLastError());
    winetest_push_context("%s, wsock32", when);
#define same(a, b) \
    theirs = (void *)GetProcAddress(wsock32, (const char *)(ULONG_PTR)(a)); \
    exported = (void *)GetProcAddress(winsock(), (const char *)(ULONG_PTR)(b)); \
    ok(theirs && theirs == exported, "ordinal %u leads to %p, expected %p\n", a, theirs, exported);
    for (i = 101; i <= 116; i++) { same(i, i) }
    for (i = 0; i < ARRAY_SIZE(others); i++)
    {
        theirs = (void *)GetProcAddress(wsock32, (const char *)(ULONG_PTR)others[i]);
        /* Wrapped there in some Wines, and on Windows. */
        if (others[i] < 100 && theirs && image_of(theirs) == wsock32) continue;
        same(others[i], others[i])
    }
    for (i = 0; i < ARRAY_SIZE(differing); i++) { same(differing[i].wsock32, differing[i].ws2_32) }
#undef same
    for (i = 0; i < ARRAY_SIZE(by_name); i++)
    {
        theirs = (void *)GetProcAddress(wsock32, by_name[i]);
        exported = (void *)GetProcAddress(winsock(), by_name[i]);
        ok(theirs && theirs == exported, "%s leads to %p, expected %p\n", by_name[i], theirs, exported);
    }
    winetest_pop_context();
}

static BOOL count_import(const char *dll, const char *name, WORD ordinal, void **slot, void *context)
{
    unsigned int *count = context;

    if (lstrcmpiA(dll, "ws2_32.dll") && lstrcmpiA(dll, "ws2_32")) return TRUE;
    ++*count;
    /* On Windows a name may be forwarded, and a slot may be unused as yet where it is delayed. */
    ok(image_of(*slot) == winsock() || elsewhere, "%s %u leads to %p in %p\n", name ? name : "ordinal", ordinal,
       *slot, image_of(*slot));
    return TRUE;
}

/* The system's own DLLs that use Winsock. */
static void test_users(const char *when)
{
    static const struct { const char *name; BOOL imports; } users[] =
    {
        { "wininet", TRUE }, { "winhttp", TRUE }, { "mswsock", TRUE }, { "wsock32", TRUE },
        { "dnsapi", FALSE }, { "iphlpapi", FALSE },     /* which version does, differs */
    };
    unsigned int i, count;
    HMODULE module;

    for (i = 0; i < ARRAY_SIZE(users); i++)
    {
        winetest_push_context("%s, %s", when, users[i].name);
        module = LoadLibraryA(users[i].name);
        ok(module != NULL, "not loaded, error %lu\n", GetLastError());
        if (module)
        {
            count = 0;
            each_import(module, count_import, &count);
            ok(count || !users[i].imports || elsewhere, "it imports nothing\n");
        }
        winetest_pop_context();
    }
    /* Their own calls find it too. */
    ask_all(when);
}

static void test_absolute(void)
{
    WCHAR path[MAX_PATH];
    HMODULE platform, again;

    GetSystemDirectoryW(path, ARRAY_SIZE(path));
    lstrcatW(path, L"\\ws2_32.dll");
    platform = LoadLibraryW(path);
    ok(platform != NULL, "not loaded, error %lu\n", GetLastError());
    if (ours)
    {
        ok(platform != winsock() && !marked(platform), "the system's path leads to ours\n");
        ok(GetProcAddress(platform, "WSAStartup") != NULL, "no WSAStartup in %p\n", platform);
    }
    else check(platform, "absolute path");
    ask_all("after the absolute path");
    again = LoadLibraryW(path);
    ok(again == platform, "got %p, then %p\n", platform, again);
    if (again) FreeLibrary(again);
    if (platform) FreeLibrary(platform);
    ask_all("after FreeLibrary of the absolute path");
    enumerate("after the absolute path");
}

/* While one thread makes the first use, others ask all the time. */
static volatile LONG wrong, asks, stop;

static DWORD WINAPI asker(void *arg)
{
    HANDLE ready = arg;

    SetEvent(ready);
    while (!stop)
    {
        if (GetModuleHandleA("ws2_32.dll") != winsock()) InterlockedIncrement(&wrong);
        if (GetModuleHandleW(L"WS2_32") != winsock()) InterlockedIncrement(&wrong);
        InterlockedIncrement(&asks);
    }
    return 0;
}

static void race_first_use(void)
{
    HANDLE threads[2], ready[2];
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(threads); i++)
    {
        ready[i] = CreateEventW(NULL, TRUE, FALSE, NULL);
        threads[i] = CreateThread(NULL, 0, asker, ready[i], 0, NULL);
        ok(threads[i] != NULL, "no thread, error %lu\n", GetLastError());
    }
    WaitForMultipleObjects(ARRAY_SIZE(ready), ready, TRUE, INFINITE);
    use();
    stop = 1;
    WaitForMultipleObjects(ARRAY_SIZE(threads), threads, TRUE, INFINITE);
    ok(asks > 0, "nobody asked\n");
    ok(!wrong, "%ld of %ld times another module\n", wrong, 2 * asks);
    finish();
}

static void child(const char *order)
{
    winetest_push_context("order %s", order);
    if (!strcmp(order, "fresh"))
    {
        ask_all("before first use");
        test_imports("before first use");
        enumerate("before first use");
        use();
        ask_all("after first use");
        enumerate("after first use");
        finish();
        ask_all("after cleanup");
        test_imports("after cleanup");
    }
    else if (!strcmp(order, "used"))
    {
        use();
        ask_all("after first use");
        test_wsock32("after first use");
        test_users("after first use");
        enumerate("after first use");
        test_imports("after first use");
        finish();
    }
    else if (!strcmp(order, "wsock32"))
    {
        test_wsock32("before first use");
        use();
        test_wsock32("after first use");
        finish();
        test_imports("after cleanup");
    }
    else if (!strcmp(order, "users"))
    {
        test_users("before first use");
        use();
        test_users("after first use");
        finish();
    }
    else if (!strcmp(order, "absolute"))
    {
        test_absolute();
        use();
        test_absolute();
        finish();
        enumerate("after cleanup");
    }
    else if (!strcmp(order, "race")) race_first_use();
    else ok(0, "unknown\n");
    winetest_pop_context();
}

START_TEST(names)
{
    static const char *const orders[] = { "fresh", "used", "wsock32", "users", "absolute", "race", "race" };
    /* Of a program that imports no Winsock: which DLL it loads first, and that all lead to one ws2_32. */
    static const char *const firsts[] = { "ws2_32.dll", "WS2_32", "wsock32", "wininet", "winhttp", "mswsock" };
    char args[64];
    unsigned int i;

    if (argument(1))
    {
        child(argument(1));
        return;
    }
    for (i = 0; i < ARRAY_SIZE(orders); i++)
    {
        snprintf(args, sizeof(args), "names %s", orders[i]);
        run_program(NULL, args, TIME_LIMIT, FAILURES);
    }
    for (i = 0; i < ARRAY_SIZE(firsts); i++)
    {
        snprintf(args, sizeof(args), "dynamic names %s %d", firsts[i], ours);
        run_program("dynamic.exe", args, TIME_LIMIT, FAILURES);
    }
}
