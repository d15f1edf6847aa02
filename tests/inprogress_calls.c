/*
 * All exports, called one after the other: how each is refused inside a blocking call, or that it works there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "inprogress.h"
#include "image.h"
#include "exports_table.h"

enum kind
{
    MINUS,              /* refused with SOCKET_ERROR */
    INVALID,            /* with INVALID_SOCKET */
    ZERO,               /* with NULL or FALSE */
    ERROR_CODE,         /* with the error itself */
    WORKS,              /* works, with the same result and last error as outside */
    WORKS_LOCAL,        /* the same, but the result points to the thread's own */
    WORKS_VOID,         /* the same, there is no result */
    WORKS_ANEW,         /* works, with another result each time, not 0 */
    DEADLY_STUB,        /* WORKS; the builtin raises an exception */
    HOOKS,              /* the calls for hooks that hook.c is about */
};

/* What calls read and write; none of it is looked at, but where said so. */
static char text[1024], answers[6][1024];
static WCHAR wide_text[256];
static BYTE zeros[1024];
static struct sockaddr_in address = { .sin_family = AF_INET };
static struct in_addr loopback;
static struct timeval no_time;
static int len, error, text_size = sizeof(text), address_size = sizeof(address);
static DWORD count, flags;
static u_long number;
static void *pointer;
static WSADATA data;
static WSABUF buffer = { sizeof(text), text };
static WSAOVERLAPPED overlapped;
static HANDLE event;

#define P(x) ((ULONG_PTR)(x))
#define ADDR P(&address), sizeof(address)

#define CALL(name_, kind_, ...) { .name = #name_, .kind = kind_, .args = { __VA_ARGS__ } },

