/*
 * The six WSAAsyncGetXbyY with arguments that are right: what fails at call time, what the one message carries, what
 * is copied, who gets it. Bad pointers and lengths are in badargs.c, the bytes of the results in flatten.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"

static HWND window;

/* One harmless call of each kind; none needs a name server. */
static HANDLE submit_host_by_name(HWND hwnd, UINT msg, void *buf, int len)
{
    return WSAAsyncGetHostByName(hwnd, msg, "127.0.0.1", buf, len);
}

static HANDLE submit_host_by_addr(HWND hwnd, UINT msg, void *buf, int len)
{
    return WSAAsyncGetHostByAddr(hwnd, msg, "\x7f\0\0\1", 4, AF_INET, buf, len);
}

static HANDLE submit_serv_by_name(HWND hwnd, UINT msg, void *buf, int len)
{
    return WSAAsyncGetServByName(hwnd, msg, "pop3", "tcp", buf, len);
}

static HANDLE submit_serv_by_port(HWND hwnd, UINT msg, void *buf, int len)
{
    return WSAAsyncGetServByPort(hwnd, msg, htons(53), "udp", buf, len);
}

static HANDLE submit_proto_by_name(HWND hwnd, UINT msg, void *buf, int len)
{
    return WSAAsyncGetProtoByName(hwnd, msg, "udp", buf, len);
}

static HANDLE submit_proto_by_number(HWND hwnd, UINT msg, void *buf, int len)
{
    return WSAAsyncGetProtoByNumber(hwnd, msg, 6, buf, len);
}

static const struct
{
    const char *name;
    HANDLE (*submit)(HWND, UINT, void *, int);
    int struct_size;
} calls[] =
{
    { "HostByName", submit_host_by_name, sizeof(struct hostent) },
    { "HostByAddr", submit_host_by_addr, sizeof(struct hostent) },
    { "ServByName", submit_serv_by_name, sizeof(struct servent) },
    { "ServByPort", submit_serv_by_port, sizeof(struct servent) },
    { "ProtoByName", submit_proto_by_name, sizeof(struct protoent) },
    { "ProtoByNumber", submit_proto_by_number, sizeof(struct protoent) },
};

static void test_not_started(const char *when)
{
    char buf[ARRAY_SIZE(calls)][MAXGETHOSTSTRUCT];
    HANDLE handle[ARRAY_SIZE(calls)];
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(calls); i++)
    {
        winetest_push_context("%s, %s", when, calls[i].name);
        memset(buf[i], FILL, sizeof(buf[i]));
        WSASetLastError(0xdead);
        handle[i] = calls[i].submit(window, DONE, buf[i], sizeof(buf[i]));
        todo_builtin expect_refused(handle[i], WSANOTINITIALISED);
        winetest_pop_context();
    }
    /* The builtin accepts and answers; its messages must not count for what follows. */
    for (i = 0; i < ARRAY_SIZE(calls); i++) if (handle[i]) take_completion(handle[i], NULL, PATIENCE);
    for (i = 0; ours && i < ARRAY_SIZE(calls); i++)
        ok(untouched(buf[i], sizeof(buf[i])), "%s wrote into the buffer\n", calls[i].name);
    expect_silence();
}

static void test_message(void)
{
    struct completion got;
    unsigned int i;
    char *buf;
    int len;

    for (i = 0; i < ARRAY_SIZE(calls); i++)
    {
        HANDLE handle;

        winetest_push_context("%s", calls[i].name);
        buf = walled(1024);
        WSASetLastError(0xdead);
        handle = calls[i].submit(window, DONE + 1 + i, buf, 1024);
        ok(handle != NULL, "not accepted, error %d\n", WSAGetLastError());
        ok(WSAGetLastError() == 0xdead || broken(1), "last error became %d\n", WSAGetLastError());
        ok((ULONG_PTR)handle <= 0xffff || broken(1), "handle %p has more than 16 bits\n", handle);
        if (expect_message(handle, &got))
        {
            ok(got.hwnd == window, "window %p, expected %p\n", got.hwnd, window);
            ok(got.msg == DONE + 1 + i, "message %#x\n", got.msg);
            ok(got.wparam == (ULONG_PTR)handle, "wparam %#Ix, handle %p\n", got.wparam, handle);
            ok(got.lparam > 0 && got.lparam <= 0xffff, "lparam %#Ix\n", got.lparam);
            len = WSAGETASYNCBUFLEN(got.lparam);
            ok(len > calls[i].struct_size && len < 1024, "length %d\n", len);
            ok(untouched(buf + len, 1024 - len), "bytes beyond the reported %d are written\n", len);
            ok(*(char **)buf > buf && *(char **)buf < buf + len, "name %p, buffer %p\n", *(char **)buf, buf);
        }
        free_pages(buf);
        winetest_pop_context();
    }
    expect_silence();
}

