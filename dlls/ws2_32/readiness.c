/*
 * Waiting until sockets are ready, with a hook, and without doing anything to them: one poll of the socket driver, as
 * select is made of. Knows no rule of select or accept. (the driver's interface: as event libraries use it on Windows)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"
#include <winternl.h>

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define IOCTL_AFD_POLL 0x00012024

struct afd_poll
{
    LONGLONG timeout;               /* 100 ns; negative: from now */
    ULONG count;
    ULONG exclusive;
    struct
    {
        SOCKET s;
        ULONG flags;
        LONG status;
    } sockets[1];
};

struct readiness
{
    struct pending pending;
    IO_STATUS_BLOCK io;
    BOOL answered;
    ULONG room, count;
    struct asked
    {
        SOCKET s;
        unsigned int flags;
    } *asked;                       /* behind the poll, which the driver answers in place */
    struct afd_poll poll;
};

static HANDLE volatile driver;      /* opened once, never closed: polls of all threads go through it */

static HANDLE open_driver(void)
{
    static const WCHAR path[] = L"\\Device\\Afd\\wsasync";
    UNICODE_STRING name = {sizeof(path) - sizeof(WCHAR), sizeof(path), (WCHAR *)path};
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof(attributes), .ObjectName = &name};
    IO_STATUS_BLOCK io;
    HANDLE file, other;

    if (driver)
        return driver;
    if (NtCreateFile(&file, SYNCHRONIZE, &attributes, &io, NULL, 0, FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, NULL, 0))
        return NULL;
    if ((other = InterlockedCompareExchangePointer((void **)&driver, file, NULL)))
    {
        CloseHandle(file);
        return other;
    }
    return file;
}

/* Whether there is such a driver. */
BOOL readiness_works(void)
{
    return open_driver() != NULL;
}

static size_t poll_size(ULONG count)
{
    return offsetof(struct afd_poll, sockets) + max(count, 1) * sizeof(((struct afd_poll *)NULL)->sockets[0]);
}

/* Room for `count` sockets; NULL if there is no memory. */
struct readiness *readiness_alloc(unsigned int count)
{
    size_t size = offsetof(struct readiness, poll) + poll_size(count);
    struct readiness *readiness = memory_alloc(size + count * sizeof(struct asked));

    if (readiness)
    {
        readiness->room = count;
        readiness->asked = (struct asked *)((char *)readiness + size);
    }
    return readiness;
}

void readiness_free(struct readiness *readiness)
{
    memory_free(readiness);
}

/* Adds a socket, any value, and what to wait for. What there is no room for is left out: another thread may have added to
 * a set since it was counted. */
void readiness_add(struct readiness *readiness, SOCKET s, unsigned int flags)
{
    ULONG i = readiness->count;

    if (i >= readiness->room)
        return;
    readiness->asked[i].s = readiness->poll.sockets[i].s = s;
    readiness->asked[i].flags = readiness->poll.sockets[i].flags = flags;
    readiness->count++;
}

/* Whether the socket was added with any of the flags. */
BOOL readiness_asked(const struct readiness *readiness, SOCKET s, unsigned int flags)
{
    ULONG i;

    for (i = 0; i < readiness->count; i++)
    {
        if (readiness->asked[i].s == s && readiness->asked[i].flags & flags)
            return TRUE;
    }
    return FALSE;
}

/* After the wait: how many sockets are ready, one that was added twice perhaps counted so; 0 if the wait did not end by
 * that. */
unsigned int readiness_count(const struct readiness *readiness)
{
    return readiness->answered ? readiness->poll.count : 0;
}

/* One of them, and what it is ready for. */
unsigned int readiness_flags(const struct readiness *readiness, unsigned int i, SOCKET *s)
{
    *s = readiness->poll.sockets[i].s;
    return readiness->poll.sockets[i].flags;
}

/* Until the driver has ended the poll, its memory is not ours. */
static void end_poll(struct readiness *readiness)
{
    CancelIoEx(driver, (OVERLAPPED *)&readiness->io);
    WaitForSingleObject(readiness->pending.done, INFINITE);
}

static BOOL abandon(struct pending *pending)
{
    struct readiness *readiness = LIST_ENTRY_OF(pending, struct readiness, pending);

    end_poll(readiness);
    readiness_free(readiness);
    return TRUE;
}

/* Waits until one of the sockets is ready, with the thread's hook. `timeout` in 100 ns, negative: from now, as the driver
 * takes it; NO_TIMEOUT. `alertable`: APCs run meanwhile. FINISHED, TIMED_OUT; CANCELLED, when readiness_count() says whether some were ready first;
 * UNAVAILABLE: the driver does not take the question, for instance because one is no socket. */
enum outcome readiness_wait(struct thread *thread, struct readiness *readiness, LONGLONG timeout, BOOL alertable)
{
    ULONG size = poll_size(readiness->count);
    enum outcome outcome = FINISHED;
    HANDLE file = open_driver();
    NTSTATUS status;

    if (!file || !(readiness->pending.done = blocking_event(thread)))
        return UNAVAILABLE;
    readiness->pending.abandon = abandon;
    readiness->pending.alertable = alertable;
    readiness->poll.timeout = timeout;
    readiness->poll.count = readiness->count;
    status = NtDeviceIoControlFile(file, readiness->pending.done, NULL, NULL, &readiness->io, IOCTL_AFD_POLL,
                                   &readiness->poll, size, &readiness->poll, size);
    if (status == STATUS_PENDING)
    {
        outcome = blocking_wait(thread, &readiness->pending, INFINITE);
        if (outcome != FINISHED)
            end_poll(readiness);
        status = readiness->io.Status;
    }
    readiness->answered = !status;
    TRACE("%lu sockets, status %#lx\n", readiness->count, status);
    if (outcome == FINISHED && status)
        outcome = status == STATUS_TIMEOUT ? TIMED_OUT : UNAVAILABLE;
    return outcome;
}
