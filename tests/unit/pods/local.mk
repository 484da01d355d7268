check_PROGRAMS += tests/unit/pods/unit
TESTS += tests/unit/pods/unit
tests_unit_pods_unit_SOURCES = \
  tests/unit/pods/admission.cpp \
  tests/unit/pods/environment.cpp \
  tests/unit/pods/oom.cpp \
  tests/unit/pods/plan.cpp \
  tests/unit/pods/probe.cpp \
  tests/unit/pods/pull.cpp \
  tests/unit/pods/status.cpp \
  tests/unit/pods/world.h
tests_unit_pods_unit_LDADD = libcatchmain.la libpods.la libk8stypes.la libcommon.la
