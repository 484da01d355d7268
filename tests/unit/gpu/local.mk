check_PROGRAMS += tests/unit/gpu/unit
TESTS += tests/unit/gpu/unit
tests_unit_gpu_unit_SOURCES = tests/unit/gpu/launch.cpp tests/unit/gpu/operation.cpp
tests_unit_gpu_unit_LDADD = libcatchmain.la libgpuranks.la libcommon.la
