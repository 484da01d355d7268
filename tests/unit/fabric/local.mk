check_PROGRAMS += tests/unit/fabric/unit
TESTS += tests/unit/fabric/unit
tests_unit_fabric_unit_SOURCES = tests/unit/fabric/card.cpp tests/unit/fabric/local_tcp.cpp tests/unit/fabric/mr_cache.cpp tests/unit/fabric/promise.cpp tests/unit/fabric/saving.cpp tests/unit/fabric/settings.cpp \
  tests/unit/fabric/shm_view.cpp tests/unit/fabric/wire.cpp
tests_unit_fabric_unit_LDADD = libcatchmain.la libfabricparts.la libcommon.la

if HAVE_FABRIC
# Two processes over real providers and the fake cxi, through the library that is installed.
check_PROGRAMS += tests/unit/fabric/engine
TESTS += tests/unit/fabric/engine
tests_unit_fabric_engine_SOURCES = tests/unit/fabric/ahead.cpp tests/unit/fabric/cxi.cpp tests/unit/fabric/death.cpp \
  tests/unit/fabric/counted.h tests/unit/fabric/engine.cpp tests/unit/fabric/fake.h tests/unit/fabric/key.cpp tests/unit/fabric/hung.cpp tests/unit/fabric/leaving.cpp tests/unit/fabric/loss.cpp tests/unit/fabric/meet.h \
  tests/unit/fabric/memory.cpp tests/unit/fabric/one_way.cpp tests/unit/fabric/pair.h tests/unit/fabric/quiet.cpp tests/unit/fabric/runs.cpp tests/unit/fabric/statistics.cpp \
  tests/unit/fabric/stranger.cpp tests/unit/fabric/traffic.cpp tests/unit/fabric/unpaced.cpp tests/fabric/host/alloc.cpp tests/fabric/host/alloc.h \
  tests/fabric/host/identity.cpp tests/fabric/host/identity.h tests/support/heard.h
tests_unit_fabric_engine_CPPFLAGS = $(AM_CPPFLAGS) $(FABRIC_CFLAGS) $(fake_cxi_path)
tests_unit_fabric_engine_LDADD = libcatchmain.la libpodstep-fabric.la libcommon.la $(FABRIC_LIBS)
EXTRA_tests_unit_fabric_engine_DEPENDENCIES = tests/support/libcxi-fi.la

# A peer that lies, of the engine's own parts.
check_PROGRAMS += tests/unit/fabric/liar
TESTS += tests/unit/fabric/liar
tests_unit_fabric_liar_SOURCES = tests/unit/fabric/liar.cpp
tests_unit_fabric_liar_CPPFLAGS = $(AM_CPPFLAGS) $(FABRIC_CFLAGS)
tests_unit_fabric_liar_LDADD = libcatchmain.la libfabricengine.la $(FABRIC_LIBS)

# Memory of a GPU: of the machine's, or of tests/support/cuda.
check_PROGRAMS += tests/unit/fabric/on-gpu
TESTS += tests/unit/fabric/on-gpu
tests_unit_fabric_on_gpu_SOURCES = tests/unit/fabric/counted.h tests/unit/fabric/fake.h tests/unit/fabric/gpu.cpp tests/unit/fabric/pair.h \
  tests/fabric/host/alloc.cpp tests/fabric/host/alloc.h
tests_unit_fabric_on_gpu_CPPFLAGS = $(AM_CPPFLAGS) $(FABRIC_CFLAGS) $(fake_cxi_path)
tests_unit_fabric_on_gpu_LDADD = libcatchmain.la libgpuranks.la libpodstep-fabric.la libcommon.la $(FABRIC_LIBS)
EXTRA_tests_unit_fabric_on_gpu_DEPENDENCIES = tests/support/libcxi-fi.la tests/support/libcuda.la

# Ranks as threads, at each place where they can meet without Slurm.
check_PROGRAMS += tests/unit/fabric/rendezvous
TESTS += tests/unit/fabric/rendezvous
tests_unit_fabric_rendezvous_SOURCES = tests/unit/fabric/rendezvous.cpp
tests_unit_fabric_rendezvous_LDADD = libcatchmain.la libfabricrendezvous.la libfabricparts.la libcommon.la

# The fake cxi itself, by libfabric's calls.
fake_cxi_path = -DFAKE_CXI_PATH='"$(abs_top_builddir)/tests/support/.libs"'
check_PROGRAMS += tests/unit/fabric/fake-cxi
TESTS += tests/unit/fabric/fake-cxi
tests_unit_fabric_fake_cxi_SOURCES = tests/unit/fabric/fake_cxi.cpp tests/unit/fabric/fake.h tests/unit/fabric/nic.h \
  tests/support/cxi/board.cpp
tests_unit_fabric_fake_cxi_CPPFLAGS = $(AM_CPPFLAGS) $(FABRIC_CFLAGS) $(fake_cxi_path)
tests_unit_fabric_fake_cxi_LDADD = libcatchmain.la $(FABRIC_LIBS)
EXTRA_tests_unit_fabric_fake_cxi_DEPENDENCIES = tests/support/libcxi-fi.la
endif
