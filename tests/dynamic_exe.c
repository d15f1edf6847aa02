/*
 * dynamic.exe: a program that imports no Winsock, loads and frees ws2_32 as it goes. A unit test of its own
 * ("dynamic"), run by the units names and lifetime with the order or the way as argument. It links neither ws2_32 nor common.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define STANDALONE
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>
#include "wine/test.h"

/* wine/test.h formats its time stamps with it: see testlist.c. */
const char *__cdecl __wine_dbg_strdup(const char *text)
{
    static char copies[8][64];
    static LONG next;

    return lstrcpynA(copies[InterlockedIncrement(&next) & 7], text, sizeof(copies[0]));
}

static BOOL expect_ours;        /* told by the caller: what this program's ws2_32 has to be */

#define todo_builtin todo_wine_if(!expect_ours)

static struct
{
    int (WINAPI *startup)(WORD, WSADATA *);
    int (WINAPI *cleanup)(void);
    int (WINAPI *cancel)(HANDLE);
    HANDLE (WINAPI *by_name)(HWND, UINT, const char *, char *, int);
    HANDLE (WINAPI *by_number)(HWND, UINT, int, char *, int);
} winsock;

static HWND window;
static char buffers[16][MAXGETHOSTSTRUCT];

static BOOL marked(HMODULE module)
{
    return module && FindResourceW(module, MAKEINTRESOURCEW(1), L"WSASYNC") != NULL;
}

/* --- names --- */

static void check_names(HMODULE expected, const char *when)
{
    static const char *const spellings[] = { "ws2_32.dll", "WS2_32", "ws2_32", "Ws2_32.DLL" };
    HMODULE module;
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(spellings); i++)
    {
        module = GetModuleHandleA(spellings[i]);
        ok(module == expected, "%s: %s is %p, expected %p\n", when, spellings[i], module, expected);
        module = LoadLibraryA(spellings[i]);
        ok(module == expected, "%s: loading %s gave %p, expected %p\n", when, spellings[i], module, expected);
        if (module) FreeLibrary(module);
    }
}

static BOOL load(void)
{
    HMODULE module = LoadLibraryA("ws2_32");

    ok(module != NULL, "ws2_32 not loaded, error %lu\n", GetLastError());
    ok(marked(module) == expect_ours, "ws2_32 is %s\n", expect_ours ? "not ours" : "ours");
    if (!module) return FALSE;
#define GET(member, name) \
    winsock.member = (void *)GetProcAddress(module, name); \
    ok(winsock.member != NULL, "no " name "\n")
    GET(startup, "WSAStartup");
    GET(cleanup, "WSACleanup");
    GET(cancel, "WSACancelAsyncRequest");
    GET(by_name, "WSAAsyncGetHostByName");
    GET(by_number, "WSAAsyncGetProtoByNumber");
#undef GET
    return winsock.startup && winsock.cleanup && winsock.cancel && winsock.by_name && winsock.by_number;
}

static void unload(void)
{
    FreeLibrary(GetModuleHandleA("ws2_32"));
}

/* The name goes back to the platform's DLL, when that is still there. Not where another DLL is there that needs it. */
static void check_name_back(HMODULE module)
{
    char path[MAX_PATH + 16];
    HMODULE platform;

    strcpy(path + GetSystemDirectoryA(path, MAX_PATH), "\\ws2_32.dll");
    platform = LoadLibraryA(path);
    ok(platform != NULL, "%s not loaded, error %lu\n", path, GetLastError());
    ok((platform != module) == expect_ours, "%s loads as %p, the first is %p\n", path, platform, module);
    FreeLibrary(module);
    check_names(platform, "ours is gone");
    FreeLibrary(platform);
    ok(!GetModuleHandleA("ws2_32.dll"), "ws2_32 is there after it was freed\n");
    ok(!GetModuleHandleA("ws2_32.platform.dll"), "the platform's is there after it was freed\n");
}

