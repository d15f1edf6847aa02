/*
 * Handles that a program gets for something of ours, and gives back as any value. None is an address, and none is given
 * twice: what is over is not taken for what came after it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef HANDLES_H
#define HANDLES_H

#include <windows.h>

struct handle                       /* a member of what it stands for */
{
    struct handle *next;
    HANDLE value;
};

struct handles                      /* those of one kind; all zeros is none; the owner has the lock */
{
    struct handle *buckets[256];
};

void handles_add(struct handles *handles, struct handle *handle);
struct handle *handles_find(const struct handles *handles, HANDLE value);
void handles_remove(struct handles *handles, struct handle *handle);

#endif
