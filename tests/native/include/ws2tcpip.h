/*
 * Of what came after Winsock 1.1: types of GetAddrInfo's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NATIVE_WS2TCPIP_H
#define NATIVE_WS2TCPIP_H

#define AI_NUMERICHOST 0x0004

typedef struct addrinfoW
{
    int ai_flags, ai_family, ai_socktype, ai_protocol;
    size_t ai_addrlen;
    WCHAR *ai_canonname;
    struct sockaddr *ai_addr;
    struct addrinfoW *ai_next;
} ADDRINFOW;

#define ADDRINFOEX_OF(character) \
    { \
        int ai_flags, ai_family, ai_socktype, ai_protocol; \
        size_t ai_addrlen; \
        character *ai_canonname; \
        struct sockaddr *ai_addr; \
        void *ai_blob; \
        size_t ai_bloblen; \
        GUID *ai_provider; \
        struct addrinfoexW *ai_next; \
    }

typedef struct addrinfoexA ADDRINFOEX_OF(char) ADDRINFOEXA;
typedef struct addrinfoexW ADDRINFOEX_OF(WCHAR) ADDRINFOEXW;

#endif
