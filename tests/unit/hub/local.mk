check_PROGRAMS += tests/unit/hub/unit
TESTS += tests/unit/hub/unit
tests_unit_hub_unit_SOURCES = \
  tests/unit/hub/access.cpp \
  tests/unit/hub/admission.cpp \
  tests/unit/hub/importer.cpp \
  tests/unit/hub/lost_fields.cpp \
  tests/unit/hub/make.h \
  tests/unit/hub/recorder.cpp \
  tests/unit/hub/scale.cpp \
  tests/unit/hub/slurm.cpp \
  tests/unit/hub/store.cpp \
  tests/unit/hub/table.cpp
tests_unit_hub_unit_LDADD = libcatchmain.la libhub.la
EXTRA_DIST += tests/unit/hub/binary.t
