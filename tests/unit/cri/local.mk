check_PROGRAMS += tests/unit/cri/cri
TESTS += tests/unit/cri/cri
tests_unit_cri_cri_SOURCES = tests/unit/cri/cri.cpp
tests_unit_cri_cri_LDADD = libcatchmain.la libimagemount.la
