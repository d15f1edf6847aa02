/*
 * Which calls are made with the hook: the blocking mode of a socket is followed through all calls that change it; and
 * which calls never are. Where sockets come from, and crowds of them, is modes_history.c's. It knows the documented API
 * only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "modes.h"

enum { BRIEF = 60 };                    /* ms that a plain call blocks */

static const char *const mode_names[] = { "hooked", "plain", "non-blocking", "undecided" };
static DWORD calls_slot;

/* --- what a call on a socket is --- */

static void __attribute__((constructor)) prepare(void)
{
    calls_slot = TlsAlloc();
}

static BOOL CALLBACK cancelling_hook(void)
{
    TlsSetValue(calls_slot, (char *)TlsGetValue(calls_slot) + 1);
    WSACancelBlockingCall();
    return FALSE;
}

void use_hook(void)
{
    ok(WSASetBlockingHook((FARPROC)(void *)cancelling_hook) != NULL, "hook not set, error %d\n", WSAGetLastError());
}

LONG hook_calls(void)
{
    LONG_PTR calls = (LONG_PTR)TlsGetValue(calls_slot);

    TlsSetValue(calls_slot, NULL);
    return calls;
}

enum mode mode_of(SOCKET s)
{
    DWORD timeout = BRIEF;
    int ret, error;
    char byte;
    LONG calls;

    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, (char *)&timeout, sizeof(timeout));
    hook_calls();
    ret = recv(s, &byte, 1, 0);
    error = ret == SOCKET_ERROR ? WSAGetLastError() : 0;
    calls = hook_calls();
    if (error == WSAEINTR && calls) return HOOKED;
    if ((error == WSAETIMEDOUT || ret == 1) && !calls) return PLAIN;
    if (error == WSAEWOULDBLOCK && !calls) return NONBLOCKING;
    trace("recv returned %d, error %d, %ld calls\n", ret, error, calls);
    return UNDECIDED;
}

struct knock
{
    SOCKET s;
    HANDLE over;
};

static DWORD WINAPI knock_thread(void *arg)
{
    struct knock *knock = arg;
    struct sockaddr_in address;
    int len = sizeof(address);

    if (WaitForSingleObject(knock->over, 2 * BRIEF) != WAIT_TIMEOUT) return 0;
    getsockname(knock->s, (struct sockaddr *)&address, &len);
    sendto(knock->s, "k", 1, 0, (struct sockaddr *)&address, len);
    return 0;
}

void expect_mode_(SOCKET s, enum mode mode)
{
    struct knock knock = { s, NULL };
    HANDLE thread = NULL;
    enum mode got;

    /* Wine's plain recv minds no timeout on a socket that is not for overlapped use. */
    if (mode == PLAIN)
    {
        knock.over = CreateEventW(NULL, TRUE, FALSE, NULL);
        thread = CreateThread(NULL, 0, knock_thread, &knock, 0, NULL);
    }
    got = mode_of(s);
    if (thread)
    {
        SetEvent(knock.over);
        WaitForSingleObject(thread, INFINITE);
        CloseHandle(thread);
        CloseHandle(knock.over);
    }
    todo_builtin_if(mode == HOOKED)
    winetest_ok(got == mode, "%s, expected %s\n", mode_names[got], mode_names[mode]);
}

SOCKET bind_it(SOCKET s)
{
    struct sockaddr_in address = { .sin_family = AF_INET };

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ok(!bind(s, (struct sockaddr *)&address, sizeof(address)), "bind: error %d\n", WSAGetLastError());
    return s;
}

SOCKET datagram_socket(void)
{
    return bind_it(socket(AF_INET, SOCK_DGRAM, 0));
}

int set_fionbio(SOCKET s, u_long value)
{
    return ioctlsocket(s, FIONBIO, &value);
}

/* --- calls that change the mode, and calls that fail to --- */

