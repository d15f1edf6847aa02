/*
 * Implementation of scene.h. It must know nothing of how a DLL waits.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scene.h"
#include "notices.h"

const char *const call_names[CALLS] = { "recv", "select", "accept", "gethostbyname", "connect", "send" };

static DWORD scene_slot;                /* the scene that the thread is in */

static void __attribute__((constructor)) prepare(void)
{
    scene_slot = TlsAlloc();
}

/* --- sockets --- */

SOCKET loopback_socket(int type, struct sockaddr_in *address)
{
    SOCKET s = socket(AF_INET, type, 0);
    int len = sizeof(*address);

    memset(address, 0, sizeof(*address));
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(s, (struct sockaddr *)address, sizeof(*address)) || getsockname(s, (struct sockaddr *)address, &len))
        winetest_ok(0, "no socket, error %d\n", WSAGetLastError());
    return s;
}

BOOL scene_pair(SOCKET pair[2])
{
    struct sockaddr_in address;
    SOCKET listener = loopback_socket(SOCK_STREAM, &address);

    listen(listener, 1);
    pair[0] = visit(&address);
    pair[1] = accept(listener, NULL, NULL);
    closesocket(listener);
    if (pair[1] == INVALID_SOCKET) winetest_ok(0, "not accepted, error %d\n", WSAGetLastError());
    return pair[1] != INVALID_SOCKET;
}

/* --- a scene --- */

static void set(struct scene *scene, enum call call)
{
    memset(scene, 0, sizeof(*scene));
    scene->call = call;
    scene->s = scene->peer = scene->crowd[0] = scene->crowd[1] = INVALID_SOCKET;
    scene->called = CreateEventW(NULL, FALSE, FALSE, NULL);
    scene->over = CreateEventW(NULL, TRUE, FALSE, NULL);
    /* The builtin calls no hook, so there nobody else ends the call; with ours it is the way out of a failure. */
    scene->rescue = ours ? PATIENCE / 2 : 100;
}

BOOL set_name_scene(struct scene *scene, unsigned int ms)
{
    if (!names_available()) return FALSE;
    set(scene, NAME);
    lstrcpynA(scene->name, scripted("h7.d%u", ms), sizeof(scene->name));
    return TRUE;
}

BOOL set_scene(struct scene *scene, enum call call)
{
    SOCKET pair[2];
    int i;

    if (call == NAME) return set_name_scene(scene, 1000);
    set(scene, call);
    switch (call)
    {
    case RECV:
    case SELECT:
    case SEND:
        if (!scene_pair(pair)) return FALSE;
        scene->s = pair[0];
        scene->peer = pair[1];
        scene->size = call == SEND ? 16 << 20 : 16;     /* more than the system buffers */
        scene->buf = walled(scene->size);
        break;
    case ACCEPT:
        scene->s = loopback_socket(SOCK_STREAM, &scene->address);
        listen(scene->s, 5);
        break;
    case CONNECT:
        /* A queue of one takes two; for the third nobody answers. */
        scene->peer = loopback_socket(SOCK_STREAM, &scene->address);
        listen(scene->peer, 1);
        for (i = 0; i < 2; i++) scene->crowd[i] = visit(&scene->address);
        scene->s = socket(AF_INET, SOCK_STREAM, 0);
        break;
    default:
        break;
    }
    return TRUE;
}

static void drop(SOCKET *s)
{
    if (*s != INVALID_SOCKET) closesocket(*s);
    *s = INVALID_SOCKET;
}

void disarm(struct scene *scene)
{
    SetEvent(scene->over);
    if (!scene->rescuer) return;
    WaitForSingleObject(scene->rescuer, INFINITE);
    CloseHandle(scene->rescuer);
    scene->rescuer = NULL;
}

void end_scene(struct scene *scene)
{
    disarm(scene);
    if (scene->call == ACCEPT && !scene->error && scene->result > 0) closesocket(scene->result);
    drop(&scene->s);
    drop(&scene->peer);
    drop(&scene->crowd[0]);
    drop(&scene->crowd[1]);
    free_pages(scene->buf);
    scene->buf = NULL;
    if (scene->thread) CloseHandle(scene->thread);
    CloseHandle(scene->called);
    CloseHandle(scene->over);
}

