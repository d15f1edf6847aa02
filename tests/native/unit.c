/*
 * What a stress test meets only by chance, in order: flattening into buffers of every size and alignment, the order of
 * handles, the pool's bounds, what a failed post or start means.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../../dlls/ws2_32/ws2_32_private.h"
#include "flat.h"
#include "unit.h"

#include <stdio.h>

#define LONG_MS 60000               /* far more than anything here takes */
#define MESSAGE 0x8000
#define WINDOW ((HWND)0x100000)
#define NO_WINDOW ((HWND)0x100001)
#define HANDLES 0xffff

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;        /* guards all below */
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static BOOL gate_open;
static unsigned int held[2], most_held;         /* local lookups at the gate, those of the network */
static unsigned int posts, fail_posts, asked;
static DWORD post_error;

/* --- the world --- */

static const void *resolve(char kind, const char *text)
{
    static __thread struct hostent host;
    static __thread char *none[1];

    pthread_mutex_lock(&lock);
    asked++;
    held[kind == 'h']++;
    most_held = max(most_held, held[kind == 'h']);
    pthread_mutex_unlock(&lock);
    shim_changed();
    pthread_mutex_lock(&lock);
    while (kind == 'h' && !gate_open)
        pthread_cond_wait(&opened, &lock);
    held[kind == 'h']--;
    pthread_mutex_unlock(&lock);
    host = (struct hostent){"name", none, AF_INET, 4, none};
    return &host;
}

static BOOL post_message(HWND hwnd, UINT msg, WPARAM wparam, LPARAM lparam)
{
    BOOL fails;

    pthread_mutex_lock(&lock);
    posts++;
    if ((fails = fail_posts != 0))
        fail_posts--;
    SetLastError(post_error);
    pthread_mutex_unlock(&lock);
    shim_changed();
    return !fails;
}

static BOOL is_window(HWND hwnd)
{
    return hwnd == WINDOW;
}

static unsigned int get(const unsigned int *number)
{
    unsigned int value;

    pthread_mutex_lock(&lock);
    value = *number;
    pthread_mutex_unlock(&lock);
    return value;
}

static void set_gate(BOOL open)
{
    pthread_mutex_lock(&lock);
    gate_open = open;
    posts = asked = most_held = 0;
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&lock);
}

/* Or more: what must not be more is checked when it is over. */
static void wait_for(const unsigned int *number, unsigned int value)
{
    ULONGLONG begun = shim_real_ms();

    while (get(number) < value)
    {
        if (shim_real_ms() - begun > LONG_MS)
            violation("%u instead of %u", get(number), value);
        shim_wait_change(20);
    }
}

static void wait_for_none(unsigned int (*count)(void), unsigned int skip)
{
    ULONGLONG begun = shim_real_ms();

    while (count())
    {
        if (shim_real_ms() - begun > LONG_MS)
            violation("%u blocks or threads are left", count());
        shim_skip(skip);
        shim_wait_change(20);
    }
}

static int submit(const char *name, WORD *handle)
{
    struct query query;

    if (*name == 'p')
        query_proto_by_name(&query, name);
    else
        query_host_by_name(&query, name);
    return request_submit(WINDOW, MESSAGE, NULL, 0, &query, handle);
}

static int cancel(ULONG_PTR handle)
{
    return request_cancel((HANDLE)handle);
}

/* Nothing is left; the next test finds it as the first did, but for the handles. */
static void clean_up(void)
{
    request_close();
    request_settle();
    set_gate(TRUE);
    wait_for_none(shim_blocks, 0);
    wait_for_none(shim_threads, 31000);
}

/* --- flattening --- */

static void flatten_all_sizes(enum flat_kind kind, const void *record)
{
    size_t needed = flat_needed(kind, record), size;
    unsigned int align;

    for (size = 0; size <= needed + 3; size++)
    {
        for (align = 0; align < 16; align++)
            flat_check(kind, record, size, align);
    }
}

