/*
 * The one name-space provider there is, DNS: who it is, what is said of it, and that nothing can be registered with it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "namespace.h"

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

const GUID ns_dns_provider = {0x22059d40, 0x7e9e, 0x11cf, {0xae, 0x5a, 0x00, 0xaa, 0x00, 0xa7, 0x11, 0x2b}};

/* 0, or why a provider (NULL: any) and a name space lead nowhere: WSAEINVAL, there is no such provider;
 * WSASERVICE_NOT_FOUND, none for that name space. (MS Learn; WSASERVICE_NOT_FOUND is what programs see where there is
 * no Bluetooth) */
int ns_provider_error(const GUID *provider, DWORD name_space)
{
    if (provider && memcmp(provider, &ns_dns_provider, sizeof(*provider)))
        return WSAEINVAL;
    return name_space == NS_ALL || name_space == NS_DNS ? 0 : WSASERVICE_NOT_FOUND;
}

/* Whether the `*size` bytes at `buf` are there, and as many as needed; else `*size` says how many that is. `size` was found
 * writable, `buf` is any pointer; neither need be aligned. */
BOOL ns_has_room(DWORD *size, void *buf, size_t needed)
{
    DWORD there;

    memcpy(&there, size, sizeof(there));
    if (there >= needed && memory_writable(buf, needed))
        return TRUE;
    there = needed;
    memcpy(size, &there, sizeof(there));
    return FALSE;
}

/* Windows' own name and number. */
static int enumerate(DWORD *size, void *buf, BOOL ansi, size_t head)
{
    static const WCHAR wide[] = L"Tcpip";
    static const char narrow[] = "Tcpip";
    const void *name = ansi ? (const void *)narrow : wide;
    size_t name_size = ansi ? sizeof(narrow) : sizeof(wide), needed = head + name_size;
    WSANAMESPACE_INFOEXW info;      /* the others are its beginning */

    if (!memory_writable(size, sizeof(*size)))
        return WSAEFAULT;
    if (!ns_has_room(size, buf, needed))
        return WSAEFAULT;
    memset(&info, 0, sizeof(info));
    info.NSProviderId = ns_dns_provider;
    info.dwNameSpace = NS_DNS;
    info.fActive = TRUE;
    info.lpszIdentifier = (WCHAR *)((char *)buf + head);
    memcpy(buf, &info, head);
    memcpy((char *)buf + head, name, name_size);
    return 0;
}

static int providers(DWORD *size, void *buf, BOOL ansi, size_t head, const void *return_address)
{
    int error = WSANOTINITIALISED;

    if (ns_ready(return_address))
        error = enumerate(size, buf, ansi, head);
    if (!error)
        return 1;
    WARN("error %d\n", error);
    SetLastError(error);
    return SOCKET_ERROR;
}

/***********************************************************************
 *              WSAEnumNameSpaceProvidersW      (WS2_32.@)
 *
 * Returns how many there are, 1, of which `buf` then holds what is known: "Tcpip", version 0, active. `size` in bytes;
 * what is needed, with WSAEFAULT, if `buf` is NULL, has less or cannot be written. Or WSANOTINITIALISED. (MS Learn)
 */
int WINAPI own_WSAEnumNameSpaceProvidersW(DWORD *size, WSANAMESPACE_INFOW *buf)
{
    return providers(size, buf, FALSE, sizeof(*buf), __builtin_return_address(0));
}

/***********************************************************************
 *              WSAEnumNameSpaceProvidersA      (WS2_32.@)
 */
int WINAPI own_WSAEnumNameSpaceProvidersA(DWORD *size, WSANAMESPACE_INFOA *buf)
{
    return providers(size, buf, TRUE, sizeof(*buf), __builtin_return_address(0));
}

/***********************************************************************
 *              WSAEnumNameSpaceProvidersExW      (WS2_32.@)
 *
 * The same with the provider's own data, of which there are none.
 */
int WINAPI own_WSAEnumNameSpaceProvidersExW(DWORD *size, WSANAMESPACE_INFOEXW *buf)
{
    return providers(size, buf, FALSE, sizeof(*buf), __builtin_return_address(0));
}

/***********************************************************************
 *              WSAEnumNameSpaceProvidersExA      (WS2_32.@)
 */
int WINAPI own_WSAEnumNameSpaceProvidersExA(DWORD *size, WSANAMESPACE_INFOEXA *buf)
{
    return providers(size, buf, TRUE, sizeof(*buf), __builtin_return_address(0));
}

static int set_error(const WSAQUERYSETW *set, int operation)
{
    WSAQUERYSETW copy;
    GUID provider;
    int error;

    if (!set)
        return WSAEINVAL;
    if (!memory_readable(set, sizeof(*set)))
        return WSAEFAULT;
    memcpy(&copy, set, sizeof(copy));
    if (copy.dwSize < sizeof(copy) || operation < RNRSERVICE_REGISTER || operation > RNRSERVICE_DELETE)
        return WSAEINVAL;
    if (copy.lpNSProviderId)
    {
        if (!memory_readable(copy.lpNSProviderId, sizeof(provider)))
            return WSAEFAULT;
        memcpy(&provider, copy.lpNSProviderId, sizeof(provider));
    }
    if ((error = ns_provider_error(copy.lpNSProviderId ? &provider : NULL, copy.dwNameSpace)))
        return error;
    if (!copy.lpServiceClassId)
        return WSAEINVAL;
    if (!memory_readable(copy.lpServiceClassId, sizeof(GUID)))
        return WSAEFAULT;
    return operation == RNRSERVICE_REGISTER ? WSAEOPNOTSUPP : WSASERVICE_NOT_FOUND;
}

static int set_service(const WSAQUERYSETW *set, int operation, const void *return_address)
{
    int error = WSANOTINITIALISED;

    if (ns_ready(return_address))
        error = set_error(set, operation);
    WARN("error %d\n", error);
    SetLastError(error);
    return SOCKET_ERROR;
}

/***********************************************************************
 *              WSASetServiceW      (WS2_32.@)
 *
 * Nothing can be registered with DNS: SOCKET_ERROR with WSAEOPNOTSUPP; to deregister or delete what nobody has
 * registered gives WSASERVICE_NOT_FOUND, as do other name spaces. WSAEINVAL (no set or class, a wrong size or
 * operation, an unknown provider), WSAEFAULT, WSANOTINITIALISED come before. (MS Learn; some versions of it have DNS
 * say yes and do nothing)
 */
int WINAPI own_WSASetServiceW(WSAQUERYSETW *set, WSAESETSERVICEOP operation, DWORD flags)
{
    return set_service(set, operation, __builtin_return_address(0));
}

/***********************************************************************
 *              WSASetServiceA      (WS2_32.@)
 */
int WINAPI own_WSASetServiceA(WSAQUERYSETA *set, WSAESETSERVICEOP operation, DWORD flags)
{
    return set_service((const WSAQUERYSETW *)set, operation, __builtin_return_address(0));
}