/* "Nothing else fails at call time": whatever is wrong but harmless gives a handle. */
static void test_always_accepted(void)
{
    unsigned int i;
    HANDLE handle;
    char buf[16];

    for (i = 0; i < ARRAY_SIZE(calls); i++)
    {
        winetest_push_context("%s", calls[i].name);
        ok(calls[i].submit(NULL, 0, NULL, 0) != NULL, "no window, message, buffer: error %d\n", WSAGetLastError());
        ok(calls[i].submit(NULL, DONE, buf, 0) != NULL, "no window, length 0: error %d\n", WSAGetLastError());
        handle = calls[i].submit(window, DONE, NULL, 0);
        ok(handle != NULL, "no buffer: error %d\n", WSAGetLastError());
        ok(expect_completion(handle, WSAENOBUFS, -1) > calls[i].struct_size, "no size in the message\n");
        winetest_pop_context();
    }
    handle = WSAAsyncGetServByPort(window, DONE, 0, NULL, NULL, 0);
    expect_completion(handle, WSANO_DATA, 0);
    handle = WSAAsyncGetServByName(window, DONE, "", "", NULL, 0);
    expect_completion(handle, WSANO_DATA, 0);
    expect_silence();
}

static void test_message_ids(void)
{
    static const UINT ids[] = { WM_NULL, WM_QUIT, WM_USER, WM_USER + 1, WM_APP - 1, 0xbfff, 0xc000, 0xffff };
    char buf[ARRAY_SIZE(ids)][256];
    HANDLE handle[ARRAY_SIZE(ids)];
    struct completion got;
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(ids); i++)
    {
        also_record(ids[i]);
        handle[i] = WSAAsyncGetProtoByNumber(window, ids[i], 6, buf[i], sizeof(buf[i]));
        ok(handle[i] != NULL, "message %#x: error %d\n", ids[i], WSAGetLastError());
    }
    for (i = 0; i < ARRAY_SIZE(ids); i++)
        if (expect_message(handle[i], &got)) ok(got.msg == ids[i], "message %#x, expected %#x\n", got.msg, ids[i]);
    expect_silence();
}

static void test_copies(void)
{
    char buf[MAXGETHOSTSTRUCT], *name, *proto, *addr;
    const struct protoent *protocol = (void *)buf;
    const struct servent *service = (void *)buf;
    const struct hostent *host = (void *)buf;
    HANDLE handle;

    /* Each argument ends at a wall, and its pages go away as soon as the call returns. */
    winetest_push_context("copied");
    strcpy(name = walled(5), "pop3");
    strcpy(proto = walled(4), "tcp");
    handle = by_service(window, name, proto, buf, sizeof(buf));
    free_pages(name);
    free_pages(proto);
    if (expect_completion(handle, 0, -1) > 0)
        ok(!strcmp(service->s_name, "pop3") && !strcmp(service->s_proto, "tcp"), "got %s/%s\n", service->s_name,
           service->s_proto);

    strcpy(proto = walled(4), "udp");
    handle = by_port(window, 69, proto, buf, sizeof(buf));
    free_pages(proto);
    if (expect_completion(handle, 0, -1) > 0)
        ok(!strcmp(service->s_name, "tftp") && !strcmp(service->s_proto, "udp"), "got %s/%s\n", service->s_name,
           service->s_proto);

    strcpy(name = walled(5), "icmp");
    handle = by_protocol(window, name, buf, sizeof(buf));
    free_pages(name);
    if (expect_completion(handle, 0, -1) > 0)
        ok(!strcmp(protocol->p_name, "icmp") && protocol->p_proto == 1, "got %s\n", protocol->p_name);

    strcpy(name = walled(8), "1.2.3.4");
    handle = by_name(window, name, buf, sizeof(buf));
    free_pages(name);
    if (expect_completion(handle, 0, -1) > 0)
        ok(!memcmp(host->h_addr_list[0], "\1\2\3\4", 4), "wrong address\n");

    memcpy(addr = walled(4), "\x7f\0\0\1", 4);
    handle = WSAAsyncGetHostByAddr(window, DONE, addr, 4, AF_INET, buf, sizeof(buf));
    free_pages(addr);
    if (expect_completion(handle, 0, -1) > 0)
        ok(!memcmp(host->h_addr_list[0], "\x7f\0\0\1", 4), "wrong address\n");
    winetest_pop_context();
    expect_silence();
}

