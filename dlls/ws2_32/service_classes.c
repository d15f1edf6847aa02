/*
 * Service classes: the four of the DNS provider, which nobody can add to or take from. (MS Learn, svcguid.h)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "namespace.h"
#include <svcguid.h>

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define NAME_MAX_CHARS 40

static const struct
{
    GUID id;
    const WCHAR *name;              /* the headers' */
} classes[] =
{
    [NS_CLASS_HOSTNAME] = {SVCID_HOSTNAME, L"SVCID_HOSTNAME"},
    [NS_CLASS_BY_INET_STRING] = {SVCID_INET_HOSTADDRBYINETSTRING, L"SVCID_INET_HOSTADDRBYINETSTRING"},
    [NS_CLASS_SERVICE_BY_NAME] = {SVCID_INET_SERVICEBYNAME, L"SVCID_INET_SERVICEBYNAME"},
    [NS_CLASS_BY_NAME] = {SVCID_INET_HOSTADDRBYNAME, L"SVCID_INET_HOSTADDRBYNAME"},
};

/* Which class it is; NS_CLASS_PORT also with a type of DNS record, which is in Data3. */
enum ns_class ns_class_of(const GUID *class_id)
{
    unsigned int i;

    for (i = 0; i < ARRAYSIZE(classes); i++)
    {
        if (!memcmp(class_id, &classes[i].id, sizeof(*class_id)))
            return i;
    }
    if (IS_SVCID_TCP(class_id) || IS_SVCID_UDP(class_id))
        return NS_CLASS_PORT;
    return NS_CLASS_UNKNOWN;
}

/* The class of a port, in host byte order, of TCP or UDP. */
GUID ns_port_class(int protocol, WORD port)
{
    GUID class_id = SVCID_TCP(0);
    const GUID udp = SVCID_UDP(0);

    if (protocol == IPPROTO_UDP)
        class_id = udp;
    class_id.Data1 |= port;
    return class_id;
}

static int succeed(int error)
{
    if (!error)
        return 0;
    WARN("error %d\n", error);
    SetLastError(error);
    return SOCKET_ERROR;
}

/* 0 or an error: a class that this program names. */
static int read_class(const GUID *class_id, int error_for_null, enum ns_class *found)
{
    GUID copy;

    if (!class_id)
        return error_for_null;
    if (!memory_readable(class_id, sizeof(*class_id)))
        return WSAEFAULT;
    memcpy(&copy, class_id, sizeof(copy));
    *found = ns_class_of(&copy);
    return 0;
}

/* The name as chars or WCHARs; the bytes with the NUL. All names are ASCII. */
static size_t class_name(enum ns_class which, BOOL ansi, char *name)
{
    const WCHAR *wide = classes[which].name;
    size_t length = wcslen(wide) + 1, i;

    if (!ansi)
    {
        memcpy(name, wide, length * sizeof(WCHAR));
        return length * sizeof(WCHAR);
    }
    for (i = 0; i < length; i++)
        name[i] = (char)wide[i];
    return length;
}

static int get_class_info(const GUID *provider, const GUID *class_id, DWORD *size, void *buf, BOOL ansi)
{
    char name[NAME_MAX_CHARS * sizeof(WCHAR)], *at = buf;
    WSASERVICECLASSINFOW info;
    enum ns_class which;
    size_t name_size, needed;
    GUID copy;
    int error;

    if (!provider || !size || !buf)
        return WSAEINVAL;
    if (!memory_readable(provider, sizeof(*provider)) || !memory_writable(size, sizeof(*size)))
        return WSAEFAULT;
    if ((error = read_class(class_id, WSAEINVAL, &which)))
        return error;
    memcpy(&copy, provider, sizeof(copy));
    if (ns_provider_error(&copy, NS_ALL))
        return WSAEINVAL;
    if (which >= ARRAYSIZE(classes))
        return WSATYPE_NOT_FOUND;

    name_size = class_name(which, ansi, name);
    needed = sizeof(info) + sizeof(GUID) + name_size;
    if (!ns_has_room(size, buf, needed))
        return WSAEFAULT;
    memset(&info, 0, sizeof(info));
    info.lpServiceClassId = (GUID *)(at + sizeof(info));
    info.lpszServiceClassName = (WCHAR *)(at + sizeof(info) + sizeof(GUID));
    memcpy(at, &info, sizeof(info));
    memcpy(at + sizeof(info), &classes[which].id, sizeof(GUID));
    memcpy(at + sizeof(info) + sizeof(GUID), name, name_size);
    return 0;
}

/***********************************************************************
 *              WSAGetServiceClassInfoW      (WS2_32.@)
 *
 * `provider` must be the DNS provider's. `size` in bytes; what is needed, with WSAEFAULT, if `info` has less.
 * SOCKET_ERROR with WSANOTINITIALISED, WSAEINVAL (something NULL, an unknown provider), WSAEFAULT, WSATYPE_NOT_FOUND.
 * There is nothing but the id and the name: the name spaces have no data of their own about these classes. (MS Learn)
 */
int WINAPI own_WSAGetServiceClassInfoW(GUID *provider, GUID *class_id, DWORD *size, WSASERVICECLASSINFOW *info)
{
    if (!ns_ready(__builtin_return_address(0)))
        return succeed(WSANOTINITIALISED);
    return succeed(get_class_info(provider, class_id, size, info, FALSE));
}

