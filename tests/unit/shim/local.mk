check_PROGRAMS += tests/unit/shim/shim
TESTS += tests/unit/shim/shim
tests_unit_shim_shim_SOURCES = \
  tests/unit/shim/edit.cpp \
  tests/unit/shim/elf.cpp \
  tests/unit/shim/fabric.cpp \
  tests/unit/shim/libraries.cpp \
  tests/unit/shim/place.h \
  tests/unit/shim/wrapper.cpp
tests_unit_shim_shim_LDADD = libcatchmain.la libshim.la
