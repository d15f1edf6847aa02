/*
 * What a selection of FD_ACCEPT promises, whatever is done underneath so that no connection goes unreported: who
 * selected last is notified, and nobody else; nobody after the selection was withdrawn, the socket closed or its value
 * handed out again; accepted sockets inherit what the program selected. Each with accepts that find nothing before and
 * in between. It knows the documented API only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "notices.h"
#include "listener.h"

enum { EVENT, OTHER_EVENT, MESSAGE, OTHER_MESSAGE, BELLS, NO_EVENT = BELLS, NO_MESSAGE, SELECTIONS };

static const char *const names[] = { "event", "other event", "message", "other message", "no event", "no message" };
static struct notice bells[BELLS];      /* who may be notified */
static struct notice flush_bell;
static SOCKET flush_listener;
static struct sockaddr_in flush_address;

static void open_bells(void)
{
    unsigned int i;

    for (i = 0; i < BELLS; i++) open_notice(&bells[i], i < MESSAGE ? BY_EVENT : BY_MESSAGE);
    open_notice(&flush_bell, BY_EVENT);
}

static void close_bells(void)
{
    unsigned int i;

    close_notice(&flush_bell);
    for (i = 0; i < BELLS; i++) close_notice(&bells[i]);
}

static void open_flush(void)
{
    flush_listener = new_listener(&flush_address);
    select_events(&flush_bell, flush_listener, FD_ACCEPT);
}

static void close_flush(void)
{
    closesocket(flush_listener);
}

/* A connection that came after all others is reported: by now they would be, too. */
static void flush(void)
{
    SOCKET s = visit(&flush_address);

    if (!notified(&flush_bell, flush_listener, PATIENCE)) winetest_ok(0, "the flush itself was lost\n");
    closesocket(accept(flush_listener, NULL, NULL));
    closesocket(s);
}

static void select_by(SOCKET s, int selection, long mask)
{
    int ret;

    if (selection < BELLS) ret = select_events(&bells[selection], s, mask);
    else ret = deselect_events(&bells[selection == NO_EVENT ? EVENT : MESSAGE], s);
    if (ret) winetest_ok(0, "%s: error %d\n", names[selection], WSAGetLastError());
}

/* Which bells have rung for the socket, as bits; they are silent then. */
static unsigned int rung(SOCKET s)
{
    unsigned int i, bits = 0;

    for (i = 0; i < BELLS; i++) if (forget_notices(&bells[i], s)) bits |= 1 << i;
    return bits;
}

#define expect_nothing(s) (winetest_set_location(__FILE__, __LINE__), expect_nothing_(s))
static void expect_nothing_(SOCKET s)
{
    SOCKET accepted = accept(s, NULL, NULL);

    winetest_ok(accepted == INVALID_SOCKET && WSAGetLastError() == WSAEWOULDBLOCK, "got %#Ix, error %d\n", accepted,
                WSAGetLastError());
}

/* Connects, and returns whose bells ring. All that is connected is closed again. */
static unsigned int rung_by_connection(SOCKET s, const struct sockaddr_in *address, int selection)
{
    SOCKET visitor = visit(address);
    unsigned int bits = 0;

    if (selection < BELLS && notified(&bells[selection], s, PATIENCE)) bits = 1 << selection;
    flush();
    bits |= rung(s);
    closesocket(accept(s, NULL, NULL));
    closesocket(visitor);
    return bits;
}

static unsigned int bits_of(int selection)
{
    return selection < BELLS ? 1 << selection : 0;
}

/* The latest selection counts, and one that was withdrawn not at all. */
static void test_latest(void)
{
    struct sockaddr_in address;
    unsigned int bits;
    int old, new;
    SOCKET s;

    for (old = 0; old < BELLS; old++)
        for (new = 0; new < SELECTIONS; new++)
        {
            winetest_push_context("%s, then %s", names[old], names[new]);
            s = new_listener(&address);
            select_by(s, old, FD_ACCEPT);
            expect_nothing(s);
            bits = rung_by_connection(s, &address, old);
            ok(bits == bits_of(old), "first got %#x\n", bits);
            expect_nothing(s);
            select_by(s, new, FD_ACCEPT);
            expect_nothing(s);
            expect_nothing(s);
            bits = rung_by_connection(s, &address, new);
            ok(bits == bits_of(new), "got %#x\n", bits);
            expect_nothing(s);
            closesocket(s);
            ok(!rung(s), "rung without a connection\n");
            winetest_pop_context();
        }
}

