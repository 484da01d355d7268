check_PROGRAMS += tests/unit/record/unit
TESTS += tests/unit/record/unit
tests_unit_record_unit_SOURCES = tests/unit/record/record.cpp
tests_unit_record_unit_LDADD = libcatchmain.la librecord.la libcommon.la
