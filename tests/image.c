/*
 * Implementation of image.h. The image's own headers are read, never the loader's lists.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common.h"
#include "image.h"
#include <tlhelp32.h>

HMODULE image_of(const void *address)
{
    MEMORY_BASIC_INFORMATION info;

    if (!VirtualQuery(address, &info, sizeof(info)) || info.State != MEM_COMMIT || info.Type != MEM_IMAGE)
        return NULL;
    return info.AllocationBase;
}

HMODULE winsock(void)
{
    return image_of((const void *)WSAStartup);
}

BOOL marked(HMODULE module)
{
    return module && is_ours(module);
}

static const IMAGE_DATA_DIRECTORY *directory(HMODULE module, int which)
{
    const IMAGE_DOS_HEADER *dos = (const void *)module;
    const IMAGE_NT_HEADERS *nt = (const void *)((const char *)module + dos->e_lfanew);
    const IMAGE_DATA_DIRECTORY *entry = &nt->OptionalHeader.DataDirectory[which];

    return entry->VirtualAddress && entry->Size ? entry : NULL;
}

/* One DLL's part of an import table; FALSE to stop. */
static BOOL each_of_dll(char *base, const char *dll, DWORD names, DWORD slots, import_callback each, void *context)
{
    const IMAGE_THUNK_DATA *from = (const void *)(base + names);
    IMAGE_THUNK_DATA *to = (void *)(base + slots);

    for (; from->u1.AddressOfData; from++, to++)
    {
        const IMAGE_IMPORT_BY_NAME *by_name = (const void *)(base + from->u1.AddressOfData);
        BOOL number = IMAGE_SNAP_BY_ORDINAL(from->u1.Ordinal);

        if (!each(dll, number ? NULL : (const char *)by_name->Name, number ? IMAGE_ORDINAL(from->u1.Ordinal) : 0,
                  (void **)&to->u1.Function, context))
            return FALSE;
    }
    return TRUE;
}

void each_import(HMODULE module, import_callback each, void *context)
{
    const IMAGE_DATA_DIRECTORY *entry;
    char *base = (char *)module;

    if ((entry = directory(module, IMAGE_DIRECTORY_ENTRY_IMPORT)))
    {
        const IMAGE_IMPORT_DESCRIPTOR *dll = (const void *)(base + entry->VirtualAddress);

        for (; dll->Name && dll->FirstThunk; dll++)
            if (!each_of_dll(base, base + dll->Name,
                             dll->OriginalFirstThunk ? dll->OriginalFirstThunk : dll->FirstThunk,
                             dll->FirstThunk, each, context)) return;
    }
    if ((entry = directory(module, IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT)))
    {
        const IMAGE_DELAYLOAD_DESCRIPTOR *dll = (const void *)(base + entry->VirtualAddress);

        for (; dll->DllNameRVA; dll++)
            if (!each_of_dll(base, base + dll->DllNameRVA, dll->ImportNameTableRVA, dll->ImportAddressTableRVA,
                             each, context)) return;
    }
}

struct patch
{
    const char *name;
    void *replacement, *old;
};

static BOOL patch_one(const char *dll, const char *name, WORD ordinal, void **slot, void *context)
{
    struct patch *patch = context;
    DWORD protection;

    (void)dll, (void)ordinal;
    if (!name || strcmp(name, patch->name)) return TRUE;
    patch->old = *slot;
    if (VirtualProtect(slot, sizeof(*slot), PAGE_READWRITE, &protection))
    {
        InterlockedExchangePointer(slot, patch->replacement);
        VirtualProtect(slot, sizeof(*slot), protection, &protection);
    }
    return FALSE;
}

void *patch_import(HMODULE module, const char *name, void *replacement)
{
    struct patch patch = { name, replacement, NULL };

    each_import(module, patch_one, &patch);
    return patch.old;
}

