/*
 * GetAddrInfoEx: checks and copies of what is asked, and the lists that come back. A list of the wide form is the
 * platform's, from its allocator; one of the other form is ours, made of such a list. Knows no thread and no state.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "addrinfoex.h"

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

#define ALIGNMENT 8                 /* of what lies in a list of ours */
#define MARK ((ULONG_PTR)0x6b8d2f31)

struct list_head                    /* in front of a list of ours, all in one piece */
{
    ULONG_PTR mark;                 /* MARK and its own address: nobody else's memory has that */
    ULONG_PTR padding;
};

/* The provider of DNS names, as Windows has it. */
static const GUID dns_provider = {0x22059d40, 0x7e9e, 0x11cf, {0xae, 0x5a, 0x00, 0xaa, 0x00, 0xa7, 0x11, 0x2b}};

/* The length of a string, any pointer, into `length`; `absent` is the error of one that is too long to be the name of
 * anything. NULL is no string. */
static int check_string(const WCHAR *string, int *length, int absent)
{
    *length = 0;
    if (!string)
        return 0;
    if ((*length = memory_wide_length(string, ADDRINFO_TEXT_MAX + 1)) < 0)
        return WSAEFAULT;
    return *length > ADDRINFO_TEXT_MAX ? absent : 0;
}

/* Checks the arguments, any pointers, that say what is asked. The question refers to the caller's strings. Returns 0,
 * or WSAEFAULT, what cannot be read; WSAHOST_NOT_FOUND, neither name nor service (observed on Windows), or too long a
 * name; WSATYPE_NOT_FOUND, too long a service; WSASERVICE_NOT_FOUND, a name space or provider that is not DNS's;
 * WSANO_RECOVERY, hints with a member that must be 0. (MS Learn) */
int addrinfo_check(struct addrinfo_question *question, const WCHAR *name, const WCHAR *service, DWORD name_space,
                   const GUID *provider, const ADDRINFOEXW *hints)
{
    int error;

    memset(question, 0, sizeof(*question));
    if (!name && !service)
        return WSAHOST_NOT_FOUND;
    if (provider && !memory_readable(provider, sizeof(*provider)))
        return WSAEFAULT;
    if ((name_space != NS_DNS && name_space != NS_ALL)
        || (provider && memcmp(provider, &dns_provider, sizeof(dns_provider))))
        return WSASERVICE_NOT_FOUND;
    if (hints)
    {
        if (!memory_readable(hints, sizeof(*hints)))
            return WSAEFAULT;
        if (hints->ai_addrlen || hints->ai_canonname || hints->ai_addr || hints->ai_next)
            return WSANO_RECOVERY;
        question->hinted = TRUE;
        question->hints.ai_flags = hints->ai_flags;
        question->hints.ai_family = hints->ai_family;
        question->hints.ai_socktype = hints->ai_socktype;
        question->hints.ai_protocol = hints->ai_protocol;
    }
    if ((error = check_string(name, &question->name_length, WSAHOST_NOT_FOUND))
        || (error = check_string(service, &question->service_length, WSATYPE_NOT_FOUND)))
        return error;
    question->name = name;
    question->service = service;
    return 0;
}

/* A timeout, any pointer, in milliseconds: INFINITE for NULL, 49 days at most. Returns 0, WSAEFAULT, or WSAEINVAL
 * where it is no time. (The texts say milliseconds, the type is of seconds and microseconds: so they are taken.) */
int addrinfo_check_timeout(const struct timeval *timeout, DWORD *ms)
{
    ULONGLONG wait;
    long sec, usec;

    *ms = INFINITE;
    if (!timeout)
        return 0;
    if (!memory_readable(timeout, sizeof(*timeout)))
        return WSAEFAULT;
    sec = timeout->tv_sec;
    usec = timeout->tv_usec;
    if (sec < 0 || usec < 0 || usec >= 1000000)
        return WSAEINVAL;
    wait = (ULONGLONG)sec * 1000 + (usec + 999) / 1000;
    *ms = min(wait, INFINITE - 1);
    return 0;
}

/* The bytes that addrinfo_keep() needs for the strings. */
size_t addrinfo_text_size(const struct addrinfo_question *question)
{
    return (question->name_length + question->service_length + 2) * sizeof(WCHAR);
}

