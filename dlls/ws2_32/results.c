/*
 * The results of the blocking database calls: each thread's own, one of each kind, as long as the thread lives or asks
 * again. (Winsock 1.1) Knows nothing of what is in them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ws2_32_private.h"

struct results
{
    struct
    {
        void *record;               /* from memory_alloc() */
        size_t size;
    } kinds[RECORD_COUNT];
};

static DWORD thread_slot = TLS_OUT_OF_INDEXES;

/* From DllMain. */
void results_attach(void)
{
    thread_slot = TlsAlloc();
}

/* From DllMain, when we are unloaded: the memory goes with our heap. */
void results_detach(void)
{
    TlsFree(thread_slot);
}

/* From DllMain, on a thread that ends. */
void results_thread_ends(void)
{
    struct results *results = TlsGetValue(thread_slot);
    unsigned int i;

    if (!results)
        return;
    for (i = 0; i < RECORD_COUNT; i++)
        memory_free(results->kinds[i].record);
    TlsSetValue(thread_slot, NULL);
    memory_free(results);
}

static struct results *this_thread(void)
{
    struct results *results = TlsGetValue(thread_slot);

    if (!results && (results = memory_alloc(sizeof(*results))) && !TlsSetValue(thread_slot, results))
    {
        memory_free(results);
        results = NULL;
    }
    return results;
}

/* Where the thread's next result of the kind goes, `size` bytes; the one before is gone. NULL: no memory. Changes the last
 * error. */
void *results_buffer(enum record_kind kind, size_t size)
{
    struct results *results = this_thread();
    void *record;

    if (!results)
        return NULL;
    if (results->kinds[kind].size >= size)
        return results->kinds[kind].record;
    if (!(record = memory_alloc(size)))
        return NULL;
    results_keep(kind, record, size);
    return record;
}

/* Makes `record`, `size` bytes from memory_alloc(), the thread's latest result of its kind. FALSE: no memory, it was freed.
 * Changes the last error. */
BOOL results_keep(enum record_kind kind, void *record, size_t size)
{
    struct results *results = this_thread();

    if (!results)
    {
        memory_free(record);
        return FALSE;
    }
    memory_free(results->kinds[kind].record);
    results->kinds[kind].record = record;
    results->kinds[kind].size = size;
    return TRUE;
}