static void test_flatten(void)
{
    char *none[] = {NULL}, *one[] = {"", NULL}, *many[] = {"a", "two words", "", "three", NULL};
    char *addresses[] = {"\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10", "0123456789abcdef", "ABCDEFGHIJKLMNOP", NULL};
    char **aliases[] = {NULL, none, one, many};
    short lengths[] = {4, 16, 1, 0, -1};
    unsigned int i, j;

    for (i = 0; i < ARRAYSIZE(aliases); i++)
    {
        struct servent serv = {"name", aliases[i], "proto", 0x1234}, no_serv = {NULL, aliases[i], NULL, -1};
        struct protoent proto = {"name", aliases[i], 17};

        flatten_all_sizes(FLAT_SERV, &serv);
        flatten_all_sizes(FLAT_SERV, &no_serv);
        flatten_all_sizes(FLAT_PROTO, &proto);
        for (j = 0; j < ARRAYSIZE(lengths); j++)
        {
            struct hostent host = {"name.test", aliases[i], AF_INET, lengths[j], addresses};
            struct hostent no_host = {"name.test", aliases[i], AF_INET, lengths[j], none};

            flatten_all_sizes(FLAT_HOST, &host);
            flatten_all_sizes(FLAT_HOST, &no_host);
        }
    }
}

/* --- requests --- */

/* All handles at once, on one lookup; then those that are freed, oldest first. */
static void test_handles(void)
{
    static const WORD freed[] = {9, 5, 0xffff, 5};
    unsigned int i;
    WORD handle;

    CHECK(submit("h", &handle) == WSANOTINITIALISED);
    request_open();
    set_gate(FALSE);
    CHECK(cancel(1) == WSAEINVAL);
    for (i = 1; i <= HANDLES; i++)
    {
        CHECK(!submit("h", &handle) && handle == i);
        if (i % 0x4000 == 0)
            CHECK(cancel(i + 1) == WSAEINVAL);
    }
    CHECK(submit("h", &handle) == WSAEWOULDBLOCK && submit("p", &handle) == WSAEWOULDBLOCK);
    CHECK(cancel(0) == WSAEINVAL && cancel(0x10005) == WSAEINVAL && cancel(~(ULONG_PTR)0) == WSAEINVAL);
    for (i = 0; i < 3; i++)
        CHECK(!cancel(freed[i]) && cancel(freed[i]) == WSAEALREADY);
    for (i = 0; i < 3; i++)
    {
        CHECK(!submit("h", &handle) && handle == freed[i]);
        CHECK(i != 1 || !cancel(handle));
    }
    CHECK(!submit("h", &handle) && handle == freed[3]);
    CHECK(submit("h", &handle) == WSAEWOULDBLOCK);
    wait_for(&held[1], 1);
    request_close();
    request_settle();
    CHECK(cancel(5) == WSANOTINITIALISED);
    clean_up();
    CHECK(!get(&posts));
}

/* 256 lookups run at once, and those that are abandoned beside them, up to 128; local ones beside all. */
static void test_bounds(void)
{
    WORD handles[600], handle;
    unsigned int i;
    char name[16];

    request_open();
    set_gate(FALSE);
    for (i = 0; i < ARRAYSIZE(handles); i++)
    {
        snprintf(name, sizeof(name), "h%u", i);
        CHECK(!submit(name, &handles[i]));
    }
    wait_for(&held[1], 256);
    for (i = 0; i < 200; i++)
        CHECK(!cancel(handles[i]));
    wait_for(&held[1], 256 + 128);
    CHECK(!submit("p", &handle));
    wait_for(&posts, 1);
    CHECK(cancel(handle) == WSAEALREADY);
    CHECK(shim_threads() <= 393 + 13);
    CHECK(get(&most_held) == 256 + 128);
    set_gate(TRUE);
    wait_for(&posts, ARRAYSIZE(handles) - 200);
    /* those that were waiting; no two of all these names have shared a lookup */
    wait_for_none(shim_blocks, 0);
    CHECK(get(&asked) == ARRAYSIZE(handles) - 256 - 128 && get(&posts) == ARRAYSIZE(handles) - 200);
    clean_up();
}

/* Idle workers end, but not the last one where work is certain to come. */
static void test_reserved(void)
{
    ULONGLONG begun = shim_real_ms();
    unsigned int i;

    CHECK(pool_reserve(LANE_NETWORK));
    while (!pool_reserve_started(LANE_NETWORK))
    {
        CHECK(shim_real_ms() - begun < LONG_MS);
        shim_wait_change(5);
    }
    pool_unreserve(LANE_NETWORK);
    for (i = 0; i < 20; i++)
    {
        shim_skip(31000);
        shim_wait_change(5);
    }
    CHECK(shim_threads() == 1);
    CHECK(!pool_reserve_started(LANE_LOCAL));
    pool_unreserve(LANE_NETWORK);
    wait_for_none(shim_threads, 31000);
}