static struct call
{
    const char *name;
    enum kind kind;
    ULONG_PTR args[MOST_ARGUMENTS];
    ULONG_PTR result;       /* at the place BEFORE */
    int error;              /* the last error then */
} calls[] =
{
    CALL(accept, INVALID)
    CALL(bind, MINUS, 0, ADDR)
    CALL(closesocket, MINUS)
    CALL(connect, MINUS, 0, ADDR)
    CALL(getpeername, MINUS, 0, P(&address), P(&len))
    CALL(getsockname, MINUS, 0, P(&address), P(&len))
    CALL(getsockopt, MINUS, 0, SOL_SOCKET, SO_TYPE, P(&number), P(&len))
    CALL(htonl, WORKS, 0x01020304)
    CALL(htons, WORKS, 0x0102)
    CALL(ioctlsocket, MINUS, 0, FIONREAD, P(&number))
    CALL(inet_addr, WORKS, P("10.1.2.3"))
    CALL(inet_ntoa, WORKS_LOCAL, 0x0302010a)
    CALL(listen, MINUS, 0, 1)
    CALL(ntohl, WORKS, 0x01020304)
    CALL(ntohs, WORKS, 0x0102)
    CALL(recv, MINUS, 0, P(text), 1)
    CALL(recvfrom, MINUS, 0, P(text), 1, 0, 0, 0)
    CALL(select, MINUS, 0, 0, 0, 0, P(&no_time))
    CALL(send, MINUS, 0, P(text), 1)
    CALL(sendto, MINUS, 0, P(text), 1, 0, ADDR)
    CALL(setsockopt, MINUS, 0, SOL_SOCKET, SO_KEEPALIVE, P(&number), sizeof(number))
    CALL(shutdown, MINUS, 0, 2)
    CALL(socket, INVALID, 0x7fff, 0x7fff, 0x7fff)
    CALL(gethostbyaddr, ZERO, P(&loopback), 4, AF_INET)
    CALL(gethostbyname, ZERO, P("127.0.0.1"))
    CALL(getprotobyname, ZERO, P("tcp"))
    CALL(getprotobynumber, ZERO, 6)
    CALL(getservbyname, ZERO, P("ftp"), P("tcp"))
    CALL(getservbyport, ZERO, 0x1500, 0)
    CALL(gethostname, MINUS, P(text), sizeof(text))
    CALL(WSAAsyncSelect, MINUS)
    CALL(WSAAsyncGetHostByAddr, ZERO, 0, DONE, P(&loopback), 4, AF_INET, P(answers[0]), sizeof(answers[0]))
    CALL(WSAAsyncGetHostByName, ZERO, 0, DONE, P("127.0.0.1"), P(answers[1]), sizeof(answers[1]))
    CALL(WSAAsyncGetProtoByNumber, ZERO, 0, DONE, 6, P(answers[2]), sizeof(answers[2]))
    CALL(WSAAsyncGetProtoByName, ZERO, 0, DONE, P("tcp"), P(answers[3]), sizeof(answers[3]))
    CALL(WSAAsyncGetServByPort, ZERO, 0, DONE, 0x1500, 0, P(answers[4]), sizeof(answers[4]))
    CALL(WSAAsyncGetServByName, ZERO, 0, DONE, P("ftp"), 0, P(answers[5]), sizeof(answers[5]))
    CALL(WSACancelAsyncRequest, MINUS)
    CALL(WSASetBlockingHook, ZERO)
    CALL(WSAUnhookBlockingHook, MINUS)
    CALL(WSAGetLastError, WORKS)
    CALL(WSASetLastError, WORKS_VOID, 10067)
    CALL(WSACancelBlockingCall, HOOKS)
    CALL(WSAIsBlocking, HOOKS)
    /* In this order; both or none succeed. */
    CALL(WSAStartup, ERROR_CODE, MAKEWORD(2, 2), P(&data))
    CALL(WSACleanup, MINUS)
    CALL(__WSAFDIsSet, WORKS, 5, P(zeros))
    CALL(WEP, DEADLY_STUB)
    CALL(FreeAddrInfoEx, WORKS_VOID)
    CALL(FreeAddrInfoExW, WORKS_VOID)
    CALL(FreeAddrInfoW, WORKS_VOID)
    CALL(GetAddrInfoExA, ERROR_CODE, P("127.0.0.1"), 0, NS_DNS, 0, 0, P(&pointer))
    CALL(GetAddrInfoExCancel, WORKS, P(&pointer))
    CALL(GetAddrInfoExOverlappedResult, WORKS, P(&overlapped))
    CALL(GetAddrInfoExW, ERROR_CODE, P(L"127.0.0.1"), 0, NS_DNS, 0, 0, P(&pointer))
    CALL(GetAddrInfoW, ERROR_CODE, P(L"127.0.0.1"), 0, 0, P(&pointer))
    CALL(GetHostNameW, MINUS, P(wide_text), ARRAY_SIZE(wide_text))
    CALL(GetNameInfoW, ERROR_CODE, ADDR, P(wide_text), ARRAY_SIZE(wide_text), 0, 0, NI_NUMERICHOST)
    CALL(InetNtopW, WORKS, AF_INET, P(&loopback), P(wide_text), ARRAY_SIZE(wide_text))
    CALL(InetPtonW, WORKS, AF_INET, P(L"10.1.2.3"), P(text))
    CALL(WPUCompleteOverlappedRequest, WORKS, 0, P(&overlapped), 0, 0, P(&error))
    CALL(WSAAccept, INVALID)
    CALL(WSAAddressToStringA, WORKS, ADDR, 0, P(text), P(&text_size))
    CALL(WSAAddressToStringW, WORKS, ADDR, 0, P(wide_text), P(&text_size))
    CALL(WSACloseEvent, WORKS)
    CALL(WSAConnect, MINUS, 0, ADDR)
    CALL(WSAConnectByList, ZERO, 0, P(zeros))
    CALL(WSAConnectByNameA, ZERO, 0, P("127.0.0.1"), P("9"))
    CALL(WSAConnectByNameW, ZERO, 0, P(L"127.0.0.1"), P(L"9"))
    CALL(WSACreateEvent, WORKS_ANEW)
    CALL(WSADuplicateSocketA, MINUS, 0, 0, P(zeros))
    CALL(WSADuplicateSocketW, MINUS, 0, 0, P(zeros))
    CALL(WSAEnumNameSpaceProvidersA, MINUS, P(&count), P(text))
    CALL(WSAEnumNameSpaceProvidersW, MINUS, P(&count), P(text))
    CALL(WSAEnumNameSpaceProvidersExA, MINUS, P(&count), P(text))
    CALL(WSAEnumNameSpaceProvidersExW, MINUS, P(&count), P(text))
    CALL(WSAEnumNetworkEvents, MINUS, 0, 0, P(text))
    CALL(WSAEnumProtocolsA, MINUS, 0, 0, P(&count))
    CALL(WSAEnumProtocolsW, MINUS, 0, 0, P(&count))
    CALL(WSAEventSelect, MINUS)
    CALL(WSAGetOverlappedResult, ZERO, 0, P(&overlapped), P(&count), 0, P(&flags))
    CALL(WSAGetQOSByName, ZERO, 0, P(&buffer), P(text))
    CALL(WSAGetServiceClassInfoA, MINUS, P(zeros), P(zeros), P(&count), P(text))
    CALL(WSAGetServiceClassInfoW, MINUS, P(zeros), P(zeros), P(&count), P(text))
    CALL(WSAGetServiceClassNameByClassIdA, MINUS, P(zeros), P(text), P(&count))
    CALL(WSAGetServiceClassNameByClassIdW, MINUS, P(zeros), P(wide_text), P(&count))
    CALL(WSAHtonl, WORKS, 0, 1, P(&number))
    CALL(WSAHtons, WORKS, 0, 1, P(&number))
    CALL(WSAInstallServiceClassA, MINUS, P(zeros))
    CALL(WSAInstallServiceClassW, MINUS, P(zeros))
    CALL(WSAIoctl, MINUS, 0, FIONREAD, 0, 0, P(&number), sizeof(number), P(&count))
    CALL(WSAJoinLeaf, INVALID, 0, ADDR)
    CALL(WSALookupServiceBeginA, MINUS, P(zeros), 0, P(&pointer))
    CALL(WSALookupServiceBeginW, MINUS, P(zeros), 0, P(&pointer))
    CALL(WSALookupServiceEnd, MINUS)
    CALL(WSALookupServiceNextA, MINUS, 0, 0, P(&count), P(text))
    CALL(WSALookupServiceNextW, MINUS, 0, 0, P(&count), P(text))
    CALL(WSANSPIoctl, MINUS, 0, 0, 0, 0, 0, 0, P(&count))
    CALL(WSANtohl, WORKS, 0, 1, P(&number))
    CALL(WSANtohs, WORKS, 0, 1, P(&number))
    CALL(WSAPoll, MINUS, P(zeros), 0, 0)
    CALL(WSAProviderConfigChange, MINUS, P(&pointer))
    CALL(WSARecv, MINUS, 0, P(&buffer), 1, P(&count), P(&flags))
    CALL(WSARecvDisconnect, MINUS)
    CALL(WSARecvFrom, MINUS, 0, P(&buffer), 1, P(&count), P(&flags))
    CALL(WSARemoveServiceClass, MINUS, P(zeros))
    CALL(WSAResetEvent, WORKS)
    CALL(WSASend, MINUS, 0, P(&buffer), 1, P(&count))
    CALL(WSASendDisconnect, MINUS)
    CALL(WSASendMsg, MINUS, 0, P(zeros), 0, P(&count))
    CALL(WSASendTo, MINUS, 0, P(&buffer), 1, P(&count), 0, ADDR)
    CALL(WSASetEvent, WORKS)
    CALL(WSASetServiceA, MINUS, P(zeros))
    CALL(WSASetServiceW, MINUS, P(zeros))
    CALL(WSASocketA, INVALID, 0x7fff, 0x7fff, 0x7fff)
    CALL(WSASocketW, INVALID, 0x7fff, 0x7fff, 0x7fff)
    CALL(WSAStringToAddressA, WORKS, P("10.1.2.3"), AF_INET, 0, P(&address), P(&address_size))
    CALL(WSAStringToAddressW, WORKS, P(L"10.1.2.3"), AF_INET, 0, P(&address), P(&address_size))
    CALL(WSAWaitForMultipleEvents, WORKS, 1, P(&event), 0, 0, 0)
    CALL(WSApSetPostRoutine, WORKS)
    CALL(WSCDeinstallProvider, WORKS, P(zeros), P(&error))
    CALL(WSCEnableNSProvider, WORKS, P(zeros))
    CALL(WSCEnumProtocols, WORKS, 0, 0, P(&count), P(&error))
    CALL(WSCGetApplicationCategory, WORKS, P(L"x"), 1, 0, 0, P(&count), P(&error))
    CALL(WSCGetProviderInfo, WORKS, P(zeros), 0, P(text), P(&count), 0, P(&error))
    CALL(WSCGetProviderPath, WORKS, P(zeros), P(wide_text), P(&len), P(&error))
    CALL(WSCInstallNameSpace, WORKS, P(L"x"), P(L"x"), 0, 0, P(zeros))
    CALL(WSCInstallProvider, WORKS, P(zeros), P(L"x"), P(zeros), 0, P(&error))
    CALL(WSCSetApplicationCategory, WORKS, P(L"x"), 1, 0, 0, 0, 0, P(&error))
    CALL(WSCUnInstallNameSpace, WORKS, P(zeros))
    CALL(WSCUpdateProvider, DEADLY_STUB, P(zeros), P(L"x"), P(zeros), 0, P(&error))
    CALL(WSCWriteNameSpaceOrder, DEADLY_STUB, P(zeros), 0)
    CALL(WSCWriteProviderOrder, WORKS, P(&number), 0)
    CALL(freeaddrinfo, WORKS_VOID)
    CALL(getaddrinfo, ERROR_CODE, P("127.0.0.1"), 0, 0, P(&pointer))
    CALL(getnameinfo, ERROR_CODE, ADDR, P(text), sizeof(text), 0, 0, NI_NUMERICHOST)
    CALL(inet_ntop, WORKS, AF_INET, P(&loopback), P(text), sizeof(text))
    CALL(inet_pton, WORKS, AF_INET, P("10.1.2.3"), P(text))
};

