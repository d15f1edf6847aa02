/*
 * See narrowed.h. The size of a list is counted here without addrinfoex_list.c's help, which aligns all to 8 bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "narrowed.h"
#include "block.h"
#include "shim.h"

#define HEAD 16                     /* bytes in front of a list */

int own_GetAddrInfoExA(const char *name, const char *service, DWORD name_space, GUID *provider, const ADDRINFOEXA *hints,
                       ADDRINFOEXA **result, struct timeval *timeout, OVERLAPPED *overlapped, void *completion,
                       HANDLE *handle);
void own_FreeAddrInfoEx(ADDRINFOEXA *list);
int own_WSAStartup(WORD version, WSADATA *data);
int own_WSACleanup(void);

static const char *asked_name, *asked_service;
static ADDRINFOEXW *given;
static ADDRINFOEXA *other;
static unsigned int given_back, others_back;

/* --- the platform --- */

static void check_text(const WCHAR *text, const char *expected)
{
    size_t i;

    if (!text != !expected)
        violation(text ? "a string comes from nowhere" : "a string is missing");
    for (i = 0; text && (text[i] || expected[i]); i++)
    {
        if (text[i] != (BYTE)expected[i])
            violation("character %zu of a string is wrong", i);
    }
}

/* As an operation keeps it: the copy's memory is just as large as is said, and the original is gone. */
static void check_kept(const WCHAR *name, const WCHAR *service)
{
    struct addrinfo_question question, kept;
    WCHAR *text;

    if (addrinfo_check(&question, name, service, NS_ALL, NULL, NULL))
        violation("a question is refused as a wide one");
    text = malloc(addrinfo_text_size(&question));
    addrinfo_keep(&kept, text, &question);
    memset(&question, 0, sizeof(question));
    if ((name && kept.name == name) || (service && kept.service == service))
        violation("what is kept is the caller's");
    check_text(kept.name, asked_name);
    check_text(kept.service, asked_service);
    free(text);
}

static int give(const WCHAR *name, const WCHAR *service, DWORD name_space, GUID *provider, const ADDRINFOEXW *hints,
                ADDRINFOEXW **result, struct timeval *timeout, OVERLAPPED *overlapped, void *routine, HANDLE *handle)
{
    check_text(name, asked_name);
    check_text(service, asked_service);
    check_kept(name, service);
    if (name_space != NS_DNS || provider || hints || timeout || overlapped || routine || handle)
        violation("the platform is asked something else");
    *result = given;
    return 0;
}

static void take_back(ADDRINFOEXW *list)
{
    if (list != given)
        violation("the platform gets another list back");
    given_back++;
}

static void take_other_back(ADDRINFOEXA *list)
{
    if (list != other)
        violation("the platform gets a list that it did not give");
    others_back++;
}

void narrow_begin(void)
{
    WSADATA data;

    if (own_WSAStartup(0x202, &data))
        violation("Winsock does not start");
    platform.GetAddrInfoExW = give;
    platform.FreeAddrInfoExW = take_back;
    platform.FreeAddrInfoEx = take_other_back;
}

void narrow_end(void)
{
    own_WSACleanup();
}

/* --- the list --- */

static size_t aligned(size_t size)
{
    return (size + 7) / 8 * 8;
}

static size_t narrow_size(const WCHAR *text)
{
    return text ? WideCharToMultiByte(CP_ACP, 0, text, -1, NULL, 0, NULL, NULL) : 0;
}

static size_t list_size(const ADDRINFOEXW *wide)
{
    size_t size = HEAD;

    for (; wide; wide = wide->ai_next)
        size += aligned(sizeof(ADDRINFOEXA)) + (wide->ai_addr ? aligned(wide->ai_addrlen) : 0)
                + aligned(narrow_size(wide->ai_canonname));
    return size;
}

