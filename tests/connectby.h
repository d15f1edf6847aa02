/*
 * What the two halves of the unit connectby share: short hands of the calls, and a listener. It knows the documented
 * API only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_CONNECTBY_H
#define WSASYNC_TESTS_CONNECTBY_H

#include "common.h"

/* By address in the DLL: headers differ in what is const. */
extern BOOL (WINAPI *by_name_a)(SOCKET, const char *, const char *, DWORD *, struct sockaddr *, DWORD *,
                                struct sockaddr *, const struct timeval *, OVERLAPPED *);
extern BOOL (WINAPI *by_name_w)(SOCKET, const WCHAR *, const WCHAR *, DWORD *, struct sockaddr *, DWORD *,
                                struct sockaddr *, const struct timeval *, OVERLAPPED *);
extern BOOL (WINAPI *by_list)(SOCKET, SOCKET_ADDRESS_LIST *, DWORD *, struct sockaddr *, DWORD *, struct sockaddr *,
                              const struct timeval *, OVERLAPPED *);    /* NULL where there is none */

SOCKET listen_at(const char *dotted, WORD *port);    /* *port 0: any, then that */
const char *decimal(WORD port);                         /* as a string, in one of a few buffers */

/* By name, no addresses wanted. TRUE, or FALSE and the last error. */
static inline BOOL by_host(SOCKET s, const char *name, const char *service, const struct timeval *timeout)
{
    WSASetLastError(0xdead);
    return by_name_a(s, name, service, NULL, NULL, NULL, NULL, timeout, NULL);
}

/* FALSE and that error. */
#define expect_false(call, error) \
    (WSASetLastError(0xbeef), winetest_set_location(__FILE__, __LINE__), expect_false_(#call, call, error))
void expect_false_(const char *call, BOOL ret, int error);

void connectby_arguments(void);

#endif