/* A mask without FD_ACCEPT. */
static void test_other_events(void)
{
    struct sockaddr_in address;
    unsigned int i, bits;
    SOCKET s;

    for (i = 0; i < BELLS; i++)
    {
        winetest_push_context("%s", names[i]);
        s = new_listener(&address);
        select_by(s, i, FD_ACCEPT);
        expect_nothing(s);
        select_by(s, i, FD_READ | FD_CLOSE);
        expect_nothing(s);
        bits = rung_by_connection(s, &address, NO_EVENT);
        ok(!bits, "got %#x\n", bits);
        select_by(s, i, FD_READ | FD_ACCEPT | FD_CONNECT | FD_CLOSE);
        expect_nothing(s);
        bits = rung_by_connection(s, &address, i);
        ok(bits == bits_of(i), "got %#x\n", bits);
        closesocket(s);
        winetest_pop_context();
    }
}

/* --- selecting, closing and accepting at the same time --- */

static struct
{
    volatile SOCKET s;
    volatile LONG stop;
    HANDLE go[2], rests[2];             /* for each accepting thread */
    volatile LONG resting;
    unsigned int accepts, taken;
} spin;

static DWORD WINAPI accept_in_vain(void *arg)
{
    unsigned int number = (ULONG_PTR)arg;

    while (!WaitForSingleObject(spin.go[number], INFINITE) && !spin.stop)
    {
        while (!spin.resting)
            if (accept_somehow(spin.s, number) != INVALID_SOCKET) spin.taken++;
        SetEvent(spin.rests[number]);
    }
    return 0;
}

/* Two threads accept while a third changes what is selected, or closes the socket and opens another one, mostly of the
 * same value. */
static void test_changes(void)
{
    unsigned int state = 4711, i, round, bits, same = 0, wrong = 0;
    DWORD begin, ms = run_length(2000);
    struct sockaddr_in address;
    HANDLE threads[2];
    SOCKET s, old;
    int selection = EVENT;

    winetest_push_context("changes");
    memset(&spin, 0, sizeof(spin));
    for (i = 0; i < 2; i++)
    {
        spin.go[i] = CreateEventW(NULL, FALSE, FALSE, NULL);
        spin.rests[i] = CreateEventW(NULL, FALSE, FALSE, NULL);
        threads[i] = CreateThread(NULL, 0, accept_in_vain, (void *)(ULONG_PTR)i, 0, NULL);
    }
    s = new_listener(&address);
    select_by(s, selection, FD_ACCEPT);
    for (round = 0, begin = GetTickCount(); GetTickCount() - begin < ms; round++)
    {
        spin.s = s;
        spin.resting = FALSE;
        for (i = 0; i < 2; i++) SetEvent(spin.go[i]);
        for (i = noise(&state) % 4; i; i--) readable(s, 0);
        if (noise(&state) % 4 == 0)
        {
            old = s;
            closesocket(s);
            s = socket(AF_INET, SOCK_STREAM, 0);
            set_blocking(s, FALSE);         /* before anybody's accept could block */
            listen_on_loopback(s, &address);
            same += s == old;
            spin.s = s;
            selection = NO_EVENT;
        }
        for (i = noise(&state) % 3; i; i--) select_by(s, selection = noise(&state) % SELECTIONS, FD_ACCEPT);
        spin.resting = TRUE;
        WaitForMultipleObjects(2, spin.rests, TRUE, INFINITE);
        bits = rung_by_connection(s, &address, selection);
        if (bits == bits_of(selection)) continue;
        if (!wrong++) trace("round %u, %s: got %#x\n", round, names[selection], bits);
    }
    spin.stop = TRUE;
    for (i = 0; i < 2; i++) SetEvent(spin.go[i]);
    WaitForMultipleObjects(2, threads, TRUE, INFINITE);
    trace("%u rounds, %u with a value of before\n", round, same);
    ok(round >= 20, "only %u rounds\n", round);
    ok(!wrong, "in %u of %u rounds others were notified\n", wrong, round);
    ok(!spin.taken, "%u connections out of nothing\n", spin.taken);
    closesocket(s);
    for (i = 0; i < 2; i++)
    {
        CloseHandle(threads[i]);
        CloseHandle(spin.go[i]);
        CloseHandle(spin.rests[i]);
    }
    winetest_pop_context();
}

