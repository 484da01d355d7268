# spank/: the plugin and root's one-shot helper.
# The policy and the parsers, without anything of Slurm's: what the unit tests link.
noinst_LTLIBRARIES += libspank.la
libspank_la_SOURCES = \
  spank/decide.cpp spank/decide.h \
  spank/option.cpp spank/option.h \
  spank/refuse.cpp spank/refuse.h \
  spank/settings.cpp spank/settings.h \
  spank/tracked.cpp spank/tracked.h

pkglib_LTLIBRARIES += podstep.la
podstep_la_SOURCES = \
  spank/boot.cpp spank/boot.h \
  spank/entry.cpp \
  spank/role.cpp spank/role.h \
  spank/spank_api.h \
  spank/state.cpp spank/state.h \
  spank/step.cpp spank/step.h \
  spank/submit.cpp spank/submit.h
podstep_la_CPPFLAGS = $(AM_CPPFLAGS) $(SLURM_CPPFLAGS)
podstep_la_LIBADD = libspank.la libcommon.la
podstep_la_LDFLAGS = -module -avoid-version -Wl,--version-script=$(srcdir)/spank/podstep.map
podstep_la_DEPENDENCIES = libspank.la libcommon.la $(srcdir)/spank/podstep.map
EXTRA_DIST += spank/podstep.map
if !SANITIZE
# Every srun and slurmstepd loads the plugin: the C++ library goes in statically and hidden, so that loading costs a few relocations
# and no second library. The C driver links, for libtool's C++ mode names the shared one itself.
podstep_la_LDFLAGS += -Wl,-l:libstdc++.a -Wc,-static-libgcc
podstep_la_LINK = $(LIBTOOL) $(AM_V_lt) --tag=CC $(AM_LIBTOOLFLAGS) $(LIBTOOLFLAGS) --mode=link $(CC) $(AM_CFLAGS) $(CFLAGS) \
  $(podstep_la_LDFLAGS) $(LDFLAGS) -o $@
else
podstep_la_LINK = $(LIBTOOL) $(AM_V_lt) --tag=CXX $(AM_LIBTOOLFLAGS) $(LIBTOOLFLAGS) --mode=link $(CXXLD) $(AM_CXXFLAGS) $(CXXFLAGS) \
  $(podstep_la_LDFLAGS) $(LDFLAGS) -o $@
endif

pkglibexec_PROGRAMS += podstep-prepare
podstep_prepare_SOURCES = \
  spank/prepare/images.cpp spank/prepare/images.h \
  spank/prepare/loop.cpp spank/prepare/loop.h \
  spank/prepare/main.cpp \
  spank/prepare/request.cpp spank/prepare/request.h \
  spank/prepare/rundir.cpp spank/prepare/rundir.h \
  spank/prepare/userns.cpp spank/prepare/userns.h
podstep_prepare_LDADD = libcommon.la