static void test_fionbio(void)
{
    static const u_long values[] = { 1, 2, 0x100, 0x80000000, ~0u };
    SOCKET s = datagram_socket(), closed = datagram_socket();
    WSAOVERLAPPED overlapped = { .hEvent = CreateEventW(NULL, TRUE, FALSE, NULL) };
    u_long value, *reserved = wild();
    enum mode mode;
    unsigned int i;
    DWORD size;

    winetest_push_context("FIONBIO");
    expect_mode(s, HOOKED);
    for (i = 0; i < ARRAY_SIZE(values); i++)
    {
        ok(!set_fionbio(s, values[i]), "%#lx: error %d\n", values[i], WSAGetLastError());
        expect_mode(s, NONBLOCKING);
        ok(!set_fionbio(s, 0), "error %d\n", WSAGetLastError());
        expect_mode(s, HOOKED);

        value = values[i];
        ok(!WSAIoctl(s, FIONBIO, &value, sizeof(value), NULL, 0, &size, NULL, NULL), "error %d\n", WSAGetLastError());
        expect_mode(s, NONBLOCKING);
        value = 0;
        ok(!WSAIoctl(s, FIONBIO, &value, sizeof(value), NULL, 0, &size, i & 1 ? &overlapped : NULL, NULL),
           "error %d\n", WSAGetLastError());
        expect_mode(s, HOOKED);
    }

    /* What fails changes nothing, in whichever mode. */
    closesocket(closed);
    if (old_wine) skip("an old Wine's FIONBIO succeeds on anything, or crashes\n");
    for (value = 0; value < 2 && !old_wine; value++)
    {
        u_long other = !value;

        winetest_push_context("%s", value ? "non-blocking" : "blocking");
        mode = value ? NONBLOCKING : HOOKED;
        ok(!set_fionbio(s, value), "error %d\n", WSAGetLastError());
#define FAILS(call) ok(call == SOCKET_ERROR, #call " succeeds\n"); expect_mode(s, mode);
        FAILS(ioctlsocket(s, FIONBIO, NULL))
        FAILS(ioctlsocket(s, FIONBIO, (u_long *)0x10))
        FAILS(ioctlsocket(s, 0x1234, &other))
        FAILS(ioctlsocket(closed, FIONBIO, &other))
        FAILS(ioctlsocket(INVALID_SOCKET, FIONBIO, &other))
        FAILS(ioctlsocket((SOCKET)overlapped.hEvent, FIONBIO, &other))
        FAILS(WSAIoctl(s, FIONBIO, &other, 1, NULL, 0, &size, NULL, NULL))
        FAILS(WSAIoctl(s, FIONBIO, &other, sizeof(other), NULL, 0, NULL, NULL, NULL))
        FAILS(WSAIoctl(s, FIONBIO, NULL, 0, NULL, 0, &size, NULL, NULL))
        FAILS(WSAIoctl(closed, FIONBIO, &other, sizeof(other), NULL, 0, &size, NULL, NULL))
        FAILS(WSAEventSelect(s, NULL, FD_READ))
        FAILS(WSAEventSelect(closed, overlapped.hEvent, FD_READ))
        FAILS(WSAAsyncSelect(closed, GetDesktopWindow(), DONE, FD_READ))
        if (sizeof(void *) == 8)        /* where i386 is emulated, Wine itself does not survive these */
        {
            FAILS(ioctlsocket(s, FIONBIO, reserved))
            FAILS(WSAIoctl(s, FIONBIO, reserved, sizeof(other), NULL, 0, &size, NULL, NULL))
        }
#undef FAILS
        ok(!ioctlsocket(s, FIONREAD, &other), "error %d\n", WSAGetLastError());
        expect_mode(s, mode);
        winetest_pop_context();
    }
    closesocket(s);
    free_pages(reserved);
    CloseHandle(overlapped.hEvent);
    winetest_pop_context();
}

static void test_selects(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    HWND window = new_window();
    SOCKET s = datagram_socket();
    unsigned int i;

    winetest_push_context("WSAEventSelect");
    for (i = 0; i < 2; i++)
    {
        ok(!WSAEventSelect(s, event, FD_READ), "error %d\n", WSAGetLastError());
        expect_mode(s, NONBLOCKING);
        ok(set_fionbio(s, 0) == SOCKET_ERROR, "blocking, though events are asked for\n");
        expect_mode(s, NONBLOCKING);
        ok(!WSAEventSelect(s, i ? NULL : event, 0), "error %d\n", WSAGetLastError());
        expect_mode(s, NONBLOCKING);
        ok(!set_fionbio(s, 0), "error %d\n", WSAGetLastError());
        expect_mode(s, HOOKED);
    }
    ok(!WSAEventSelect(s, NULL, 0), "error %d\n", WSAGetLastError());
    expect_mode(s, NONBLOCKING);
    ok(!set_fionbio(s, 0), "error %d\n", WSAGetLastError());
    expect_mode(s, HOOKED);
    winetest_pop_context();

    winetest_push_context("WSAAsyncSelect");
    ok(!WSAAsyncSelect(s, window, DONE, FD_READ), "error %d\n", WSAGetLastError());
    expect_mode(s, NONBLOCKING);
    ok(set_fionbio(s, 0) == SOCKET_ERROR, "blocking, though messages are asked for\n");
    expect_mode(s, NONBLOCKING);
    ok(!WSAAsyncSelect(s, window, 0, 0), "error %d\n", WSAGetLastError());
    expect_mode(s, NONBLOCKING);
    ok(!set_fionbio(s, 0), "error %d\n", WSAGetLastError());
    expect_mode(s, HOOKED);
    ok(!WSAAsyncSelect(s, window, DONE, 0), "error %d\n", WSAGetLastError());
    expect_mode(s, NONBLOCKING);
    winetest_pop_context();
    closesocket(s);
    DestroyWindow(window);
    CloseHandle(event);
}