static void test_arguments(void)
{
    char buf[MAXGETHOSTSTRUCT];
    const struct protoent *protocol = (void *)buf;
    const struct servent *service = (void *)buf;
    const struct hostent *host = (void *)buf;
    BOOL sign;

    winetest_push_context("no protocol");
    if (expect_completion(by_service(window, "ftp", NULL, buf, sizeof(buf)), 0, -1) > 0)
        ok(service->s_port == htons(21) && !strcmp(service->s_proto, "tcp"), "got %d/%s\n", ntohs(service->s_port),
           service->s_proto);
    if (expect_completion(by_port(window, 21, NULL, buf, sizeof(buf)), 0, -1) > 0)
        ok(!strcmp(service->s_name, "ftp"), "got %s\n", service->s_name);
    memset(buf, FILL, sizeof(buf));
    todo_builtin_if(!old_wine) expect_completion(by_service(window, "ftp", "", buf, sizeof(buf)), 0, -1);
    if (!untouched(buf, sizeof(buf))) ok(service->s_port == htons(21), "got %d\n", ntohs(service->s_port));
    memset(buf, FILL, sizeof(buf));
    todo_builtin_if(!old_wine) expect_completion(by_port(window, 21, "", buf, sizeof(buf)), 0, -1);
    if (!untouched(buf, sizeof(buf))) ok(!strcmp(service->s_name, "ftp"), "got %s\n", service->s_name);
    winetest_pop_context();

    /* Only 16 bits of a port count, however a program widened them. */
    winetest_push_context("port");
    /* The builtin knows one form of a high port: since Wine has a database of its own, the other one. */
    sign = getservbyport((short)htons(389), "tcp") != NULL;
    todo_builtin_if(sign)
    expect_completion(by_port(window, 389, "tcp", buf, sizeof(buf)), 0, -1);
    todo_builtin_if(!sign)
    expect_completion(WSAAsyncGetServByPort(window, DONE, (short)htons(389), "tcp", buf, sizeof(buf)), 0, -1);
    todo_builtin expect_completion(WSAAsyncGetServByPort(window, DONE, htons(21) | 0x70000, "tcp", buf, sizeof(buf)),
                                   0, -1);
    winetest_pop_context();

    winetest_push_context("none such");
    memset(buf, FILL, sizeof(buf));
    expect_completion(by_service(window, "nonesuch", "tcp", buf, sizeof(buf)), WSANO_DATA, 0);
    expect_completion(by_service(window, "ftp", "nonesuch", buf, sizeof(buf)), WSANO_DATA, 0);
    expect_completion(by_service(window, "", NULL, buf, sizeof(buf)), WSANO_DATA, 0);
    expect_completion(by_port(window, 8, NULL, buf, sizeof(buf)), WSANO_DATA, 0);    /* nowhere assigned */
    expect_completion(by_protocol(window, "nonesuch", buf, sizeof(buf)), WSANO_DATA, 0);
    expect_completion(by_protocol(window, "", buf, sizeof(buf)), WSANO_DATA, 0);
    expect_completion(by_number(window, 255, buf, sizeof(buf)), WSANO_DATA, 0);
    expect_completion(by_number(window, -1, buf, sizeof(buf)), WSANO_DATA, 0);
    ok(untouched(buf, sizeof(buf)), "the buffer is written although the lookup failed\n");
    winetest_pop_context();

    winetest_push_context("protocol");
    if (expect_completion(by_number(window, 17, buf, sizeof(buf)), 0, -1) > 0)
        ok(!strcmp(protocol->p_name, "udp"), "got %s\n", protocol->p_name);
    winetest_pop_context();

    winetest_push_context("this host");
    if (expect_completion(by_name(window, "", buf, sizeof(buf)), 0, -1) > 0)
        ok(host->h_length == 4 && host->h_addr_list[0], "no address\n");
    gethostname(buf, sizeof(buf));
    expect_completion(by_name(window, buf, buf, sizeof(buf)), 0, -1);
    winetest_pop_context();
    expect_silence();
}

