/*
 * How a native test says what it has seen.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "shim.h"

#include <stdarg.h>
#include <stdio.h>

void violation(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    fputs("VIOLATION: ", stderr);
    vfprintf(stderr, format, list);
    fputs("\n", stderr);
    va_end(list);
    abort();
}