static void check_entry(struct block *block, const ADDRINFOEXA *entry, const ADDRINFOEXW *wide)
{
    size_t size = narrow_size(wide->ai_canonname);
    char *expected;

    block_use(block, entry, sizeof(*entry), "an entry");
    if (entry->ai_flags != wide->ai_flags || entry->ai_family != wide->ai_family
        || entry->ai_socktype != wide->ai_socktype || entry->ai_protocol != wide->ai_protocol)
        violation("a number is wrong");
    if (entry->ai_blob || entry->ai_bloblen || entry->ai_provider)
        violation("something comes from nowhere");
    if (!entry->ai_addr != !wide->ai_addr || entry->ai_addrlen != (wide->ai_addr ? wide->ai_addrlen : 0))
        violation("an address has a wrong length");
    if (wide->ai_addr)
        block_use_bytes(block, entry->ai_addr, wide->ai_addr, wide->ai_addrlen, "an address");
    if (!entry->ai_canonname != !wide->ai_canonname)
        violation(wide->ai_canonname ? "a name is missing" : "a name comes from nowhere");
    if (((ULONG_PTR)entry | (ULONG_PTR)entry->ai_addr) % 8)
        violation("an entry or its address is not aligned");
    if (!wide->ai_canonname)
        return;
    expected = malloc(size);
    WideCharToMultiByte(CP_ACP, 0, wide->ai_canonname, -1, expected, size, NULL, NULL);
    block_use_bytes(block, entry->ai_canonname, expected, size, "a name");
    free(expected);
}

static void check_list(const ADDRINFOEXA *list, const ADDRINFOEXW *wide)
{
    size_t size = list_size(wide);
    struct block block = {(char *)list - HEAD, size, 0, calloc(size + 1, 1), 0};

    block_use(&block, block.at, HEAD, "the head");
    for (; list && wide; list = (const ADDRINFOEXA *)list->ai_next, wide = wide->ai_next)
        check_entry(&block, list, wide);
    if (list || wide)
        violation(list ? "there are entries too many" : "an entry is missing");
    free(block.used);
}

static int ask(const char *name, const char *service, ADDRINFOEXW *list, ADDRINFOEXA **result)
{
    int error;

    asked_name = name;
    asked_service = service;
    given = list;
    given_back = 0;
    *result = (ADDRINFOEXA *)1;
    error = own_GetAddrInfoExA(name, service, NS_DNS, NULL, NULL, result, NULL, NULL, NULL, NULL);
    if ((int)GetLastError() != error)
        violation("error %d, and the last one is %u", error, GetLastError());
    if (error && *result)
        violation("there is a list with error %d", error);
    return error;
}

void narrow_check(const char *name, const char *service, ADDRINFOEXW *list)
{
    unsigned int blocks = shim_blocks();
    int error, expected = 0;
    ADDRINFOEXA *result;

    if ((!name && !service) || (name && strlen(name) > ADDRINFO_TEXT_MAX))
        expected = WSAHOST_NOT_FOUND;
    else if (service && strlen(service) > ADDRINFO_TEXT_MAX)
        expected = WSATYPE_NOT_FOUND;
    if ((error = ask(name, service, list, &result)) != expected)
        violation("error %d instead of %d", error, expected);
    if (given_back != !error)
        violation("the platform gets its list back %u times", given_back);
    if (!error && !result != !list)
        violation("no list, or one from nowhere");
    if (result)
        check_list(result, list);
    own_FreeAddrInfoEx(result);
    if (shim_blocks() != blocks || others_back)
        violation("a list is not freed");
}

void narrow_check_without_memory(ADDRINFOEXW *list)
{
    ADDRINFOEXA *result;
    int error;

    shim_fail(FAIL_ALLOC, 1);
    error = ask("name", NULL, list, &result);
    shim_fail(FAIL_ALLOC, 0);
    if (error != WSA_NOT_ENOUGH_MEMORY || given_back != 1)
        violation("without memory: error %d, and %u times its list for the platform", error, given_back);
}

void narrow_check_other(void)
{
    ADDRINFOEXA list[2];            /* what is in front of it can be read */

    memset(list, 0, sizeof(list));
    other = &list[1];
    own_FreeAddrInfoEx(other);
    if (others_back != 1)
        violation("the platform gets its own list back %u times", others_back);
    others_back = 0;
}
