check_PROGRAMS += tests/unit/spank/unit
TESTS += tests/unit/spank/unit
tests_unit_spank_unit_SOURCES = \
  spank/prepare/request.cpp \
  tests/unit/spank/decide.cpp \
  tests/unit/spank/option.cpp \
  tests/unit/spank/request.cpp \
  tests/unit/spank/settings.cpp
tests_unit_spank_unit_LDADD = libcatchmain.la libspank.la libcommon.la