/* --- calls without the hook --- */

static SOCKET locked_socket;
static enum mode locked_mode;
static BOOL locked_found;
static int locked_selected;
static LONG locked_calls;

static int short_select(SOCKET s)
{
    struct timeval timeout = { 0, BRIEF * 1000 };
    fd_set set;

    FD_ZERO(&set);
    FD_SET(s, &set);
    return select(0, &set, NULL, NULL, &timeout);
}

static void with_lock(void)
{
    locked_mode = mode_of(locked_socket);
    locked_found = gethostbyname(scripted("h1.d%u", BRIEF)) != NULL;
    locked_selected = short_select(locked_socket);
    locked_calls = hook_calls();
}

static void test_loader_lock(void)
{
    HMODULE module = LoadLibraryA("loaderlock.dll");
    void (*when_unloaded)(void (*)(void));

    if (!names_available()) return;
    winetest_push_context("in a DllMain");
    ok(module != NULL, "no loaderlock.dll, error %lu\n", GetLastError());
    when_unloaded = module ? (void *)GetProcAddress(module, "call_when_unloaded") : NULL;
    if (when_unloaded)
    {
        locked_mode = UNDECIDED;
        locked_socket = datagram_socket();
        when_unloaded(with_lock);
        FreeLibrary(module);
        ok(locked_mode == PLAIN, "recv is %s\n", mode_names[locked_mode]);
        ok(locked_found, "gethostbyname fails\n");
        ok(locked_selected == 0, "select returned %d\n", locked_selected);
        ok(!locked_calls, "%ld calls of the hook\n", locked_calls);
        expect_mode(locked_socket, HOOKED);
        closesocket(locked_socket);
    }
    winetest_pop_context();
}

struct delayed
{
    void (*function)(struct scene *);
    struct scene *scene;
};

static DWORD WINAPI delayed_thread(void *arg)
{
    struct delayed *delayed = arg;

    Sleep(BRIEF);                       /* until the call at hand blocks: nothing tells */
    delayed->function(delayed->scene);
    return 0;
}