DWORD each_export(HMODULE module, export_callback each, void *context)
{
    const IMAGE_DATA_DIRECTORY *entry = directory(module, IMAGE_DIRECTORY_ENTRY_EXPORT);
    const IMAGE_EXPORT_DIRECTORY *exports;
    const char *base = (const char *)module;
    const DWORD *functions, *names;
    const WORD *indices;
    DWORD i, count = 0;

    if (!entry) return 0;
    exports = (const void *)(base + entry->VirtualAddress);
    functions = (const void *)(base + exports->AddressOfFunctions);
    names = (const void *)(base + exports->AddressOfNames);
    indices = (const void *)(base + exports->AddressOfNameOrdinals);
    for (i = 0; i < exports->NumberOfFunctions; i++) if (functions[i]) count++;
    for (i = 0; i < exports->NumberOfNames; i++)
        if (!each(base + names[i], exports->Base + indices[i], (void *)(base + functions[indices[i]]), context)) break;
    return count;
}

BOOL start_program(const char *program, const char *args, PROCESS_INFORMATION *info)
{
    STARTUPINFOA startup = { .cb = sizeof(startup) };
    char path[MAX_PATH], line[2 * MAX_PATH + 128];

    GetModuleFileNameA(NULL, path, sizeof(path));
    if (program) strcpy(strrchr(path, '\\') + 1, program);
    snprintf(line, sizeof(line), "\"%s\" %s", path, args);
    return CreateProcessA(path, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, info);
}

DWORD end_program(PROCESS_INFORMATION *info, const char *what, DWORD seconds, int expected)
{
    DWORD code = STILL_ACTIVE;

    if (WaitForSingleObject(info->hProcess, seconds * 1000) == WAIT_OBJECT_0)
        GetExitCodeProcess(info->hProcess, &code);
    else
    {
        winetest_ok(0, "%s does not end\n", what);
        TerminateProcess(info->hProcess, 1);
        WaitForSingleObject(info->hProcess, 10000);
    }
    CloseHandle(info->hThread);
    CloseHandle(info->hProcess);
    if (code == STILL_ACTIVE) return code;
    if (expected == FAILURES) winetest_ok(!code, "%s: exit code %#lx\n", what, code);
    else if (expected != ANY_CODE)
        winetest_ok(code == (DWORD)expected, "%s: exit code %#lx, expected %#x\n", what, code, expected);
    return code;
}

DWORD run_program_(const char *program, const char *args, DWORD seconds, int expected)
{
    PROCESS_INFORMATION info;
    char what[256];

    snprintf(what, sizeof(what), "%s %s", program ? program : "child", args);
    if (!start_program(program, args, &info))
    {
        winetest_ok(0, "%s not started, error %lu\n", what, GetLastError());
        return STILL_ACTIVE;
    }
    return end_program(&info, what, seconds, expected);
}

int call_counting(void *function, const ULONG_PTR *args, int count, ULONG_PTR *result)
{
#ifdef __i386__
    ULONG_PTR ret, missing;

    __asm__ volatile("movl %%esp, %%esi\n\t"
                     "1: testl %%ecx, %%ecx\n\t"
                     "jz 2f\n\t"
                     "pushl -4(%%edi,%%ecx,4)\n\t"
                     "decl %%ecx\n\t"
                     "jmp 1b\n\t"
                     "2: call *%%edx\n\t"
                     "movl %%esi, %%ecx\n\t"
                     "subl %%esp, %%ecx\n\t"
                     "movl %%esi, %%esp"
                     : "=a" (ret), "=c" (missing), "+d" (function)
                     : "1" (count), "D" (args) : "esi", "memory", "cc");
    *result = ret;
    return missing;
#else
    ULONG_PTR (WINAPI *call)(ULONG_PTR, ULONG_PTR, ULONG_PTR, ULONG_PTR, ULONG_PTR, ULONG_PTR, ULONG_PTR, ULONG_PTR,
                             ULONG_PTR, ULONG_PTR) = (void *)function;
    ULONG_PTR all[MOST_ARGUMENTS] = { 0 };

    memcpy(all, args, count * sizeof(*args));
    *result = call(all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7], all[8], all[9]);
    return 0;
#endif
}

DWORD thread_count(void)
{
    THREADENTRY32 entry = { .dwSize = sizeof(entry) };
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    DWORD count = 0;

    if (snapshot == INVALID_HANDLE_VALUE) return 0;
    if (Thread32First(snapshot, &entry))
        do if (entry.th32OwnerProcessID == GetCurrentProcessId()) count++;
        while (Thread32Next(snapshot, &entry));
    CloseHandle(snapshot);
    return count;
}
