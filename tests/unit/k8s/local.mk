check_PROGRAMS += tests/unit/k8s/unit
TESTS += tests/unit/k8s/unit
tests_unit_k8s_unit_SOURCES = tests/unit/k8s/json.cpp
tests_unit_k8s_unit_LDADD = libcatchmain.la libjson.la libcommon.la