void release(struct scene *scene)
{
    SOCKET s;
    int i;

    switch (scene->call)
    {
    case RECV:
    case SELECT:
        send(scene->peer, "r", 1, 0);
        break;
    case ACCEPT:
        s = visit(&scene->address);
        closesocket(s);
        break;
    case CONNECT:
        for (i = 0; i < 2; i++) closesocket(accept(scene->peer, NULL, NULL));
        break;
    case SEND:                          /* what is in the way will never be read: it fails */
        drop(&scene->peer);
        break;
    default:
        break;
    }
}

static DWORD WINAPI rescue_thread(void *arg)
{
    struct scene *scene = arg;

    if (WaitForSingleObject(scene->over, scene->rescue) == WAIT_OBJECT_0) return 0;
    scene->rescued = TRUE;
    (scene->help ? scene->help : release)(scene);
    return 0;
}

static BOOL CALLBACK scene_hook(void)
{
    struct scene *scene = TlsGetValue(scene_slot);
    BOOL again;

    if (++scene->depth > scene->deepest) scene->deepest = scene->depth;
    InterlockedIncrement(&scene->calls);
    SetEvent(scene->called);
    again = scene->hook ? scene->hook(scene) : FALSE;
    scene->depth--;
    return again;
}

static LONG_PTR call_it(struct scene *scene)
{
    fd_set set;

    switch (scene->call)
    {
    case RECV:
        return recv(scene->s, scene->buf, scene->size, 0);
    case SELECT:
        FD_ZERO(&set);
        FD_SET(scene->s, &set);
        return select(0, &set, NULL, NULL, NULL);
    case ACCEPT:
        return accept(scene->s, NULL, NULL);
    case CONNECT:
        return connect(scene->s, (struct sockaddr *)&scene->address, sizeof(scene->address));
    case SEND:
        return send(scene->s, scene->buf, scene->size, 0);
    default:
        return (LONG_PTR)gethostbyname(scene->name);
    }
}

void attempt(struct scene *scene)
{
    WSASetLastError(0xdead);
    scene->result = call_it(scene);
    scene->error = scene->result == (scene->call == NAME ? 0 : -1) ? WSAGetLastError() : 0;
}

void perform(struct scene *scene)
{
    TlsSetValue(scene_slot, scene);
    if (scene->before) scene->before(scene);
    if (!scene->plain && !WSASetBlockingHook((FARPROC)(void *)scene_hook))
        winetest_ok(0, "hook not set, error %d\n", WSAGetLastError());
    ResetEvent(scene->over);
    scene->rescued = FALSE;
    scene->rescuer = CreateThread(NULL, 0, rescue_thread, scene, 0, NULL);
    attempt(scene);
    disarm(scene);
    if (scene->after) scene->after(scene);
    if (!scene->plain) WSAUnhookBlockingHook();
}

static DWORD WINAPI perform_thread(void *arg)
{
    perform(arg);
    return 0;
}

void perform_elsewhere(struct scene *scene)
{
    scene->thread = CreateThread(NULL, 0, perform_thread, scene, 0, NULL);
}

BOOL wait_end(struct scene *scene)
{
    BOOL ended = WaitForSingleObject(scene->thread, PATIENCE) == WAIT_OBJECT_0;

    winetest_ok(ended, "%s hangs\n", call_names[scene->call]);
    disarm(scene);
    return ended;
}

BOOL cancel_call(struct scene *scene)
{
    (void)scene;
    WSACancelBlockingCall();
    return FALSE;
}

BOOL call_again(struct scene *scene)
{
    (void)scene;
    return TRUE;
}

void expect_cancelled_(const struct scene *scene)
{
    todo_builtin winetest_ok(scene->error == WSAEINTR, "%s: got %Id, error %d%s\n", call_names[scene->call],
                             scene->result, scene->error, scene->rescued ? ", rescued" : "");
}

void expect_success_(const struct scene *scene)
{
    winetest_ok(!scene->error && !(ours && scene->rescued), "%s: error %d%s\n", call_names[scene->call], scene->error,
                scene->rescued ? ", rescued" : "");
}

/* --- time --- */

ULONGLONG microseconds(void)
{
    LARGE_INTEGER now, frequency;

    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    return now.QuadPart * 1000000 / frequency.QuadPart;
}

ULONGLONG median(ULONGLONG *values, unsigned int count)
{
    unsigned int i, j;
    ULONGLONG value;

    for (i = 1; i < count; i++)
    {
        value = values[i];
        for (j = i; j && values[j - 1] > value; j--) values[j] = values[j - 1];
        values[j] = value;
    }
    return values[count / 2];
}
