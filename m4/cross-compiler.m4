dnl WSASYNC_CROSS_COMPILER(BITS, CPU-PATTERN, NAMES, PACKAGE)
dnl Is there a MinGW compiler for programs of BITS bits, with its windres, dlltool and strip?  Sets CROSSCC<BITS> (taken
dnl from the user where given; "no" does without that width), CROSSTARGET<BITS> and the tools' variables, and the
dnl conditional CROSS<BITS>.
dnl SPDX-License-Identifier: LGPL-2.1-or-later
AC_DEFUN([WSASYNC_CROSS_COMPILER],
[AC_ARG_VAR([CROSSCC$1], [MinGW C compiler for $1-bit Windows, "no" for none])
AC_CHECK_PROGS([CROSSCC$1], [$3], [no])
if test "x$CROSSCC$1" != xno; then
    CROSSTARGET$1=`$CROSSCC$1 -dumpmachine 2>/dev/null`
    case $CROSSTARGET$1 in
        $2-*mingw*) ;;
        *) AC_MSG_ERROR([CROSSCC$1=$CROSSCC$1 is no compiler for $1-bit Windows]) ;;
    esac
    AC_CHECK_PROGS([WINDRES$1], [$CROSSTARGET$1-windres], [no])
    AC_CHECK_PROGS([DLLTOOL$1], [$CROSSTARGET$1-dlltool], [no])
    AC_CHECK_PROGS([CROSSSTRIP$1], [$CROSSTARGET$1-strip], [no])
    case $WINDRES$1,$DLLTOOL$1,$CROSSSTRIP$1 in
        no,*|*,no,*|*,no) AC_MSG_ERROR([the tools of $CROSSTARGET$1 (Debian package binutils-mingw-w64) are missing]) ;;
    esac
else
    AC_MSG_WARN([no MinGW compiler for $1-bit Windows (Debian package $4): nothing is built for it])
fi
AC_SUBST([CROSSTARGET$1])
AM_CONDITIONAL([CROSS$1], [test "x$CROSSCC$1" != xno])])
