/*
 * Waiting until sockets are ready, with a hook, and without doing anything to them: one poll of the socket driver, as
 * select is made of; where there is no such driver (Wine 5.0), a worker's calls of the platform's select. Knows no rule of
 * select or accept. (the driver's interface: as event libraries use it on Windows)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"
#include <winternl.h>

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define IOCTL_AFD_POLL 0x00012024
#define LOOK_MS 50                  /* a worker's select: until it sees that nobody waits, or that a socket was closed */

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

/* What of the flags the socket, any value, is ready for now. Waits for nothing; 0 where there is no driver. */
unsigned int readiness_now(SOCKET s, unsigned int flags)
{
    struct afd_poll poll = {.count = 1, .sockets = {{s, flags, 0}}};
    HANDLE file = open_driver(), done = file ? CreateEventW(NULL, TRUE, FALSE, NULL) : NULL;
    IO_STATUS_BLOCK io;
    NTSTATUS status;

    if (!done)
        return 0;
    status = NtDeviceIoControlFile(file, done, NULL, NULL, &io, IOCTL_AFD_POLL, &poll, sizeof(poll), &poll, sizeof(poll));
    if (status == STATUS_PENDING)
    {
        WaitForSingleObject(done, INFINITE);
        status = io.Status;
    }
    CloseHandle(done);
    return !status && poll.count ? poll.sockets[0].flags : 0;
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

/* --- without the driver --- */

/* What a worker asks, in memory of its own: it may be left behind. */
struct look
{
    struct errand errand;
    struct readiness *readiness;    /* the caller's, who may not come back */
    ULONGLONG end;                  /* tick count, or ~0 */
    int ret;                        /* select's */
    ULONG count;
    fd_set *sets[3];                /* behind it */
    struct asked asked[1];
};

static const unsigned int set_flags[3] =
{
    READY_READ | READY_ACCEPT | READY_HUP | READY_RESET, READY_WRITE | READY_CONNECT, READY_OOB | READY_CONNECT_ERR
};

static BOOL in_set(const fd_set *set, SOCKET s)
{
    ULONG i;

    for (i = 0; i < set->fd_count && set->fd_array[i] != s; i++) {}
    return i < set->fd_count;
}

/* One select, for `ms` at most. */
static int look_once(struct look *look, DWORD ms)
{
    struct timeval patience = {0, 1000 * ms};
    ULONG i, k;

    for (k = 0; k < 3; k++)
    {
        for (look->sets[k]->fd_count = i = 0; i < look->count; i++)
        {
            if (look->asked[i].flags & set_flags[k])
                look->sets[k]->fd_array[look->sets[k]->fd_count++] = look->asked[i].s;
        }
    }
    return look->ret = platform.select(0, look->sets[0], look->sets[1], look->sets[2], &patience);
}

static void run_look(struct errand *errand)
{
    struct look *look = LIST_ENTRY_OF(errand, struct look, errand);
    ULONGLONG now;

    /* nothing, and before its time: what has happened is in no set, like a reset where room is waited for (Wine 5.0) */
    do
        now = GetTickCount64();
    while (!look_once(look, now < look->end ? min(LOOK_MS, look->end - now) : 0) && now < look->end
           && GetTickCount64() - now >= min(LOOK_MS, look->end - now) / 2 && !*(volatile BOOL *)&errand->left);
}

static void free_look(struct errand *errand)
{
    memory_free(LIST_ENTRY_OF(errand, struct look, errand));
}

/* What was found, as the driver would say it. */
static void take_look(const struct look *look, struct readiness *readiness)
{
    int type, size = sizeof(type);
    unsigned int flags;
    ULONG i, k;

    readiness->poll.count = 0;
    for (i = 0; i < look->count; i++)
    {
        SOCKET s = look->asked[i].s;

        flags = 0;
        if (look->ret < 0)
            flags = platform.getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&type, &size) ? READY_CLOSE : 0;
        else for (k = 0; k < 3; k++)
            flags |= in_set(look->sets[k], s) ? look->asked[i].flags & set_flags[k] : 0;
        if (flags)
        {
            readiness->poll.sockets[readiness->poll.count].s = s;
            readiness->poll.sockets[readiness->poll.count++].flags = flags;
        }
    }
    readiness->answered = TRUE;
}

static BOOL abandon_look(struct pending *pending)
{
    readiness_free(LIST_ENTRY_OF(pending, struct look, errand.pending)->readiness);
    return errand_abandon(pending);
}

static enum outcome wait_look(struct thread *thread, struct readiness *readiness, LONGLONG timeout, BOOL alertable)
{
    size_t count = readiness->count, set = (offsetof(fd_set, fd_array) + count * sizeof(SOCKET) + 15) & ~15;
    size_t head = (sizeof(struct look) + count * sizeof(struct asked) + 15) & ~15;
    struct look *look = memory_alloc(head + 3 * set);
    enum outcome outcome = FINISHED;
    ULONG k;

    if (!look)
        return UNAVAILABLE;
    look->errand.run = run_look;
    look->errand.free = free_look;
    look->errand.pending.alertable = alertable;
    look->errand.pending.abandon = abandon_look;
    look->readiness = readiness;
    look->end = timeout == NO_TIMEOUT ? ~(ULONGLONG)0 : GetTickCount64() + (-timeout + 9999) / 10000;
    look->count = count;
    memcpy(look->asked, readiness->asked, count * sizeof(struct asked));
    for (k = 0; k < 3; k++)
        look->sets[k] = (fd_set *)((char *)look + head + k * set);
    if (look_once(look, 0) < 0)
        outcome = UNAVAILABLE;      /* one is no socket, or what else is wrong from the first */
    else if (!look->ret)
        outcome = errand_wait(thread, &look->errand, LANE_NETWORK);
    if (outcome == FINISHED)
    {
        take_look(look, readiness);
        if (!readiness->poll.count)
            outcome = TIMED_OUT;
    }
    if (outcome != CANCELLED)
        free_look(&look->errand);
    return outcome;
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

    if (!file)
        return wait_look(thread, readiness, timeout, alertable);
    if (!(readiness->pending.done = blocking_event(thread)))
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
