dnl WSASYNC_WINE_DEBUG_HEADER
dnl Where is Wine's wine/debug.h?  Only the file is wanted: the Windows headers beside it are not to be used with MinGW,
dnl so their directory stays out of the include path.
dnl SPDX-License-Identifier: LGPL-2.1-or-later
AC_DEFUN([WSASYNC_WINE_DEBUG_HEADER],
[AC_ARG_VAR([WINE_DEBUG_H], [path of Wine's header wine/debug.h])
AC_MSG_CHECKING([for wine/debug.h])
if test -z "$WINE_DEBUG_H"; then
    for wsasync_dir in /usr/include/wine /usr/include/wine-development /usr/include /usr/local/include/wine /usr/local/include \
                       /opt/wine-stable/include/wine /opt/wine-stable/include; do
        if test -r "$wsasync_dir/wine/debug.h"; then
            WINE_DEBUG_H=$wsasync_dir/wine/debug.h
            break
        fi
    done
fi
if test ! -r "$WINE_DEBUG_H"; then
    AC_MSG_RESULT([no])
    AC_MSG_ERROR([wine/debug.h is missing (Debian package libwine-dev)])
fi
AC_MSG_RESULT([$WINE_DEBUG_H])])
