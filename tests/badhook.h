/*
 * What the unit badhook's two files share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_BADHOOK_H
#define WSASYNC_TESTS_BADHOOK_H

void test_jumps(void);
void test_many(void);

#endif
