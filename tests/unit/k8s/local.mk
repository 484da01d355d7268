check_PROGRAMS += tests/unit/k8s/unit
TESTS += tests/unit/k8s/unit
tests_unit_k8s_unit_SOURCES = \
  tests/unit/k8s/codec.cpp \
  tests/unit/k8s/first_use.cpp \
  tests/unit/k8s/json.cpp \
  tests/unit/k8s/manifest.cpp \
  tests/unit/k8s/manifest_rules.cpp \
  tests/unit/k8s/manifest_table.h \
  tests/unit/k8s/manual.cpp \
  tests/unit/k8s/patch.cpp \
  tests/unit/k8s/quantity.cpp \
  tests/unit/k8s/scalar.cpp
tests_unit_k8s_unit_LDADD = libcatchmain.la libmanifest.la libk8s.la libcommon.la
tests_unit_k8s_unit_CPPFLAGS = $(AM_CPPFLAGS) -DPODSTEP_SOURCE=\"$(abs_top_srcdir)\"
