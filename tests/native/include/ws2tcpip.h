/*
 * Of what came after Winsock 1.1: names of types alone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NATIVE_WS2TCPIP_H
#define NATIVE_WS2TCPIP_H

typedef struct addrinfoW ADDRINFOW;
typedef struct ADDRINFOEXA ADDRINFOEXA;
typedef struct ADDRINFOEXW ADDRINFOEXW;

#endif
