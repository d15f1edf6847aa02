/*
 * Implementation of wsresolve_print.h. Knows the layouts of Winsock's results, the names of its errors, and
 * how a loaded ws2_32 is told from another: by what the image holds, never by its path.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wsresolve_print.h"

#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <stdio.h>

static const struct
{
    int error;
    const char *name;
} errors[] =
{
    { 0, "OK" },
#define ERROR_NAME(name) { name, #name }
    ERROR_NAME(WSAEINTR), ERROR_NAME(WSAEACCES), ERROR_NAME(WSAEFAULT), ERROR_NAME(WSAEINVAL),
    ERROR_NAME(WSAEMFILE), ERROR_NAME(WSAEWOULDBLOCK), ERROR_NAME(WSAEINPROGRESS), ERROR_NAME(WSAEALREADY),
    ERROR_NAME(WSAEPROTONOSUPPORT), ERROR_NAME(WSAEOPNOTSUPP), ERROR_NAME(WSAEAFNOSUPPORT),
    ERROR_NAME(WSAENETDOWN), ERROR_NAME(WSAENETUNREACH), ERROR_NAME(WSAENOBUFS), ERROR_NAME(WSAESHUTDOWN),
    ERROR_NAME(WSAETIMEDOUT), ERROR_NAME(WSASYSNOTREADY), ERROR_NAME(WSAVERNOTSUPPORTED),
    ERROR_NAME(WSANOTINITIALISED), ERROR_NAME(WSAHOST_NOT_FOUND), ERROR_NAME(WSATRY_AGAIN),
    ERROR_NAME(WSANO_RECOVERY), ERROR_NAME(WSANO_DATA)
#undef ERROR_NAME
};

const char *error_name(int error)
{
    static char number[24];
    unsigned int i;

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i].error == error) return errors[i].name;
    sprintf(number, "error %d", error);
    return number;
}

static void print_aliases(char **aliases)
{
    const char *before = " aliases: ";

    for (; aliases && *aliases; aliases++, before = ", ") printf("%s%s", before, *aliases);
}

static void print_address(const struct hostent *host, const char *address)
{
    union
    {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } name = { { 0 } };
    char text[64];

    name.any.sa_family = host->h_addrtype;
    if (host->h_addrtype == AF_INET6) memcpy(&name.v6.sin6_addr, address, sizeof(name.v6.sin6_addr));
    else memcpy(&name.v4.sin_addr, address, sizeof(name.v4.sin_addr));
    if (getnameinfo(&name.any, sizeof(name), text, sizeof(text), NULL, 0, NI_NUMERICHOST)) strcpy(text, "?");
    printf(" %s", text);
}

void print_result(enum query_kind kind, const void *result)
{
    const struct hostent *host = result;
    const struct servent *service = result;
    const struct protoent *protocol = result;
    char **address;

    switch (kind)
    {
    case QUERY_HOST:
    case QUERY_ADDRESS:
        printf("%s", host->h_name);
        for (address = host->h_addr_list; address && *address; address++) print_address(host, *address);
        print_aliases(host->h_aliases);
        break;
    case QUERY_SERVICE:
    case QUERY_PORT:
        printf("%s %u/%s", service->s_name, ntohs(service->s_port), service->s_proto);
        print_aliases(service->s_aliases);
        break;
    case QUERY_PROTOCOL:
    case QUERY_PROTOCOL_NUMBER:
        printf("%s %d", protocol->p_name, protocol->p_proto);
        print_aliases(protocol->p_aliases);
        break;
    }
}

/* The module that the program's imports are bound to: a search by name could find another one. */
static HMODULE imported_module(void)
{
    HMODULE module = NULL;

    GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                       (const char *)WSACancelAsyncRequest, &module);
    return module;
}

static const void *find_resource(HMODULE module, const WCHAR *name, const WCHAR *type, DWORD *size)
{
    HRSRC resource = FindResourceW(module, name, type);

    if (!resource) return NULL;
    *size = SizeofResource(module, resource);
    return LockResource(LoadResource(module, resource));
}

static void print_file_version(HMODULE module)
{
    DWORD size = 0, i;
    const DWORD *words = find_resource(module, MAKEINTRESOURCEW(1), (const WCHAR *)RT_VERSION, &size);

    for (i = 0; words && i + 4 <= size / sizeof(*words); i++)
    {
        if (words[i] != 0xfeef04bd) continue;   /* a VS_FIXEDFILEINFO; its third and fourth are the version */
        printf(", file version %u.%u.%u.%u", HIWORD(words[i + 2]), LOWORD(words[i + 2]), HIWORD(words[i + 3]),
               LOWORD(words[i + 3]));
        return;
    }
    printf(", without a version");
}

void print_which(void)
{
    const char *(CDECL *wine_version)(void);
    char path[MAX_PATH] = "", system[MAX_PATH] = "";
    HMODULE module = imported_module();
    const char *marker;
    DWORD size = 0;

    wine_version = (void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version");
    marker = find_resource(module, MAKEINTRESOURCEW(1), L"WSASYNC", &size);
    GetModuleFileNameA(module, path, sizeof(path) - 1);
    GetSystemDirectoryA(system, sizeof(system));

    printf("ws2_32: ");
    if (marker) printf("%.*s", (int)size, marker);
    else if (wine_version) printf("Wine's builtin");
    else printf("Windows'");
    if (!marker) print_file_version(module);
    if (wine_version) printf(", Wine %s", wine_version());
    printf(", %s\n", path);
    if (!marker && wine_version && _strnicmp(path, system, strlen(system)))
        printf("        (not the file at that path: Wine took its own. Set WINEDLLOVERRIDES=ws2_32=n,b)\n");
    fflush(stdout);
}
