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
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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

struct line                     /* grows; data is NULL until there is some, and for good once memory lacks */
{
    char *data;
    size_t length, room;
    int failed;
};

static void append(struct line *line, const char *format, ...)
{
    va_list args;
    char *grown;
    int length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || line->failed) return;
    if (line->length + length >= line->room)
    {
        grown = realloc(line->data, 2 * line->room + length + 1);
        if (!grown)
        {
            free(line->data);
            line->data = NULL;
            line->failed = 1;
            return;
        }
        line->data = grown;
        line->room = 2 * line->room + length + 1;
    }
    va_start(args, format);
    line->length += vsnprintf(line->data + line->length, line->room - line->length, format, args);
    va_end(args);
}

static void append_aliases(struct line *line, char **aliases)
{
    const char *before = " aliases: ";

    for (; aliases && *aliases; aliases++, before = ", ") append(line, "%s%s", before, *aliases);
}

static void append_address(struct line *line, const struct hostent *host, const char *address)
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
    append(line, " %s", text);
}

char *result_text(enum query_kind kind, const void *result)
{
    const struct hostent *host = result;
    const struct servent *service = result;
    const struct protoent *protocol = result;
    struct line line = { 0 };
    char **address;

    switch (kind)
    {
    case QUERY_HOST:
    case QUERY_ADDRESS:
        append(&line, "%s", host->h_name);
        for (address = host->h_addr_list; address && *address; address++)
            append_address(&line, host, *address);
        append_aliases(&line, host->h_aliases);
        break;
    case QUERY_SERVICE:
    case QUERY_PORT:
        append(&line, "%s %u/%s", service->s_name, ntohs(service->s_port), service->s_proto);
        append_aliases(&line, service->s_aliases);
        break;
    case QUERY_PROTOCOL:
    case QUERY_PROTOCOL_NUMBER:
        append(&line, "%s %d", protocol->p_name, protocol->p_proto);
        append_aliases(&line, protocol->p_aliases);
        break;
    }
    return line.data;
}

void print_result(enum query_kind kind, const void *result)
{
    char *text = result_text(kind, result);

    printf("%s", text ? text : "?");
    free(text);
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

static void append_file_version(struct line *line, HMODULE module)
{
    DWORD size = 0, i;
    const DWORD *words = find_resource(module, MAKEINTRESOURCEW(1), (const WCHAR *)RT_VERSION, &size);

    for (i = 0; words && i + 4 <= size / sizeof(*words); i++)
    {
        if (words[i] != 0xfeef04bd) continue;   /* a VS_FIXEDFILEINFO; its third and fourth are the version */
        append(line, ", file version %u.%u.%u.%u", HIWORD(words[i + 2]), LOWORD(words[i + 2]),
               HIWORD(words[i + 3]), LOWORD(words[i + 3]));
        return;
    }
    append(line, ", without a version");
}

static const char *wine_version(void)
{
    const char *(CDECL *version)(void);

    version = (void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version");
    return version ? version() : NULL;
}

/* What is ours says so itself; NULL: another. */
static const char *marker(HMODULE module, DWORD *size)
{
    return find_resource(module, MAKEINTRESOURCEW(1), L"WSASYNC", size);
}

char *which_text(void)
{
    HMODULE module = imported_module();
    const char *wine = wine_version(), *mark;
    struct line line = { 0 };
    DWORD size = 0;

    if ((mark = marker(module, &size))) append(&line, "%.*s", (int)size, mark);
    else if (wine) append(&line, "Wine's builtin");
    else append(&line, "Windows'");
    if (!mark) append_file_version(&line, module);
    if (wine) append(&line, ", Wine %s", wine);
    return line.data;
}

void print_which(void)
{
    char path[MAX_PATH] = "", system[MAX_PATH] = "", *text = which_text();
    HMODULE module = imported_module();
    DWORD size = 0;

    GetModuleFileNameA(module, path, sizeof(path) - 1);
    GetSystemDirectoryA(system, sizeof(system));
    printf("ws2_32: %s, %s\n", text ? text : "?", path);
    free(text);
    if (!marker(module, &size) && wine_version() && _strnicmp(path, system, strlen(system)))
        printf("        (not the file at that path: Wine took its own. Set WINEDLLOVERRIDES=ws2_32=n,b)\n");
    fflush(stdout);
}
