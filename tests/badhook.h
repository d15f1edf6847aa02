/*
 * What the unit badhook's files share, and what the unit nodriver takes from it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_BADHOOK_H
#define WSASYNC_TESTS_BADHOOK_H

void test_jumps(void);
void test_many(void);
void test_hooks_briefly(void);

#endif
