/*
 * What the parts of the legacy client share: the client itself (legacy.c), its connect (legacy_connect.c), the
 * hand that types when there is no user (legacy_script.c), and the witness that counts what Winsock did to it
 * (legacy_witness.c).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef LEGACY_H
#define LEGACY_H

#include <winsock.h>
#include <windows.h>

/* --- legacy.c: what a user can do --- */

BOOL open_window(void);                 /* opens the one window, if it is not open */
void close_window(void);                /* closes it, if it is open */
void type_name(const char *name);       /* types a name into it, then Enter */
void press_connect(const char *typed);  /* types NAME:PORT, then presses Connect */
void press_cancel(void);                /* in vain where nothing blocks */

void handle_message(MSG *);             /* what the main loop does with one */

/* --- legacy_connect.c --- */

const char *connect_to(const char *typed);      /* NAME:PORT; blocks, then says for the user how it went */
void give_up(void);                             /* of the call that blocks, if one does */

/* --- legacy_script.c --- */

/* Plays the words of the command line, one each `every` milliseconds, then ends the message loop:
 *
 *     NAME         types that name (opens the window if there is none)
 *     /connect:NAME:PORT   connects (opens the window if there is none)
 *     /patience:MS     in the connects from here on: presses Cancel after so long (0, as at first: never)
 *     /close       closes the window
 *     /wait:MS     does nothing for so long
 *     /busy:MS     after the next name: takes no messages for so long; then the word after it follows at once
 *     /every:MS    the rhythm from here on, 100 at first
 *
 * Returns FALSE if there are none: a user is there. */
BOOL script_begin(const char *command_line);

/* --- legacy_witness.c: sees, never interferes --- */

void saw_request(HANDLE task, const char *name);    /* the client has asked for this name */
void saw_cancel(HANDLE task, int error);            /* WSACancelAsyncRequest has answered; 0: cancelled */
void saw_message(HANDLE task, BOOL current);        /* a completion message; current: of the latest request */
void saw_answer(const char *shown);                 /* what the window shows for the latest request */
void saw_connect(void);                             /* the client connects, the window should live on */
void saw_hook(void);                                /* its blocking hook was called */
void saw_alive(void);                               /* the window does something; ought to come often */
void saw_connect_end(int error);                    /* 0: connected */
void print_report(void);                            /* NAME=COUNT lines on standard output */

/* The debug heap, as compilers of the time had one: freed memory is filled with a pattern and never used
 * again. */
void *heap_alloc(SIZE_T size);
void heap_free(void *block);
void heap_check(void);                              /* counts the freed blocks written since the last time */

#endif
