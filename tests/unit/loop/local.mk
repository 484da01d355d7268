check_PROGRAMS += tests/unit/loop/unit
TESTS += tests/unit/loop/unit
tests_unit_loop_unit_SOURCES = tests/unit/loop/program.cpp tests/unit/loop/run.h tests/unit/loop/task.cpp
tests_unit_loop_unit_LDADD = libcatchmain.la libloop.la libcommon.la
