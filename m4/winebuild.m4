dnl WSASYNC_PROG_WINEBUILD
dnl Where is winebuild, which makes the linker's export list from a .spec?  Debian keeps it out of PATH or under
dnl another name.
dnl SPDX-License-Identifier: LGPL-2.1-or-later
AC_DEFUN([WSASYNC_PROG_WINEBUILD],
[AC_ARG_VAR([WINEBUILD], [Wine's winebuild])
AC_PATH_PROGS([WINEBUILD], [winebuild winebuild-stable winebuild-development], [no],
    [$PATH$PATH_SEPARATOR/usr/lib/wine$PATH_SEPARATOR/usr/lib/wine-development])
if test "x$WINEBUILD" = xno; then
    AC_MSG_ERROR([winebuild is missing (Debian package wine64-tools)])
fi])
