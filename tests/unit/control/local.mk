check_PROGRAMS += tests/unit/control/unit
TESTS += tests/unit/control/unit
tests_unit_control_unit_SOURCES = \
  tests/unit/control/imports.cpp \
  tests/unit/control/make.h \
  tests/unit/control/place.cpp \
  tests/unit/control/rollout.cpp \
  tests/unit/control/service.cpp
tests_unit_control_unit_LDADD = libcatchmain.la libcontrol.la libk8s.la libcommon.la
