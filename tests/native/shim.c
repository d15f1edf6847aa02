/*
 * Win32's locks, threads and clock over pthreads (see include/windows.h), faithful where the DLL could tell, and nasty where
 * Win32 may be: wakes without reason, other threads that go first, whatever fails as shim_fail() wants it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LONG_SLEEP_MS 1000          /* who sleeps for longer wakes only when the clock is skipped, or is woken */
#define VARIABLES 8                 /* that somebody has slept on */

static unsigned int seed, threads, blocks, last_thread;
static unsigned int chances[FAIL_COUNT];
static ULONGLONG skipped_us;
static CONDITION_VARIABLE *variables[VARIABLES];
static unsigned int variable_count;
static __thread DWORD last_error;
static __thread unsigned int random_state, held, thread_id;

static pthread_mutex_t change_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
static BOOL changed;

/* Relaxed: the harness must not order what the DLL does not order. */
#define ADD(number, amount) __atomic_add_fetch(&(number), amount, __ATOMIC_RELAXED)
#define GET(number) __atomic_load_n(&(number), __ATOMIC_RELAXED)
#define SET(number, value) __atomic_store_n(&(number), value, __ATOMIC_RELAXED)

/* --- chance --- */

void shim_seed(unsigned int value)
{
    SET(seed, value);
}

unsigned int shim_random(unsigned int limit)
{
    if (!random_state)
        random_state = (GET(seed) + GetCurrentThreadId()) * 2654435769u | 1;
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return (random_state >> 4) % limit;
}

void shim_fail(enum failure what, unsigned int chance)
{
    SET(chances[what], chance);
}

BOOL shim_fails(enum failure what)
{
    unsigned int chance = GET(chances[what]);

    return chance && !shim_random(chance);
}

void shim_perturb(void)
{
    if (!shim_random(24))
        sched_yield();
}

/* --- locks: a mutex each. Shared is exclusive: nothing here holds one shared for long --- */

void AcquireSRWLockExclusive(SRWLOCK *lock)
{
    shim_perturb();
    pthread_mutex_lock(&lock->mutex);
    held++;
}

void AcquireSRWLockShared(SRWLOCK *lock)
{
    AcquireSRWLockExclusive(lock);
}

BOOL TryAcquireSRWLockExclusive(SRWLOCK *lock)
{
    shim_perturb();
    if (pthread_mutex_trylock(&lock->mutex))
        return FALSE;
    held++;
    return TRUE;
}

void ReleaseSRWLockExclusive(SRWLOCK *lock)
{
    held--;
    pthread_mutex_unlock(&lock->mutex);
    shim_perturb();
}

void ReleaseSRWLockShared(SRWLOCK *lock)
{
    ReleaseSRWLockExclusive(lock);
}

unsigned int shim_locks_held(void)
{
    return held;
}

void YieldProcessor(void)
{
    sched_yield();
}

/* --- the clock --- */

static ULONGLONG real_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

static ULONGLONG clock_us(void)
{
    return real_us() * CLOCK_SPEED + GET(skipped_us);
}

static long futex(unsigned int *word, int what, unsigned int value, const struct timespec *timeout)
{
    return syscall(SYS_futex, word, what | FUTEX_PRIVATE_FLAG, value, timeout, NULL, 0);
}

/* A sleeper who is not quite asleep yet does not notice: who wants an end to a sleep skips again. */
void shim_skip(unsigned int ms)
{
    unsigned int i;

    ADD(skipped_us, ms * 1000ull);
    for (i = 0; i < VARIABLES; i++)
    {
        CONDITION_VARIABLE *variable = GET(variables[i]);

        if (variable)
            futex(&variable->wakes, FUTEX_WAKE, INT_MAX, NULL);
    }
}

ULONGLONG shim_real_ms(void)
{
    return real_us() / 1000;
}

ULONGLONG GetTickCount64(void)
{
    return clock_us() / 1000;
}

BOOL QueryPerformanceCounter(LARGE_INTEGER *count)
{
    count->QuadPart = clock_us() * 10;
    return TRUE;
}

BOOL QueryPerformanceFrequency(LARGE_INTEGER *frequency)
{
    frequency->QuadPart = 10000000;
    return TRUE;
}

/* --- condition variables: not pthread's, of which some in use lose a wake now and then (glibc's bug 25847) --- */

static void know(CONDITION_VARIABLE *variable)
{
    unsigned int i;

    if (GET(variable->known) || __atomic_exchange_n(&variable->known, TRUE, __ATOMIC_RELAXED))
        return;
    if ((i = ADD(variable_count, 1)) > VARIABLES)
        violation("more condition variables than the shim knows");
    SET(variables[i - 1], variable);
}

