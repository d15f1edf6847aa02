/*
 * The catalog of providers: what the platform lists, where the standard providers lie, and that nobody changes it. The
 * platform has no catalog that could be changed; so what would change it is checked as if it had one, and then refused
 * as it is refused to who lacks the rights. Needs no WSAStartup, but where said.
 *
 * Most store the error through `errno`, the last argument, and set it as the last error as well; `errno` that cannot be
 * written gives WSAEFAULT. (errors: MS Learn)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"
#include <ws2spi.h>
#include <winternl.h>

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define PATH_MAX_CHARS 0x8000

/* ntdll; in no MinGW header */
NTSTATUS NTAPI NtQuerySemaphore(HANDLE handle, int kind, void *info, ULONG size, ULONG *returned);

static const WCHAR transport_path[] = L"%SystemRoot%\\system32\\mswsock.dll";
static const GUID dns_provider = {0x22059d40, 0x7e9e, 0x11cf, {0xae, 0x5a, 0x00, 0xaa, 0x00, 0xa7, 0x11, 0x2b}};

/* What a call with `errno` that failed returns. */
static int fail(int *err, int error)
{
    WARN("error %d\n", error);
    if (memory_writable(err, sizeof(*err)))
        *err = error;
    else
        error = WSAEFAULT;
    SetLastError(error);
    return SOCKET_ERROR;
}

static int fail_last(int error)
{
    WARN("error %d\n", error);
    SetLastError(error);
    return SOCKET_ERROR;
}

/* The bytes that the platform wants for the protocols, all if `numbers` is NULL, else those in it; -1 if it cannot be
 * asked. */
static int protocols_size(int *numbers)
{
    DWORD size = 0;

    if (!platform.WSAEnumProtocolsW || process_ending())
        return -1;
    if (platform.WSAEnumProtocolsW(numbers, NULL, &size) < 0 && GetLastError() != WSAENOBUFS)
        return -1;
    return size;
}

/* All protocols, in memory of ours; NULL and an error: `*count` is negative. */
static WSAPROTOCOL_INFOW *protocols(int *count)
{
    DWORD error = GetLastError(), size;
    WSAPROTOCOL_INFOW *list = NULL;
    int wanted = protocols_size(NULL);

    *count = -1;
    if (wanted >= 0 && (list = memory_alloc(size = wanted)))
    {
        if ((*count = platform.WSAEnumProtocolsW(NULL, list, &size)) < 0)
        {
            memory_free(list);
            list = NULL;
        }
    }
    SetLastError(error);
    return list;
}

static BOOL good_guid(const GUID *id)
{
    return memory_readable(id, sizeof(*id));
}

/* 0 if it is the provider of a protocol, WSAEINVAL if of none. The GUID can be read. */
static int transport_error(const GUID *id)
{
    WSAPROTOCOL_INFOW *list;
    int count, i, error = WSAEINVAL;

    if (!(list = protocols(&count)))
        return WSANO_RECOVERY;
    for (i = 0; i < count; i++)
    {
        if (!memcmp(&list[i].ProviderId, id, sizeof(*id)))
            error = 0;
    }
    memory_free(list);
    return error;
}

/* Of a path that may be any pointer. */
static int path_error(const WCHAR *path)
{
    int length = memory_wide_length(path, PATH_MAX_CHARS);

    if (length < 0)
        return WSAEFAULT;
    return length && length < PATH_MAX_CHARS ? 0 : WSAEINVAL;
}

/* Whether the list of protocols, ended by 0, can be read to its end. */
static BOOL good_numbers(const int *numbers)
{
    if (!numbers)
        return TRUE;
    do
    {
        if (!memory_readable(numbers, sizeof(*numbers)))
            return FALSE;
    } while (*numbers++);
    return TRUE;
}

/***********************************************************************
 *              WSCEnumProtocols      (WS2_32.@)
 *
 * As WSAEnumProtocols: the protocols of `numbers`, ended by 0, or all if it is NULL; the platform hides none. `*size`
 * in bytes; afterwards the bytes that are needed. Returns how many, or SOCKET_ERROR: WSAENOBUFS, `*size` is too small;
 * WSAEFAULT.
 */
int WINAPI own_WSCEnumProtocols(int *numbers, WSAPROTOCOL_INFOW *buf, DWORD *size, int *err)
{
    DWORD room;
    int needed, ret;

    if (!memory_writable(err, sizeof(*err)) || !good_numbers(numbers) || !memory_writable(size, sizeof(*size)))
        return fail(err, WSAEFAULT);
    if ((needed = protocols_size(numbers)) < 0)
        return fail(err, WSANO_RECOVERY);
    room = *size;
    if (room < (DWORD)needed)
    {
        *size = needed;
        return fail(err, WSAENOBUFS);
    }
    if (!needed)
    {
        *size = 0;
        return 0;
    }
    if (!memory_writable(buf, needed))
        return fail(err, WSAEFAULT);
    if ((ret = platform.WSAEnumProtocolsW(numbers, buf, &room)) < 0)
        return fail(err, GetLastError());
    *size = needed;
    return ret;
}

