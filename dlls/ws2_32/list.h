/*
 * Intrusive doubly linked lists: an entry is a member of what it links; an empty head links to itself.
 * Knows nothing of what is linked.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_LIST_H
#define WSASYNC_LIST_H

#include <stddef.h>

struct list
{
    struct list *next, *prev;
};

#define LIST_INIT(head) {&(head), &(head)}
#define LIST_ENTRY_OF(entry, type, member) ((type *)((char *)(entry) - offsetof(type, member)))

static inline void list_init(struct list *head)
{
    head->next = head->prev = head;
}

static inline int list_empty(const struct list *head)
{
    return head->next == head;
}

/* Puts `entry` before `where`: at the tail, when that is the head. */
static inline void list_add_before(struct list *where, struct list *entry)
{
    entry->next = where;
    entry->prev = where->prev;
    where->prev->next = entry;
    where->prev = entry;
}

/* Leaves the entry linked to itself, so that it may be removed again. */
static inline void list_remove(struct list *entry)
{
    entry->next->prev = entry->prev;
    entry->prev->next = entry->next;
    list_init(entry);
}

#endif
