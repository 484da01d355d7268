check_PROGRAMS += tests/unit/common/unit
TESTS += tests/unit/common/unit
tests_unit_common_unit_SOURCES = \
  tests/unit/common/children.cpp \
  tests/unit/common/clock.cpp \
  tests/unit/common/fabric_policy.cpp \
  tests/unit/common/file.cpp \
  tests/unit/common/keyval.cpp \
  tests/unit/common/path.cpp \
  tests/unit/common/process.cpp \
  tests/unit/common/slingshot.cpp \
  tests/unit/common/text.cpp \
  tests/unit/common/tool.cpp \
  tests/unit/common/wire_boot.cpp \
  tests/unit/common/wire_spec.cpp \
  tests/unit/common/wire_stats.cpp \
  tests/unit/common/wire_verdict.cpp
tests_unit_common_unit_LDADD = libcatchmain.la libcommon.la
