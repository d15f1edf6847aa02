/*
 * The jump table of our DLL, in its two states: before the process sets its first hook, and again after the last cleanup,
 * the exported functions jump to the platform's own; in between to ours, which check. It knows how the exported functions
 * are made, and which need no check.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scene.h"
#include "image.h"

/* Ours at all times: what the platform lacks or does otherwise, and what changes the mode of a socket. */
static const char *const own[] =
{
    "WEP", "WSAAsyncGetHostByAddr", "WSAAsyncGetHostByName", "WSAAsyncGetProtoByName", "WSAAsyncGetProtoByNumber",
    "WSAAsyncGetServByName", "WSAAsyncGetServByPort", "WSACancelAsyncRequest", "WSACancelBlockingCall", "WSACleanup",
    "WSAIsBlocking", "WSASetBlockingHook", "WSAStartup", "WSAUnhookBlockingHook", "WSApSetPostRoutine",
    "WSAConnectByList", "WSAConnectByNameA", "WSAConnectByNameW", "WSAGetQOSByName", "WSAJoinLeaf",
    "WSAProviderConfigChange",
    "WSCDeinstallProvider", "WSCEnableNSProvider", "WSCEnumProtocols", "WSCGetApplicationCategory", "WSCGetProviderInfo",
    "WSCGetProviderPath", "WSCInstallNameSpace", "WSCInstallProvider", "WSCSetApplicationCategory",
    "WSCUnInstallNameSpace", "WSCUpdateProvider", "WSCWriteNameSpaceOrder", "WSCWriteProviderOrder",
    "WSAEnumNameSpaceProvidersA", "WSAEnumNameSpaceProvidersExA", "WSAEnumNameSpaceProvidersExW",
    "WSAEnumNameSpaceProvidersW", "WSAGetServiceClassInfoA", "WSAGetServiceClassInfoW", "WSAGetServiceClassNameByClassIdA",
    "WSAGetServiceClassNameByClassIdW", "WSAInstallServiceClassA", "WSAInstallServiceClassW", "WSALookupServiceBeginA",
    "WSALookupServiceBeginW", "WSALookupServiceEnd", "WSALookupServiceNextA", "WSALookupServiceNextW", "WSANSPIoctl",
    "WSARemoveServiceClass", "WSASetServiceA", "WSASetServiceW",
    "FreeAddrInfoEx", "GetAddrInfoExA", "GetAddrInfoExCancel", "GetAddrInfoExOverlappedResult", "GetAddrInfoExW",
    "WSAAccept", "WSAAsyncSelect", "WSADuplicateSocketA", "WSADuplicateSocketW", "WSAEventSelect", "WSAIoctl",
    "WSASocketA", "WSASocketW", "accept", "closesocket", "getprotobyname", "getprotobynumber", "getservbyname",
    "getservbyport", "ioctlsocket", "socket",
};

/* The platform's at all times: they may be called from a hook. */
static const char *const not_checked[] =
{
    "FreeAddrInfoEx", "FreeAddrInfoExW", "FreeAddrInfoW", "GetAddrInfoExCancel", "GetAddrInfoExOverlappedResult",
    "InetNtopW", "InetPtonW", "WPUCompleteOverlappedRequest", "WSAAddressToStringA", "WSAAddressToStringW",
    "WSACloseEvent", "WSACreateEvent", "WSAGetLastError", "WSAHtonl", "WSAHtons", "WSANtohl", "WSANtohs",
    "WSAResetEvent", "WSASetEvent", "WSASetLastError", "WSAStringToAddressA", "WSAStringToAddressW",
    "WSAWaitForMultipleEvents", "__WSAFDIsSet", "freeaddrinfo", "inet_addr", "inet_ntoa", "inet_ntop", "inet_pton",
};

/* They do what they do on the spot. */
static const char *const no_slot[] = { "htonl", "htons", "ntohl", "ntohs" };

enum state { IDLE, CHECKING };

static enum state state;
static HMODULE platform;
static unsigned int ours_seen, theirs_seen;

static BOOL among(const char *const *names, unsigned int count, const char *name)
{
    while (count) if (!strcmp(names[--count], name)) return TRUE;
    return FALSE;
}

/* What the function jumps through; NULL if it does not begin with an indirect jump. */
static void **slot_of(void *function)
{
    const BYTE *code = function;
    LONG operand;

    if (code[0] != 0xff || code[1] != 0x25) return NULL;
    memcpy(&operand, code + 2, sizeof(operand));
#ifdef __x86_64__
    return (void **)(code + 6 + operand);
#else
    return (void **)operand;
#endif
}