/* --- whose event it is --- */

/* The program needs its handle no longer, and its value may soon be that of another event. */
static void test_closed_handle(void)
{
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL), waited, others[64];
    struct sockaddr_in address;
    SOCKET s, visitor, accepted;
    unsigned int i, count = 0;

    winetest_push_context("closed handle");
    s = new_listener(&address);
    ok(!WSAEventSelect(s, event, FD_ACCEPT), "error %d\n", WSAGetLastError());
    DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &waited, 0, FALSE, DUPLICATE_SAME_ACCESS);
    CloseHandle(event);
    do others[count] = CreateEventW(NULL, TRUE, FALSE, NULL);
    while (others[count++] != event && count < ARRAY_SIZE(others));
    ok(others[count - 1] == event, "the value is not used again\n");
    for (i = 0; i < 5; i++)
    {
        expect_nothing(s);
        visitor = visit(&address);
        ok(!WaitForSingleObject(waited, PATIENCE), "%u: not notified\n", i);
        flush();
        accepted = accept(s, NULL, NULL);
        ok(accepted != INVALID_SOCKET, "%u: no connection, error %d\n", i, WSAGetLastError());
        closesocket(accepted);
        closesocket(visitor);
    }
    ok(WaitForSingleObject(event, 0) == WAIT_TIMEOUT, "another event is set\n");
    closesocket(s);
    while (count) CloseHandle(others[--count]);
    CloseHandle(waited);
    winetest_pop_context();
}

static BOOL exists(const char *event_name)
{
    HANDLE event = OpenEventA(EVENT_MODIFY_STATE, FALSE, event_name);

    if (event) CloseHandle(event);
    return event != NULL;
}

/* The event lives as long as it is selected, and no longer. */
static void test_event_life(void)
{
    enum { WITHDRAWN, BY_WINDOW, RESELECTED, CLOSED, CLEANED_UP, ENDS };
    static const char *const ends[] = { "withdrawn", "selected by a window", "selected again", "closed", "cleaned up" };
    struct sockaddr_in address;
    char name[64];
    HANDLE event;
    SOCKET s;
    int end;

    for (end = 0; end < ENDS; end++)
    {
        winetest_push_context("event, %s", ends[end]);
        sprintf(name, "wsasync test %lu %d", GetCurrentProcessId(), end);
        start(MAKEWORD(2, 2));
        event = CreateEventA(NULL, FALSE, FALSE, name);
        s = new_listener(&address);
        ok(!WSAEventSelect(s, event, FD_ACCEPT), "error %d\n", WSAGetLastError());
        CloseHandle(event);
        expect_nothing(s);
        ok(exists(name), "gone too early\n");
        if (end == WITHDRAWN) WSAEventSelect(s, NULL, 0);
        if (end == BY_WINDOW) WSAAsyncSelect(s, bells[MESSAGE].window, WM_APP, FD_ACCEPT);
        if (end == RESELECTED) WSAEventSelect(s, bells[EVENT].event, FD_ACCEPT);
        if (end == CLOSED) closesocket(s);
        if (end == CLEANED_UP) finish();
        /* an old Wine's last cleanup closes no socket, and that has the event */
        ok(!exists(name) || (old_wine && end == CLEANED_UP), "the event is still there\n");
        if (end == CLEANED_UP) start(MAKEWORD(2, 2));
        else if (end != CLOSED) closesocket(s);
        finish();
        winetest_pop_context();
    }
}

/* The next sockets, until one has that value; INVALID_SOCKET if none gets it. */
static SOCKET same_value(SOCKET value)
{
    SOCKET sockets[64], found = INVALID_SOCKET;
    unsigned int count = 0;

    do sockets[count] = socket(AF_INET, SOCK_STREAM, 0);
    while (sockets[count++] != value && count < ARRAY_SIZE(sockets));
    if (sockets[count - 1] == value) found = sockets[--count];
    while (count) closesocket(sockets[--count]);
    return found;
}

