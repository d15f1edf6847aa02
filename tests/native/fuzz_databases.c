/*
 * Any services or protocol file as a table (databases_parse.c): what is in it lies in the file's bytes, each line is found
 * by its names and its number unless one before it answers, and the same lines written out make the same table. The first
 * byte says which of the two files it is.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../../dlls/ws2_32/databases.h"
#include "flat.h"
#include "shim.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

void *memory_alloc(size_t size)
{
    return calloc(1, size);
}

void memory_free(void *block)
{
    free(block);
}

/* No caller's pointer is bad here. */
int memory_string_length(const char *text, int max)
{
    return strnlen(text, max);
}

BOOL memory_readable(const void *ptr, size_t size)
{
    return TRUE;
}

struct view                         /* of an entry */
{
    const char *name, *proto;
    char **aliases;
    int number;
};

static struct view view_of(const struct table *table, const struct entry *entry)
{
    if (table->file == FILE_SERVICES)
        return (struct view){entry->serv.s_name, entry->serv.s_proto, entry->serv.s_aliases, ntohs(entry->serv.s_port)};
    return (struct view){entry->proto.p_name, NULL, entry->proto.p_aliases, entry->proto.p_proto};
}

static void parse(struct table *table, enum file file, const void *bytes, size_t size)
{
    char *text = malloc(size + 1);

    memcpy(text, bytes, size);
    text[size] = 0x55;
    memset(table, 0, sizeof(*table));
    table->file = file;
    if (!table_parse(table, text, size))
        violation("a file of %zu bytes is no table", size);
}

static void check_text(const struct table *table, const char *text, size_t size)
{
    if (text < table->text || text >= table->text + size || !*text || strpbrk(text, " \t\r\n\v\f#")
        || text + strlen(text) > table->text + size)
        violation("'%s' is no word of the file", text);
}

/* The number as it stands in the file: before the protocol, or behind the name. */
static void check_number(const struct view *view)
{
    const char *at = view->proto ? view->proto - 1 : view->name + strlen(view->name) + 1;

    while (view->proto && isdigit((unsigned char)at[-1]))
        at--;
    if (strtoull(at, NULL, 10) != (unsigned int)view->number)
        violation("'%s' has the number %d", view->name, view->number);
}

static BOOL has_name(const struct view *view, const char *name)
{
    unsigned int i;

    for (i = 0; view->aliases[i]; i++)
    {
        if (!strcasecmp(view->aliases[i], name))
            return TRUE;
    }
    return !strcasecmp(view->name, name);
}

/* The answer is the entry, or one before it that answers as well. */
static void check_found(const struct table *table, const struct query *query, unsigned int i, const char *name,
                        const char *proto)
{
    const struct entry *found = table_find(table, query);
    struct view view, asked = view_of(table, &table->entries[i]);

    if (!found || found > &table->entries[i])
        violation("line %u is not found by %s", i, name ? name : "its number");
    view = view_of(table, found);
    if ((name ? !has_name(&view, name) : view.number != asked.number) || (proto && strcasecmp(view.proto, proto)))
        violation("'%s' is no answer", view.name);
}

static void check_lookups(const struct table *table, unsigned int i)
{
    struct view view = view_of(table, &table->entries[i]);
    const char *name = view.name, *protos[] = {NULL, view.proto};
    unsigned int j, k;
    struct query query;

    for (k = 0; k < (view.proto ? 2 : 1); k++)
    {
        if (protos[k] && strlen(protos[k]) > QUERY_TEXT_MAX)
            continue;
        if (table->file == FILE_SERVICES)
            query_serv_by_port(&query, htons(view.number), protos[k]);
        else
            query_proto_by_number(&query, view.number);
        check_found(table, &query, i, NULL, protos[k]);
        for (j = 0; name; name = view.aliases[j++])
        {
            if (strlen(name) > QUERY_TEXT_MAX)
                continue;
            if (table->file == FILE_SERVICES)
                query_serv_by_name(&query, name, protos[k]);
            else
                query_proto_by_name(&query, name);
            check_found(table, &query, i, name, protos[k]);
        }
        name = view.name;
    }
}

static void check_same(const struct table *table, const struct table *again)
{
    unsigned int i, j;

    if (table->entry_count != again->entry_count)
        violation("%u lines become %u", table->entry_count, again->entry_count);
    for (i = 0; i < table->entry_count; i++)
    {
        struct view a = view_of(table, &table->entries[i]), b = view_of(again, &again->entries[i]);

        for (j = 0; a.aliases[j] && b.aliases[j] && !strcmp(a.aliases[j], b.aliases[j]); j++)
            ;
        if (strcmp(a.name, b.name) || a.number != b.number || (a.proto && strcmp(a.proto, b.proto)) || a.aliases[j]
            || b.aliases[j])
            violation("line %u, '%s', becomes '%s'", i, a.name, b.name);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum file file = size && data[0] % 2 ? FILE_PROTOCOL : FILE_SERVICES;
    enum flat_kind kind = file == FILE_SERVICES ? FLAT_SERV : FLAT_PROTO;
    char *text, *at = text = malloc(size * 8 + 32);
    struct table table, again;
    unsigned int i, j;

    if (size)
        data++, size--;
    parse(&table, file, data, size);
    /* or a name might be taken for the mark that a file may begin with */
    *at++ = '\n';
    for (i = 0; i < table.entry_count; i++)
    {
        struct view view = view_of(&table, &table.entries[i]);

        check_text(&table, view.name, size);
        check_number(&view);
        at += sprintf(at, "%s %d%s%s", view.name, view.number, view.proto ? "/" : "", view.proto ? view.proto : "");
        for (j = 0; view.aliases[j]; j++)
        {
            check_text(&table, view.aliases[j], size);
            at += sprintf(at, " %s", view.aliases[j]);
        }
        at += sprintf(at, "\n");
        check_lookups(&table, i);
        flat_check(kind, &table.entries[i], flat_needed(kind, &table.entries[i]), 0);
    }
    parse(&again, file, text, at - text);
    check_same(&table, &again);
    table_free(&again);
    table_free(&table);
    free(text);
    return 0;
}
