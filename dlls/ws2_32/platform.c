/*
 * The platform's ws2_32: finds it, loads it, fills the jump table with it, and keeps the name ws2_32 ours.
 * Knows no rule of Winsock.
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

enum owner
{
    owner_own,
    owner_absent,
    owner_platform
};

static const struct
{
    const char *name;
    enum owner owner;
} exports[] =
{
#define EXPORT(name, bytes, owner, way, argument) {#name, owner_##owner},
#include "exports.inc"
#undef EXPORT
};

extern void *export_slots[];        /* thunks.S, in the same order */

struct platform platform;

static HMODULE next_module;         /* the platform's, or the first copy of ours: what the slots lead to */
static struct loader_entry *renamed_entry;
static UNICODE_STRING original_name;
static BOOLEAN (WINAPI *shutdown_in_progress)(void);

static BOOL is_ours(HMODULE module)
{
    return FindResourceW(module, MAKEINTRESOURCEW(1), L"WSASYNC") != NULL;
}

static BOOL file_is_ours(const WCHAR *path)
{
    HMODULE file = LoadLibraryExW(path, NULL, LOAD_LIBRARY_AS_DATAFILE);
    BOOL ours;

    if (!file)
        return FALSE;
    ours = is_ours(file);
    FreeLibrary(file);
    return ours;
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

/* <system>\ws2_32.dll, or the one that the installation kept in <system>\wsasync when that file is ours. */
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
        if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES || file_is_ours(path))
            continue;
        if (!(module = LoadLibraryW(path)))
            continue;
        if (module != self && !is_ours(module))
            return module;
        FreeLibrary(module);
    }
    return NULL;
}

static void fill_slots(HMODULE module, BOOL all)
{
    unsigned int i;
    void *address;

    for (i = 0; i < ARRAYSIZE(exports); i++)
    {
        if ((all || exports[i].owner == owner_platform)
            && (address = (void *)GetProcAddress(module, exports[i].name)))
            export_slots[i] = address;
    }
}

/* Loads and binds the platform's DLL. From DllMain: nobody has called us yet, and while it is loaded nobody asks for
 * ws2_32 (those of its imports that do are delayed), so its new name comes in time. Without a platform every call fails, WSAStartup with WSASYSNOTREADY. */
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
    BIND(WSAStartup);
    BIND(WSACleanup);
    BIND(gethostbyaddr);
    BIND(gethostbyname);
    BIND(getprotobyname);
    BIND(getprotobynumber);
    BIND(getservbyname);
    BIND(getservbyport);
#undef BIND
    TRACE("platform's ws2_32 at %p\n", module);
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

/* What a call to a function that the platform lacks comes to: returns and sets WSAEOPNOTSUPP, WSASYSNOTREADY if there
 * is no platform; stores it in `*error` too, which may be any pointer. */
int WINAPI platform_lacks(const char *name, int *error)
{
    int code = next_module ? WSAEOPNOTSUPP : WSASYSNOTREADY;

    WARN("the platform has no %s\n", name);
    if (memory_writable(error, sizeof(*error)))
        *error = code;
    SetLastError(code);
    return code;
}

/* Whether the caller is one of Wine's own DLLs: their use of Winsock is the platform's affair, not the program's.
 * Wine marks them behind the DOS header (observed, Wine 8.0 and 10.0). */
BOOL platform_calls(const void *return_address)
{
    static const char mark[] = "Wine builtin DLL";
    const char *base = (const char *)memory_module(return_address);
    const IMAGE_DOS_HEADER *dos = (const IMAGE_DOS_HEADER *)base;
    const IMAGE_NT_HEADERS *nt;

    if (!base || dos->e_magic != IMAGE_DOS_SIGNATURE || dos->e_lfanew < (LONG)(sizeof(*dos) + sizeof(mark))
        || memcmp(dos + 1, mark, sizeof(mark)))
        return FALSE;
    nt = (const IMAGE_NT_HEADERS *)(base + dos->e_lfanew);
    return (nt->FileHeader.Characteristics & IMAGE_FILE_DLL) != 0;
}

/* Whether the process is being shut down: every other thread is dead, and may have died holding any lock. */
BOOL process_ending(void)
{
    return shutdown_in_progress && shutdown_in_progress();
}
