/*
 * The platform's ws2_32: finds it, loads it, fills the jump table with it, and keeps the name ws2_32 ours.
 * Knows no rule of Winsock, but that calls are checked while blocking hooks are used.
 *
 * A ws2_32 is ours if it has the resource WSASYNC 1 (ws2_32.rc). Wine may report our path for its own DLL, so a path
 * proves nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"
#include <winternl.h>

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

PEB *NTAPI RtlGetCurrentPeb(void);  /* ntdll; in no MinGW header */

/* The start of LDR_DATA_TABLE_ENTRY; winternl.h leaves the base name out. */
struct loader_entry
{
    LIST_ENTRY in_load_order;
    LIST_ENTRY in_memory_order;
    LIST_ENTRY in_initialization_order;
    void *base;
    void *entry_point;
    ULONG image_size;
    UNICODE_STRING path;
    UNICODE_STRING name;
};

enum owner                          /* ws2_32.spec says what they mean */
{
    owner_own,
    owner_wraps,
    owner_hooked,
    owner_swaps16,
    owner_swaps32,
    owner_absent,
    owner_platform
};

static const struct
{
    const char *name;
    enum owner owner;
} exports[] =
{
#define EXPORT(name, bytes, owner, way, argument, inside) {#name, owner_##owner},
#include "exports.inc"
#undef EXPORT
};

/* In the same order. The slot is what the exported function jumps to; it is written whole, while others jump. */
struct export_entry
{
    void *volatile slot;
    void *volatile next;            /* where the check goes on to */
    void *const fail;
    void *const check;              /* NULL: works also inside a blocking call */
    void *const own;                /* NULL: the platform's */
};

extern struct export_entry export_table[];      /* thunks.S */

static void *plain_slots[ARRAYSIZE(exports)];   /* the slots while no hook is used */
static BOOL checking;                           /* guarded by startup_lock */

struct platform platform;

static HMODULE next_module;         /* the platform's, or the first copy of ours: what the slots lead to */
static struct loader_entry *renamed_entry;
static UNICODE_STRING original_name;
static BOOLEAN (WINAPI *shutdown_in_progress)(void);

static BOOL is_ours(HMODULE module)
{
    return FindResourceW(module, MAKEINTRESOURCEW(1), L"WSASYNC") != NULL;
}

static LIST_ENTRY *loader_list(void)
{
    return &RtlGetCurrentPeb()->Ldr->InMemoryOrderModuleList;
}

static struct loader_entry *loader_entry_at(LIST_ENTRY *entry)
{
    return CONTAINING_RECORD(entry, struct loader_entry, in_memory_order);
}

/* The copy of our DLL that was here before `self` (one beside the program, one in the prefix); NULL if none. */
static HMODULE earlier_copy(HMODULE self)
{
    LIST_ENTRY *entry;

    for (entry = loader_list()->Flink; entry != loader_list(); entry = entry->Flink)
    {
        struct loader_entry *module = loader_entry_at(entry);

        if (module->base == self || module->name.Length != sizeof(L"ws2_32.dll") - sizeof(WCHAR)
            || _wcsnicmp(module->name.Buffer, L"ws2_32.dll", module->name.Length / sizeof(WCHAR)))
            continue;
        if (is_ours(module->base))
            return module->base;
    }
    return NULL;
}

/* Takes the name ws2_32.dll from a module. ntdll reads the new one on each look-up, also when we are gone. */
static void rename_module(HMODULE module)
{
    static const WCHAR name[] = L"ws2_32.platform.dll";
    WCHAR *buffer = HeapAlloc(GetProcessHeap(), 0, sizeof(name));
    LIST_ENTRY *entry;

    if (!buffer)
    {
        ERR("no memory: the name ws2_32 may lead to the platform's DLL\n");
        return;
    }
    memcpy(buffer, name, sizeof(name));
    for (entry = loader_list()->Flink; entry != loader_list(); entry = entry->Flink)
    {
        if (loader_entry_at(entry)->base != module)
            continue;
        renamed_entry = loader_entry_at(entry);
        original_name = renamed_entry->name;
        renamed_entry->name.Buffer = buffer;
        renamed_entry->name.Length = sizeof(name) - sizeof(WCHAR);
        renamed_entry->name.MaximumLength = sizeof(name);
        return;
    }
    HeapFree(GetProcessHeap(), 0, buffer);
}

/* <system>\ws2_32.dll, or the one that the installation kept in <system>\wsasync when that file is ours. It is loaded to
 * see whose it is: another copy of ours finds us, and goes again. To look into the file first would cost each program that. */
