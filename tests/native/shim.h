/*
 * What the native tests may ask of the Win32 of theirs: that something fails, that time passes, what is still there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NATIVE_SHIM_H
#define NATIVE_SHIM_H

#include "windows.h"

#define CLOCK_SPEED 10              /* the shim's clock is so much faster: re-posts and idle workers come sooner */

enum failure
{
    FAIL_ALLOC,
    FAIL_THREAD,
    FAIL_PIN,
    FAIL_USER32,
    FAIL_COUNT
};

/* One in `chance` fails from now on, by chance; 0: none, 1: all. */
void shim_fail(enum failure what, unsigned int chance);
BOOL shim_fails(enum failure what);

/* A number below `limit`; each thread has its own row, the same for the same shim_seed() and order of threads. */
void shim_seed(unsigned int seed);
unsigned int shim_random(unsigned int limit);

/* Now and then lets other threads go first. */
void shim_perturb(void);

/* The clock goes forward at once, and who sleeps so long wakes. */
void shim_skip(unsigned int ms);

/* SRW locks that the calling thread holds. */
unsigned int shim_locks_held(void);

/* Threads made by CreateThread that have not ended; blocks of memory_alloc() that were not freed. */
unsigned int shim_threads(void);
unsigned int shim_blocks(void);

/* Waits until some thread or block is gone since the last call, or shim_changed() was called; no longer than `ms` of the
 * machine's time. */
void shim_wait_change(unsigned int ms);
void shim_changed(void);

/* The machine's time, in ms. */
ULONGLONG shim_real_ms(void);

/* fake.c: what stands in for user32; NULL: there is none. */
extern BOOL (*fake_post_message)(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam);
extern BOOL (*fake_is_window)(HWND hwnd);
extern const void *(*fake_resolve)(char kind, const char *text);

/* A buffer that memory_writable() says cannot be written. */
#define BAD_BUFFER ((char *)8)

/* Tells what is wrong, and ends the process. */
void violation(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
