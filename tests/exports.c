/*
 * What ws2_32 exports: every name and fixed ordinal of the table, nothing else, and what a function does that the
 * platform lacks. It knows the DLL by its export directory and GetProcAddress only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"
#include "image.h"
#include "exports_table.h"

struct expected
{
    const char *name;
    DWORD ordinal;
    int bytes;
};

#define X(name, ordinal, bytes) { #name, ordinal, bytes },
static const struct expected expected[] = { EXPECTED_EXPORTS(X) };
#define Y(name) #name,
static const char *const windows_only[] = { WINDOWS_ONLY(Y) };

/* What the build has made of the specification. */
#define EXPORT(name, bytes, ...) { #name, 0, bytes },
static const struct expected specified[] =
{
#include "exports.inc"
};

static const struct expected *find(const struct expected *table, unsigned int count, const char *name)
{
    for (; count; count--, table++) if (!strcmp(table->name, name)) return table;
    return NULL;
}

static void test_specification(void)
{
    const struct expected *entry;
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(expected); i++)
    {
        winetest_push_context("%s", expected[i].name);
        entry = find(specified, ARRAY_SIZE(specified), expected[i].name);
        ok(entry != NULL, "not in the specification\n");
        if (entry) ok(entry->bytes == expected[i].bytes, "%d bytes of arguments, expected %d\n", entry->bytes,
                      expected[i].bytes);
        winetest_pop_context();
    }
    for (i = 0; i < ARRAY_SIZE(specified); i++)
        ok(find(expected, ARRAY_SIZE(expected), specified[i].name) != NULL, "%s is specified, not expected\n",
           specified[i].name);
    ok(ARRAY_SIZE(specified) == ARRAY_SIZE(expected), "%u specified, %u expected\n",
       (unsigned int)ARRAY_SIZE(specified), (unsigned int)ARRAY_SIZE(expected));
}

static unsigned int lacking;

/* Wine got them after 5.0, one after 8.0, the last four never. */
static BOOL came_late(const char *name)
{
    static const char *const names[] =
    {
        "GetHostNameW", "WSAConnectByNameA", "WSAConnectByNameW", "WSCGetProviderInfo", "WSCSetApplicationCategory",
        "WSCGetApplicationCategory", "WSAEnumNameSpaceProvidersExA", "WSAEnumNameSpaceProvidersExW", "WSAConnectByList",
        "GetAddrInfoExA",
    };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(names) && strcmp(name, names[i]);) i++;
    return i < ARRAY_SIZE(names);
}

static void test_addresses(HMODULE module)
{
    void *by_name, *by_ordinal;
    unsigned int i, fixed = 0;

    for (i = 0; i < ARRAY_SIZE(expected); i++)
    {
        winetest_push_context("%s", expected[i].name);
        by_name = (void *)GetProcAddress(module, expected[i].name);
        todo_builtin_if(!by_name && came_late(expected[i].name))
        ok(by_name != NULL, "not there\n");
        lacking += !by_name;
        if (by_name && ours)
            ok(image_of(by_name) == module, "leads to %p, not into the DLL\n", by_name);
        if (expected[i].ordinal)
        {
            fixed++;
            by_ordinal = (void *)GetProcAddress(module, (const char *)(ULONG_PTR)expected[i].ordinal);
            todo_builtin_if(!strcmp(expected[i].name, "WSApSetPostRoutine") && by_ordinal != by_name)
            ok(by_ordinal == by_name, "ordinal %lu leads to %p, the name to %p\n", expected[i].ordinal, by_ordinal,
               by_name);
        }
        winetest_pop_context();
    }
    ok(fixed >= 23 + 7 + 16 + 2, "%u fixed ordinals in the table\n", fixed);
    for (i = 0; i < ARRAY_SIZE(windows_only); i++)
    {
        by_name = (void *)GetProcAddress(module, windows_only[i]);
        ok(!by_name || elsewhere, "%s is there\n", windows_only[i]);
    }
}

static unsigned int names_seen;

static BOOL check_export(const char *name, DWORD ordinal, void *function, void *context)
{
    const struct expected *entry = find(expected, ARRAY_SIZE(expected), name);
    unsigned int i;

    (void)function, (void)context;
    names_seen++;
    ok(!strchr(name, '@'), "%s is decorated\n", name);
    ok(entry != NULL || elsewhere, "%s is exported, not expected\n", name);
    if (entry && entry->ordinal)
        todo_builtin_if(ordinal != entry->ordinal)
        ok(ordinal == entry->ordinal, "%s has ordinal %lu, expected %lu\n", name, ordinal, entry->ordinal);
    else for (i = 0; i < ARRAY_SIZE(expected); i++)
        if (expected[i].ordinal)
            todo_builtin_if(ordinal == expected[i].ordinal)
            ok(ordinal != expected[i].ordinal, "%s has the ordinal of %s\n", name, expected[i].name);
    return TRUE;
}

