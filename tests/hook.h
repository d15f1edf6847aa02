/*
 * What the halves of the unit "hook" share: the four calls, each with all that it leaves behind checked.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_HOOK_H
#define WSASYNC_TESTS_HOOK_H

#include "held.h"

#define expect_failure(call, error) do { \
    int ret_, error_; \
    WSASetLastError(0xdead); \
    ret_ = (call); \
    error_ = WSAGetLastError(); \
    ok(ret_ == SOCKET_ERROR && error_ == (error), #call " returned %d, error %d, expected error %d\n", ret_, \
       ret_ ? error_ : 0, (error)); } while (0)

#define expect_success(call) do { \
    int ret_ = (call); \
    ok(!ret_, #call " returned %d, error %d\n", ret_, WSAGetLastError()); } while (0)

#define expect_blocking(expected) do { \
    BOOL ret_; \
    int error_; \
    WSASetLastError(0xdead); \
    ret_ = WSAIsBlocking(); \
    error_ = WSAGetLastError(); \
    ok(!ret_ == !(expected), "WSAIsBlocking returned %d\n", ret_); \
    ok(error_ == 0xdead, "WSAIsBlocking left last error %d\n", error_); } while (0)

extern hook_routine default_hook;       /* as the first call gave it */

void test_hook_threads(void);                /* hook_threads.c */

#endif
