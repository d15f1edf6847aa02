/*
 * The catalog of providers: it says what WSAEnumProtocols says, where the providers lie, and that nobody may change it.
 * It knows the documented API only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"
#include <ws2spi.h>

#define PATH L"%SystemRoot%\\system32\\mswsock.dll"

static int (WINAPI *pEnum)(int *, WSAPROTOCOL_INFOW *, DWORD *, int *);
static int (WINAPI *pPath)(const GUID *, WCHAR *, int *, int *);
static int (WINAPI *pInfo)(const GUID *, int, void *, size_t *, DWORD, int *);
static int (WINAPI *pGetCategory)(const WCHAR *, DWORD, const WCHAR *, DWORD, DWORD *, int *);
static int (WINAPI *pSetCategory)(const WCHAR *, DWORD, const WCHAR *, DWORD, DWORD, DWORD *, int *);
static int (WINAPI *pInstall)(const GUID *, const WCHAR *, const WSAPROTOCOL_INFOW *, DWORD, int *);
static int (WINAPI *pUpdate)(const GUID *, const WCHAR *, const WSAPROTOCOL_INFOW *, DWORD, int *);
static int (WINAPI *pDeinstall)(const GUID *, int *);
static int (WINAPI *pInstallNameSpace)(const WCHAR *, const WCHAR *, DWORD, DWORD, const GUID *);
static int (WINAPI *pUnInstallNameSpace)(const GUID *);
static int (WINAPI *pEnable)(const GUID *, BOOL);
static int (WINAPI *pOrder)(const DWORD *, DWORD);
static int (WINAPI *pNameSpaceOrder)(const GUID *, DWORD);

static const GUID unknown = { 0x12345678, 1, 2, { 3, 4, 5, 6, 7, 8, 9, 10 } };
static const GUID dns = { 0x22059d40, 0x7e9e, 0x11cf, { 0xae, 0x5a, 0x00, 0xaa, 0x00, 0xa7, 0x11, 0x2b } };
static WSAPROTOCOL_INFOW all[64], list[64];
static int count, err;
static DWORD needed;
enum { BAD = 3 };
static void *bad[BAD];                  /* never good, not even to read */

static void load(void)
{
    HMODULE module = GetModuleHandleA("ws2_32");

#define LOAD(pointer, name) pointer = (void *)GetProcAddress(module, name)
    LOAD(pEnum, "WSCEnumProtocols");
    LOAD(pPath, "WSCGetProviderPath");
    LOAD(pInfo, "WSCGetProviderInfo");
    LOAD(pGetCategory, "WSCGetApplicationCategory");
    LOAD(pSetCategory, "WSCSetApplicationCategory");
    LOAD(pInstall, "WSCInstallProvider");
    LOAD(pUpdate, "WSCUpdateProvider");
    LOAD(pDeinstall, "WSCDeinstallProvider");
    LOAD(pInstallNameSpace, "WSCInstallNameSpace");
    LOAD(pUnInstallNameSpace, "WSCUnInstallNameSpace");
    LOAD(pEnable, "WSCEnableNSProvider");
    LOAD(pOrder, "WSCWriteProviderOrder");
    LOAD(pNameSpaceOrder, "WSCWriteNameSpaceOrder");
#undef LOAD
}

static void before(void)
{
    err = 0xdead;
    WSASetLastError(0xbeef);
}

