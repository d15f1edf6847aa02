/*
 * What the rooms of GetAddrInfoEx share: addrinfoex.c, the life of an operation, and addrinfoex_list.c, what is asked
 * and what comes back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef ADDRINFOEX_H
#define ADDRINFOEX_H

#include "ws2_32_private.h"

#define ADDRINFO_TEXT_MAX 1024      /* of a name or a service, characters */

struct addrinfo_question            /* checked; the strings are NULL where they are not given */
{
    const WCHAR *name, *service;
    int name_length, service_length;
    BOOL hinted;
    ADDRINFOEXW hints;              /* of the caller's only what may be given */
};

int addrinfo_check(struct addrinfo_question *question, const WCHAR *name, const WCHAR *service, DWORD name_space,
                   const GUID *provider, const ADDRINFOEXW *hints);
int addrinfo_check_timeout(const struct timeval *timeout, DWORD *ms);
size_t addrinfo_text_size(const struct addrinfo_question *question);
void addrinfo_keep(struct addrinfo_question *copy, WCHAR *text, const struct addrinfo_question *question);
int addrinfo_ask(const struct addrinfo_question *question, ADDRINFOEXW **list);
BOOL addrinfo_needs_server(const struct addrinfo_question *question);
const char *debugstr_question(const struct addrinfo_question *question);

#endif