static const WCHAR *keep_string(WCHAR **text, const WCHAR *string, int length)
{
    WCHAR *copy = *text;

    if (!string)
        return NULL;
    memcpy(copy, string, length * sizeof(WCHAR));
    copy[length] = 0;
    *text += length + 1;
    return copy;
}

/* Copies a question, its strings to `text`. */
void addrinfo_keep(struct addrinfo_question *copy, WCHAR *text, const struct addrinfo_question *question)
{
    *copy = *question;
    copy->name = keep_string(&text, question->name, question->name_length);
    copy->service = keep_string(&text, question->service, question->service_length);
}

/* Asks the platform, and waits for the answer. Returns the error; without one the caller owes the platform's
 * FreeAddrInfoExW for `list`. */
int addrinfo_ask(const struct addrinfo_question *question, ADDRINFOEXW **list)
{
    int error;

    *list = NULL;
    error = platform.GetAddrInfoExW(question->name, question->service, NS_DNS, NULL,
                                    question->hinted ? &question->hints : NULL, list, NULL, NULL, NULL, NULL);
    if (error)
        *list = NULL;
    /* the C library's, where Wine has no other for it (observed, 8.0: an address of a family that is not there) */
    return error < 0 ? WSAHOST_NOT_FOUND : error;
}

/* Whether there is something to wait for: a name that is no address. */
BOOL addrinfo_needs_server(const struct addrinfo_question *question)
{
    /* not by GetAddrInfoExW: an old Wine's takes no hints */
    static const struct addrinfoW numeric = {.ai_flags = AI_NUMERICHOST};
    struct addrinfoW *list;

    if (!question->name)
        return FALSE;
    if (!platform.GetAddrInfoW || !platform.FreeAddrInfoW
        || platform.GetAddrInfoW(question->name, NULL, &numeric, &list))
        return TRUE;
    platform.FreeAddrInfoW(list);
    return FALSE;
}

/* For traces: valid for a short while. Only of a question that was kept. */
const char *debugstr_question(const struct addrinfo_question *question)
{
    return wine_dbg_sprintf("host %s, service %s", debugstr_w(question->name), debugstr_w(question->service));
}

