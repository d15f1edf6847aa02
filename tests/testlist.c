/*
 * The units of the test executable, and the one copy of Wine's test framework itself. It must know no unit's insides.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define STANDALONE
#include <winsock2.h>
#include <windows.h>
#include "wine/test.h"

/* wine/test.h formats its time stamps with wine/debug.h, whose back end is Wine's own import library. One static
 * buffer of its kind is enough here. */
const char * __cdecl __wine_dbg_strdup(const char *text)
{
    static char copies[8][64];
    static LONG next;

    return lstrcpynA(copies[InterlockedIncrement(&next) & 7], text, sizeof(copies[0]));
}

#define UNITS(U) \
    U(async) U(badargs) U(targets) U(flatten) U(cancel) U(handles) U(post) U(repost) U(startup) \
    U(addrinfoex) U(exports) U(names) U(lifetime) U(inject) U(shortage) U(race) U(passthrough) U(wininet) U(pool) U(copies) U(overtake) U(databases) \
    U(helper) \
    U(hook) U(hooknames) U(inprogress) U(blocking) U(blockopts) U(hookwait) U(badhook) U(modes) U(slots) \
    U(nodriver) U(listener) U(edges) U(soak) U(namespace) U(providers) U(connectby) \
    U(lookups) U(log)

#define DECLARE(name) extern void func_##name(void);
#define ENTRY(name)   { #name, func_##name },

UNITS(DECLARE)

const struct test winetest_testlist[] =
{
    UNITS(ENTRY)
    { NULL, NULL }
};
