/*
 * Service classes, name-space providers, and that nothing can be registered. Beside namespace.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "namespace.h"

#define EXPECT(error, call) \
    do { int ret_, got_, wanted_ = error; WSASetLastError(0xdead); ret_ = (call); got_ = ret_ ? WSAGetLastError() : 0; \
         todo_builtin_if(got_ != wanted_ || (ret_ && ret_ != SOCKET_ERROR)) \
         ok(got_ == wanted_ && (!ret_ || ret_ == SOCKET_ERROR), "returned %d, error %d, expected %d\n", ret_, \
            got_, wanted_); \
    } while (0)

static struct { GUID *id; const char *name; } classes[] =
{
    {&by_hostname, "SVCID_HOSTNAME"}, {&by_address, "SVCID_INET_HOSTADDRBYINETSTRING"},
    {&by_service_name, "SVCID_INET_SERVICEBYNAME"}, {&by_host, "SVCID_INET_HOSTADDRBYNAME"},
};

static GUID unknown = {0x00021234, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};

static int get_info(GUID *provider, GUID *class, DWORD *size, void *info, BOOL ansi)
{
    return ansi ? WSAGetServiceClassInfoA(provider, class, size, info)
                : WSAGetServiceClassInfoW(provider, class, size, info);
}

static int get_name(GUID *class, void *name, DWORD *length, BOOL ansi)
{
    return ansi ? WSAGetServiceClassNameByClassIdA(class, name, length)
                : WSAGetServiceClassNameByClassIdW(class, name, length);
}

/* All sizes up to one more than needed, in memory that ends there, at two alignments. */
static void test_class(GUID *id, const char *expected, BOOL ansi)
{
    size_t chars = strlen(expected) + 1, width = ansi ? 1 : sizeof(WCHAR);
    DWORD needed = sizeof(WSASERVICECLASSINFOW) + sizeof(GUID) + chars * width, size, length, i;
    WSASERVICECLASSINFOW info;
    char *buf;

    for (i = 0; i <= needed + 1 && ours; i++)
    {
        size = i;
        buf = walled(i);
        if (i < needed)
        {
            EXPECT(WSAEFAULT, get_info(&dns_provider, id, &size, buf, ansi));
            ok(size == needed && untouched(buf, i), "size %lu of %lu\n", size, needed);
        }
        else
        {
            EXPECT(0, get_info(&dns_provider, id, &size, buf, ansi));
            memcpy(&info, buf, sizeof(info));
            ok(!memcmp(info.lpServiceClassId, id, sizeof(*id)) && !info.dwCount && !info.lpClassInfos,
               "another class\n");
            ok(ansi ? !strcmp((char *)info.lpszServiceClassName, expected)
                    : !memcmp(info.lpszServiceClassName, wide(expected), 2 * chars), "another name\n");
            ok(untouched(buf + needed, i - needed), "written beyond\n");
        }
        free_pages(buf);
    }
    for (i = 0; i <= chars + 1; i++)
    {
        length = i;
        buf = walled(i * width);
        EXPECT(i < chars ? WSAEFAULT : 0, get_name(id, buf, &length, ansi));
        todo_builtin_if(length != chars) ok(length == chars, "length %lu of %lu\n", length, (DWORD)chars);
        if (i < chars) ok(untouched(buf, i * width), "written although too short\n");
        else todo_builtin ok(ansi ? !strcmp(buf, expected) : !memcmp(buf, wide(expected), 2 * chars), "another name\n");
        free_pages(buf);
    }
}

void test_not_started(void)
{
    WSASERVICECLASSINFOW info = { .lpServiceClassId = &unknown };
    DWORD size = 100, ansi;
    char buf[100];

    for (ansi = 0; ansi < 2; ansi++)
    {
        EXPECT(WSANOTINITIALISED, get_info(&dns_provider, &by_host, &size, buf, ansi));
        EXPECT(WSANOTINITIALISED, get_name(&by_host, buf, &size, ansi));
    }
    EXPECT(WSANOTINITIALISED, WSAInstallServiceClassW(&info));
    EXPECT(WSANOTINITIALISED, WSAInstallServiceClassA((void *)&info));
    EXPECT(WSANOTINITIALISED, WSARemoveServiceClass(&unknown));
    if (ours) EXPECT(WSANOTINITIALISED, WSANSPIoctl(NULL, 0, NULL, 0, NULL, 0, &size, NULL));
}