static BOOL check_slot(const char *name, DWORD ordinal, void *function, void *context)
{
    void **slot = slot_of(function), *theirs = (void *)GetProcAddress(platform, name);
    BOOL checked = state == CHECKING && strncmp(name, "WSC", 3) && !among(not_checked, ARRAY_SIZE(not_checked), name);

    if (among(no_slot, ARRAY_SIZE(no_slot), name))
    {
        ok(!slot, "%s jumps through a slot\n", name);
        return TRUE;
    }
    if (!slot || image_of(slot) != winsock())
    {
        ok(0, "%s does not jump through a slot of the DLL\n", name);
        return TRUE;
    }
    if (!theirs || among(own, ARRAY_SIZE(own), name) || checked)
    {
        ours_seen++;
        ok(image_of(*slot) == winsock(), "%s leads to %p, not into the DLL\n", name, *slot);
    }
    else
    {
        theirs_seen++;
        ok(*slot == theirs, "%s leads to %p, not to the platform's %p\n", name, *slot, theirs);
    }
    return TRUE;
}

#define expect_state(expected, when) expect_state_(expected, when)
static void expect_state_(enum state expected, const char *when)
{
    static unsigned int idle_theirs;

    if (!ours) return;
    winetest_push_context("%s", when);
    state = expected;
    ours_seen = theirs_seen = 0;
    each_export(winsock(), check_slot, NULL);
    ok(ours_seen + theirs_seen > 100, "only %u exports\n", ours_seen + theirs_seen);
    if (expected == IDLE) idle_theirs = theirs_seen;
    else ok(theirs_seen < idle_theirs && theirs_seen > 20, "%u of %u are not checked\n", theirs_seen, idle_theirs);
    winetest_pop_context();
}

static BOOL CALLBACK idle_hook(void)
{
    return FALSE;
}

static FARPROC set_hook(void)
{
    FARPROC previous = WSASetBlockingHook((FARPROC)(void *)idle_hook);

    ok(previous != NULL, "error %d\n", WSAGetLastError());
    return previous;
}

/* The functions work in either state. */
static void expect_work(void)
{
    SOCKET pair[2];
    char buf[8];

    if (!scene_pair(pair)) return;
    ok(send(pair[0], "work", 4, 0) == 4, "send: error %d\n", WSAGetLastError());
    ok(recv(pair[1], buf, sizeof(buf), 0) == 4, "recv: error %d\n", WSAGetLastError());
    ok(htons(0x0102) == 0x0201, "htons is wrong\n");
    ok(getprotobynumber(6) != NULL, "getprotobynumber: error %d\n", WSAGetLastError());
    closesocket(pair[0]);
    closesocket(pair[1]);
    ok(recv(pair[0], buf, sizeof(buf), 0) == SOCKET_ERROR && says_no_socket(WSAGetLastError()), "error %d\n",
       WSAGetLastError());
}

static void test_states(void)
{
    FARPROC previous;
    unsigned int i;

    expect_state(IDLE, "not started");
    start(MAKEWORD(2, 2));
    expect_state(IDLE, "version 2");
    previous = WSASetBlockingHook((FARPROC)(void *)idle_hook);
    todo_builtin ok(!previous && WSAGetLastError() == WSAEOPNOTSUPP, "version 2: %p, error %d\n", previous,
                    WSAGetLastError());
    expect_state(IDLE, "a hook refused");
    expect_work();
    finish();

    start(MAKEWORD(1, 1));
    expect_state(IDLE, "version 1");
    previous = WSASetBlockingHook(NULL);
    todo_builtin ok(!previous && WSAGetLastError() == WSAEFAULT, "NULL: %p, error %d\n", previous, WSAGetLastError());
    expect_state(IDLE, "NULL for a hook");
    ok(!WSAUnhookBlockingHook(), "error %d\n", WSAGetLastError());
    ok(!WSAIsBlocking(), "blocking\n");
    WSACancelBlockingCall();
    expect_state(IDLE, "unhooked, though nothing was hooked");
    expect_work();

    set_hook();
    expect_state(CHECKING, "hooked");
    expect_work();
    set_hook();
    expect_state(CHECKING, "hooked again");
    start(MAKEWORD(1, 1));
    finish();
    expect_state(CHECKING, "a cleanup that is not the last");
    ok(!WSAUnhookBlockingHook(), "error %d\n", WSAGetLastError());
    expect_work();
    set_hook();
    expect_state(CHECKING, "hooked after unhooking");
    finish();
    expect_state(IDLE, "cleaned up");
    previous = WSASetBlockingHook((FARPROC)(void *)idle_hook);
    todo_builtin ok(!previous && WSAGetLastError() == WSANOTINITIALISED, "not started: %p, error %d\n", previous,
                    WSAGetLastError());
    expect_state(IDLE, "a hook without a start");

    for (i = 0; i < 5; i++)
    {
        start(MAKEWORD(1, 1));
        expect_state(IDLE, "started again");
        set_hook();
        expect_state(CHECKING, "hooked again");
        expect_work();
        finish();
        expect_state(IDLE, "cleaned up again");
    }
}