#define X(name, ordinal, bytes) { #name, bytes },
static const struct { const char *name; int bytes; } expected[] = { EXPECTED_EXPORTS(X) };

static int bytes_of(const char *name)
{
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(expected); i++) if (!strcmp(expected[i].name, name)) return expected[i].bytes;
    return -1;
}

void test_table(void)
{
    unsigned int i, k, found;

    for (i = 0; i < ARRAY_SIZE(expected); i++)
    {
        for (k = found = 0; k < ARRAY_SIZE(calls); k++) found += !strcmp(calls[k].name, expected[i].name);
        ok(found == 1, "%s is called %u times\n", expected[i].name, found);
    }
    ok(ARRAY_SIZE(calls) == ARRAY_SIZE(expected), "%u calls for %u exports\n", (unsigned int)ARRAY_SIZE(calls),
       (unsigned int)ARRAY_SIZE(expected));
}

static BOOL is_refusal(const struct call *at, ULONG_PTR result, int last_error)
{
    switch (at->kind)
    {
    case MINUS: return (int)result == SOCKET_ERROR && last_error == WSAEINPROGRESS;
    case INVALID: return result == INVALID_SOCKET && last_error == WSAEINPROGRESS;
    case ZERO: return !result && last_error == WSAEINPROGRESS;
    default: return (int)result == WSAEINPROGRESS;
    }
}

