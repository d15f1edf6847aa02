/*
 * The generator of the jump table, dlls/ws2_32/exports.awk, with any .spec file: it must refuse the file, or make of it the
 * table that the file says. The input is such a file; what the table should be is worked out here a second time, from the
 * rules in ws2_32.spec's head and of what thunks.S and winebuild can take.
 *
 * The generator rather than the table: what is made of the file as it is, the DLL's tests (exports, passthrough) call entry
 * by entry, and nothing at run time reads the table by what a program gives. But a slip of the pen in the file must not
 * become a table that is quietly wrong: a stack that is off by four, a function without a slot. An awk for each input is
 * slow; it is the model here that tells libFuzzer which inputs are new.
 *
 * WSASYNC_EXPORTS_AWK, WSASYNC_AWK: the generator, and awk.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE
#include "shim.h"

#include <ctype.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SPEC_MAX 4000

struct export
{
    const char *name;
    char owner[12], way[8];
    int bytes, argument;
    BOOL is_free;
};

/* --- what the table should be --- */

static BOOL in(const char *word, const char *const *words)
{
    for (; *words; words++)
    {
        if (!strcmp(word, *words))
            return TRUE;
    }
    return FALSE;
}

/* The next word, cut off; NULL: none. */
static char *next_word(char **at)
{
    char *word = *at + strspn(*at, " \t"), *end = word + strcspn(word, " \t");

    *at = *end ? end + 1 : end;
    *end = 0;
    return *word ? word : NULL;
}

/* What is said of an export behind its #. */
static BOOL read_comment(char *text, struct export *export)
{
    static const char *const owners[] = {"own", "wraps", "hooked", "absent", "swaps16", "swaps32", NULL};
    static const char *const ways[] = {"minus", "zero", "error", "void", NULL};
    char *word;

    while ((word = next_word(&text)))
    {
        if (in(word, owners))
            strcpy(export->owner, word);
        else if (in(word, ways))
            strcpy(export->way, word);
        else if (!strcmp(word, "free"))
            export->is_free = TRUE;
        else if (!strncmp(word, "errno=", 6) && word[6] && !word[6 + strspn(word + 6, "0123456789")])
        {
            strcpy(export->way, "errno");
            export->argument = strlen(word + 6) > 6 ? 999999 : atoi(word + 6);
            if (!export->argument)
                return FALSE;
        }
        else
            return FALSE;
    }
    return TRUE;
}

/* FALSE: the line is no export as there may be. */
static BOOL read_export(char *line, struct export *export)
{
    static const char *const kinds[] = {"long", "ptr", "str", "wstr", NULL};
    char *comment = strchr(line, '#'), *at = line, *name, *end;

    *export = (struct export){NULL, "platform", "minus", 0, 0, FALSE};
    if (comment)
    {
        for (end = comment; end > line && end[-1] == ' '; end--)
            ;
        *end = 0;
        if (!read_comment(comment + 1, export))
            return FALSE;
    }
    at += *at == '@' ? 1 : strspn(at, "0123456789");
    if (strncmp(at, " stdcall ", 9))
        return FALSE;
    name = at + 9;
    at = name + strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    if (at == name || *at != '(')
        return FALSE;
    *at++ = 0;
    export->name = name;
    end = at + strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789 ");
    if (strcmp(end, ")"))
        return FALSE;
    *end = 0;
    while ((name = next_word(&at)))
    {
        if (!in(name, kinds))
            return FALSE;
        export->bytes += 4;
    }
    return export->argument * 4 <= export->bytes && (strncmp(export->owner, "swaps", 5) || export->bytes == 4);
}

/* The table of a file, `text` is cut to pieces; NULL: it must be refused. */
static char *table_of(char *text)
{
    static char table[SPEC_MAX * 20];
    static struct export exports[SPEC_MAX / 10];
    unsigned int count = 0, i;
    char *line, *at = table;

    at += sprintf(at, "/* made by exports.awk from ws2_32.spec: edit that */\n");
    while ((line = strsep(&text, "\n")))
    {
        if (!line[strspn(line, " \t")] || line[strspn(line, " \t")] == '#')
            continue;
        if (!isdigit(*line) && *line != '@')
            return NULL;
        if (!read_export(line, &exports[count]))
            return NULL;
        for (i = 0; i < count; i++)
        {
            if (!strcmp(exports[i].name, exports[count].name))
                return NULL;
        }
        at += sprintf(at, "EXPORT(%s, %d, %s, %s, %d, %s)\n", exports[count].name, exports[count].bytes,
                      exports[count].owner, exports[count].way, exports[count].argument,
                      exports[count].is_free ? "free" : "refused");
        count++;
    }
    return table;
}

/* --- what it is --- */

/* Returns awk's exit status; what it printed in `out`. */
static int generate(const char *text, size_t size, char *out, size_t out_size)
{
    static int input = -1, output = -1, nowhere = -1;
    char *argv[] = {getenv("WSASYNC_AWK"), "-f", getenv("WSASYNC_EXPORTS_AWK"), NULL};
    static posix_spawn_file_actions_t actions;
    ssize_t length;
    pid_t child;
    int status;

    if (input == -1)
    {
        input = memfd_create("spec", MFD_CLOEXEC);
        output = memfd_create("inc", MFD_CLOEXEC);
        nowhere = memfd_create("messages", MFD_CLOEXEC);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, input, 0);
        posix_spawn_file_actions_adddup2(&actions, output, 1);
        posix_spawn_file_actions_adddup2(&actions, nowhere, 2);
    }
    if (ftruncate(input, 0) || ftruncate(output, 0) || ftruncate(nowhere, 0)
        || pwrite(input, text, size, 0) != (ssize_t)size)
        violation("no file for awk");
    lseek(input, 0, SEEK_SET);
    lseek(output, 0, SEEK_SET);
    lseek(nowhere, 0, SEEK_SET);
    if (!argv[0] || !argv[2] || posix_spawnp(&child, argv[0], &actions, NULL, argv, environ)
        || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        violation("awk does not run");
    length = pread(output, out, out_size - 1, 0);
    out[length] = 0;
    return WEXITSTATUS(status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[SPEC_MAX + 1], copy[SPEC_MAX + 1], made[SPEC_MAX * 20];
    const char *expected;
    size_t i;
    int status;

    size = min(size, SPEC_MAX);
    for (i = 0; i < size; i++)
        text[i] = isprint(data[i]) || data[i] == '\n' || data[i] == '\t' ? data[i] : ' ' + data[i] % 95;
    text[size] = 0;
    memcpy(copy, text, size + 1);
    expected = table_of(copy);
    status = generate(text, size, made, sizeof(made));
    if (!expected && !status)
        violation("accepted, and must not be:\n%s", text);
    if (expected && (status || strcmp(made, expected)))
        violation("made of\n%s\nwith status %d\n%s\ninstead of\n%s", text, status, made, expected);
    return 0;
}
