# tests/gpu/: real NCCL on one GPU. CUDA and NCCL are opened at run time, so it builds everywhere.
check_LTLIBRARIES += libgpuranks.la
libgpuranks_la_SOURCES = \
  tests/gpu/cuda.cpp tests/gpu/cuda.h \
  tests/gpu/launch.cpp tests/gpu/launch.h \
  tests/gpu/library.h \
  tests/gpu/memory.h \
  tests/gpu/nccl.cpp tests/gpu/nccl.h \
  tests/gpu/operation.cpp tests/gpu/operation.h \
  tests/gpu/rank.cpp tests/gpu/rank.h
libgpuranks_la_LIBADD = libcommon.la -ldl -lpthread

check_PROGRAMS += tests/gpu/nccl-collectives
tests_gpu_nccl_collectives_SOURCES = tests/gpu/collectives.cpp
tests_gpu_nccl_collectives_LDADD = libgpuranks.la
EXTRA_DIST += tests/gpu/README.md tests/gpu/results