/* `call` blocks until release(scene), and is made without the hook. */
#define UNHOOKED(call, result) do { \
        struct delayed delayed = { release, &scene }; \
        HANDLE thread = CreateThread(NULL, 0, delayed_thread, &delayed, 0, NULL); \
        hook_calls(); \
        ret = call; \
        ok(result, #call " returned %Id, error %d\n", ret, WSAGetLastError()); \
        ok(!hook_calls(), #call " calls the hook\n"); \
        WaitForSingleObject(thread, INFINITE); \
        CloseHandle(thread); \
    } while (0)

static void test_winsock2(void)
{
    struct addrinfo *info = NULL, hints = { .ai_family = AF_INET };
    struct sockaddr_in address = { .sin_family = AF_INET };
    struct addrinfoW *wide = NULL;
    WSAOVERLAPPED overlapped = { .hEvent = WSACreateEvent() };      /* without, an old Wine waits for ever */
    char name[NI_MAXHOST];
    WCHAR wide_name[128];
    struct scene scene;
    DWORD size, flags = 0;
    WSAPOLLFD poll;
    WSABUF buffer;
    LONG_PTR ret;
    HANDLE event;

    winetest_push_context("Winsock 2");
    if (!set_scene(&scene, RECV)) return;
    buffer.buf = scene.buf;
    buffer.len = 1;
    UNHOOKED(WSARecv(scene.s, &buffer, 1, &size, &flags, NULL, NULL), !ret && size == 1);
    UNHOOKED(WSARecvFrom(scene.s, &buffer, 1, &size, &flags, NULL, NULL, NULL, NULL), !ret && size == 1);
    poll.fd = scene.s;
    poll.events = POLLRDNORM;
    UNHOOKED(WSAPoll(&poll, 1, PATIENCE), ret == 1);
    recv(scene.s, scene.buf, scene.size, 0);
    ret = WSARecv(scene.s, &buffer, 1, &size, &flags, &overlapped, NULL);
    ok(ret == SOCKET_ERROR && WSAGetLastError() == WSA_IO_PENDING, "got %Id, error %d\n", ret, WSAGetLastError());
    UNHOOKED(WSAGetOverlappedResult(scene.s, &overlapped, &size, TRUE, &flags), ret && size == 1);
    WSACloseEvent(overlapped.hEvent);
    event = WSACreateEvent();
    ret = WSAWaitForMultipleEvents(1, &event, TRUE, BRIEF, FALSE);
    ok(ret == WSA_WAIT_TIMEOUT && !hook_calls(), "WSAWaitForMultipleEvents calls the hook, returned %Id\n", ret);
    WSACloseEvent(event);
    end_scene(&scene);

    set_scene(&scene, ACCEPT);
    UNHOOKED(WSAAccept(scene.s, NULL, NULL, NULL, 0), ret > 0);
    closesocket(ret);
    end_scene(&scene);
    set_scene(&scene, CONNECT);
    UNHOOKED(WSAConnect(scene.s, (struct sockaddr *)&scene.address, sizeof(scene.address), NULL, NULL, NULL, NULL),
             !ret);
    end_scene(&scene);
    set_scene(&scene, SEND);
    buffer.buf = scene.buf;
    buffer.len = scene.size;
    UNHOOKED(WSASend(scene.s, &buffer, 1, &size, 0, NULL, NULL), ret == SOCKET_ERROR);
    end_scene(&scene);

    if (set_name_scene(&scene, BRIEF))
    {
        hook_calls();
        ok(!getaddrinfo(scene.name, NULL, &hints, &info), "getaddrinfo: error %d\n", WSAGetLastError());
        ok(!hook_calls(), "getaddrinfo calls the hook\n");
        freeaddrinfo(info);
        MultiByteToWideChar(CP_ACP, 0, scripted("h1.d%u", BRIEF), -1, wide_name, ARRAY_SIZE(wide_name));
        ok(!GetAddrInfoW(wide_name, NULL, NULL, &wide), "GetAddrInfoW: error %d\n", WSAGetLastError());
        ok(!hook_calls(), "GetAddrInfoW calls the hook\n");
        FreeAddrInfoW(wide);
        address.sin_addr.s_addr = htonl(0x0a090000 + BRIEF);
        ok(!getnameinfo((struct sockaddr *)&address, sizeof(address), name, sizeof(name), NULL, 0, NI_NAMEREQD),
           "getnameinfo: error %d\n", WSAGetLastError());
        ok(!hook_calls(), "getnameinfo calls the hook\n");
        end_scene(&scene);
    }
    winetest_pop_context();
}

/* What cannot block is not worth a call of the hook. */
static void test_at_once(void)
{
    struct timeval none = { 0, 0 };
    struct scene scene;
    fd_set set;

    winetest_push_context("at once");
    if (!set_scene(&scene, RECV)) return;
    hook_calls();
    FD_ZERO(&set);
    FD_SET(scene.s, &set);
    ok(select(0, &set, NULL, NULL, &none) == 0, "error %d\n", WSAGetLastError());
    ok(send(scene.peer, "1234", 4, 0) == 4, "error %d\n", WSAGetLastError());
    FD_ZERO(&set);
    FD_SET(scene.s, &set);
    ok(select(0, &set, NULL, NULL, NULL) == 1, "error %d\n", WSAGetLastError());
    ok(recv(scene.s, scene.buf, 4, 0) == 4, "error %d\n", WSAGetLastError());
    ok(!closesocket(scene.s), "error %d\n", WSAGetLastError());
    ok(!hook_calls(), "the hook is called\n");
    scene.s = INVALID_SOCKET;
    end_scene(&scene);
    winetest_pop_context();
}

/* A socket that does not block never calls the hook, but for select, which blocks all the same. */
static void test_nonblocking(void)
{
    enum call call;
    struct scene scene;

    for (call = RECV; call < CALLS; call++)
    {
        if (call == NAME || !set_scene(&scene, call)) continue;
        winetest_push_context("%s, non-blocking", call_names[call]);
        ok(!set_fionbio(scene.s, 1), "error %d\n", WSAGetLastError());
        hook_calls();
        if (call == SELECT)
        {
            scene.hook = cancel_call;
            perform(&scene);
            expect_cancelled(&scene);
            use_hook();
        }
        else
        {
            do attempt(&scene); while (call == SEND && scene.result > 0);
            ok(scene.error == WSAEWOULDBLOCK, "got %Id, error %d\n", scene.result, scene.error);
            ok(!hook_calls(), "the hook is called\n");
        }
        end_scene(&scene);
        winetest_pop_context();
    }
}

START_TEST(modes)
{
    if (argument(1))
    {
        inherited_child(argument(2));
        return;
    }
    names_available();                  /* asks now, while no hook cancels that */
    start(MAKEWORD(1, 1));
    test_histories();
    use_hook();
    test_fionbio();
    test_selects();
    test_loader_lock();
    test_winsock2();
    test_at_once();
    test_nonblocking();
    test_wininet();
    test_crowds();
    WSAUnhookBlockingHook();
    finish();
}
