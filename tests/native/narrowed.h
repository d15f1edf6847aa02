/*
 * What GetAddrInfoExA promises, checked on one question and answer: for the unit test and the fuzzer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NATIVE_NARROWED_H
#define NATIVE_NARROWED_H

#include "../../dlls/ws2_32/addrinfoex.h"

/* Winsock is started, and then not. */
void narrow_begin(void);
void narrow_end(void);

/* Asks for that name and service (NULL: not given), gets the list (NULL: none) from the platform, and ends the process unless
 * the platform was asked the same, the same list comes back, and nothing is left. */
void narrow_check(const char *name, const char *service, ADDRINFOEXW *list);

/* The same where there is no memory for the list. */
void narrow_check_without_memory(ADDRINFOEXW *list);

/* A list that is not ours goes to the platform. */
void narrow_check_other(void);

#endif
