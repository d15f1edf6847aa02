/*
 * The log that WSASYNC_LOG names: threads and processes that write to it at the same time. What it says is compared with
 * Wine's own traces in tests/run. It must know the log's lines only, nothing of how they are written.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"

#define PROCESSES 2
#define THREADS 3
#define CALLS 1000
#define FIRST 0x1000000                 /* no task handle: each call is refused, and told of in the log */

static char path[MAX_PATH];

static DWORD WINAPI write_lines(void *first)
{
    ULONG_PTR value = (ULONG_PTR)first;
    unsigned int i;

    for (i = 0; i < CALLS; i++) WSACancelAsyncRequest((HANDLE)(value + i));
    return 0;
}

static void be_writer(unsigned int process)
{
    HANDLE threads[THREADS];
    unsigned int i;

    start(MAKEWORD(1, 1));
    for (i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, write_lines, (void *)(ULONG_PTR)(FIRST + (process * THREADS + i) * CALLS), 0, NULL);
    for (i = 0; i < THREADS; i++)
    {
        WaitForSingleObject(threads[i], INFINITE);
        CloseHandle(threads[i]);
    }
    finish();
}

/* The value that a line tells of, counted from FIRST; -1 if it is another's. A line ends where the next begins. */
static int told(const char *line)
{
    static const char call[] = ":trace:wsasync:own_WSACancelAsyncRequest ";
    unsigned int process, thread;
    int length = 0, error;
    void *value;

    sscanf(line, "%*u.%*u:%x:%x%n", &process, &thread, &length);
    if (!length || strncmp(line + length, call, sizeof(call) - 1)) return -1;
    length += sizeof(call) - 1;
    if (sscanf(line + length, "%p: error %d", &value, &error) != 2 || error != WSAEINVAL) return -1;
    return (ULONG_PTR)value - FIRST;
}

static void read_log(void)
{
    static unsigned char times[PROCESSES * THREADS * CALLS];
    unsigned int lines = 0, missing = 0, twice = 0, i;
    FILE *file = fopen(path, "rb");
    char line[1200];
    int value;

    while (file && fgets(line, sizeof(line), file))
    {
        value = told(line);
        if (value < 0 || value >= (int)ARRAY_SIZE(times)) continue;
        lines++;
        times[value]++;
    }
    if (file) fclose(file);
    for (i = 0; i < ARRAY_SIZE(times); i++)
    {
        missing += !times[i];
        twice += times[i] > 1;
    }
    todo_builtin ok(!missing, "%u of %u lines are missing, or not whole\n", missing, (unsigned int)ARRAY_SIZE(times));
    ok(!twice, "%u lines stand there twice\n", twice);
}

START_TEST(log)
{
    PROCESS_INFORMATION processes[PROCESSES];
    unsigned int i, started;
    char args[16], **argv;

    if (winetest_get_mainargs(&argv) > 2)
    {
        be_writer(atoi(argv[2]));
        return;
    }
    GetTempPathA(sizeof(path), path);
    strcat(path, "wsasync.log");
    DeleteFileA(path);
    SetEnvironmentVariableA("WSASYNC_LOG", path);
    for (started = 0; started < PROCESSES; started++)
    {
        sprintf(args, "log %u", started);
        if (!spawn_self(args, &processes[started])) break;
    }
    for (i = 0; i < started; i++)
    {
        wait_child_process(processes[i].hProcess);
        CloseHandle(processes[i].hThread);
        CloseHandle(processes[i].hProcess);
    }
    read_log();
    DeleteFileA(path);
}
