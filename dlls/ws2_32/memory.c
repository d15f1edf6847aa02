/*
 * Memory: our own, and whether that which a program names is there. Knows nothing of what is kept in it.
 *
 * Ours comes from a heap of ours: its lock is nobody else's, so we may allocate with locks of ours held.
 *
 * The answer about a program's pointer comes from the page tables, not from trying: under emulation a page fault is not
 * always reported as one. It holds as long as nobody changes the mapping at the same moment.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

#define READABLE (PAGE_READONLY | PAGE_READWRITE | PAGE_WRITECOPY \
                  | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)
#define WRITABLE (PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)
#define EXECUTABLE (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)

static HANDLE heap;

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

/* Whether all `size` bytes at `ptr`, any pointer, can be read. */
BOOL memory_readable(const void *ptr, size_t size)
{
    return accessible(ptr, size, READABLE) == size;
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

/* The length of the string at `ptr`, any pointer, `max` if it is longer; -1 if it is not readable to its end. */
int memory_string_length(const char *ptr, int max)
{
    int length = 0, readable = 0;

    while (length < max)
    {
        if (length == readable)
        {
            /* one page at a time: looking ahead would ask about pages that the string does not reach */
            size_t page = 0x1000 - ((ULONG_PTR)(ptr + length) & 0xfff);
            size_t there = accessible(ptr + length, page, READABLE);

            if (!there)
                return -1;
            readable += there;
        }
        if (!ptr[length])
            break;
        length++;
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