/* A new socket has nothing of the one whose value it got. */
static void test_reuse(void)
{
    enum { CLOSED, HANDLE_CLOSED, CLEANED_UP, ENDS };
    static const char *const ends[] = { "closesocket", "CloseHandle", "WSACleanup" };
    struct sockaddr_in address;
    unsigned int bits;
    int bell, end;
    SOCKET s;

    for (bell = 0; bell < BELLS; bell++)
        for (end = 0; end < ENDS; end++)
        {
            winetest_push_context("%s, reused after %s", names[bell], ends[end]);
            start(MAKEWORD(2, 2));
            s = new_listener(&address);
            select_by(s, bell, FD_ACCEPT);
            expect_nothing(s);
            if (end == CLOSED) closesocket(s);
            if (end == HANDLE_CLOSED) CloseHandle((HANDLE)s);
            if (end == CLEANED_UP)
            {
                finish();
                start(MAKEWORD(2, 2));
            }
            s = same_value(s);
            if (s == INVALID_SOCKET) skip("the value is not handed out again\n");
            else
            {
                set_blocking(s, FALSE);
                listen_on_loopback(s, &address);
                expect_nothing(s);
                open_flush();
                bits = rung_by_connection(s, &address, NO_EVENT);
                ok(!bits, "got %#x\n", bits);
                close_flush();
                closesocket(s);
            }
            finish();
            winetest_pop_context();
        }
}

/* --- pointers that are no good --- */

struct bad_accept
{
    SOCKET s;
    void *addr, *len;
    DWORD thread;
};

static struct bad_accept *trying;

static LONG CALLBACK leave(EXCEPTION_POINTERS *pointers)
{
    if (!trying || GetCurrentThreadId() != trying->thread) return EXCEPTION_CONTINUE_SEARCH;
    ExitThread(EXCEPTION_ACCESS_VIOLATION);
}

static DWORD WINAPI try_accept(void *arg)
{
    struct bad_accept *bad = arg;

    bad->thread = GetCurrentThreadId();
    trying = bad;
    return accept(bad->s, bad->addr, bad->len) == INVALID_SOCKET ? WSAGetLastError() : 0;
}

static DWORD error_of_accept(SOCKET s, void *addr, void *len)
{
    struct bad_accept bad = { s, addr, len, 0 };
    HANDLE thread = CreateThread(NULL, 0, try_accept, &bad, 0, NULL);
    DWORD code;

    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &code);
    CloseHandle(thread);
    trying = NULL;
    return code;
}

/* Such a call may take the connection, and may raise an exception, but the next connection is reported. */
static void test_pointers(void)
{
    static const char *const kinds[] = { "wild address", "length too short", "wild length" };
    enum { WILD_ADDRESS, SHORT, WILD_LENGTH, KINDS };
    void *handler = AddVectoredExceptionHandler(TRUE, leave), *nowhere = wild();
    struct sockaddr_in address, peer;
    int bell, kind, len;
    unsigned int bits;
    SOCKET s, visitor;
    DWORD error;

    for (bell = 0; bell < BELLS; bell++)
        for (kind = 0; kind < KINDS; kind++)
        {
            winetest_push_context("%s, %s", names[bell], kinds[kind]);
            s = new_listener(&address);
            select_by(s, bell, FD_ACCEPT);
            len = kind == SHORT ? 4 : sizeof(peer);
            error = error_of_accept(s, kind == WILD_ADDRESS ? nowhere : &peer, kind == WILD_LENGTH ? nowhere : &len);
            ok(error == WSAEWOULDBLOCK, "nothing there: error %#lx\n", error);
            visitor = visit(&address);
            ok(notified(&bells[bell], s, PATIENCE), "not notified\n");
            error = error_of_accept(s, kind == WILD_ADDRESS ? nowhere : &peer, kind == WILD_LENGTH ? nowhere : &len);
            ok(error, "accepted\n");
            closesocket(visitor);
            closesocket(accept(s, NULL, NULL));
            expect_nothing(s);
            rung(s);
            bits = rung_by_connection(s, &address, bell);
            ok(bits == bits_of(bell), "got %#x\n", bits);
            closesocket(s);
            winetest_pop_context();
        }
    RemoveVectoredExceptionHandler(handler);
    free_pages(nowhere);
}

void test_listener_rules(void)
{
    open_bells();
    test_event_life();
    test_reuse();
    start(MAKEWORD(2, 2));
    open_flush();
    test_latest();
    test_other_events();
    test_closed_handle();
    test_changes();
    test_pointers();
    close_flush();
    finish();
    close_bells();
}
