/*
 * The services and protocol files of the prefix, each read once into a table that does not change. A file that has changed
 * gives a new table, which takes the place of the old one; who reads that keeps it until he is done. Where a file is
 * missing the platform is asked, of that database alone.
 *
 * Whether a file has changed is looked at when somebody asks, at most once a second: by a worker where there is one, be it
 * the one that asks, or else by the thread that asks, since a look costs it less than starting a worker would.
 *
 * Nobody waits for a file that another reads: those who come while there is no table yet each make one, and one is kept.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "databases.h"
#include <winternl.h>

WINE_DEFAULT_DEBUG_CHANNEL(wsasync);

/* ntdll; in no MinGW header */
#define VALUE_PARTIAL_INFORMATION 2
NTSTATUS NTAPI NtOpenKey(HANDLE *key, ACCESS_MASK access, const OBJECT_ATTRIBUTES *attributes);
NTSTATUS NTAPI NtQueryValueKey(HANDLE key, const UNICODE_STRING *name, int kind, void *value, ULONG size, ULONG *got);

#define CHECK_MS 1000
#define SIZE_MAX_FILE (16 * 1024 * 1024)    /* a larger one is the platform's affair */
/* Two changes may leave the same time behind, if they come close together: a file system may count in two seconds. */
#define UNSURE_TICKS (2 * 10000000ull)

static struct source
{
    const WCHAR *const file;        /* in the directory of the databases */
    struct table *table;            /* NULL: not read yet; guarded by tables_lock */
    volatile BOOL known;            /* there is a table */
    volatile LONG checked;          /* tick count of the last look at the file */
    struct work check;
    volatile LONG queued;           /* `check` is */
}
sources[FILE_COUNT] =
{
    [FILE_SERVICES] = {.file = L"\\services"},
    [FILE_PROTOCOL] = {.file = L"\\protocol"},
};

static SRWLOCK tables_lock = SRWLOCK_INIT;  /* never held while anything is read, or waited for */

static enum file file_of(const struct query *query)
{
    return query->database == SERV_BY_NAME || query->database == SERV_BY_PORT ? FILE_SERVICES : FILE_PROTOCOL;
}

/* --- files --- */

/* The directory that the registry names, as for the platform's own functions; FALSE: it names none. */
static BOOL named_directory(WCHAR *path, DWORD count)
{
    static const WCHAR key_name[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\Tcpip\\Parameters";
    struct
    {
        ULONG index, type, size;    /* KEY_VALUE_PARTIAL_INFORMATION */
        WCHAR text[MAX_PATH];
    } value;
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;
    NTSTATUS status;
    ULONG size;

    RtlInitUnicodeString(&name, key_name);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (NtOpenKey(&key, KEY_QUERY_VALUE, &attributes))
        return FALSE;
    RtlInitUnicodeString(&name, L"DatabasePath");
    status = NtQueryValueKey(key, &name, VALUE_PARTIAL_INFORMATION, &value, sizeof(value) - sizeof(WCHAR), &size);
    NtClose(key);
    if (status || (value.type != REG_SZ && value.type != REG_EXPAND_SZ))
        return FALSE;
    value.text[value.size / sizeof(WCHAR)] = 0;
    size = ExpandEnvironmentStringsW(value.text, path, count);
    return size > 1 && size <= count;
}

/* Into `path`, of MAX_PATH + 16; FALSE: there can be no such file. */
static BOOL path_of(enum file file, WCHAR *path)
{
    static const WCHAR directory[] = L"\\drivers\\etc";

    if (!named_directory(path, MAX_PATH))
    {
        UINT length = GetSystemDirectoryW(path, MAX_PATH - ARRAYSIZE(directory));

        if (!length || length >= MAX_PATH - ARRAYSIZE(directory))
            return FALSE;
        wcscat(path, directory);
    }
    wcscat(path, sources[file].file);
    return TRUE;
}

/* FALSE: it cannot be told just now whether there is such a file. */
static BOOL get_stamp(const WCHAR *path, struct stamp *stamp)
{
    WIN32_FILE_ATTRIBUTE_DATA data;
    DWORD error;

    memset(stamp, 0, sizeof(*stamp));
    if (!GetFileAttributesExW(path, GetFileExInfoStandard, &data))
    {
        error = GetLastError();
        return error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND;
    }
    stamp->state = STAMP_THERE;
    stamp->written = data.ftLastWriteTime;
    stamp->size_high = data.nFileSizeHigh;
    stamp->size_low = data.nFileSizeLow;
    return TRUE;
}

/* Whether the file may change after this without its stamp telling. The clock that dates it may be ahead of ours: a file
 * server's is another. */
static BOOL is_young(const struct stamp *stamp)
{
    ULARGE_INTEGER written = {.LowPart = stamp->written.dwLowDateTime, .HighPart = stamp->written.dwHighDateTime};
    ULARGE_INTEGER now;
    FILETIME time;

    GetSystemTimeAsFileTime(&time);
    now.LowPart = time.dwLowDateTime;
    now.HighPart = time.dwHighDateTime;
    return now.QuadPart - written.QuadPart + UNSURE_TICKS < 2 * UNSURE_TICKS;
}

/* The file's bytes, with room for one more; NULL: it cannot be read. */
static char *read_file(const WCHAR *path, size_t *size)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);
    LARGE_INTEGER end;
    char *text = NULL;
    DWORD count = 0;

    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    if (GetFileSizeEx(file, &end) && end.QuadPart <= SIZE_MAX_FILE && (text = memory_alloc(end.LowPart + 1))
        && !ReadFile(file, text, end.LowPart, &count, NULL))
    {
        memory_free(text);
        text = NULL;
    }
    CloseHandle(file);
    *size = count;
    return text;
}