/* A submit fails where nobody could do the work, and leaves nothing. */
static void test_nothing_to_be_had(void)
{
    static const enum failure lacks[] = {FAIL_THREAD, FAIL_PIN, FAIL_ALLOC};
    unsigned int i;
    WORD handle;

    request_open();
    for (i = 0; i < ARRAYSIZE(lacks); i++)
    {
        shim_fail(lacks[i], 1);
        CHECK(submit("h", &handle) == WSAEWOULDBLOCK && submit("p", &handle) == WSAEWOULDBLOCK);
        shim_fail(lacks[i], 0);
    }
    /* the pool is none the worse for it */
    set_gate(TRUE);
    CHECK(!submit("h", &handle));
    wait_for(&posts, 1);
    clean_up();
}

/* --- posts --- */

static enum delivery deliver_once(DWORD error, HWND hwnd)
{
    post_error = error;
    fail_posts = 1;
    return deliver(hwnd, MESSAGE, 1, 0);
}

static void test_delivery(void)
{
    static const unsigned int delays[] = {10, 20, 40, 80, 160, 320, 320, 320};
    unsigned int i;

    deliver_prepare();
    CHECK(deliver_once(ERROR_INVALID_WINDOW_HANDLE, WINDOW) == DELIVERY_IMPOSSIBLE);
    CHECK(deliver_once(ERROR_MESSAGE_SYNC_ONLY, WINDOW) == DELIVERY_IMPOSSIBLE);
    CHECK(deliver_once(ERROR_NOT_ENOUGH_QUOTA, NO_WINDOW) == DELIVERY_IMPOSSIBLE);
    CHECK(deliver_once(ERROR_NOT_ENOUGH_QUOTA, WINDOW) == DELIVERY_LATER);
    CHECK(deliver_once(0, WINDOW) == DELIVERY_LATER);
    CHECK(deliver_once(ERROR_ACCESS_DENIED, WINDOW) == DELIVERY_REFUSED);
    fail_posts = 0;
    CHECK(deliver(WINDOW, MESSAGE, 1, 0) == DELIVERED);
    posts = 0;
    CHECK(deliver(NULL, MESSAGE, 1, 0) == DELIVERY_IMPOSSIBLE);
    CHECK(deliver(HWND_BROADCAST, MESSAGE, 1, 0) == DELIVERY_IMPOSSIBLE);
    CHECK(deliver(HWND_TOPMOST, MESSAGE, 1, 0) == DELIVERY_IMPOSSIBLE && !posts);
    for (i = 0; i < ARRAYSIZE(delays); i++)
        CHECK(deliver_delay(i) == delays[i]);
}

static void fail_next(unsigned int count, DWORD error)
{
    pthread_mutex_lock(&lock);
    fail_posts = count;
    post_error = error;
    pthread_mutex_unlock(&lock);
}

/* A post that fails is repeated until it succeeds, or cancel wins; to a window that refuses us 11 times in all. */
static void test_repost(void)
{
    ULONGLONG begun = GetTickCount64();
    WORD handle;

    request_open();
    set_gate(TRUE);
    fail_next(7, ERROR_NOT_ENOUGH_QUOTA);
    CHECK(!submit("p", &handle));
    wait_for(&posts, 8);
    wait_for_none(shim_blocks, 0);
    CHECK(get(&posts) == 8 && cancel(handle) == WSAEALREADY);
    CHECK(GetTickCount64() - begun >= 10 + 20 + 40 + 80 + 160 + 320 + 320);

    set_gate(TRUE);
    fail_next(~0u, ERROR_NOT_ENOUGH_QUOTA);
    CHECK(!submit("p", &handle));
    wait_for(&posts, 3);
    CHECK(!cancel(handle) && cancel(handle) == WSAEALREADY);
    wait_for_none(shim_blocks, 0);

    set_gate(TRUE);
    fail_next(~0u, ERROR_ACCESS_DENIED);
    CHECK(!submit("p", &handle));
    wait_for_none(shim_blocks, 0);
    CHECK(get(&posts) == 11 && cancel(handle) == WSAEALREADY);
    fail_next(0, 0);
    clean_up();
}

int main(void)
{
    shim_seed(1);
    fake_post_message = post_message;
    fake_is_window = is_window;
    fake_resolve = resolve;
    test_flatten();
    test_pack();
    test_offsets();
    test_handle_values();
    test_narrow();
    test_handles();
    test_bounds();
    test_reserved();
    test_nothing_to_be_had();
    test_delivery();
    test_repost();
    printf("unit: all is well\n");
    return 0;
}
