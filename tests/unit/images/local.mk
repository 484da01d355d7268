check_PROGRAMS += tests/unit/images/store
TESTS += tests/unit/images/store
tests_unit_images_store_SOURCES = \
  tests/unit/images/flat_store.h \
  tests/unit/images/metadata.cpp \
  tests/unit/images/name.cpp \
  tests/unit/images/report.cpp \
  tests/unit/images/store.cpp \
  tests/unit/images/unpacked.cpp
tests_unit_images_store_LDADD = libcatchmain.la libstore.la
