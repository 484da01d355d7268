check_PROGRAMS += tests/unit/fabric/unit
TESTS += tests/unit/fabric/unit
tests_unit_fabric_unit_SOURCES = tests/unit/fabric/mr_cache.cpp
tests_unit_fabric_unit_LDADD = libcatchmain.la libfabricparts.la libcommon.la