static void end_winsock(struct scene *scene)
{
    WSACleanup();
}

/* A call that goes on under the last cleanup comes back through what was taken out. */
static void test_cleanup_under_call(enum call call)
{
    struct scene scene;

    winetest_push_context("cleanup under %s", call_names[call]);
    start(MAKEWORD(1, 1));
    if (old_wine && deadly("it ends no call")) finish();
    else if (set_scene(&scene, call))
    {
        scene.help = end_winsock;
        perform_elsewhere(&scene);
        WaitForSingleObject(scene.called, ours ? PATIENCE : 10);
        if (ours)
        {
            expect_state(CHECKING, "before");
            finish();
            expect_state(IDLE, "after");
        }
        ok(wait_end(&scene), "the call stays\n");
        ok(WSACleanup() == SOCKET_ERROR, "not cleaned up\n");
        end_scene(&scene);
        expect_state(IDLE, "when it is over");
    }
    winetest_pop_context();
}

static volatile LONG hammer_rounds, hammer_failures, hammer_stop;
static LONG hammer_error;

static void note(BOOL good)
{
    if (good) return;
    hammer_error = WSAGetLastError();
    InterlockedIncrement(&hammer_failures);
}

/* What these do does not depend on what the main thread does. */
static DWORD WINAPI hammer_thread(void *arg)
{
    struct timeval none = { 0, 0 };
    char buf[64];
    u_long value = 1;

    while (!hammer_stop)
    {
        note(recv(INVALID_SOCKET, buf, sizeof(buf), 0) == SOCKET_ERROR
             && (says_no_socket(WSAGetLastError()) || WSAGetLastError() == WSANOTINITIALISED));
        note(ntohl(htonl(0x01020304)) == 0x01020304);
        note(ioctlsocket(INVALID_SOCKET, FIONREAD, &value) == SOCKET_ERROR && says_no_socket(WSAGetLastError()));
        note(!gethostname(buf, sizeof(buf)));
        note(select(0, NULL, NULL, NULL, &none) == SOCKET_ERROR && WSAGetLastError() == WSAEINVAL);
        note(!WSAIsBlocking());
        InterlockedIncrement(&hammer_rounds);
    }
    return 0;
}

/* The slots change under threads that jump through them. */
static void test_changes(void)
{
    enum { THREADS = 3, ROUNDS = 200 };
    HANDLE threads[THREADS];
    unsigned int i, round;
    LONG before;

    winetest_push_context("changes");
    hammer_rounds = hammer_stop = 0;
    for (i = 0; i < THREADS; i++) threads[i] = CreateThread(NULL, 0, hammer_thread, NULL, 0, NULL);
    for (round = 0; round < ROUNDS; round++)
    {
        start(MAKEWORD(1, 1));
        set_hook();
        for (before = hammer_rounds; hammer_rounds == before;) SwitchToThread();
        finish();
    }
    hammer_stop = TRUE;
    for (i = 0; i < THREADS; i++)
    {
        ok(WaitForSingleObject(threads[i], PATIENCE) == WAIT_OBJECT_0, "a thread hangs\n");
        CloseHandle(threads[i]);
    }
    ok(!hammer_failures, "%ld calls failed in another way, error %ld\n", hammer_failures, hammer_error);
    winetest_pop_context();
    expect_state(IDLE, "after many changes");
}

START_TEST(slots)
{
    WCHAR path[MAX_PATH];

    /* by its path: its name is another now, and that Wine 10 does not find */
    GetSystemDirectoryW(path, ARRAY_SIZE(path));
    lstrcatW(path, L"\\ws2_32.dll");
    platform = LoadLibraryW(path);
    if (ours) ok(platform && !is_ours(platform), "no module of the platform's\n");
    else skip("the builtin has no table\n");
    test_states();
    test_cleanup_under_call(RECV);
    test_cleanup_under_call(SELECT);
    test_cleanup_under_call(ACCEPT);
    test_cleanup_under_call(CONNECT);
    test_changes();
}
