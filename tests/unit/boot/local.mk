check_PROGRAMS += tests/unit/boot/unit
TESTS += tests/unit/boot/unit
tests_unit_boot_unit_SOURCES = \
  tests/unit/boot/network.cpp \
  tests/unit/boot/service.cpp \
  tests/unit/boot/srun.cpp
tests_unit_boot_unit_LDADD = libcatchmain.la libboot.la librecord.la libcommon.la