static void test_directory(HMODULE module)
{
    DWORD functions;

    names_seen = 0;
    functions = each_export(module, check_export, NULL);
    ok(functions == names_seen, "%lu functions, %u names\n", functions, names_seen);
    todo_builtin_if(lacking)
    ok(names_seen == ARRAY_SIZE(expected) || elsewhere, "%u names, expected %u\n", names_seen,
       (unsigned int)ARRAY_SIZE(expected));
}

#define call(name, args, count, result) call_(GetProcAddress(module, name), name, args, count, result)
static void call_(FARPROC function, const char *name, const ULONG_PTR *args, int count, ULONG_PTR *result)
{
    int missing = call_counting((void *)function, args, count, result);

    ok(!missing, "%s leaves %d bytes on the stack\n", name, missing);
}

static void test_stubs(HMODULE module)
{
    ULONG_PTR args[5] = { 0 }, result;
    int error;

    if (!ours)
    {
        /* Calling them raises an exception that ends the process. */
        todo_builtin ok(elsewhere, "WEP, WSCUpdateProvider and WSCWriteNameSpaceOrder cannot be called\n");
        return;
    }
    call("WEP", args, 0, &result);
    call("WEP", args, 0, &result);

    args[4] = (ULONG_PTR)&error;
    error = 0xdead;
    WSASetLastError(0xdead);
    call("WSCUpdateProvider", args, 5, &result);
    ok((int)result == SOCKET_ERROR, "WSCUpdateProvider returned %d\n", (int)result);
    ok(error == WSAEFAULT, "WSCUpdateProvider stored error %d\n", error);
    ok(WSAGetLastError() == WSAEFAULT, "WSCUpdateProvider left last error %d\n", WSAGetLastError());

    call("WSCWriteNameSpaceOrder", args, 2, &result);
    ok((int)result == WSAEINVAL, "WSCWriteNameSpaceOrder returned %d\n", (int)result);
}

/* What an old platform has not got fails in its own way. */
static void test_lacking(HMODULE module)
{
    WCHAR path[MAX_PATH], name[64];
    ULONG_PTR args[2] = { (ULONG_PTR)name, ARRAY_SIZE(name) }, result;
    HMODULE platform;

    GetSystemDirectoryW(path, ARRAY_SIZE(path));
    lstrcatW(path, L"\\ws2_32.dll");
    platform = LoadLibraryW(path);
    ok(platform != NULL, "the platform's DLL is not there, error %lu\n", GetLastError());
    if (ours && platform && !GetProcAddress(platform, "GetHostNameW"))
    {
        WSASetLastError(0xdead);
        call("GetHostNameW", args, 2, &result);
        ok((int)result == SOCKET_ERROR, "returned %d\n", (int)result);
        ok(WSAGetLastError() == WSAEOPNOTSUPP, "left last error %d\n", WSAGetLastError());
    }
    FreeLibrary(platform);
}

/* A jump takes what its target takes: a sample over the sizes, of calls that are harmless. */
static void test_balance(HMODULE module)
{
    static const struct { const char *name; int count; ULONG_PTR args[5]; DWORD result; } calls[] =
    {
        { "htonl", 1, { 0x01020304 }, 0x04030201 },
        { "ntohs", 1, { 0x0102 }, 0x0201 },
        { "WSASetLastError", 1, { 10004 }, ~0u },
        { "WSAGetLastError", 0, { 0 }, 10004 },
        { "closesocket", 1, { 0 }, ~0u },
        { "listen", 2, { 0, 1 }, ~0u },
        { "bind", 3, { 0, 0, 0 }, ~0u },
        { "recv", 4, { 0, 0, 0, 0 }, ~0u },
        { "getsockopt", 5, { 0, 0, 0, 0, 0 }, ~0u },
        { "WSACancelAsyncRequest", 1, { 0 }, ~0u },
        { "WSACleanup", 0, { 0 }, ~0u },
        { "WSAIsBlocking", 0, { 0 }, 0 },
    };
    ULONG_PTR result;
    unsigned int i;

    ok(cleanup_all() == 0, "started up\n");
    for (i = 0; i < ARRAY_SIZE(calls); i++)
    {
        call(calls[i].name, calls[i].args, calls[i].count, &result);
        if (!strcmp(calls[i].name, "WSASetLastError")) continue;
        todo_builtin_if(!strcmp(calls[i].name, "WSACancelAsyncRequest"))
        ok((DWORD)result == calls[i].result, "%s returned %#lx\n", calls[i].name, (DWORD)result);
    }
}

START_TEST(exports)
{
    HMODULE module = winsock();

    ok(module != NULL, "no ws2_32\n");
    test_specification();
    test_addresses(module);
    test_directory(module);
    test_stubs(module);
    test_balance(module);
    test_lacking(module);
}
