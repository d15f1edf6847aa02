/*
 * What the unit modes' two files share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_MODES_H
#define WSASYNC_TESTS_MODES_H

#include "scene.h"

/* What a recv on it is: made with the hook, plain, refused since it would block. UNDECIDED: anything else. */
enum mode { HOOKED, PLAIN, NONBLOCKING, UNDECIDED };

void use_hook(void);                    /* on the calling thread; one that cancels */
LONG hook_calls(void);                  /* on this thread since it was last asked */
enum mode mode_of(SOCKET);              /* a datagram socket that is bound, or a connected stream; nothing to receive */

/* One check. HOOKED is what the builtin does not know. */
#define expect_mode(s, mode) (winetest_set_location(__FILE__, __LINE__), expect_mode_(s, mode))
void expect_mode_(SOCKET, enum mode);

SOCKET datagram_socket(void);           /* by socket(), bound */
SOCKET bind_it(SOCKET);                 /* that socket */
int set_fionbio(SOCKET, u_long);        /* ioctlsocket */

void test_histories(void);              /* modes_history.c */
void test_crowds(void);
void inherited_child(const char *socket);
void test_wininet(void);                /* modes_wininet.c */

#endif
