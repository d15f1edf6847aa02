/*
 * What the unit listener's files share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_LISTENER_H
#define WSASYNC_TESTS_LISTENER_H

#include "notices.h"

SOCKET accept_somehow(SOCKET, unsigned int number);     /* 0: accept(); 1: WSAAccept with a condition */

BOOL reported(const struct notice *, SOCKET, long event);       /* within PATIENCE */
HMODULE platform_module(void);                          /* the platform's DLL beside ours; its name differs. NULL: none */

void test_listener_rules(void);
void test_listener_gap(void);
void test_listener_inheritance(void);

#endif
