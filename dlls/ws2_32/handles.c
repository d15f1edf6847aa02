/*
 * Handles by their values: a number that goes up, found by its last bits. Knows nothing of what they stand for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "handles.h"

#define STEP 4                      /* as the system's: the two low bits are nobody's */
#define FIRST 0x10000

static volatile LONG given;         /* of all kinds, so that one kind's is no other's */

static unsigned int bucket(HANDLE value)
{
    return ((ULONG_PTR)value / STEP) % ARRAYSIZE(((struct handles *)NULL)->buckets);
}

/* Adds a handle; its value is new. (After 2^29 the numbers begin again, past those in use.) */
void handles_add(struct handles *handles, struct handle *handle)
{
    HANDLE value;

    do
        value = (HANDLE)(((ULONG_PTR)InterlockedIncrement(&given) * STEP + FIRST) & 0x7fffffff);
    while (!value || handles_find(handles, value));
    handle->value = value;
    handle->next = handles->buckets[bucket(value)];
    handles->buckets[bucket(value)] = handle;
}

/* The handle of this value, which may be any; NULL if there is none. */
struct handle *handles_find(const struct handles *handles, HANDLE value)
{
    struct handle *handle;

    for (handle = handles->buckets[bucket(value)]; handle && handle->value != value; handle = handle->next) {}
    return handle;
}

/* Removes a handle that was added; its value is nobody's from now on. */
void handles_remove(struct handles *handles, struct handle *handle)
{
    struct handle **at = &handles->buckets[bucket(handle->value)];

    while (*at != handle)
        at = &(*at)->next;
    *at = handle->next;
}
