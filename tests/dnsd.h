/*
 * What the two halves of the scripted DNS server share: the server (dnsd.c) knows sockets and time, the script
 * (dnsd_script.c) knows questions and answers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_DNSD_H
#define WSASYNC_TESTS_DNSD_H

#include <stddef.h>

struct message
{
    size_t len;
    unsigned char *data;
};

void *grown(void *old, size_t size);    /* realloc() that ends the program when there is no memory */
void put16(struct message *message, unsigned int value);
unsigned int get16(const unsigned char *p);

/* Makes the answer to a question, of at most max bytes, in new memory, to be sent after *delay ms; returns 0 when
 * there is to be none. With a log, says there what is asked. */
int answer(const unsigned char *question, size_t len, size_t max, int log, struct message *reply,
           unsigned int *delay);

#endif
