check_PROGRAMS += tests/unit/supervise/unit tests/unit/supervise/worker
TESTS += tests/unit/supervise/unit
tests_unit_supervise_unit_SOURCES = tests/unit/supervise/supervise.cpp
tests_unit_supervise_unit_CPPFLAGS = $(AM_CPPFLAGS) -DWORKER=\"$(abs_top_builddir)/tests/unit/supervise/worker\"
tests_unit_supervise_unit_LDADD = libcatchmain.la libsupervise.la libcommon.la
tests_unit_supervise_worker_SOURCES = tests/unit/supervise/worker.cpp
tests_unit_supervise_worker_LDADD = libsupervise.la libcommon.la