void test_classes(void)
{
    char buf[300];
    void *no = wild();
    DWORD size;
    unsigned int i, ansi;

    for (ansi = 0; ansi < 2; ansi++)
    {
        for (i = 0; i < ARRAY_SIZE(classes); i++) test_class(classes[i].id, classes[i].name, ansi);
        size = sizeof(buf);
        EXPECT(WSATYPE_NOT_FOUND, get_info(&dns_provider, &unknown, &size, buf, ansi));
        EXPECT(WSAEINVAL, get_info(&unknown, &by_host, &size, buf, ansi));
        EXPECT(WSAEINVAL, get_info(NULL, &by_host, &size, buf, ansi));
        EXPECT(WSAEINVAL, get_info(&dns_provider, NULL, &size, buf, ansi));
        EXPECT(WSAEINVAL, get_info(&dns_provider, &by_host, NULL, buf, ansi));
        EXPECT(WSAEINVAL, get_info(&dns_provider, &by_host, &size, NULL, ansi));
        EXPECT(WSAEFAULT, get_info(no, &by_host, &size, buf, ansi));
        EXPECT(WSAEFAULT, get_info(&dns_provider, no, &size, buf, ansi));
        EXPECT(WSAEFAULT, get_info(&dns_provider, &by_host, no, buf, ansi));
        EXPECT(WSAEFAULT, get_info(&dns_provider, &by_host, &size, no, ansi));
        size = sizeof(buf) / 2;
        EXPECT(WSATYPE_NOT_FOUND, get_name(&unknown, buf, &size, ansi));
        EXPECT(WSA_INVALID_PARAMETER, get_name(NULL, buf, &size, ansi));
        EXPECT(WSAEFAULT, get_name(no, buf, &size, ansi));
        EXPECT(WSAEFAULT, get_name(&by_host, buf, NULL, ansi));
        EXPECT(WSAEFAULT, get_name(&by_host, buf, no, ansi));
        EXPECT(WSAEFAULT, get_name(&by_host, NULL, &size, ansi));
        EXPECT(WSAEFAULT, get_name(&by_host, no, &size, ansi));
    }
    free_pages(no);
}

static INT (WSAAPI *providers_of(const char *name))(DWORD *, void *)
{
    return (void *)GetProcAddress(GetModuleHandleA("ws2_32.dll"), name);
}

static void test_provider_list(const char *function, size_t head, BOOL ansi)
{
    INT (WSAAPI *enumerate)(DWORD *, void *) = providers_of(function);
    DWORD needed = head + (ansi ? 6 : 12), size, i;
    WSANAMESPACE_INFOEXW info;
    void *no = wild();
    char *buf;
    int ret;

    winetest_push_context("%s", function);
    todo_builtin_if(!enumerate) ok(enumerate != NULL, "not there\n");
    for (i = 0; enumerate && i <= needed + 1; i++)
    {
        size = i;
        /* what the size says counts, though there be more */
        buf = walled(i == needed - 1 ? needed : i);
        WSASetLastError(0xdead);
        ret = enumerate(&size, buf);
        if (i < needed)
        {
            todo_builtin ok(ret == SOCKET_ERROR && WSAGetLastError() == WSAEFAULT && size == needed,
                            "returned %d\n", ret);
            ok(untouched(buf, i == needed - 1 ? needed : i), "written although too short\n");
            free_pages(buf);
            continue;
        }
        todo_builtin ok(ret == 1, "returned %d, error %d\n", ret, WSAGetLastError());
        if (ret == 1)
        {
            memset(&info, 0, sizeof(info));
            memcpy(&info, buf, head);
            ok(IsEqualGUID(&info.NSProviderId, &dns_provider) && info.dwNameSpace == NS_DNS && info.fActive
               && !info.dwVersion && !info.ProviderSpecific.cbSize, "another provider\n");
            ok(ansi ? !strcmp((char *)info.lpszIdentifier, "Tcpip") : !memcmp(info.lpszIdentifier, L"Tcpip", 12),
               "another name\n");
            ok((char *)info.lpszIdentifier == buf + head && untouched(buf + needed, i - needed), "beyond\n");
        }
        free_pages(buf);
    }
    if (enumerate && ours)
    {
        size = 1000;
        EXPECT(WSAEFAULT, enumerate(&size, NULL));
        ok(size == needed, "size %lu\n", size);
        size = 1000;
        EXPECT(WSAEFAULT, enumerate(&size, no));
        EXPECT(WSAEFAULT, enumerate(NULL, &info));
        EXPECT(WSAEFAULT, enumerate(no, &info));
    }
    free_pages(no);
    winetest_pop_context();
}

