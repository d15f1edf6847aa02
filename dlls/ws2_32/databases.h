/*
 * A services or protocol file as a table: what databases.c and databases_parse.c share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef DATABASES_H
#define DATABASES_H

#include "ws2_32_private.h"

enum file
{
    FILE_SERVICES,
    FILE_PROTOCOL,
    FILE_COUNT
};

struct stamp                        /* of a file; no padding, to be compared as bytes */
{
    DWORD state;                    /* STAMP_... */
    FILETIME written;
    DWORD size_high, size_low;
};

#define STAMP_NONE 0                /* there is no such file */
#define STAMP_THERE 1
#define STAMP_UNSURE 2              /* equal to no stamp that is looked at later */

struct entry                        /* a line */
{
    union
    {
        struct servent serv;
        struct protoent proto;
    };
    unsigned int next;              /* entry that may have the same number; 0: none, as the first has no one before */
};

struct name                         /* official or alias */
{
    const char *text;
    unsigned int hash, entry;
    unsigned int next;              /* name in the same bucket, of a later line; 0: none, counted from 1 */
};

struct table                        /* does not change, but for `references` */
{
    volatile LONG references;       /* the first four are databases.c's */
    BOOL missing;                   /* the platform is to be asked */
    struct stamp stamp;
    WCHAR path[MAX_PATH + 16];

    enum file file;
    char *text;                     /* that of the file, cut into strings; all strings are in it */
    struct entry *entries;          /* in the order of the lines */
    struct name *names;
    char **aliases;
    unsigned int *by_name, *by_number;      /* buckets: the first of them, counted from 1; 0: none */
    unsigned int entry_count, name_count, mask;
};

BOOL table_parse(struct table *table, char *text, size_t size);
const struct entry *table_find(const struct table *table, const struct query *query);
void table_free(struct table *table);

#endif
