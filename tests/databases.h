/*
 * What the parts of the unit "databases" share: the prefix's files replaced, and questions asked in both ways.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef WSASYNC_TESTS_DATABASES_H
#define WSASYNC_TESTS_DATABASES_H

#include "hooknames.h"

enum { BY_SERVICE, BY_PORT, BY_PROTOCOL, BY_NUMBER };

struct question
{
    int kind;
    const char *name, *proto;
    int number;                     /* port in host order */
};

#define SERVICE(name, proto) {BY_SERVICE, name, proto, 0}
#define PORT(number, proto) {BY_PORT, NULL, proto, number}
#define PROTOCOL(name) {BY_PROTOCOL, name, NULL, 0}
#define NUMBER(number) {BY_NUMBER, NULL, NULL, number}

extern HWND window;

const char *etc(const char *name);  /* its path in the directory of the databases */
void put_file(const char *path, const void *text, int size);    /* size -1: a string; in one step, as a new file */
void move_over(const char *from, const char *to);   /* again, as long as somebody reads it at the moment */
void remove_file(const char *path);
const char *answer(const struct question *);        /* as text, or "error N"; asked by the blocking call */
const char *answer_later(const struct question *);  /* the same, of the asynchronous one */

/* Until both ways answer so, as a program that asks again and again would see it: one check. */
#define expect_seen(question, text) (winetest_set_location(__FILE__, __LINE__), expect_seen_(question, text))
void expect_seen_(const struct question *, const char *);

/* databases_change.c */
void test_changes(void);
void test_missing(void);
void test_locked(void);
void test_denied(void);
void test_same_stamp(int ahead);
void test_while_changing(void);
char *add_generation(char *text, int generation);   /* a line that it looks for, and finds at first */
void plain_child(void);             /* in a process that makes blocking calls alone */

#endif