/***********************************************************************
 *              WSCGetProviderPath      (WS2_32.@)
 *
 * `*len` in WCHARs, the terminator among them; afterwards as many as are needed. What WSAEnumProtocols lists is all in
 * one DLL, as on Windows. WSAEINVAL: no such provider. WSAEFAULT: bad pointer, or `*len` too small.
 */
int WINAPI own_WSCGetProviderPath(GUID *id, WCHAR *path, int *len, int *err)
{
    int error, room;

    if (!memory_writable(err, sizeof(*err)) || !good_guid(id))
        return fail(err, WSAEFAULT);
    if ((error = transport_error(id)))
        return fail(err, error);
    if (!memory_writable(len, sizeof(*len)))
        return fail(err, WSAEFAULT);
    room = *len;
    *len = ARRAYSIZE(transport_path);
    if (room < (int)ARRAYSIZE(transport_path) || !memory_writable(path, sizeof(transport_path)))
        return fail(err, WSAEFAULT);
    memcpy(path, transport_path, sizeof(transport_path));
    return 0;
}

/***********************************************************************
 *              WSCGetProviderInfo      (WS2_32.@)
 *
 * `*size` in bytes; where the buffer is NULL or too small WSAEFAULT, and what is needed. The standard providers are no
 * layered ones and have no category: 0. WSAEINVALIDPROVIDER: no such provider; ERROR_CALL_NOT_IMPLEMENTED: the audit;
 * WSAEINVAL: no such kind. The flags do not matter.
 */
int WINAPI own_WSCGetProviderInfo(GUID *id, WSC_PROVIDER_INFO_TYPE type, BYTE *info, size_t *size, DWORD flags,
                                  int *err)
{
    static const DWORD none;
    size_t room;
    int error;

    if (!memory_writable(err, sizeof(*err)) || !good_guid(id) || !memory_writable(size, sizeof(*size)))
        return fail(err, WSAEFAULT);
    if (type == ProviderInfoAudit)
        return fail(err, ERROR_CALL_NOT_IMPLEMENTED);
    if (type != ProviderInfoLspCategories)
        return fail(err, WSAEINVAL);
    if ((error = transport_error(id)))
        return fail(err, error == WSAEINVAL ? WSAEINVALIDPROVIDER : error);
    room = *size;
    *size = sizeof(none);
    if (room < sizeof(none) || !memory_writable(info, sizeof(none)))
        return fail(err, WSAEFAULT);
    memcpy(info, &none, sizeof(none));
    return 0;
}

/* Of `length` WCHARs, which may be any pointer. */
static BOOL good_text(const WCHAR *text, DWORD length)
{
    return length < PATH_MAX_CHARS ? memory_readable(text, length * sizeof(WCHAR)) : FALSE;
}

/* Of a program's path and arguments. */
static int program_error(const WCHAR *path, DWORD length, const WCHAR *extra, DWORD extra_length)
{
    if (!path || !length || length >= PATH_MAX_CHARS || extra_length >= PATH_MAX_CHARS || (!extra && extra_length))
        return WSAEINVAL;
    return good_text(path, length) && good_text(extra, extra_length) ? 0 : WSAEFAULT;
}

/***********************************************************************
 *              WSCGetApplicationCategory      (WS2_32.@)
 *
 * Lengths in WCHARs, without the terminator; `extra` may be NULL. No program has a category: WSASERVICE_NOT_FOUND.
 * WSAEINVAL: no path; WSAEFAULT: what cannot be read or written.
 */
int WINAPI own_WSCGetApplicationCategory(const WCHAR *path, DWORD length, const WCHAR *extra, DWORD extra_length,
                                         DWORD *categories, int *err)
{
    int error = program_error(path, length, extra, extra_length);

    if (!error && !memory_writable(categories, sizeof(*categories)))
        error = WSAEFAULT;
    return fail(err, error ? error : WSASERVICE_NOT_FOUND);
}

/***********************************************************************
 *              WSCSetApplicationCategory      (WS2_32.@)
 *
 * The same arguments; `previous` may be NULL, and is not written. Refused: WSANO_RECOVERY.
 */
int WINAPI own_WSCSetApplicationCategory(const WCHAR *path, DWORD length, const WCHAR *extra, DWORD extra_length,
                                         DWORD categories, DWORD *previous, int *err)
{
    int error = program_error(path, length, extra, extra_length);

    if (!error && previous && !memory_writable(previous, sizeof(*previous)))
        error = WSAEFAULT;
    return fail(err, error ? error : WSANO_RECOVERY);
}

