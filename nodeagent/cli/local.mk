# nodeagent/cli/: the program podstep; its readers and tables are a library, for the unit tests.
noinst_LTLIBRARIES += libcli.la
libcli_la_SOURCES = \
  nodeagent/cli/image_config.cpp nodeagent/cli/image_config.h \
  nodeagent/cli/progress.cpp nodeagent/cli/progress.h \
  nodeagent/cli/table.cpp nodeagent/cli/table.h
libcli_la_LIBADD = libstore.la librecord.la libjson.la libcommon.la

bin_PROGRAMS += podstep
podstep_SOURCES = \
  nodeagent/cli/image.cpp \
  nodeagent/cli/main.cpp \
  nodeagent/cli/word.cpp nodeagent/cli/word.h
podstep_CPPFLAGS = $(AM_CPPFLAGS) -DPODSTEP_VERSION=\"$(PACKAGE_VERSION)\"
podstep_LDADD = libcli.la
