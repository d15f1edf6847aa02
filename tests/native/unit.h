/*
 * What the files of the unit test share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NATIVE_UNIT_H
#define NATIVE_UNIT_H

#include "shim.h"

#define CHECK(condition) ((condition) ? (void)0 : violation("%s:%d: %s", __func__, __LINE__, #condition))

/* unit_pure.c */
void test_pack(void);
void test_offsets(void);
void test_handle_values(void);
void test_narrow(void);

#endif