/* The resolver's own errors arrive as they are; nothing of a failed lookup reaches the buffer. */
static void test_resolver_errors(void)
{
    static const char *const labels[] = { "nx", "nodata", "servfail", "h5.d20.nx" };
    char buf[MAXGETHOSTSTRUCT];
    const char *name;
    unsigned int i;
    int error;

    if (!names_available()) return;
    memset(buf, FILL, sizeof(buf));
    for (i = 0; i < ARRAY_SIZE(labels); i++)
    {
        winetest_push_context("%s", labels[i]);
        name = scripted(labels[i]);
        ok(!gethostbyname(name), "%s exists\n", name);
        error = WSAGetLastError();
        ok(error >= WSAHOST_NOT_FOUND && error <= WSANO_DATA, "error %d\n", error);
        expect_completion(by_name(window, name, buf, sizeof(buf)), error, 0);
        winetest_pop_context();
    }
    ok(!gethostbyaddr("\x0a\x07\0\1", 4, AF_INET), "10.7.0.1 has a name\n");
    error = WSAGetLastError();
    expect_completion(by_addr(window, "10.7.0.1", buf, sizeof(buf)), error, 0);
    ok(untouched(buf, sizeof(buf)), "the buffer is written although the lookup failed\n");
    expect_silence();
}

/* Many at once: different handles, each exactly one message, the right answer in the right buffer. */
static void test_many(void)
{
    enum { COUNT = 500 };
    static char buf[COUNT][128];
    static HANDLE handle[COUNT];
    int i, j, twice = 0;

    if (!names_available()) return;
    for (i = 0; i < COUNT; i++) handle[i] = by_name(window, scripted("h%d.d100", i + 256), buf[i], sizeof(buf[i]));
    for (i = 0; i < COUNT; i++) for (j = 0; j < i; j++) if (handle[i] == handle[j]) twice++;
    ok(!twice, "%d pairs of live requests share a handle\n", twice);
    for (i = 0; i < COUNT; i++)
    {
        const struct hostent *host = (void *)buf[i];

        winetest_push_context("request %d", i);
        if (expect_completion(handle[i], 0, -1) > 0)
            ok(*(ULONG *)host->h_addr_list[0] == htonl(0x0a010100 + i), "wrong address\n");
        winetest_pop_context();
    }
    expect_silence_after(200);
}

static DWORD WINAPI submit_elsewhere(void *buf)
{
    return (DWORD)(ULONG_PTR)by_number(window, 6, buf, 128);
}

static void test_threads(void)
{
    DWORD handle = 0;
    HANDLE thread;
    char buf[128];

    /* A thread that never had a message queue, and is gone before the answer is read. */
    thread = CreateThread(NULL, 0, submit_elsewhere, buf, 0, NULL);
    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &handle);
    CloseHandle(thread);
    expect_completion((HANDLE)(ULONG_PTR)handle, 0, -1);
    expect_silence();
}

/* In a process of its own, that has no worker yet: one at a time, each while all the others still hang. */
static void behind_hanging_ones(void)
{
    HANDLE hanging[3], handle;
    const char *never;
    int i;

    if (!names_available()) return;
    winetest_push_context("behind hanging lookups");
    for (i = 0; i < 3; i++)
    {
        hanging[i] = by_name(window, never = scripted("never.h%d", i), NULL, 0);
        ok(wait_asked(never), "lookup %d does not begin\n", i);
        if (i == 2) expect_cancel(hanging[2], 0);
        handle = by_name(window, scripted("h9"), NULL, 0);
        ok(take_completion(handle, NULL, PATIENCE / 3), "behind %d: does not run\n", i + 1);
    }
    for (i = 0; i < 2; i++) expect_cancel(hanging[i], 0);
    winetest_pop_context();
}

START_TEST(async)
{
    window = new_window();
    if (argument(1))
    {
        start(MAKEWORD(2, 2));
        behind_hanging_ones();
        finish();
        return;
    }
    test_not_started("before the start");
    start(MAKEWORD(2, 2));
    test_message();
    test_always_accepted();
    test_message_ids();
    test_copies();
    test_arguments();
    test_resolver_errors();
    test_many();
    test_threads();
    run_self("async behind");
    finish();
    test_not_started("after the cleanup");
    /* A start with an old version makes no difference to these calls. */
    start(MAKEWORD(1, 1));
    test_message();
    finish();
}