void test_providers(void)
{
    test_provider_list("WSAEnumNameSpaceProvidersA", sizeof(WSANAMESPACE_INFOA), TRUE);
    test_provider_list("WSAEnumNameSpaceProvidersW", sizeof(WSANAMESPACE_INFOW), FALSE);
    test_provider_list("WSAEnumNameSpaceProvidersExA", sizeof(WSANAMESPACE_INFOEXA), TRUE);
    test_provider_list("WSAEnumNameSpaceProvidersExW", sizeof(WSANAMESPACE_INFOEXW), FALSE);
}

static int install(void *info, BOOL ansi)
{
    return ansi ? WSAInstallServiceClassA(info) : WSAInstallServiceClassW(info);
}

static int set_service(void *set, int operation, BOOL ansi)
{
    return ansi ? WSASetServiceA(set, operation, 0) : WSASetServiceW(set, operation, 0);
}

void test_registering(void)
{
    WSASERVICECLASSINFOW info, class = {&unknown, (WCHAR *)L"class", 0, NULL};
    WSAQUERYSETW set, service = {.dwSize = sizeof(service), .lpServiceClassId = &unknown, .dwNameSpace = NS_DNS};
    void *no = wild();
    unsigned int ansi;

    for (ansi = 0; ansi < 2; ansi++)
    {
        info = class;
        EXPECT(WSAEACCES, install(&info, ansi));
        info.lpServiceClassId = &by_host;
        EXPECT(WSAEALREADY, install(&info, ansi));
        if (!deadly("classes to install that are no good"))
        {
            EXPECT(WSAEINVAL, install(NULL, ansi));
            EXPECT(WSAEFAULT, install(no, ansi));
#define CLASS(member, value, error) (info = class, info.member = (value)); EXPECT(error, install(&info, ansi))
            CLASS(lpServiceClassId, NULL, WSAEINVAL);
            CLASS(lpServiceClassId, no, WSAEFAULT);
            CLASS(lpszServiceClassName, NULL, WSAEINVAL);
            CLASS(lpszServiceClassName, no, WSAEFAULT);
            CLASS(dwCount, 1, WSAEINVAL);
            info.lpClassInfos = no;
            EXPECT(WSAEFAULT, install(&info, ansi));
            info.dwCount = ~0u;
            EXPECT(WSAEFAULT, install(&info, ansi));
        }

        for (int operation = RNRSERVICE_REGISTER; operation <= RNRSERVICE_DELETE; operation++)
            EXPECT(operation ? WSASERVICE_NOT_FOUND : WSAEOPNOTSUPP, set_service(&service, operation, ansi));
        EXPECT(WSAEINVAL, set_service(&service, -1, ansi));
        EXPECT(WSAEINVAL, set_service(&service, RNRSERVICE_DELETE + 1, ansi));
        EXPECT(WSAEINVAL, set_service(NULL, RNRSERVICE_REGISTER, ansi));
        EXPECT(WSAEFAULT, set_service(no, RNRSERVICE_REGISTER, ansi));
#define SET(member, value, error) \
        (set = service, set.member = (value)); EXPECT(error, set_service(&set, RNRSERVICE_REGISTER, ansi))
        SET(dwSize, sizeof(set) - 1, WSAEINVAL);
        SET(lpServiceClassId, NULL, WSAEINVAL);
        SET(lpServiceClassId, no, WSAEFAULT);
        SET(lpNSProviderId, no, WSAEFAULT);
        SET(lpNSProviderId, &unknown, WSAEINVAL);
        SET(lpNSProviderId, &dns_provider, WSAEOPNOTSUPP);
        SET(dwNameSpace, NS_ALL, WSAEOPNOTSUPP);
        SET(dwNameSpace, NS_NTDS, WSASERVICE_NOT_FOUND);
    }
    EXPECT(WSATYPE_NOT_FOUND, WSARemoveServiceClass(&unknown));
    EXPECT(WSAEACCES, WSARemoveServiceClass(&by_host));
    EXPECT(WSAEINVAL, WSARemoveServiceClass(NULL));
    EXPECT(WSAEFAULT, WSARemoveServiceClass(no));
    free_pages(no);
}
