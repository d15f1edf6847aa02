/*
 * The hand that types when there is no user (see script_begin() in legacy.h): timer messages that the program
 * sends to itself. Must not know what the client does with a name.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "legacy.h"

#include <stdlib.h>
#include <string.h>

#define TICK 10                 /* ms; the heap is looked at as often */

static char words[4096];        /* the command line, cut up by strtok() */
static const char *word;        /* the next one */
static DWORD every = 100, busy; /* ms */
static DWORD due;               /* by GetTickCount() */
static DWORD patience;          /* ms, with a connect */
static BOOL connecting;

/* Whether the word is this option; then its value in milliseconds. */
static BOOL option(const char *name, DWORD *value)
{
    size_t length = strlen(name);

    if (strncmp(word, name, length) || word[length] != ':') return FALSE;
    *value = strtoul(word + length + 1, NULL, 10);
    return TRUE;
}

/* Returns FALSE when the next word is to follow at once. */
static BOOL play_word(void)
{
    DWORD value;

    if (option("/every", &every) || option("/busy", &busy) || option("/patience", &patience)) return FALSE;
    if (option("/wait", &value))
    {
        due += value;
        return TRUE;
    }
    if (!strcmp(word, "/close")) close_window();
    else if (!strncmp(word, "/connect:", 9))
    {
        connecting = TRUE;
        press_connect(word + 9);
        connecting = FALSE;
    }
    else
    {
        type_name(word);
        if (busy)
        {
            Sleep(busy);
            busy = 0;
            return FALSE;
        }
    }
    due += every;
    return TRUE;
}

static void CALLBACK tick(HWND hwnd, UINT message, UINT_PTR id, DWORD now)
{
    BOOL done = FALSE;

    (void)hwnd;
    (void)message;
    heap_check();
    saw_alive();
    if (connecting && patience && now - due >= patience) press_cancel();
    if (connecting || (int)(now - due) < 0) return;
    due = now;
    for (; word && !done; word = strtok(NULL, " ")) done = play_word();
    if (done) return;
    KillTimer(NULL, id);
    close_window();
    PostQuitMessage(0);
}

BOOL script_begin(const char *command_line)
{
    strncpy(words, command_line, sizeof(words) - 1);
    word = strtok(words, " ");
    if (!word) return FALSE;
    due = GetTickCount();
    return SetTimer(NULL, 0, TICK, tick) != 0;
}