/* May wake without reason, as Win32's may. FALSE only where the time has passed and no wake can have been taken. */
BOOL SleepConditionVariableSRW(CONDITION_VARIABLE *variable, SRWLOCK *lock, DWORD ms, DWORD flags)
{
    struct timespec timeout = {0, ms * 1000000ull / CLOCK_SPEED};
    unsigned int wakes = GET(variable->wakes);
    BOOL at_once = !shim_random(200);
    ULONGLONG begun = clock_us();

    know(variable);
    ReleaseSRWLockExclusive(lock);
    if (!at_once)
        futex(&variable->wakes, FUTEX_WAIT, wakes, ms > LONG_SLEEP_MS ? NULL : &timeout);
    AcquireSRWLockExclusive(lock);
    return at_once || ms == INFINITE || wakes != GET(variable->wakes) || clock_us() - begun < ms * 1000ull;
}

void WakeConditionVariable(CONDITION_VARIABLE *variable)
{
    shim_perturb();
    ADD(variable->wakes, 1);
    futex(&variable->wakes, FUTEX_WAKE, 1, NULL);
}

void WakeAllConditionVariable(CONDITION_VARIABLE *variable)
{
    ADD(variable->wakes, 1);
    futex(&variable->wakes, FUTEX_WAKE, INT_MAX, NULL);
}

/* --- threads --- */

struct start
{
    DWORD (*main)(void *arg);
    void *arg;
};

void shim_changed(void)
{
    pthread_mutex_lock(&change_lock);
    changed = TRUE;
    pthread_cond_signal(&change);
    pthread_mutex_unlock(&change_lock);
}

void shim_wait_change(unsigned int ms)
{
    ULONGLONG us = real_us() + ms * 1000ull;
    struct timespec until = {us / 1000000, us % 1000000 * 1000};

    pthread_mutex_lock(&change_lock);
    while (!changed && pthread_cond_clockwait(&change, &change_lock, CLOCK_MONOTONIC, &until) != ETIMEDOUT)
        ;
    changed = FALSE;
    pthread_mutex_unlock(&change_lock);
}

static void *thread_main(void *arg)
{
    struct start start = *(struct start *)arg;

    free(arg);
    start.main(start.arg);
    if (held)
        violation("a thread ends with %u locks", held);
    if (!ADD(threads, -1))
        shim_changed();
    return NULL;
}

/* What it returns is there to be closed, no more. */
HANDLE CreateThread(void *security, size_t stack, DWORD (*main)(void *arg), void *arg, DWORD flags, DWORD *id)
{
    struct start *start;
    pthread_t thread;

    if (held > 1)
        violation("a thread is started with %u locks held; one may be, for the first of a lane", held);
    if (shim_fails(FAIL_THREAD))
    {
        SetLastError(8);
        return NULL;
    }
    start = malloc(sizeof(*start));
    start->main = main;
    start->arg = arg;
    ADD(threads, 1);
    if (pthread_create(&thread, NULL, thread_main, start))
        violation("no thread to be had from the machine");
    pthread_detach(thread);
    return malloc(1);
}

BOOL CloseHandle(HANDLE handle)
{
    free(handle);
    return TRUE;
}

unsigned int shim_threads(void)
{
    return GET(threads);
}

DWORD GetCurrentThreadId(void)
{
    if (!thread_id)
        thread_id = ADD(last_thread, 1);
    return thread_id;
}

static __thread void *tls_values[64];

DWORD TlsAlloc(void)
{
    static unsigned int next;
    unsigned int index = ADD(next, 1) - 1;

    return index < sizeof(tls_values) / sizeof(tls_values[0]) ? index : TLS_OUT_OF_INDEXES;
}

BOOL TlsSetValue(DWORD index, void *value)
{
    if (index >= sizeof(tls_values) / sizeof(tls_values[0]))
        return FALSE;
    tls_values[index] = value;
    return TRUE;
}

void *TlsGetValue(DWORD index)
{
    return tls_values[index];
}

DWORD GetLastError(void)
{
    return last_error;
}

void SetLastError(DWORD error)
{
    last_error = error;
}

/* --- memory.c's --- */

void *memory_alloc(size_t size)
{
    void *block = shim_fails(FAIL_ALLOC) ? NULL : calloc(1, size);

    if (block)
        ADD(blocks, 1);
    return block;
}

void memory_free(void *block)
{
    if (!block)
        return;
    free(block);
    if (!ADD(blocks, -1))
        shim_changed();
}

unsigned int shim_blocks(void)
{
    return GET(blocks);
}

/* --- what a compiler calls that is told to tell volatile from other variables --- */

/* As MinGW's: each is one access that no other tears. Beside plain accesses it is a race. */
#define VOLATILE(size, type) \
    void __tsan_volatile_read##size(void *at) { __atomic_load_n((type *)at, __ATOMIC_RELAXED); } \
    void __tsan_volatile_write##size(void *at) { __atomic_fetch_or((type *)at, 0, __ATOMIC_RELAXED); }

VOLATILE(1, uint8_t)
VOLATILE(2, uint16_t)
VOLATILE(4, uint32_t)
VOLATILE(8, uint64_t)
