/*
 * Of Winsock: types, errors and the records, in Win64's layout. The functions are struct platform's (fake.c).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NATIVE_WINSOCK2_H
#define NATIVE_WINSOCK2_H

#include <arpa/inet.h>
#include <sys/select.h>
#include "windows.h"

typedef uintptr_t SOCKET;
typedef unsigned int GROUP;
typedef struct OVERLAPPED OVERLAPPED;
typedef struct WSABUF WSABUF;
typedef struct WSAPROTOCOL_INFOA WSAPROTOCOL_INFOA;
typedef struct WSAPROTOCOL_INFOW WSAPROTOCOL_INFOW;
typedef void *LPCONDITIONPROC, *LPWSAOVERLAPPED_COMPLETION_ROUTINE;
typedef struct { WORD wVersion, wHighVersion; } WSADATA;

struct hostent
{
    char *h_name;
    char **h_aliases;
    short h_addrtype;
    short h_length;
    char **h_addr_list;
};

struct servent
{
    char *s_name;
    char **s_aliases;
    char *s_proto;
    short s_port;
};

struct protoent
{
    char *p_name;
    char **p_aliases;
    short p_proto;
};

typedef struct { ULONG cbSize; BYTE *pBlobData; } BLOB;
typedef struct { struct sockaddr *lpSockaddr; int iSockaddrLength; } SOCKET_ADDRESS;
typedef struct { SOCKET_ADDRESS LocalAddr, RemoteAddr; int iSocketType, iProtocol; } CSADDR_INFO;

typedef struct
{
    DWORD dwSize;
    WCHAR *lpszServiceInstanceName;
    GUID *lpServiceClassId;
    void *lpVersion;
    WCHAR *lpszComment;
    DWORD dwNameSpace;
    GUID *lpNSProviderId;
    WCHAR *lpszContext;
    DWORD dwNumberOfProtocols;
    void *lpafpProtocols;
    WCHAR *lpszQueryString;
    DWORD dwNumberOfCsAddrs;
    CSADDR_INFO *lpcsaBuffer;
    DWORD dwOutputFlags;
    BLOB *lpBlob;
} WSAQUERYSETW;

#define NS_ALL 0
#define NS_DNS 12
#define SOCKET_ERROR (-1)
#define WSA_NOT_ENOUGH_MEMORY 8
#define WSAEFAULT 10014
#define WSAEINVAL 10022
#define WSAEWOULDBLOCK 10035
#define WSAEALREADY 10037
#define WSAEOPNOTSUPP 10045
#define WSAENOBUFS 10055
#define WSASYSNOTREADY 10091
#define WSAVERNOTSUPPORTED 10092
#define WSANOTINITIALISED 10093
#define WSASERVICE_NOT_FOUND 10108
#define WSATYPE_NOT_FOUND 10109
#define WSAHOST_NOT_FOUND 11001
#define WSATRY_AGAIN 11002
#define WSANO_RECOVERY 11003
#define WSANO_DATA 11004

#define WSAMAKEASYNCREPLY(length, error) ((LPARAM)((WORD)(length) | (DWORD)(WORD)(error) << 16))
#define WSAGETASYNCERROR(reply) HIWORD(reply)
#define WSAGETASYNCBUFLEN(reply) LOWORD(reply)

#endif