static HMODULE load_platform(HMODULE self)
{
    static const WCHAR *const names[] = {L"\\ws2_32.dll", L"\\wsasync\\ws2_32.dll"};
    WCHAR path[MAX_PATH + 32];
    UINT length = GetSystemDirectoryW(path, MAX_PATH);
    unsigned int i;
    HMODULE module;

    if (!length || length >= MAX_PATH)
        return NULL;
    for (i = 0; i < ARRAYSIZE(names); i++)
    {
        wcscpy(path + length, names[i]);
        if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES || !(module = LoadLibraryW(path)))
            continue;
        if (module != self && !is_ours(module))
            return module;
        FreeLibrary(module);
    }
    return NULL;
}

/* From the platform's functions, or from all those of an earlier copy of ours. */
static void fill_slots(HMODULE module, BOOL all)
{
    unsigned int i;
    void *address;

    for (i = 0; i < ARRAYSIZE(exports); i++)
    {
        enum owner owner = all ? owner_platform : exports[i].owner;

        if (owner == owner_own || owner == owner_absent || !(address = (void *)GetProcAddress(module, exports[i].name)))
            continue;
        export_table[i].slot = owner == owner_wraps ? export_table[i].own : address;
    }
}

/* Puts the checks that blocking hooks need into the slots, or takes them out. A thread may be in one all the time: what
 * that goes on to stays. Called with startup_lock held. */
void platform_check_calls(BOOL check)
{
    unsigned int i;

    if (check == checking)
        return;
    checking = check;
    TRACE("%s\n", check ? "calls are checked" : "calls go straight to the platform");
    for (i = 0; i < ARRAYSIZE(exports); i++)
    {
        struct export_entry *entry = &export_table[i];

        if (!entry->check)
            continue;
        if (check)
        {
            plain_slots[i] = entry->slot;
            entry->next = exports[i].owner == owner_hooked && entry->slot != entry->fail ? entry->own : entry->slot;
            entry->slot = entry->check;
        }
        else
            entry->slot = plain_slots[i];
    }
}

/* Loads and binds the platform's DLL. From DllMain: nobody has called us yet, and while it is loaded nobody asks for
 * ws2_32 (those of its imports that do are delayed), so its new name comes in time. Without a platform every call fails,
 * WSAStartup with WSASYSNOTREADY. */
void platform_attach(HINSTANCE self)
{
    HMODULE module;

    shutdown_in_progress = (void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "RtlDllShutdownInProgress");

    if ((module = earlier_copy(self)))
    {
        GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, (const WCHAR *)module, &next_module);
        fill_slots(module, TRUE);
        TRACE("%p serves for %p\n", module, self);
        return;
    }
    if (!(module = load_platform(self)))
    {
        ERR("no ws2_32 of the platform's in the system directory; is the override 'ws2_32=n,b'?\n");
        return;
    }
    next_module = module;
    rename_module(module);
    fill_slots(module, FALSE);
#define BIND(name) platform.name = (void *)GetProcAddress(module, #name)
    BIND(FreeAddrInfoEx);
    BIND(FreeAddrInfoExW);
    BIND(FreeAddrInfoW);
    BIND(GetAddrInfoExW);
    BIND(GetAddrInfoW);
    BIND(WSAAccept);
    BIND(WSAAsyncSelect);
    BIND(WSACleanup);
    BIND(WSADuplicateSocketA);
    BIND(WSADuplicateSocketW);
    BIND(WSAEnumProtocolsW);
    BIND(WSAEventSelect);
    BIND(WSAGetOverlappedResult);
    BIND(WSAIoctl);
    BIND(WSARecv);
    BIND(WSARecvFrom);
    BIND(WSASend);
    BIND(WSASendTo);
    BIND(WSASocketA);
    BIND(WSASocketW);
    BIND(WSAStartup);
    BIND(accept);
    BIND(closesocket);
    BIND(connect);
    BIND(gethostbyaddr);
    BIND(gethostbyname);
    BIND(gethostname);
    BIND(getpeername);
    BIND(getprotobyname);
    BIND(getprotobynumber);
    BIND(getservbyname);
    BIND(getservbyport);
    BIND(getsockname);
    BIND(getsockopt);
    BIND(ioctlsocket);
    BIND(recv);
    BIND(recvfrom);
    BIND(select);
    BIND(send);
    BIND(sendto);
    BIND(setsockopt);
    BIND(shutdown);
    BIND(socket);
