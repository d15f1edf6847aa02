/*
 * The text of a services or protocol file made into a table, and looked up there by hash. Knows no file and no thread.
 *
 * A line is
 *     name number/protocol alias...       (services)
 *     name number alias...                (protocol)
 * A # or a NUL ends it. What is no such line, or has a number that does not fit, is passed over. Bytes above 127 are
 * letters like others, without case. Of lines that match, the first counts, whether by its name or by an alias. (MS Learn,
 * getservbyname; that case does not matter: MS Learn, "getservbyname and getservbyport Functions in the API")
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "databases.h"

#define PORT_MAX 0xffff
#define PROTOCOL_MAX 0x7fff         /* of a protoent's short */

struct line
{
    char *name, *name_end;
    char *proto, *proto_end;        /* services */
    char *rest, *end;               /* the aliases */
    int number;
};

static BOOL is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static unsigned int hash_text(const char *text)
{
    unsigned int hash = 2166136261u;

    while (*text)
        hash = (hash ^ (unsigned char)lower(*text++)) * 16777619u;
    return hash ^ hash >> 16;
}

static unsigned int hash_number(int number)
{
    unsigned int hash = number * 2654435769u;

    return hash ^ hash >> 16;
}

static WORD network_order(WORD port)
{
    return port << 8 | port >> 8;
}

static BOOL same_text(const char *a, const char *b)
{
    while (lower(*a) == lower(*b++))
    {
        if (!*a++)
            return TRUE;
    }
    return FALSE;
}

/* --- lines --- */

/* The next word between `*at` and `end`; FALSE: there is none. */
static BOOL next_word(char **at, char *end, char **word, char **word_end)
{
    char *p = *at;

    while (p < end && is_space(*p))
        p++;
    *word = p;
    while (p < end && !is_space(*p))
        p++;
    *at = *word_end = p;
    return *word < p;
}

/* Takes a number from the word's start; FALSE: there is none, or it is above `max`. */
static BOOL take_number(char **at, const char *end, int max, int *number)
{
    char *p = *at;
    int n = 0;

    for (; p < end && *p >= '0' && *p <= '9'; p++)
    {
        n = n * 10 + (*p - '0');
        if (n > max)
            return FALSE;
    }
    if (p == *at)
        return FALSE;
    *at = p;
    *number = n;
    return TRUE;
}

static BOOL read_line(enum file file, char *at, char *end, struct line *line)
{
    char *word, *word_end;

    if (!next_word(&at, end, &line->name, &line->name_end) || !next_word(&at, end, &word, &word_end)
        || !take_number(&word, word_end, file == FILE_SERVICES ? PORT_MAX : PROTOCOL_MAX, &line->number))
        return FALSE;
    line->rest = at;
    line->end = end;
    if (file == FILE_PROTOCOL)
        return word == word_end;
    line->proto = word + 1;
    line->proto_end = word_end;
    return word < word_end && *word == '/' && line->proto < word_end;
}

/* The next line that is one; `*at` goes behind it. FALSE: there is none left. */
static BOOL next_line(enum file file, char **at, char *text_end, struct line *line)
{
    while (*at < text_end)
    {
        char *start = *at, *newline = memchr(start, '\n', text_end - start), *end = start;

        if (!newline)
            newline = text_end;
        while (end < newline && *end != '#' && *end)
            end++;
        *at = newline < text_end ? newline + 1 : newline;
        if (read_line(file, start, end, line))
            return TRUE;
    }
    return FALSE;
}

/* --- a table --- */

/* How much there is in the text; nothing of it is changed. */
static void count(struct table *table, char *text, char *end)
{
    struct line line;
    char *word, *word_end;

    while (next_line(table->file, &text, end, &line))
    {
        table->entry_count++;
        table->name_count++;
        while (next_word(&line.rest, line.end, &word, &word_end))
            table->name_count++;
    }
}

static void add_name(struct table *table, const char *text, unsigned int entry)
{
    struct name *name = &table->names[table->name_count++];

    name->text = text;
    name->hash = hash_text(text);
    name->entry = entry;
}

