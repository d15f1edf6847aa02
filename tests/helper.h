/*
 * What the two halves of the unit "helper" share: a window that dispatches to a struct wsasync. Included
 * after wsasync.h, whose functions are inline: each half has them over the Winsock that it chose.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_HELPER_H
#define WSASYNC_TESTS_HELPER_H

#define FIRST (WM_APP + 0x200)  /* the message numbers of requests */
#define ROOM 32                 /* how many */
#define MARK (WM_APP + 1)       /* a message of the program's own */

void test_helper_protocol(void);

#endif