#undef BIND
    TRACE("platform's ws2_32 at %p\n", module);
}

/* From now on our code stays, whatever FreeLibrary says. Takes the loader's lock: not with one of ours held, its owner may
 * want that. */
BOOL platform_pin_self(void)
{
    static volatile BOOL pinned;
    HMODULE self;

    if (!pinned)
        pinned = GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                                    (const WCHAR *)platform_pin_self, &self);
    return pinned;
}

/* Gives the platform's DLL its name back and lets it go. From DllMain, when we are unloaded. */
void platform_detach(void)
{
    WCHAR *buffer;

    if (renamed_entry)
    {
        buffer = renamed_entry->name.Buffer;
        renamed_entry->name = original_name;
        HeapFree(GetProcessHeap(), 0, buffer);
    }
    if (next_module)
        FreeLibrary(next_module);
}

/* What a call comes to that cannot be made, inside a blocking call (if that is possible) or because the platform lacks the
 * function: returns and sets WSAEINPROGRESS or WSAEOPNOTSUPP, WSASYSNOTREADY if there is no platform; stores it in `*error`
 * too, which may be any pointer. */
int WINAPI export_fails(const char *name, int *error, BOOL is_checked)
{
    int code = WSAEINPROGRESS;

    if (is_checked && blocking_refuses(NULL))
        WARN("%s inside a blocking call\n", name);
    else
    {
        code = next_module ? WSAEOPNOTSUPP : WSASYSNOTREADY;
        WARN("the platform has no %s\n", name);
    }
    if (memory_writable(error, sizeof(*error)))
        *error = code;
    SetLastError(code);
    return code;
}

static const IMAGE_NT_HEADERS *builtin_headers(const char *base)
{
    static const char mark[] = "Wine builtin DLL";      /* behind the DOS header (observed, Wine 8.0 and 10.0) */
    const IMAGE_DOS_HEADER *dos = (const IMAGE_DOS_HEADER *)base;

    if (!base || dos->e_magic != IMAGE_DOS_SIGNATURE)
        return NULL;
    /* where Wine's DLLs are no PE files, its loader makes up headers, with nothing in between (observed, Wine 5.0) */
    if (!(dos->e_lfanew == sizeof(*dos) && dos->e_lfarlc == sizeof(*dos))
        && (dos->e_lfanew < (LONG)(sizeof(*dos) + sizeof(mark)) || memcmp(dos + 1, mark, sizeof(mark))))
        return NULL;
    return (const IMAGE_NT_HEADERS *)(base + dos->e_lfanew);
}

/* The name that a DLL has for itself, which no renaming changes; "" if it exports nothing. */
static const char *export_name(const char *base, const IMAGE_NT_HEADERS *nt)
{
    const IMAGE_DATA_DIRECTORY *directory = &nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT];

    if (!directory->VirtualAddress)
        return "";
    return base + ((const IMAGE_EXPORT_DIRECTORY *)(base + directory->VirtualAddress))->Name;
}

/* Whether the caller is one of Wine's own DLLs: their use of Winsock is the platform's affair, not the program's. But
 * wsock32 only hands on what the program calls, and the other two begin its threads: a thread's last call may return there. */
BOOL platform_calls(const void *return_address)
{
    static const char *const others[] = {"wsock32.dll", "kernel32.dll", "ntdll.dll"};
    const char *base = (const char *)memory_module(return_address);
    const IMAGE_NT_HEADERS *nt = builtin_headers(base);
    unsigned int i;

    if (!nt || !(nt->FileHeader.Characteristics & IMAGE_FILE_DLL))
        return FALSE;
    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
    {
        if (!_stricmp(export_name(base, nt), others[i]))
            return FALSE;
    }
    return TRUE;
}

/* Whether this thread holds the loader's lock: it is in some DllMain, and no thread can start before that returns. */
BOOL loader_locked(void)
{
    /* PEB.LoaderLock; in no MinGW header */
    const size_t offset = sizeof(void *) == 8 ? 0x110 : 0xa0;
    const CRITICAL_SECTION *lock = *(CRITICAL_SECTION **)((char *)RtlGetCurrentPeb() + offset);

    return lock && (ULONG_PTR)lock->OwningThread == GetCurrentThreadId();
}

/* Whether the process is being shut down: every other thread is dead, and may have died holding any lock. */
BOOL process_ending(void)
{
    return shutdown_in_progress && shutdown_in_progress();
}