/* Cuts a line into strings, and makes it an entry; `*aliases` is where the list of them goes, and then the next. */
static void add_line(struct table *table, struct line *line, char ***aliases)
{
    unsigned int index = table->entry_count++;
    struct entry *entry = &table->entries[index];
    char *word, *word_end, **list = *aliases;

    *line->name_end = 0;
    add_name(table, line->name, index);
    while (next_word(&line->rest, line->end, &word, &word_end))
    {
        *(*aliases)++ = word;
        if (line->rest < line->end)
            line->rest++;
        *word_end = 0;
        add_name(table, word, index);
    }
    *(*aliases)++ = NULL;
    if (table->file == FILE_SERVICES)
    {
        *line->proto_end = 0;
        entry->serv.s_name = line->name;
        entry->serv.s_aliases = list;
        entry->serv.s_proto = line->proto;
        entry->serv.s_port = network_order(line->number);
    }
    else
    {
        entry->proto.p_name = line->name;
        entry->proto.p_aliases = list;
        entry->proto.p_proto = line->number;
    }
}

static int number_of(const struct table *table, const struct entry *entry)
{
    return table->file == FILE_SERVICES ? (WORD)entry->serv.s_port : entry->proto.p_proto;
}

/* From the last to the first, so that what comes first in the file comes first in its bucket. */
static void link_all(struct table *table)
{
    unsigned int i, *bucket;

    for (i = table->name_count; i; i--)
    {
        struct name *name = &table->names[i - 1];

        bucket = &table->by_name[name->hash & table->mask];
        name->next = *bucket;
        *bucket = i;
    }
    for (i = table->entry_count; i; i--)
    {
        struct entry *entry = &table->entries[i - 1];

        bucket = &table->by_number[hash_number(number_of(table, entry)) & table->mask];
        entry->next = *bucket;
        *bucket = i;
    }
}

/* Fills `table`, of which `file` is set and the rest of its kind zero, from `size` bytes of text; they and one more are
 * the table's from now on. FALSE: no memory, or there is too much; the text is still the caller's. */
BOOL table_parse(struct table *table, char *text, size_t size)
{
    char *at = text, *end = text + size, **aliases, *block;
    unsigned int buckets = 16;
    size_t aliases_size;
    struct line line;

    /* a mark that editors of Windows put there */
    if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
        at += 3;
    count(table, at, end);
    while (buckets < table->name_count)
        buckets *= 2;
    /* each entry has one name that is no alias, and one end of its list */
    aliases_size = table->name_count * sizeof(char *);
    block = memory_alloc(aliases_size + table->entry_count * sizeof(struct entry)
                         + table->name_count * sizeof(struct name) + 2 * buckets * sizeof(unsigned int));
    if (!block)
        return FALSE;
    table->text = text;
    table->aliases = aliases = (char **)block;
    table->entries = (struct entry *)(block += aliases_size);
    table->names = (struct name *)(block += table->entry_count * sizeof(struct entry));
    table->by_name = (unsigned int *)(block += table->name_count * sizeof(struct name));
    table->by_number = table->by_name + buckets;
    table->mask = buckets - 1;

    table->entry_count = table->name_count = 0;
    while (next_line(table->file, &at, end, &line))
        add_line(table, &line, &aliases);
    link_all(table);
    return TRUE;
}

/* Frees what table_parse() has allocated and taken, not the struct. */
void table_free(struct table *table)
{
    memory_free(table->aliases);
    memory_free(table->text);
}

/* --- looking up --- */

static BOOL has_proto(const struct entry *entry, const char *proto)
{
    return !proto || same_text(entry->serv.s_proto, proto);
}

static const struct entry *find_name(const struct table *table, const char *text, const char *proto)
{
    unsigned int hash = hash_text(text), i;
    const struct name *name;

    for (i = table->by_name ? table->by_name[hash & table->mask] : 0; i; i = name->next)
    {
        name = &table->names[i - 1];
        if (name->hash == hash && same_text(name->text, text) && has_proto(&table->entries[name->entry], proto))
            return &table->entries[name->entry];
    }
    return NULL;
}

static const struct entry *find_number(const struct table *table, int number, const char *proto)
{
    const struct entry *entry;
    unsigned int i;

    for (i = table->by_number ? table->by_number[hash_number(number) & table->mask] : 0; i; i = entry->next)
    {
        entry = &table->entries[i - 1];
        if (number_of(table, entry) == number && has_proto(entry, proto))
            return entry;
    }
    return NULL;
}

/* The first line of the file that answers a query of its kind; NULL: none does. */
const struct entry *table_find(const struct table *table, const struct query *query)
{
    switch (query->database)
    {
    case SERV_BY_NAME:
        return find_name(table, query_text(query), query_proto(query));
    case SERV_BY_PORT:
        return find_number(table, (WORD)query->number, query_proto(query));
    case PROTO_BY_NAME:
        return find_name(table, query_text(query), NULL);
    case PROTO_BY_NUMBER:
        return find_number(table, query->number, NULL);
    }
    return NULL;
}