/* The call failed with the error in `err` and in the last error; where it is not ours only if it did. */
#define expect_err(call, error) \
    (before(), winetest_set_location(__FILE__, __LINE__), expect_err_(#call, call, error))
static void expect_err_(const char *call, int ret, int error)
{
    int last = WSAGetLastError();

    todo_builtin_if(ret != SOCKET_ERROR) winetest_ok(ret == SOCKET_ERROR, "%s returned %d\n", call, ret);
    todo_builtin_if(err != error) winetest_ok(err == error, "%s stored %d, expected %d\n", call, err, error);
    todo_builtin_if(last != error) winetest_ok(last == error, "%s left %d, expected %d\n", call, last, error);
}

/* It failed with the last error. */
#define expect_last(call, error) \
    (before(), winetest_set_location(__FILE__, __LINE__), expect_last_(#call, call, error))
static void expect_last_(const char *call, int ret, int error)
{
    int last = WSAGetLastError();

    todo_builtin_if(ret != SOCKET_ERROR) winetest_ok(ret == SOCKET_ERROR, "%s returned %d\n", call, ret);
    todo_builtin_if(last != error) winetest_ok(last == error, "%s left %d, expected %d\n", call, last, error);
}

/* It returned the error. */
#define expect_ret(call, error) (winetest_set_location(__FILE__, __LINE__), expect_ret_(#call, call, error))
static void expect_ret_(const char *call, int ret, int error)
{
    todo_builtin_if(ret != error) winetest_ok(ret == error, "%s returned %d, expected %d\n", call, ret, error);
}

static void test_enum(void)
{
    int tcp[] = { IPPROTO_TCP, 0 }, none[] = { 0x7ffe, 0 }, *endless = walled(sizeof(int)), i, ret;
    DWORD size;

    needed = 0;
    expect_err(pEnum(NULL, NULL, &needed, &err), WSAENOBUFS);
    ok(needed && needed % sizeof(all[0]) == 0, "%lu bytes needed\n", needed);
    size = sizeof(all);
    count = WSAEnumProtocolsW(NULL, all, &size);
    ok(count > 0 && needed == count * sizeof(all[0]), "%d protocols, %lu bytes needed\n", count, needed);

    memset(list, FILL, sizeof(list));
    size = sizeof(list);
    ret = pEnum(NULL, list, &size, &err);
    ok(ret == count, "returned %d, expected %d\n", ret, count);
    todo_builtin_if(size != needed) ok(size == needed, "%lu bytes, expected %lu\n", size, needed);
    ok(!memcmp(list, all, needed), "not what WSAEnumProtocols says\n");
    ok(untouched((char *)list + needed, sizeof(list) - needed), "wrote too much\n");

    memset(list, FILL, sizeof(list));
    size = needed - 1;
    expect_err(pEnum(NULL, list, &size, &err), WSAENOBUFS);
    ok(size == needed, "%lu bytes needed\n", size);
    ok(untouched(list, sizeof(list)), "wrote into a buffer that is too small\n");

    size = sizeof(list);
    ret = pEnum(tcp, list, &size, &err);
    ok(ret > 0 && ret < count, "%d protocols of TCP\n", ret);
    for (i = 0; i < ret; i++) ok(list[i].iProtocol == IPPROTO_TCP, "number %d\n", list[i].iProtocol);
    size = sizeof(list);
    ret = pEnum(none, list, &size, &err);
    ok(!ret, "%d protocols of none\n", ret);

    if (deadly("bad pointers")) return;
    *endless = IPPROTO_TCP;
    size = sizeof(list);
    expect_err(pEnum(endless, list, &size, &err), WSAEFAULT);
    expect_err(pEnum(NULL, NULL, &size, &err), WSAEFAULT);
    for (i = 0; i < BAD; i++)
    {
        if (bad[i]) expect_err(pEnum(bad[i], list, &size, &err), WSAEFAULT);
        if (bad[i]) expect_err(pEnum(NULL, bad[i], &size, &err), WSAEFAULT);
        expect_err(pEnum(NULL, list, bad[i], &err), WSAEFAULT);
        expect_last(pEnum(NULL, list, &size, bad[i]), WSAEFAULT);
    }
    free_pages(endless);
}

static void test_path(void)
{
    WCHAR path[64];
    int i, len, ret, path_len = ARRAY_SIZE(PATH);

    for (i = 0; i < count; i++)
    {
        memset(path, FILL, sizeof(path));
        len = ARRAY_SIZE(path);
        ret = pPath(&all[i].ProviderId, path, &len, &err);
        todo_builtin_if(old_wine) ok(!ret, "returned %d, error %d\n", ret, err);
        todo_builtin_if(len != path_len) ok(len == path_len, "length %d\n", len);
        todo_builtin_if(memcmp(path, PATH, sizeof(PATH))) ok(!memcmp(path, PATH, sizeof(PATH)), "not that path\n");
        ok(untouched(path + path_len, sizeof(path) - sizeof(PATH)), "wrote too much\n");
    }
    len = ARRAY_SIZE(path);
    expect_err(pPath(&unknown, path, &len, &err), WSAEINVAL);
    memset(path, FILL, sizeof(path));
    for (i = -1; i < path_len; i++)
    {
        len = i;
        expect_err(pPath(&all[0].ProviderId, path, &len, &err), WSAEFAULT);
        todo_builtin_if(len != path_len) ok(len == path_len, "length %d\n", len);
    }
    ok(untouched(path, sizeof(path)), "wrote into a buffer that is too small\n");
    len = path_len;
    todo_builtin_if(old_wine) ok(!pPath(&all[0].ProviderId, path, &len, &err), "a buffer that is just enough: error %d\n", err);

    if (deadly("bad pointers")) return;
    for (i = 0; i < BAD; i++)
    {
        len = ARRAY_SIZE(path);
        expect_err(pPath(bad[i], path, &len, &err), WSAEFAULT);
        expect_err(pPath(&all[0].ProviderId, bad[i], &len, &err), WSAEFAULT);
        expect_err(pPath(&all[0].ProviderId, path, bad[i], &err), WSAEFAULT);
        expect_last(pPath(&all[0].ProviderId, path, &len, bad[i]), WSAEFAULT);
    }
}

static void test_info(void)
{
    DWORD categories = 0xdead;
    size_t size = sizeof(categories);
    int i, ret;

    if (!pInfo)
    {
        todo_builtin ok(0, "no WSCGetProviderInfo\n");
        return;
    }
    ret = pInfo(&all[0].ProviderId, ProviderInfoLspCategories, &categories, &size, 0, &err);
    todo_builtin ok(!ret, "returned %d, error %d\n", ret, err);
    todo_builtin ok(!categories, "categories %#lx\n", categories);
    size = 3;
    categories = 0xdead;
    expect_err(pInfo(&all[0].ProviderId, ProviderInfoLspCategories, &categories, &size, 0, &err), WSAEFAULT);
    todo_builtin_if(size != 4) ok(size == 4, "%u bytes needed\n", (unsigned int)size);
    ok(categories == 0xdead, "wrote into a buffer that is too small\n");
    size = 0xdead;
    expect_err(pInfo(&all[0].ProviderId, ProviderInfoLspCategories, NULL, &size, 0, &err), WSAEFAULT);
    todo_builtin_if(size != 4) ok(size == 4, "%u bytes needed\n", (unsigned int)size);
    expect_err(pInfo(&unknown, ProviderInfoLspCategories, &categories, &size, 0, &err), WSAEINVALIDPROVIDER);
    expect_err(pInfo(&all[0].ProviderId, ProviderInfoAudit, &categories, &size, 0, &err), ERROR_CALL_NOT_IMPLEMENTED);
    expect_err(pInfo(&all[0].ProviderId, 77, &categories, &size, 0, &err), WSAEINVAL);
    if (deadly("bad pointers")) return;
    for (i = 0; i < BAD; i++)
    {
        size = 4;
        expect_err(pInfo(bad[i], ProviderInfoLspCategories, &categories, &size, 0, &err), WSAEFAULT);
        expect_err(pInfo(&all[0].ProviderId, ProviderInfoLspCategories, bad[i], &size, 0, &err), WSAEFAULT);
        expect_err(pInfo(&all[0].ProviderId, ProviderInfoLspCategories, &categories, bad[i], 0, &err), WSAEFAULT);
        expect_last(pInfo(&all[0].ProviderId, ProviderInfoLspCategories, &categories, &size, 0, bad[i]), WSAEFAULT);
    }
}

static void test_category(void)
{
    static const WCHAR program[] = L"C:\\program.exe", extra[] = L"-k";
    DWORD categories = 0xdead;
    int i;

    if (!pSetCategory || !pGetCategory) todo_builtin ok(0, "no WSC...ApplicationCategory\n");
    if (pSetCategory)
    {
        expect_err(pSetCategory(program, 14, NULL, 0, 1, NULL, &err), WSANO_RECOVERY);
        expect_err(pSetCategory(program, 14, extra, 2, 1, &categories, &err), WSANO_RECOVERY);
        expect_err(pSetCategory(NULL, 14, NULL, 0, 1, NULL, &err), WSAEINVAL);
        ok(categories == 0xdead, "categories %#lx\n", categories);
    }
    if (pGetCategory)
    {
        expect_err(pGetCategory(program, 14, NULL, 0, &categories, &err), WSASERVICE_NOT_FOUND);
        expect_err(pGetCategory(program, 14, extra, 2, &categories, &err), WSASERVICE_NOT_FOUND);
        expect_err(pGetCategory(program, 0, NULL, 0, &categories, &err), WSAEINVAL);
        expect_err(pGetCategory(NULL, 14, NULL, 0, &categories, &err), WSAEINVAL);
        expect_err(pGetCategory(program, 14, NULL, 2, &categories, &err), WSAEINVAL);
        expect_err(pGetCategory(program, ~0u, NULL, 0, &categories, &err), WSAEINVAL);
        ok(categories == 0xdead, "categories %#lx\n", categories);
    }
    if (deadly("bad pointers")) return;
    for (i = 0; i < BAD; i++)
    {
        if (bad[i]) expect_err(pGetCategory(bad[i], 14, NULL, 0, &categories, &err), WSAEFAULT);
        if (bad[i]) expect_err(pGetCategory(program, 14, bad[i], 2, &categories, &err), WSAEFAULT);
        expect_err(pGetCategory(program, 14, NULL, 0, bad[i], &err), WSAEFAULT);
        expect_last(pGetCategory(program, 14, NULL, 0, &categories, bad[i]), WSAEFAULT);
        if (bad[i]) expect_err(pSetCategory(program, 14, NULL, 0, 1, bad[i], &err), WSAEFAULT);
        expect_last(pSetCategory(program, 14, NULL, 0, 1, NULL, bad[i]), WSAEFAULT);
    }
}

static void test_transports(void)
{
    const GUID *known = &all[0].ProviderId;
    DWORD entries[64], size;
    int i, ret;

    expect_err(pInstall(&unknown, PATH, all, 1, &err), WSANO_RECOVERY);
    expect_err(pInstall(&unknown, PATH, all, 0, &err), WSAEINVAL);
    expect_err(pInstall(&unknown, L"", all, 1, &err), WSAEINVAL);
    expect_err(pInstall(&unknown, PATH, all, ~0u, &err), WSAEFAULT);
    expect_err(pDeinstall(known, &err), WSANO_RECOVERY);
    expect_err(pDeinstall(&unknown, &err), WSAEINVAL);
    expect_err(pDeinstall(NULL, &err), WSAEINVAL);
    for (i = 0; i < count; i++) entries[i] = all[count - 1 - i].dwCatalogEntryId;
    expect_ret(pOrder(entries, count), WSANO_RECOVERY);
    expect_ret(pOrder(entries, count - 1), WSAEINVAL);
    expect_ret(pOrder(NULL, count), WSAEINVAL);
    entries[0] = entries[1];
    expect_ret(pOrder(entries, count), WSAEINVAL);
    if (!deadly("WSCUpdateProvider, bad pointers"))
    {
        expect_err(pUpdate(known, PATH, all, 1, &err), WSANO_RECOVERY);
        expect_err(pUpdate(&unknown, PATH, all, 1, &err), WSAEINVAL);
        expect_err(pUpdate(known, PATH, all, 0, &err), WSAEINVAL);
        for (i = 0; i < BAD; i++)
        {
            expect_err(pInstall(bad[i], PATH, all, 1, &err), WSAEFAULT);
            expect_err(pInstall(&unknown, bad[i], all, 1, &err), WSAEFAULT);
            expect_err(pInstall(&unknown, PATH, bad[i], 1, &err), WSAEFAULT);
            expect_last(pInstall(&unknown, PATH, all, 1, bad[i]), WSAEFAULT);
            expect_err(pUpdate(bad[i], PATH, all, 1, &err), WSAEFAULT);
            expect_err(pUpdate(known, bad[i], all, 1, &err), WSAEFAULT);
            expect_err(pUpdate(known, PATH, bad[i], 1, &err), WSAEFAULT);
            expect_last(pUpdate(known, PATH, all, 1, bad[i]), WSAEFAULT);
            expect_err(pDeinstall(bad[i], &err), WSAEINVAL);
            expect_last(pDeinstall(known, bad[i]), WSAEFAULT);
            expect_ret(pOrder(bad[i], count), WSAEINVAL);
        }
    }
    size = sizeof(list);
    ret = WSAEnumProtocolsW(NULL, list, &size);
    ok(ret == count && !memcmp(list, all, needed), "the catalog has changed\n");
}

static void test_name_spaces(void)
{
    int i;

    expect_last(pInstallNameSpace(L"name", PATH, NS_DNS, 1, &unknown), WSAEACCES);
    expect_last(pInstallNameSpace(L"", PATH, NS_DNS, 1, &unknown), WSAEINVAL);
    expect_last(pInstallNameSpace(NULL, PATH, NS_DNS, 1, &unknown), WSAEINVAL);
    expect_last(pUnInstallNameSpace(&dns), WSANO_RECOVERY);
    expect_last(pUnInstallNameSpace(&unknown), WSAEINVAL);
    expect_last(pEnable(&dns, FALSE), WSASYSCALLFAILURE);
    expect_last(pEnable(&unknown, TRUE), WSAEINVAL);
    if (deadly("WSCWriteNameSpaceOrder, bad pointers")) return;
    expect_ret(pNameSpaceOrder(&dns, 1), WSANO_RECOVERY);
    expect_ret(pNameSpaceOrder(&unknown, 1), WSAEINVAL);
    expect_ret(pNameSpaceOrder(&dns, 0), WSAEINVAL);
    expect_ret(pNameSpaceOrder(&dns, ~0u), WSAEFAULT);
    for (i = 0; i < BAD; i++)
    {
        expect_last(pInstallNameSpace(bad[i], PATH, NS_DNS, 1, &unknown), WSAEINVAL);
        expect_last(pInstallNameSpace(L"name", bad[i], NS_DNS, 1, &unknown), WSAEINVAL);
        expect_last(pInstallNameSpace(L"name", PATH, NS_DNS, 1, bad[i]), WSAEINVAL);
        expect_last(pUnInstallNameSpace(bad[i]), WSAEFAULT);
        expect_last(pEnable(bad[i], TRUE), WSAEFAULT);
        expect_ret(pNameSpaceOrder(bad[i], 1), WSAEFAULT);
        expect_ret(pNameSpaceOrder(bad[i], 2), WSAEFAULT);
    }
}

static void CALLBACK completed(DWORD error, DWORD size, OVERLAPPED *overlapped, DWORD flags)
{
    ok(0, "completed with %lu\n", error);
}

static void test_change(void)
{
    HANDLE handle = NULL, second = NULL, other = CreateSemaphoreW(NULL, 0, 5, NULL);
    OVERLAPPED overlapped = { .hEvent = CreateEventW(NULL, TRUE, TRUE, NULL) };
    DWORD flags;
    int i, ret;

    before();
    ret = WSAProviderConfigChange(&handle, NULL, NULL);
    todo_builtin ok(!ret && handle, "returned %d, error %d, handle %p\n", ret, WSAGetLastError(), handle);
    ret = WSAProviderConfigChange(&second, &overlapped, completed);
    todo_builtin ok(!ret && second && second != handle, "returned %d, handles %p, %p\n", ret, handle, second);
    todo_builtin ok(GetHandleInformation(second, &flags), "not a handle\n");
    expect_last(WSAProviderConfigChange(&handle, &overlapped, completed), WSA_IO_PENDING);
    todo_builtin ok(overlapped.Internal == 0x103, "status %#lx\n", (long)overlapped.Internal);
    todo_builtin ok(WaitForSingleObjectEx(overlapped.hEvent, 50, TRUE) == WAIT_TIMEOUT, "completed\n");
    expect_last(WSAProviderConfigChange(&handle, NULL, NULL), WSAEOPNOTSUPP);
    expect_last(WSAProviderConfigChange(&other, &overlapped, NULL), WSA_INVALID_HANDLE);
    expect_last(WSAProviderConfigChange(&overlapped.hEvent, &overlapped, NULL), WSA_INVALID_HANDLE);
    todo_builtin ok(CloseHandle(second), "not closed, error %lu\n", GetLastError());
    expect_last(WSAProviderConfigChange(&second, &overlapped, NULL), WSA_INVALID_HANDLE);
    second = (HANDLE)(ULONG_PTR)0xdeadbee0;
    expect_last(WSAProviderConfigChange(&second, &overlapped, NULL), WSA_INVALID_HANDLE);
    if (!deadly("bad pointers"))
        for (i = 0; i < BAD; i++)
        {
            expect_last(WSAProviderConfigChange(bad[i], &overlapped, NULL), WSAEFAULT);
            if (bad[i]) expect_last(WSAProviderConfigChange(&handle, bad[i], NULL), WSAEFAULT);
        }
    finish();
    handle = NULL;
    expect_last(WSAProviderConfigChange(&handle, NULL, NULL), WSANOTINITIALISED);
    ok(!handle, "a handle all the same\n");
    start(MAKEWORD(2, 2));
    CloseHandle(overlapped.hEvent);
    CloseHandle(other);
}

/* FALSE, with the last error. */
#define expect_false(call, error) \
    (before(), winetest_set_location(__FILE__, __LINE__), expect_false_(#call, call, error))
static void expect_false_(const char *call, BOOL ret, int error)
{
    int last = WSAGetLastError();

    winetest_ok(!ret, "%s succeeded\n", call);
    todo_builtin_if(last != error) winetest_ok(last == error, "%s left %d, expected %d\n", call, last, error);
}

static void test_qos_and_leaf(void)
{
    SOCKET s = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET };
    char name[16] = "G711";
    WSABUF buf = { sizeof(name), name };
    QOS qos;
    int i;

    expect_false(WSAGetQOSByName(s, &buf, &qos), WSAEOPNOTSUPP);
    expect_false(WSAGetQOSByName(INVALID_SOCKET, &buf, &qos), WSAENOTSOCK);
#define leaf(s, name, len) \
    (WSAJoinLeaf(s, (struct sockaddr *)(name), len, NULL, NULL, NULL, NULL, JL_BOTH) != INVALID_SOCKET)
    expect_false(leaf(s, &address, sizeof(address)), WSAEOPNOTSUPP);
    expect_false(leaf(s, &address, 1), WSAEFAULT);
    expect_false(leaf(s, &address, -1), WSAEFAULT);
    expect_false(leaf(INVALID_SOCKET, &address, sizeof(address)), WSAENOTSOCK);
    for (i = 0; i < BAD; i++)
    {
        expect_false(WSAGetQOSByName(s, bad[i], &qos), WSAEFAULT);
        expect_false(WSAGetQOSByName(s, &buf, bad[i]), WSAEFAULT);
        expect_false(leaf(s, bad[i], sizeof(address)), WSAEFAULT);
    }
    name[0] = 0;
    todo_builtin ok(WSAGetQOSByName(s, &buf, NULL) && !name[0], "cannot list the templates\n");
    finish();
    expect_false(WSAGetQOSByName(s, &buf, &qos), WSANOTINITIALISED);
    expect_false(leaf(s, &address, sizeof(address)), WSANOTINITIALISED);
    start(MAKEWORD(2, 2));
    closesocket(s);
#undef leaf
}

START_TEST(providers)
{
    if (elsewhere)
    {
        skip("Windows has a real catalog\n");
        return;
    }
    load();
    bad[1] = wild();
    bad[2] = (void *)(ULONG_PTR)16;
    test_enum();
    test_path();
    test_info();
    test_category();
    test_transports();
    test_name_spaces();
    start(MAKEWORD(2, 2));
    test_change();
    test_qos_and_leaf();
    finish();
    free_pages(bad[1]);
}
