/*
 * What the parts of the unit "namespace" share: lookups begun in one line, and the last result to look at.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_NAMESPACE_H
#define WSASYNC_TESTS_NAMESPACE_H

#include "common.h"
#include <svcguid.h>

#define DNS_PROVIDER {0x22059d40, 0x7e9e, 0x11cf, {0xae, 0x5a, 0x00, 0xaa, 0x00, 0xa7, 0x11, 0x2b}}
#define EVERYTHING (LUP_RETURN_ALL & ~LUP_RETURN_ALIASES)

extern GUID dns_provider, by_hostname, by_address, by_service_name, by_host;

/* The question of the next begin(), which makes it a plain one again. */
extern WSAQUERYSETW question;

extern union result { WSAQUERYSETW set; WSAQUERYSETA ansi; char bytes[0x20000]; } result;

/* A handle; NULL where it fails, with a failure (a todo on the builtin, which knows no lookups). */
#define begin(class, name, flags) (winetest_set_location(__FILE__, __LINE__), begin_(class, name, flags))
HANDLE begin_(GUID *class, const char *name, DWORD flags);
int begin_error(GUID *class, const char *name, DWORD flags);    /* WSALookupServiceBeginW's; without one it is ended */
int next_error(HANDLE handle, DWORD flags);     /* WSALookupServiceNextW's error or 0, into `result` */
#define expect_next(handle, flags, error) \
    (winetest_set_location(__FILE__, __LINE__), expect_next_(handle, flags, error))
void expect_next_(HANDLE handle, DWORD flags, int error);
#define end_lookup(handle) (winetest_set_location(__FILE__, __LINE__), end_lookup_(handle))
void end_lookup_(HANDLE handle);
const char *result_name(void);                  /* of `result`, or "none" */

void test_bad_sets(void);                      /* namespace_args.c */
void test_other_spaces(void);
void test_handles(void);
void test_not_started(void);                    /* namespace_classes.c */
void test_classes(void);
void test_providers(void);
void test_registering(void);
void test_sizes(void);                          /* namespace_records.c */
void test_skipping(void);
void test_consumer(void);
void test_ansi(void);
void test_end_while_asking(void);                          /* namespace_ends.c */
void test_size_gone(void);
void test_cleaned_up(void);
void test_restarted(void);
void test_many_threads(void);
void test_in_dllmain(void);

#endif
