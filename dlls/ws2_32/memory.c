/*
 * Memory: our own, and whether that which a program names is there. Knows nothing of what is kept in it.
 *
 * Ours comes from a heap of ours: its lock is nobody else's, so we may allocate with locks of ours held.
 *
 * Whether a program's pointer can be read comes from trying, whether it can be written from the page tables: trying would
 * write. The answer holds as long as nobody changes the mapping at the same moment.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

#define READABLE (PAGE_READONLY | PAGE_READWRITE | PAGE_WRITECOPY \
                  | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)
#define WRITABLE (PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)
#define EXECUTABLE (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)

#define PAGE_BYTES 0x1000
#define TRY_MAX 0x10000             /* bytes whose pages are tried one by one */

static HANDLE heap;

int touch(const void *ptr);

/* From DllMain. Where there is no heap to be had, every allocation fails. */
void memory_attach(void)
{
    heap = HeapCreate(0, 0, 0);
}

/* From DllMain, when we are unloaded. */
void memory_detach(void)
{
    if (heap)
        HeapDestroy(heap);
}

/* `size` bytes of zeros; NULL if there are none. */
void *memory_alloc(size_t size)
{
    return heap ? HeapAlloc(heap, HEAP_ZERO_MEMORY, size) : NULL;
}

/* Gives back what memory_alloc() gave; NULL is nothing. */
void memory_free(void *ptr)
{
    if (ptr)
        HeapFree(heap, 0, ptr);
}

/* The bytes from `ptr` on, up to `size`, whose pages are there with one of the rights `wanted`. Leaves the last error. */
static size_t accessible(const void *ptr, size_t size, DWORD wanted)
{
    const char *at = ptr, *end = at + size;
    MEMORY_BASIC_INFORMATION info;
    DWORD error = GetLastError();

    if (end < at)
        end = (const char *)~(ULONG_PTR)0;
    while (at < end)
    {
        if (!VirtualQuery(at, &info, sizeof(info)) || info.State != MEM_COMMIT
            || !(info.Protect & wanted) || (info.Protect & PAGE_GUARD))
            break;
        at = (const char *)info.BaseAddress + info.RegionSize;
    }
    SetLastError(error);
    return (at < end ? at : end) - (const char *)ptr;
}

/* Whether the byte at `ptr` can be read. A guard page cannot, and stays one. */
static BOOL readable(const void *ptr)
{
    MEMORY_BASIC_INFORMATION info;
    DWORD error = GetLastError(), old;

    if (touch(ptr))
        return TRUE;
    if (VirtualQuery(ptr, &info, sizeof(info)) && info.State == MEM_COMMIT && (info.Protect & READABLE)
        && !(info.Protect & PAGE_GUARD))
        VirtualProtect((void *)ptr, 1, info.Protect | PAGE_GUARD, &old);
    SetLastError(error);
    return FALSE;
}

/* The bytes from `ptr` to the end of its page. */
static size_t left_in_page(const void *ptr)
{
    return PAGE_BYTES - ((ULONG_PTR)ptr & (PAGE_BYTES - 1));
}

/* Whether all `size` bytes at `ptr`, any pointer, can be read. Not with a lock held. */
BOOL memory_readable(const void *ptr, size_t size)
{
    const char *at = ptr;
    size_t there;

    if (size > TRY_MAX)
        return accessible(ptr, size, READABLE) == size;
    for (; size; size -= there, at += there)
    {
        if (!readable(at))
            return FALSE;
        there = min(size, left_in_page(at));
    }
    return TRUE;
}

/* Whether all `size` bytes at `ptr`, any pointer, can be written. A guard page cannot. */
BOOL memory_writable(void *ptr, size_t size)
{
    return accessible(ptr, size, WRITABLE) == size;
}

/* Whether `ptr`, any pointer, can be called. */
BOOL memory_executable(const void *ptr)
{
    return accessible(ptr, 1, EXECUTABLE) == 1;
}

/* The length of the string at `ptr`, any pointer, `max` if it is longer; -1 if it is not readable to its end. Not with a
 * lock held. */
int memory_string_length(const char *ptr, int max)
{
    int length;

    for (length = 0; length < max; length++)
    {
        /* one page at a time: looking ahead would ask about pages that the string does not reach */
        if ((!length || left_in_page(ptr + length) == PAGE_BYTES) && !readable(ptr + length))
            return -1;
        if (!ptr[length])
            break;
    }
    return length;
}

/* The same of a string of WCHARs, which need not be aligned; in WCHARs. */
int memory_wide_length(const WCHAR *ptr, int max)
{
    const char *at = (const char *)ptr;
    int length;

    for (length = 0; length < max; length++, at += sizeof(WCHAR))
    {
        if ((!length || left_in_page(at) == PAGE_BYTES) && !readable(at))
            return -1;
        if (left_in_page(at) == 1 && !readable(at + 1))
            return -1;
        if (!at[0] && !at[1])
            break;
    }
    return length;
}

/* The module whose image `address` lies in, without asking the loader (and its lock); NULL if in none. */
HMODULE memory_module(const void *address)
{
    MEMORY_BASIC_INFORMATION info;

    if (!VirtualQuery(address, &info, sizeof(info)) || info.State != MEM_COMMIT || info.Type != MEM_IMAGE)
        return NULL;
    return info.AllocationBase;
}

/* Whether two places, such as two on a stack, lie in one block of memory. */
BOOL memory_together(const void *a, const void *b)
{
    MEMORY_BASIC_INFORMATION of_a, of_b;

    return VirtualQuery(a, &of_a, sizeof(of_a)) && VirtualQuery(b, &of_b, sizeof(of_b))
           && of_a.AllocationBase == of_b.AllocationBase;
}
