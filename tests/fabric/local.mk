# tests/fabric/: drives NCCL network plugins without a GPU. The host and its cases, the reference plugin, the broken ones.
check_LTLIBRARIES += libfabrichost.la
libfabrichost_la_SOURCES = \
  tests/fabric/abi.h tests/fabric/tuner.h \
  tests/fabric/host/adapter.h \
  tests/fabric/host/case.cpp tests/fabric/host/case.h \
  tests/fabric/host/channel.cpp tests/fabric/host/channel.h \
  tests/fabric/host/flow.cpp tests/fabric/host/flow.h \
  tests/fabric/host/holdings.cpp tests/fabric/host/holdings.h \
  tests/fabric/host/identity.cpp tests/fabric/host/identity.h \
  tests/fabric/host/memory.cpp tests/fabric/host/memory.h \
  tests/fabric/host/net.cpp tests/fabric/host/net.h \
  tests/fabric/host/recorder.cpp tests/fabric/host/recorder.h \
  tests/fabric/host/selfpair.cpp tests/fabric/host/selfpair.h \
  tests/fabric/host/session.cpp tests/fabric/host/session.h \
  tests/fabric/host/tuner.cpp tests/fabric/host/tuner.h \
  tests/fabric/host/verdict.h \
  tests/fabric/host/watch.h \
  tests/fabric/host/worker.cpp tests/fabric/host/worker.h
libfabrichost_la_LIBADD = libcommon.la -ldl -lpthread

check_PROGRAMS += tests/fabric/conformance
tests_fabric_conformance_SOURCES = tests/fabric/conformance.cpp \
  tests/fabric/host/alloc.cpp tests/fabric/host/alloc.h tests/support/heard.h \
  tests/fabric/cases/all.cpp tests/fabric/cases/cases.h \
  tests/fabric/cases/connect.cpp \
  tests/fabric/cases/death.cpp \
  tests/fabric/cases/early.cpp \
  tests/fabric/cases/gpu.cpp \
  tests/fabric/cases/group.cpp \
  tests/fabric/cases/hints.cpp \
  tests/fabric/cases/hostile.cpp \
  tests/fabric/cases/life.cpp \
  tests/fabric/cases/logger.cpp \
  tests/fabric/cases/memory.cpp \
  tests/fabric/cases/order.cpp \
  tests/fabric/cases/profile.cpp \
  tests/fabric/cases/report.cpp tests/fabric/cases/report.h \
  tests/fabric/cases/requests.cpp \
  tests/fabric/cases/slingshot.cpp \
  tests/fabric/cases/slots.cpp \
  tests/fabric/cases/table.cpp \
  tests/fabric/cases/threads.cpp \
  tests/fabric/cases/tuner.cpp
tests_fabric_conformance_LDADD = libgpuranks.la libfabrichost.la

# The plugins are modules, built where they are tried and never installed.
plugin_ldflags = -module -avoid-version -shared -rpath /nowhere
check_LTLIBRARIES += libreferenceparts.la tests/fabric/libnccl-net-reference.la
libreferenceparts_la_SOURCES = \
  tests/fabric/reference/exports.cpp \
  tests/fabric/reference/memory.cpp \
  tests/fabric/reference/plugin.cpp tests/fabric/reference/plugin.h \
  tests/fabric/reference/sockets.cpp \
  tests/fabric/reference/transfer.cpp \
  tests/fabric/reference/tuner.cpp tests/fabric/reference/tuner.h
tests_fabric_libnccl_net_reference_la_SOURCES =
nodist_EXTRA_tests_fabric_libnccl_net_reference_la_SOURCES = force-cxx.cpp
tests_fabric_libnccl_net_reference_la_LIBADD = libreferenceparts.la
tests_fabric_libnccl_net_reference_la_LDFLAGS = $(plugin_ldflags)
check_LTLIBRARIES += tests/fabric/libnccl-net-broken.la
tests_fabric_libnccl_net_broken_la_SOURCES = \
  tests/fabric/broken/all.cpp tests/fabric/broken/broken.h \
  tests/fabric/broken/connect.cpp \
  tests/fabric/broken/data.cpp \
  tests/fabric/broken/gpu.cpp \
  tests/fabric/broken/life.cpp \
  tests/fabric/broken/patterns.cpp \
  tests/fabric/broken/requests.cpp \
  tests/fabric/broken/tuner.cpp
tests_fabric_libnccl_net_broken_la_LIBADD = libreferenceparts.la
tests_fabric_libnccl_net_broken_la_LDFLAGS = $(plugin_ldflags)
