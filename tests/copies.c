/*
 * Two copies of the DLL in one process, and the DLL in the prefix's system directory: one engine, and the right
 * platform DLL behind it. What the loader does with names is names.c's.
 *
 * The half that installs changes the prefix, so it runs only where WSASYNC_TEST_PREFIX says "throwaway" (tests/wine-run).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"
#include "image.h"

static HANDLE (WINAPI *second_by_name)(HWND, UINT, const char *, const char *, char *, int);
static int (WINAPI *second_startup)(WORD, WSADATA *);
static int (WINAPI *second_cleanup)(void);
static int (WINAPI *second_cancel)(HANDLE);

static void own_path(HMODULE module, char *path)
{
    DWORD length = GetModuleFileNameA(module, path, MAX_PATH);

    ok(length && length < MAX_PATH, "no path, error %lu\n", GetLastError());
}

static void make_directory(char *path, const char *parent, const char *name)
{
    sprintf(path, "%s\\%s", parent, name);
    ok(CreateDirectoryA(path, NULL) || GetLastError() == ERROR_ALREADY_EXISTS, "%s: error %lu\n", path, GetLastError());
}

static void copy(const char *from, const char *to)
{
    /* not over it: the prefix's file may be a hard link to the template's */
    DeleteFileA(to);
    ok(CopyFileA(from, to, TRUE), "%s to %s: error %lu\n", from, to, GetLastError());
}

/* `second` is another image of ours; what it does is done by the first. */
static void test_one_engine(HMODULE second)
{
    char buf[MAXGETHOSTSTRUCT];
    HWND hwnd = new_window();
    HANDLE handle;
    WSADATA data;

    second_by_name = (void *)GetProcAddress(second, "WSAAsyncGetServByName");
    second_startup = (void *)GetProcAddress(second, "WSAStartup");
    second_cleanup = (void *)GetProcAddress(second, "WSACleanup");
    second_cancel = (void *)GetProcAddress(second, "WSACancelAsyncRequest");
    ok(second_by_name && second_startup && second_cleanup && second_cancel, "functions missing\n");

    ok(!second_startup(MAKEWORD(2, 2), &data), "second copy does not start\n");
    handle = by_service(hwnd, "ftp", "tcp", buf, sizeof(buf));
    ok(handle != NULL, "the first is not started, error %d\n", WSAGetLastError());
    expect_completion(handle, 0, -1);
    ok(second_cancel(handle) == SOCKET_ERROR && WSAGetLastError() == WSAEALREADY,
       "the second does not know the first's handle, error %d\n", WSAGetLastError());

    handle = second_by_name(hwnd, DONE, "ftp", "tcp", buf, sizeof(buf));
    expect_completion(handle, 0, -1);
    expect_cancel(handle, WSAEALREADY);

    ok(!WSACleanup(), "error %d\n", WSAGetLastError());
    ok(second_cleanup() == SOCKET_ERROR && WSAGetLastError() == WSANOTINITIALISED,
       "the second counts for itself, error %d\n", WSAGetLastError());
    DestroyWindow(hwnd);
}

static void test_second_copy(void)
{
    char mine[MAX_PATH], temp[MAX_PATH], directory[MAX_PATH + 16], path[MAX_PATH + 32];
    HMODULE second;

    own_path(winsock(), mine);
    GetTempPathA(sizeof(temp), temp);
    make_directory(directory, temp, "wsasync-copy");
    sprintf(path, "%s\\ws2_32.dll", directory);
    copy(mine, path);

    second = LoadLibraryA(path);
    ok(second && second != winsock() && is_ours(second), "%s loads as %p, the first is %p\n", path, second, winsock());
    if (second)
    {
        test_one_engine(second);
        ok(FreeLibrary(second), "error %lu\n", GetLastError());
    }
    start(MAKEWORD(1, 1));
    finish();
    DeleteFileA(path);
    RemoveDirectoryA(directory);
}

/* In a program alone, in a prefix that has ours. */
static void test_alone(void)
{
    char path[MAX_PATH], system[MAX_PATH], buf[MAXGETHOSTSTRUCT];
    HWND hwnd = new_window();
    HANDLE handle;

    ok(ours, "not ours\n");
    own_path(winsock(), path);
    GetSystemDirectoryA(system, sizeof(system));
    ok(!_strnicmp(path, system, strlen(system)), "loaded from %s\n", path);
    start(MAKEWORD(1, 1));
    handle = by_service(hwnd, "ftp", "tcp", buf, sizeof(buf));
    expect_completion(handle, 0, -1);
    ok(socket(AF_INET, SOCK_STREAM, 0) != INVALID_SOCKET, "no socket, error %d\n", WSAGetLastError());
    finish();
    DestroyWindow(hwnd);
}

/* In a program with ours beside it, in a prefix that has ours. */
static void test_both(void)
{
    char path[MAX_PATH + 16];
    HMODULE second;

    GetSystemDirectoryA(path, MAX_PATH);
    strcat(path, "\\ws2_32.dll");
    start(MAKEWORD(1, 1));
    ok(socket(AF_INET, SOCK_STREAM, 0) != INVALID_SOCKET, "no socket, error %d\n", WSAGetLastError());
    finish();
    second = LoadLibraryA(path);
    ok(second && second != winsock() && is_ours(second), "%s loads as %p, the first is %p\n", path, second, winsock());
    if (second)
        test_one_engine(second);
}

static void test_installed(void)
{
    char mine[MAX_PATH], system[MAX_PATH], temp[MAX_PATH], directory[MAX_PATH + 16];
    char path[MAX_PATH + 32], kept[MAX_PATH + 64], command[2 * MAX_PATH + 64];
    PROCESS_INFORMATION info;
    STARTUPINFOA startup = {.cb = sizeof(startup)};
    const char *prefix = getenv("WSASYNC_TEST_PREFIX");

    if (!prefix || strcmp(prefix, "throwaway"))
    {
        skip("would install into this prefix\n");
        return;
    }
    GetSystemDirectoryA(system, sizeof(system));
    make_directory(directory, system, "wsasync");
    sprintf(path, "%s\\ws2_32.dll", system);
    sprintf(kept, "%s\\ws2_32.dll", directory);
    copy(path, kept);
    own_path(winsock(), mine);
    copy(mine, path);

    run_program(NULL, "copies both", TIME_LIMIT, FAILURES);

    GetTempPathA(sizeof(temp), temp);
    make_directory(directory, temp, "wsasync-alone");
    own_path(NULL, mine);
    sprintf(path, "%s\\ws2_32_test.exe", directory);
    copy(mine, path);
    sprintf(command, "\"%s\" copies alone", path);
    ok(CreateProcessA(path, command, NULL, NULL, FALSE, 0, NULL, directory, &startup, &info),
       "%s: error %lu\n", command, GetLastError());
    end_program(&info, "copies alone", TIME_LIMIT, FAILURES);
}

START_TEST(copies)
{
    const char *part = argument(1);

    if (part && !strcmp(part, "alone"))
        test_alone();
    else if (part && !strcmp(part, "both"))
        test_both();
    else if (!ours)
    {
        /* nothing to install; what the other half takes for granted: a path to the one that is loaded loads no other */
        char path[MAX_PATH + 16];

        GetSystemDirectoryA(path, MAX_PATH);
        strcat(path, "\\ws2_32.dll");
        ok(LoadLibraryA(path) == winsock(), "%s is another\n", path);
    }
    else
    {
        test_second_copy();
        test_installed();
    }
}
