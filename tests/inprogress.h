/*
 * What the halves of the unit "inprogress" share: every export called with harmless arguments, and held to what is
 * expected of it at that place.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_INPROGRESS_H
#define WSASYNC_TESTS_INPROGRESS_H

#include "held.h"

enum place
{
    BEFORE,                         /* must be the first: it remembers how calls end that always work */
    INSIDE,                         /* a blocking call of this thread, of a process of version 1 */
    OUTSIDE,                        /* any other place in such a process */
    MODERN,                         /* in a process of version 2 */
};

void call_everything(enum place);
void test_table(void);              /* it holds each export once */

#endif
