# tests/support/: what tests stand on instead of hardware. A CUDA driver, an NCCL over network plugins, and a libfabric provider `cxi`: see cxi/README.md.
check_LTLIBRARIES += tests/support/libcuda.la
tests_support_libcuda_la_SOURCES = tests/support/cuda/cuda.cpp
tests_support_libcuda_la_LDFLAGS = -version-info 1:0:0 -shared -rpath /nowhere

check_LTLIBRARIES += tests/support/libnccl.la
tests_support_libnccl_la_SOURCES = tests/support/nccl/mesh.cpp tests/support/nccl/mesh.h tests/support/nccl/nccl.cpp
tests_support_libnccl_la_LIBADD = libfabrichost.la
tests_support_libnccl_la_LDFLAGS = -version-info 2:0:0 -shared -rpath /nowhere

if HAVE_FABRIC
check_LTLIBRARIES += tests/support/libcxi-fi.la
tests_support_libcxi_fi_la_SOURCES = \
  tests/support/cxi/av.cpp \
  tests/support/cxi/board.cpp tests/support/cxi/board.h \
  tests/support/cxi/cq.cpp \
  tests/support/cxi/cxi.h \
  tests/support/cxi/domain.cpp \
  tests/support/cxi/ep.cpp \
  tests/support/cxi/gpu.cpp \
  tests/support/cxi/info.cpp \
  tests/support/cxi/mr.cpp \
  tests/support/cxi/provider.cpp \
  tests/support/cxi/rma.cpp \
  tests/support/cxi/service.cpp tests/support/cxi/service.h \
  tests/support/cxi/xfer.cpp
tests_support_libcxi_fi_la_CPPFLAGS = $(AM_CPPFLAGS) $(FABRIC_CFLAGS)
tests_support_libcxi_fi_la_LIBADD = $(FABRIC_LIBS) -ldl
tests_support_libcxi_fi_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
endif
EXTRA_DIST += tests/support/cxi/README.md