/* Of what a provider is to be installed or changed with. */
static int provider_error(const GUID *id, const WCHAR *path, const WSAPROTOCOL_INFOW *list, DWORD count)
{
    int error;

    if (!good_guid(id))
        return WSAEFAULT;
    if ((error = path_error(path)))
        return error;
    if (!count)
        return WSAEINVAL;
    return count < 0x100000 && memory_readable(list, count * sizeof(*list)) ? 0 : WSAEFAULT;
}

/***********************************************************************
 *              WSCInstallProvider      (WS2_32.@)
 *
 * Refused: WSANO_RECOVERY. WSAEFAULT: what cannot be read; WSAEINVAL: an empty path, no protocol.
 */
int WINAPI own_WSCInstallProvider(GUID *id, const WCHAR *path, WSAPROTOCOL_INFOW *list, DWORD count, int *err)
{
    int error = provider_error(id, path, list, count);

    return fail(err, error ? error : WSANO_RECOVERY);
}

/***********************************************************************
 *              WSCUpdateProvider      (WS2_32.@)
 *
 * The same; WSAEINVAL also for an unknown provider.
 */
int WINAPI own_WSCUpdateProvider(GUID *id, const WCHAR *path, WSAPROTOCOL_INFOW *list, DWORD count, int *err)
{
    int error = provider_error(id, path, list, count);

    if (!error)
        error = transport_error(id);
    return fail(err, error ? error : WSANO_RECOVERY);
}

/***********************************************************************
 *              WSCDeinstallProvider      (WS2_32.@)
 *
 * Refused: WSANO_RECOVERY. WSAEINVAL: an unknown provider, or none that can be read.
 */
int WINAPI own_WSCDeinstallProvider(GUID *id, int *err)
{
    int error = good_guid(id) ? transport_error(id) : WSAEINVAL;

    return fail(err, error ? error : WSANO_RECOVERY);
}

/***********************************************************************
 *              WSCInstallNameSpace      (WS2_32.@)
 *
 * The error is the last error, here and in the next two. Refused: WSAEACCES. WSAEINVAL: what cannot be read, or is
 * empty.
 */
int WINAPI own_WSCInstallNameSpace(WCHAR *name, WCHAR *path, DWORD space, DWORD version, GUID *id)
{
    return fail_last(path_error(name) || path_error(path) || !good_guid(id) ? WSAEINVAL : WSAEACCES);
}

/* Of a name-space provider; the standard one is known. */
static int name_space_error(const GUID *id)
{
    if (!good_guid(id))
        return WSAEFAULT;
    return memcmp(id, &dns_provider, sizeof(*id)) ? WSAEINVAL : 0;
}

/***********************************************************************
 *              WSCUnInstallNameSpace      (WS2_32.@)
 *
 * Refused: WSANO_RECOVERY. WSAEINVAL: an unknown provider; WSAEFAULT.
 */
int WINAPI own_WSCUnInstallNameSpace(GUID *id)
{
    int error = name_space_error(id);

    return fail_last(error ? error : WSANO_RECOVERY);
}

/***********************************************************************
 *              WSCEnableNSProvider      (WS2_32.@)
 *
 * Refused: WSASYSCALLFAILURE, since no error is documented for missing rights. WSAEINVAL: an unknown provider;
 * WSAEFAULT.
 */
int WINAPI own_WSCEnableNSProvider(GUID *id, BOOL enable)
{
    int error = name_space_error(id);

    return fail_last(error ? error : WSASYSCALLFAILURE);
}

/* Whether the catalog entries are all of the list's, each once. */
static BOOL same_entries(const DWORD *entries, const WSAPROTOCOL_INFOW *list, DWORD count)
{
    DWORD i, j, found;

    for (i = 0; i < count; i++)
    {
        for (j = found = 0; j < count; j++)
            found += entries[j] == list[i].dwCatalogEntryId;
        if (found != 1)
            return FALSE;
    }
    return TRUE;
}

/***********************************************************************
 *              WSCWriteProviderOrder      (WS2_32.@)
 *
 * Returns the error. Refused: WSANO_RECOVERY. WSAEINVAL: not every catalog entry once.
 */
int WINAPI own_WSCWriteProviderOrder(DWORD *entries, DWORD count)
{
    WSAPROTOCOL_INFOW *list;
    int there, error = WSAEINVAL;

    if (!(list = protocols(&there)))
        return WSANO_RECOVERY;
    if (count == (DWORD)there && memory_readable(entries, count * sizeof(*entries))
        && same_entries(entries, list, count))
        error = WSANO_RECOVERY;
    memory_free(list);
    return error;
}

/***********************************************************************
 *              WSCWriteNameSpaceOrder      (WS2_32.@)
 *
 * Returns the error. Refused: WSANO_RECOVERY. WSAEINVAL: not the one standard provider; WSAEFAULT.
 */