/***********************************************************************
 *              WSAGetServiceClassInfoA      (WS2_32.@)
 */
int WINAPI own_WSAGetServiceClassInfoA(GUID *provider, GUID *class_id, DWORD *size, WSASERVICECLASSINFOA *info)
{
    if (!ns_ready(__builtin_return_address(0)))
        return succeed(WSANOTINITIALISED);
    return succeed(get_class_info(provider, class_id, size, info, TRUE));
}

static int get_class_name(const GUID *class_id, void *buf, DWORD *length, BOOL ansi)
{
    char name[NAME_MAX_CHARS * sizeof(WCHAR)];
    enum ns_class which;
    DWORD there, needed;
    size_t size;
    int error;

    if ((error = read_class(class_id, WSA_INVALID_PARAMETER, &which)))
        return error;
    if (!memory_writable(length, sizeof(*length)))
        return WSAEFAULT;
    if (which >= ARRAYSIZE(classes))
        return WSATYPE_NOT_FOUND;
    size = class_name(which, ansi, name);
    needed = ansi ? size : size / sizeof(WCHAR);
    memcpy(&there, length, sizeof(there));
    if (there < needed || !memory_writable(buf, size))
        error = WSAEFAULT;
    else
        memcpy(buf, name, size);
    memcpy(length, &needed, sizeof(needed));
    return error;
}

/***********************************************************************
 *              WSAGetServiceClassNameByClassIdW      (WS2_32.@)
 *
 * `length` in characters, with the NUL: what there is, and what was needed, also with WSAEFAULT. SOCKET_ERROR with
 * WSANOTINITIALISED, WSA_INVALID_PARAMETER (no class), WSAEFAULT, WSATYPE_NOT_FOUND. (MS Learn)
 */
int WINAPI own_WSAGetServiceClassNameByClassIdW(GUID *class_id, WCHAR *name, DWORD *length)
{
    if (!ns_ready(__builtin_return_address(0)))
        return succeed(WSANOTINITIALISED);
    return succeed(get_class_name(class_id, name, length, FALSE));
}

/***********************************************************************
 *              WSAGetServiceClassNameByClassIdA      (WS2_32.@)
 */
int WINAPI own_WSAGetServiceClassNameByClassIdA(GUID *class_id, char *name, DWORD *length)
{
    if (!ns_ready(__builtin_return_address(0)))
        return succeed(WSANOTINITIALISED);
    return succeed(get_class_name(class_id, name, length, TRUE));
}

static int install_error(const WSASERVICECLASSINFOW *info, BOOL ansi)
{
    WSASERVICECLASSINFOW copy;
    enum ns_class which;
    int error;

    if (!info)
        return WSAEINVAL;
    if (!memory_readable(info, sizeof(*info)))
        return WSAEFAULT;
    memcpy(&copy, info, sizeof(copy));
    if ((error = read_class(copy.lpServiceClassId, WSAEINVAL, &which)))
        return error;
    if (!copy.lpszServiceClassName || (copy.dwCount && !copy.lpClassInfos))
        return WSAEINVAL;
    if ((ansi ? memory_string_length((char *)copy.lpszServiceClassName, QUERY_TEXT_MAX)
              : memory_wide_length(copy.lpszServiceClassName, QUERY_TEXT_MAX)) < 0)
        return WSAEFAULT;
    if (copy.dwCount > MAXLONG / sizeof(*copy.lpClassInfos)
        || !memory_readable(copy.lpClassInfos, copy.dwCount * sizeof(*copy.lpClassInfos)))
        return WSAEFAULT;
    return which < ARRAYSIZE(classes) ? WSAEALREADY : WSAEACCES;
}

/***********************************************************************
 *              WSAInstallServiceClassW      (WS2_32.@)
 *
 * Refused: SOCKET_ERROR with WSANOTINITIALISED, WSAEINVAL (something NULL), WSAEFAULT, WSAEALREADY (a class that there
 * is), else WSAEACCES. (MS Learn; nobody has the rights here)
 */
int WINAPI own_WSAInstallServiceClassW(WSASERVICECLASSINFOW *info)
{
    if (!ns_ready(__builtin_return_address(0)))
        return succeed(WSANOTINITIALISED);
    return succeed(install_error(info, FALSE));
}

/***********************************************************************
 *              WSAInstallServiceClassA      (WS2_32.@)
 */
int WINAPI own_WSAInstallServiceClassA(WSASERVICECLASSINFOA *info)
{
    if (!ns_ready(__builtin_return_address(0)))
        return succeed(WSANOTINITIALISED);
    return succeed(install_error((WSASERVICECLASSINFOW *)info, TRUE));
}

/***********************************************************************
 *              WSARemoveServiceClass      (WS2_32.@)
 *
 * Refused: SOCKET_ERROR with WSANOTINITIALISED, WSAEINVAL (NULL), WSAEFAULT, WSATYPE_NOT_FOUND, or WSAEACCES for a
 * class that there is. (MS Learn)
 */
int WINAPI own_WSARemoveServiceClass(GUID *class_id)
{
    enum ns_class which;
    int error;

    if (!ns_ready(__builtin_return_address(0)))
        return succeed(WSANOTINITIALISED);
    if (!(error = read_class(class_id, WSAEINVAL, &which)))
        error = which < ARRAYSIZE(classes) ? WSAEACCES : WSATYPE_NOT_FOUND;
    return succeed(error);
}