static void test_names(const char *first)
{
    HMODULE module, expected;
    WSADATA data;

    winetest_push_context("first %s", first);
    ok(!GetModuleHandleA("ws2_32.dll"), "ws2_32 is there before it is loaded\n");
    module = LoadLibraryA(first);
    ok(module != NULL, "not loaded, error %lu\n", GetLastError());
    if (!lstrcmpiA(first, "ws2_32"))
    {
        check_name_back(module);
        module = LoadLibraryA(first);
        ok(module != NULL, "not loaded again, error %lu\n", GetLastError());
    }
    expected = GetModuleHandleA("ws2_32.dll");
    ok(expected != NULL, "no ws2_32\n");
    ok(marked(expected) == expect_ours, "ws2_32 is %s\n", expect_ours ? "not ours" : "ours");
    check_names(expected, "loaded");
    if (load())
    {
        ok(!winsock.startup(MAKEWORD(1, 1), &data), "WSAStartup fails\n");
        check_names(expected, "started");
        ok(!winsock.cleanup(), "WSACleanup fails\n");
        check_names(expected, "cleaned up");
    }
    winetest_pop_context();
}

/* --- FreeLibrary --- */

/* The message of one request, each with its own number; others are left in the queue. */
static BOOL message(UINT msg, HANDLE handle, DWORD ms)
{
    DWORD begin = GetTickCount(), passed;
    MSG got;

    for (;;)
    {
        while (PeekMessageA(&got, window, msg, msg, PM_REMOVE))
            if (got.wParam == (WPARAM)handle) return TRUE;
        if ((passed = GetTickCount() - begin) >= ms) return FALSE;
        MsgWaitForMultipleObjectsEx(0, NULL, ms - passed, QS_ALLINPUT, MWMO_INPUTAVAILABLE);
    }
}

static void start(void)
{
    WSADATA data;
    int ret = winsock.startup(MAKEWORD(1, 1), &data);

    ok(!ret, "WSAStartup returned %d\n", ret);
}

/* The code that runs must stay: what was submitted before FreeLibrary comes to its end. */
static void test_outstanding(const char *slow)
{
    HANDLE handles[ARRAY_SIZE(buffers)];
    unsigned int i;

    if (!load()) return;
    start();
    for (i = 0; i < ARRAY_SIZE(buffers); i++)
        handles[i] = i % 4 ? winsock.by_number(window, WM_APP + i, i, buffers[i], sizeof(buffers[i]))
                           : winsock.by_name(window, WM_APP + i, slow, buffers[i], sizeof(buffers[i]));
    unload();
    for (i = 0; i < ARRAY_SIZE(buffers); i++)
        ok(handles[i] && message(WM_APP + i, handles[i], 60000), "request %u: no message\n", i);
}

/* Again and again, in every state, without waiting for anything. */
static void test_rounds(const char *slow)
{
    HANDLE handle[3];
    unsigned int round;

    for (round = 0; round < 24; round++)
    {
        winetest_push_context("round %u", round);
        if (load())
        {
            start();
            handle[0] = winsock.by_number(window, WM_APP, IPPROTO_TCP, buffers[0], sizeof(buffers[0]));
            handle[1] = winsock.by_name(window, WM_APP + 1, slow, buffers[1], sizeof(buffers[1]));
            ok(handle[0] && handle[1], "not submitted\n");
            if (round & 1) ok(!winsock.cancel(handle[1]), "cancel fails\n");
            if (round & 2) ok(message(WM_APP, handle[0], 60000), "no message\n");
            if (round & 4) ok(!winsock.cleanup(), "WSACleanup fails\n");
            unload();
        }
        winetest_pop_context();
    }
    if (!load()) return;
    start();
    handle[2] = winsock.by_number(window, WM_APP + 2, IPPROTO_UDP, buffers[2], sizeof(buffers[2]));
    ok(message(WM_APP + 2, handle[2], 60000), "no message after the rounds\n");
    unload();
}

static void test_free(const char *slow)
{
    window = CreateWindowExA(0, "STATIC", NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    ok(window != NULL, "no window\n");
    if (!expect_ours)
    {
        /* The builtin unloads code that runs, and the process dies of it. */
        todo_builtin ok(strcmp(winetest_platform, "wine"), "FreeLibrary with lookups running\n");
        return;
    }
    test_outstanding(slow);
    test_rounds(slow);
}

START_TEST(dynamic)
{
    char **argv;
    int argc = winetest_get_mainargs(&argv);

    if (argc < 5)
    {
        skip("run by the units names and lifetime\n");
        return;
    }
    expect_ours = atoi(argv[4]);
    if (!strcmp(argv[2], "names")) test_names(argv[3]);
    else if (!strcmp(argv[2], "free")) test_free(argv[3]);
    else ok(0, "%s is unknown\n", argv[2]);
    /* The exit code is the number of failures, and requests may still be running. */
}
