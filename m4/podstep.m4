# Small macros of configure.ac, one per install choice.

# PODSTEP_CXX20: C++20 with coroutines, or stop.
AC_DEFUN([PODSTEP_CXX20], [
  AC_LANG_PUSH([C++])
  CXXFLAGS="$CXXFLAGS -std=c++20"
  AC_MSG_CHECKING([whether $CXX has C++20 coroutines])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <coroutine>
#include <span>]], [[std::suspend_never s; (void)s;]])],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([a C++20 compiler is needed. Install g++ 12 or later.])])
  AC_LANG_POP([C++])
])

# PODSTEP_WARNINGS: the project's warning set; not an error for users, an error in contrib/check.
AC_DEFUN([PODSTEP_WARNINGS], [
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [turn warnings into errors])], [], [enable_werror=no])
  PODSTEP_WARN="-Wall -Wextra -Wshadow -Wno-missing-field-initializers"
  AS_IF([test "x$enable_werror" = xyes], [PODSTEP_WARN="$PODSTEP_WARN -Werror"])
  AC_SUBST([PODSTEP_WARN])
])

# PODSTEP_SANITIZE: --enable-sanitize builds everything with address and undefined-behaviour sanitizers (SAN, a part of AM_CXXFLAGS and AM_CFLAGS,
# so that a static program can do without), and with common/sanitizer.cpp.
AC_DEFUN([PODSTEP_SANITIZE], [
  AC_ARG_ENABLE([sanitize], [AS_HELP_STRING([--enable-sanitize], [address and undefined-behaviour sanitizers])],
    [], [enable_sanitize=no])
  SAN=
  AS_IF([test "x$enable_sanitize" = xyes], [
    SAN="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
    LDFLAGS="$LDFLAGS -Wl,-u,podstep_sanitizer_reports"])
  AC_SUBST([SAN])
  AM_CONDITIONAL([SANITIZE], [test "x$enable_sanitize" = xyes])
])

# PODSTEP_SLURM: slurm/spank.h, by --with-slurm=DIR or the system's.
AC_DEFUN([PODSTEP_SLURM], [
  AC_ARG_WITH([slurm], [AS_HELP_STRING([--with-slurm=DIR], [prefix of Slurm's headers])],
    [SLURM_CPPFLAGS="-I$withval/include"], [SLURM_CPPFLAGS=])
  AC_SUBST([SLURM_CPPFLAGS])
  save_CPPFLAGS=$CPPFLAGS; CPPFLAGS="$CPPFLAGS $SLURM_CPPFLAGS"
  AC_CHECK_HEADER([slurm/spank.h], [], [AC_MSG_ERROR([slurm/spank.h is missing. Install libslurm-dev or give --with-slurm=DIR.])])
  CPPFLAGS=$save_CPPFLAGS
  podstep_slurm_version=$(sed -n 's/^#define SLURM_VERSION_STRING "\(.*\)"/\1/p' /usr/include/slurm/slurm_version.h "${with_slurm:-/usr}/include/slurm/slurm_version.h" 2>/dev/null | tail -n 1)
  AC_SUBST([pluginlibdir], ['${pkglibdir}'])
])

# PODSTEP_BOOST(MINIMUM): headers of at least that BOOST_VERSION.
AC_DEFUN([PODSTEP_BOOST], [
  AC_LANG_PUSH([C++])
  AC_MSG_CHECKING([for Boost headers >= $1])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <boost/version.hpp>
#if BOOST_VERSION < $1
#error too old
#endif]], [[]])],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([Boost >= 1.81 is needed. On Debian 12: apt-get install libboost1.81-dev (it replaces libboost1.74-dev).])])
  AC_LANG_POP([C++])
])

# PODSTEP_CLI11: the command line library of the CLI.
AC_DEFUN([PODSTEP_CLI11], [
  AC_LANG_PUSH([C++])
  AC_CHECK_HEADER([CLI/CLI.hpp], [], [AC_MSG_ERROR([CLI11 is missing. Install libcli11-dev.])])
  AC_LANG_POP([C++])
])

# PODSTEP_CATCH2: 2.13 (catch2/catch.hpp) or 3.x (catch2/catch_all.hpp, with a library).
AC_DEFUN([PODSTEP_CATCH2], [
  AC_LANG_PUSH([C++])
  have_catch2=no; CATCH2_LIBS=
  AC_CHECK_HEADER([catch2/catch_all.hpp], [have_catch2=3; CATCH2_LIBS="-lCatch2Main -lCatch2"],
    [AC_CHECK_HEADER([catch2/catch.hpp], [have_catch2=2])])
  AC_SUBST([CATCH2_LIBS])
  AM_CONDITIONAL([HAVE_CATCH2], [test "x$have_catch2" != xno])
  AM_CONDITIONAL([CATCH2_V2], [test "x$have_catch2" = x2])
  AC_LANG_POP([C++])
])

# PODSTEP_SUMMARY: what was found, in one table.
AC_DEFUN([PODSTEP_SUMMARY], [
  AC_MSG_NOTICE([
  Podstep $PACKAGE_VERSION
    prefix       $prefix
    Slurm        ${podstep_slurm_version:-headers found}
    libcurl      $($PKG_CONFIG --modversion libcurl)
    OpenSSL      $($PKG_CONFIG --modversion openssl)
    protobuf     $($PKG_CONFIG --modversion protobuf-lite)
    yaml-cpp     $($PKG_CONFIG --modversion yaml-cpp)
    Boost        headers found (>= 1.81)
    CLI11        headers found
    libfabric    $have_fabric
    PMIx         $have_pmix
    Catch2       $have_catch2
    sanitizers   $enable_sanitize])
])