/* --- tables --- */

static void destroy(struct table *table)
{
    table_free(table);
    memory_free(table);
}

/* The file at `path` as a table, its stamp taken before it is read. What cannot be read counts as missing until the next
 * look at it. NULL: no memory. */
static struct table *load(enum file file, const WCHAR *path)
{
    struct table *table = memory_alloc(sizeof(*table));
    char *text;
    size_t size;
    BOOL told;

    if (!table)
        return NULL;
    table->file = file;
    table->references = 1;
    wcscpy(table->path, path);
    told = get_stamp(path, &table->stamp);
    if (told && table->stamp.state == STAMP_NONE)
        table->missing = TRUE;
    else
    {
        if (!told || is_young(&table->stamp))
            table->stamp.state = STAMP_UNSURE;
        text = read_file(path, &size);
        if (!text || !table_parse(table, text, size))
        {
            memory_free(text);
            table->missing = TRUE;
            table->stamp.state = STAMP_UNSURE;
        }
    }
    TRACE("%s: %s, %u lines, %u names\n", wine_dbgstr_w(path),
          table->missing ? table->stamp.state == STAMP_NONE ? "missing" : "cannot be read" : "read",
          table->entry_count, table->name_count);
    return table;
}

/* The table, the caller's until databases_release(); NULL: there is none yet. */
static struct table *hold(enum file file)
{
    struct table *table;

    AcquireSRWLockShared(&tables_lock);
    if ((table = sources[file].table))
        InterlockedIncrement(&table->references);
    ReleaseSRWLockShared(&tables_lock);
    return table;
}

/* The caller's hold on a table of databases_find() ends. */
void databases_release(struct table *table)
{
    if (!InterlockedDecrement(&table->references))
        destroy(table);
}

/* Puts `table` in the place of `old`, unless another was faster; it is no longer the caller's. */
static void replace(enum file file, struct table *table, struct table *old)
{
    BOOL replaced;

    AcquireSRWLockExclusive(&tables_lock);
    if ((replaced = sources[file].table == old))
        sources[file].table = table;
    ReleaseSRWLockExclusive(&tables_lock);
    if (!replaced)
        databases_release(table);
    else if (old)
        databases_release(old);
}

static void load_first(enum file file)
{
    WCHAR path[MAX_PATH + 16];
    struct table *table;

    if (!path_of(file, path) || !(table = load(file, path)))
        return;
    sources[file].checked = GetTickCount();
    replace(file, table, NULL);
    sources[file].known = TRUE;
}

/* Looks at the file, and reads it if it has changed. */
static void check(enum file file)
{
    struct table *old = hold(file), *table;
    struct stamp stamp;

    if (get_stamp(old->path, &stamp) && memcmp(&stamp, &old->stamp, sizeof(stamp)) && (table = load(file, old->path)))
    {
        /* perhaps there, but cannot be read just now: what is known is better than nothing */
        if (table->missing && table->stamp.state != STAMP_NONE && !old->missing)
            destroy(table);
        else
            replace(file, table, old);
    }
    databases_release(old);
}

static void run_check(struct work *work)
{
    struct source *source = LIST_ENTRY_OF(work, struct source, check);

    check(source - sources);
    InterlockedExchange(&source->queued, FALSE);
}

/* Sees to it that the file is looked at if it is time to: at once on a worker, or if there is none, else soon. Not during
 * process shutdown. Changes the last error. */
void databases_check(const struct query *query, BOOL on_worker)
{
    enum file file = file_of(query);
    struct source *source = &sources[file];
    LONG last = source->checked;
    DWORD now = GetTickCount();

    /* whose exchange succeeds, sees to it */
    if (!source->known || now - (DWORD)last < CHECK_MS
        || InterlockedCompareExchange(&source->checked, now, last) != last)
        return;
    if (on_worker)
        check(file);
    else if (InterlockedExchange(&source->queued, TRUE))
        return;
    else if (pool_reserve_started(LANE_LOCAL))
    {
        source->check.run = run_check;
        pool_queue(&source->check, LANE_LOCAL);
    }
    else
    {
        InterlockedExchange(&source->queued, FALSE);
        check(file);
    }
}

/* Answers a query for a service or a protocol from the file's table: `record` lies in `table`, which is the caller's until
 * databases_release(), or is NULL where there is none such. FALSE: the platform is to be asked. The first call reads the
 * file. Not during process shutdown. Changes the last error. */
BOOL databases_find(const struct query *query, struct table **table, const void **record)
{
    enum file file = file_of(query);

    if (!sources[file].known)
        load_first(file);
    if (!(*table = hold(file)))
        return FALSE;
    if ((*table)->missing)
    {
        databases_release(*table);
        *table = NULL;
        return FALSE;
    }
    *record = table_find(*table, query);
    return TRUE;
}
