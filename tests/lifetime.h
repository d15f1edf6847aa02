/*
 * What the unit lifetime's two files share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_LIFETIME_H
#define WSASYNC_TESTS_LIFETIME_H

void test_detach(void);
void detach_child(const char *what, const char *report_name, const char *detail);

#endif