static void check(struct call *at, enum place place, ULONG_PTR result, int last_error)
{
    /* An int leaves the upper half of the register to chance. */
    DWORD got = result, before = at->result;

    if (at->kind < WORKS)
    {
        if (place == INSIDE)
            ok(is_refusal(at, result, last_error), "returned %#Ix, last error %d\n", result, last_error);
        else
            ok(!is_refusal(at, result, last_error), "is refused, where nothing blocks\n");
        /* It ends as it did when no hook was set. */
        if (place == BEFORE) at->error = last_error;
        else if (place == OUTSIDE)
            /* an old Wine's databases leave it alone; from a worker the answer brings its own */
            ok(last_error == at->error || (old_wine && !last_error), "left last error %d, expected %d\n", last_error, at->error);
        return;
    }
    if (place == BEFORE)
    {
        at->result = result;
        at->error = last_error;
        ok(last_error != WSAEINPROGRESS, "is refused, where nothing blocks\n");
        return;
    }
    if (at->kind == WORKS_ANEW) ok(result && WSACloseEvent((HANDLE)result), "returned %#Ix\n", result);
    else if (at->kind == WORKS_LOCAL) ok(result && !strcmp((char *)result, "10.1.2.3"), "returned %#Ix\n", result);
    else if (at->kind != WORKS_VOID) ok(got == before, "returned %#lx, expected %#lx\n", got, before);
    ok(last_error == at->error, "left last error %d, expected %d\n", last_error, at->error);
}

void call_everything(enum place place)
{
    static const char *const places[] = { "before", "inside", "outside", "version 2" };
    ULONG_PTR result;
    FARPROC function;
    int last_error, bytes, missing;
    unsigned int i;

    if (!event) event = CreateEventW(NULL, TRUE, TRUE, NULL);
    loopback.s_addr = 0x0302010a;
    for (i = 0; i < ARRAY_SIZE(calls); i++)
    {
        if (calls[i].kind == HOOKS || (calls[i].kind == DEADLY_STUB && !ours)) continue;
        winetest_push_context("%s, %s", places[place], calls[i].name);
        function = GetProcAddress(winsock(), calls[i].name);
        bytes = bytes_of(calls[i].name);
        if (!function) todo_builtin ok(0, "not there\n");
        else if (bytes < 0) ok(0, "unknown\n");
        else
        {
            count = 0;
            len = sizeof(number);
            text_size = sizeof(text);
            address_size = sizeof(address);
            WSASetLastError(0xdead);
            missing = call_counting((void *)function, calls[i].args, bytes / 4, &result);
            last_error = WSAGetLastError();
            ok(!missing, "leaves %d bytes on the stack\n", missing);
            check(&calls[i], place, result, last_error);
        }
        winetest_pop_context();
    }
}