int WINAPI own_WSCWriteNameSpaceOrder(GUID *ids, DWORD count)
{
    int error;

    if (count != 1)
        return count < 0x100000 && memory_readable(ids, count * sizeof(*ids)) ? WSAEINVAL : WSAEFAULT;
    error = name_space_error(ids);
    return error ? error : WSANO_RECOVERY;
}

/* A notification handle is a semaphore with a maximum that nobody else has: the program closes it without telling us,
 * so it must say by itself what it is. */
#define NOTIFICATION_MARK 0x57534350

static BOOL is_notification(HANDLE handle)
{
    ULONG info[2];                  /* current count, maximum */

    return !NtQuerySemaphore(handle, 0, info, sizeof(info), NULL) && info[1] == NOTIFICATION_MARK;
}

/***********************************************************************
 *              WSAProviderConfigChange      (WS2_32.@)
 *
 * With `*handle` NULL it becomes a handle, for CloseHandle. With such a handle and `overlapped` it returns
 * SOCKET_ERROR and WSA_IO_PENDING, and never completes: nothing changes. Without `overlapped` it would wait for ever:
 * WSAEOPNOTSUPP, as where nothing can be installed without a restart. WSANOTINITIALISED, WSA_INVALID_HANDLE,
 * WSAEFAULT, WSA_NOT_ENOUGH_MEMORY.
 */
int WINAPI own_WSAProviderConfigChange(HANDLE *handle, OVERLAPPED *overlapped,
                                       LPWSAOVERLAPPED_COMPLETION_ROUTINE completion)
{
    HANDLE event;

    if (!startup_done() && !platform_calls(__builtin_return_address(0)))
        return fail_last(WSANOTINITIALISED);
    if (!memory_writable(handle, sizeof(*handle)) || (overlapped && !memory_writable(overlapped, sizeof(*overlapped))))
        return fail_last(WSAEFAULT);
    if (!*handle)
    {
        if (!(*handle = CreateSemaphoreW(NULL, 0, NOTIFICATION_MARK, NULL)))
            return fail_last(WSA_NOT_ENOUGH_MEMORY);
        return 0;
    }
    if (!is_notification(*handle))
        return fail_last(WSA_INVALID_HANDLE);
    if (!overlapped)
        return fail_last(WSAEOPNOTSUPP);
    event = (HANDLE)((ULONG_PTR)overlapped->hEvent & ~(ULONG_PTR)1);
    if (event)
        ResetEvent(event);
    overlapped->Internal = STATUS_PENDING;
    overlapped->InternalHigh = 0;
    SetLastError(WSA_IO_PENDING);
    return SOCKET_ERROR;
}

/* Of a socket, any value, on which a call is made. */
static int socket_error(SOCKET s, const void *return_address)
{
    int type, size = sizeof(type);

    if (!startup_done() && !platform_calls(return_address))
        return WSANOTINITIALISED;
    if (!platform.getsockopt)
        return WSASYSNOTREADY;
    return platform.getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&type, &size) ? WSAENOTSOCK : 0;
}

/***********************************************************************
 *              WSAGetQOSByName      (WS2_32.@)
 *
 * There is no template: asked for their names, by an empty one, it lists none; one of a name gives FALSE and
 * WSAEOPNOTSUPP. Also WSANOTINITIALISED, WSAENOTSOCK, WSAEFAULT.
 */
BOOL WINAPI own_WSAGetQOSByName(SOCKET s, WSABUF *name, QOS *qos)
{
    int error = socket_error(s, __builtin_return_address(0));

    if (!error)
    {
        if (!memory_readable(name, sizeof(*name)) || !name->len || !memory_writable(name->buf, 1))
            error = WSAEFAULT;
        else if (!name->buf[0])
            return TRUE;
        else
            error = memory_writable(qos, sizeof(*qos)) ? WSAEOPNOTSUPP : WSAEFAULT;
    }
    fail_last(error);
    return FALSE;
}

/***********************************************************************
 *              WSAJoinLeaf      (WS2_32.@)
 *
 * No socket here is a multipoint one: INVALID_SOCKET and WSAEOPNOTSUPP. Also WSANOTINITIALISED, WSAENOTSOCK, WSAEFAULT
 * for a name that cannot be read.
 */
SOCKET WINAPI own_WSAJoinLeaf(SOCKET s, const struct sockaddr *name, int len, WSABUF *caller, WSABUF *callee, QOS *sqos,
                              QOS *gqos, DWORD flags)
{
    int error = socket_error(s, __builtin_return_address(0));

    if (!error)
        error = len < (int)sizeof(name->sa_family) || !memory_readable(name, len) ? WSAEFAULT : WSAEOPNOTSUPP;
    fail_last(error);
    return INVALID_SOCKET;
}
