# common/: the floor that everything stands on (C++20 and libc only). Built once, position-independent, for programs and plugins alike.
noinst_LTLIBRARIES += libcommon.la
libcommon_la_SOURCES = \
  common/children.cpp common/children.h \
  common/clock.cpp common/clock.h \
  common/environment.cpp common/environment.h \
  common/fabric_policy.cpp common/fabric_policy.h \
  common/fd.cpp common/fd.h \
  common/file.cpp common/file.h \
  common/inherited.cpp common/inherited.h \
  common/keyval.cpp common/keyval.h \
  common/limits.h \
  common/log.cpp common/log.h \
  common/nccl_plugin.h \
  common/path.cpp common/path.h \
  common/process.cpp common/process.h \
  common/result.h \
  common/sentence.h \
  common/slingshot.cpp common/slingshot.h \
  common/text.cpp common/text.h \
  common/wait.cpp common/wait.h \
  common/tool.cpp common/tool.h \
  common/wire_boot.cpp common/wire_boot.h common/wire_runtime.h \
  common/wire_spec.cpp common/wire_spec.h \
  common/wire_stats.cpp common/wire_stats.h \
  common/wire_verdict.cpp common/wire_verdict.h
libcommon_la_LIBADD = libinstall.la

# Alone, for its flags hold the prefix: everything else compiles to the same objects wherever it is installed.
noinst_LTLIBRARIES += libinstall.la
libinstall_la_SOURCES = common/install.cpp common/install.h
libinstall_la_CPPFLAGS = $(AM_CPPFLAGS) -DPODSTEP_BINDIR=\"$(bindir)\" -DPODSTEP_LIBEXECDIR=\"$(pkglibexecdir)\" -DPODSTEP_LIBDIR=\"$(libdir)\" \
  -DPODSTEP_SYSCONFDIR=\"$(sysconfdir)/podstep\" -DPODSTEP_VERSION=\"$(PACKAGE_VERSION)\"
if SANITIZE
libinstall_la_SOURCES += common/sanitizer.cpp
libinstall_la_CPPFLAGS += -DPODSTEP_SANITIZER_REPORTS=\"$(localstatedir)/sanitizer\"
endif