static size_t aligned(size_t size)
{
    return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static const ADDRINFOEXW *next_wide(const ADDRINFOEXW *at)
{
    return (const ADDRINFOEXW *)at->ai_next;
}

/* The bytes of a wide string in the system's code page, with the end. */
static int narrow_size(const WCHAR *string)
{
    return WideCharToMultiByte(CP_ACP, 0, string, -1, NULL, 0, NULL, NULL);
}

/* A list of ours with what the wide one has; NULL without memory. DNS gives neither blob nor provider. */
static ADDRINFOEXA *make_narrow(const ADDRINFOEXW *wide)
{
    size_t size = sizeof(struct list_head);
    struct list_head *head;
    ADDRINFOEXA *first = NULL, *last = NULL, *entry;
    const ADDRINFOEXW *at;
    char *free;
    int length;

    for (at = wide; at; at = next_wide(at))
        size += aligned(sizeof(*entry)) + aligned(at->ai_addr ? at->ai_addrlen : 0)
                + aligned(at->ai_canonname ? narrow_size(at->ai_canonname) : 0);
    if (!(head = memory_alloc(size)))
        return NULL;
    head->mark = MARK ^ (ULONG_PTR)head;
    free = (char *)(head + 1);
    for (at = wide; at; at = next_wide(at))
    {
        entry = (ADDRINFOEXA *)free;
        free += aligned(sizeof(*entry));
        entry->ai_flags = at->ai_flags;
        entry->ai_family = at->ai_family;
        entry->ai_socktype = at->ai_socktype;
        entry->ai_protocol = at->ai_protocol;
        if (at->ai_addr)
        {
            entry->ai_addr = (struct sockaddr *)free;
            entry->ai_addrlen = at->ai_addrlen;
            memcpy(free, at->ai_addr, at->ai_addrlen);
            free += aligned(at->ai_addrlen);
        }
        if (at->ai_canonname)
        {
            length = narrow_size(at->ai_canonname);
            WideCharToMultiByte(CP_ACP, 0, at->ai_canonname, -1, free, length, NULL, NULL);
            entry->ai_canonname = free;
            free += aligned(length);
        }
        if (last)
            last->ai_next = (void *)entry;
        else
            first = entry;
        last = entry;
    }
    return first;
}

/* A string, any pointer, made wide in `wide`, which has room for it; NULL is no string. `absent` as above. */
static int widen(const char *string, WCHAR *wide, const WCHAR **result, int absent)
{
    int length;

    *result = NULL;
    if (!string)
        return 0;
    if ((length = memory_string_length(string, ADDRINFO_TEXT_MAX + 1)) < 0)
        return WSAEFAULT;
    if (length > ADDRINFO_TEXT_MAX)
        return absent;
    wide[MultiByteToWideChar(CP_ACP, 0, string, length, wide, ADDRINFO_TEXT_MAX)] = 0;
    *result = wide;
    return 0;
}

static int ask_narrow(const char *name, const char *service, DWORD name_space, const GUID *provider,
                      const ADDRINFOEXA *hints, ADDRINFOEXA **result)
{
    WCHAR name_text[ADDRINFO_TEXT_MAX + 1], service_text[ADDRINFO_TEXT_MAX + 1];
    const WCHAR *wide_name, *wide_service;
    struct addrinfo_question question;
    ADDRINFOEXW *list;
    int error;

    if (!platform.GetAddrInfoExW || !platform.FreeAddrInfoExW)
        return WSAEOPNOTSUPP;
    if ((error = widen(name, name_text, &wide_name, WSAHOST_NOT_FOUND))
        || (error = widen(service, service_text, &wide_service, WSATYPE_NOT_FOUND)))
        return error;
    /* the two structures differ in what a string of theirs points to, and here that must be NULL */
    if ((error = addrinfo_check(&question, wide_name, wide_service, name_space, provider, (const ADDRINFOEXW *)hints)))
        return error;
    TRACE("%s\n", debugstr_question(&question));
    if ((error = addrinfo_ask(&question, &list)))
        return error;
    if (list && !(*result = make_narrow(list)))
        error = WSA_NOT_ENOUGH_MEMORY;
    platform.FreeAddrInfoExW(list);
    return error;
}

/***********************************************************************
 *              GetAddrInfoExA      (WS2_32.@)
 *
 * As GetAddrInfoExW, in the system's code page, and always while the caller waits: the last four arguments are
 * reserved, and must be NULL. `result` any pointer; NULL is stored there on failure. Returns the error, also as last
 * error: that of GetAddrInfoExW; WSAEINVAL, a reserved argument; WSAEOPNOTSUPP, the platform cannot. The list is freed
 * by FreeAddrInfoEx. (MS Learn)
 */
int WINAPI own_GetAddrInfoExA(const char *name, const char *service, DWORD name_space, GUID *provider,
                              const ADDRINFOEXA *hints, ADDRINFOEXA **result, struct timeval *timeout,
                              OVERLAPPED *overlapped, void *completion, HANDLE *handle)
{
    BOOL writable = memory_writable(result, sizeof(*result));
    int error;

    if (writable)
        *result = NULL;
    if (!startup_done() && !platform_calls(__builtin_return_address(0)))
        error = WSANOTINITIALISED;
    else if (timeout || overlapped || completion || handle)
        error = WSAEINVAL;
    else if (!writable)
        error = WSAEFAULT;
    else
        error = ask_narrow(name, service, name_space, provider, hints, result);
    if (error)
        WARN("error %d\n", error);
    SetLastError(error);
    return error;
}

/***********************************************************************
 *              FreeAddrInfoEx      (WS2_32.@)
 *
 * Frees a list of GetAddrInfoExA, from its first entry. NULL, and what cannot be read, is nothing; any other list is
 * left to the platform, since programs give those of GetAddrInfoExW, too. (MS Learn; the last: ours)
 */
void WINAPI own_FreeAddrInfoEx(ADDRINFOEXA *list)
{
    struct list_head *head;

    if (!list || !memory_readable(list, sizeof(*list)))
        return;
    head = (struct list_head *)list - 1;
    if (memory_readable(head, sizeof(*head)) && head->mark == (MARK ^ (ULONG_PTR)head))
    {
        head->mark = 0;
        memory_free(head);
    }
    else if (platform.FreeAddrInfoEx)
        platform.FreeAddrInfoEx(list);
}
