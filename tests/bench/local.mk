# tests/bench/: what the product must reach; see tests/bench/run.
check_PROGRAMS += tests/bench/pod-start-driver
tests_bench_pod_start_driver_SOURCES = tests/bench/pod_start.cpp tests/bench/first_answer.h
tests_bench_pod_start_driver_LDADD = libimagemount.la libk8sclient.la libk8s.la libhttp.la

# The loops over NCCL plugins and over raw libfabric; without libfabric there is no floor, and no netperf.
EXTRA_PROGRAMS += tests/bench/netperf-driver tests/bench/rawfabric
EXTRA_LTLIBRARIES += libfabricbench.la
CLEANFILES += libfabricbench.la
if HAVE_FABRIC
check_PROGRAMS += tests/bench/netperf-driver tests/bench/rawfabric
endif
libfabricbench_la_SOURCES = \
  tests/bench/fabric/loops.cpp tests/bench/fabric/loops.h \
  tests/bench/fabric/pair.cpp tests/bench/fabric/pair.h \
  tests/bench/fabric/plan.cpp tests/bench/fabric/plan.h \
  tests/bench/fabric/plugin_extra.cpp \
  tests/bench/fabric/plugin_wire.cpp tests/bench/fabric/plugin_wire.h \
  tests/bench/fabric/raw_wire.cpp tests/bench/fabric/wire.h
libfabricbench_la_CPPFLAGS = $(AM_CPPFLAGS) $(FABRIC_CFLAGS)
libfabricbench_la_LIBADD = libfabrichost.la $(FABRIC_LIBS)
tests_bench_netperf_driver_SOURCES = \
  tests/bench/fabric/contest.cpp tests/bench/fabric/contest.h \
  tests/bench/fabric/core_distance.cpp tests/bench/fabric/core_distance.h \
  tests/bench/fabric/figures.h tests/bench/fabric/netperf.cpp
tests_bench_netperf_driver_LDADD = libfabricbench.la
tests_bench_rawfabric_SOURCES = tests/bench/fabric/rawfabric.cpp
tests_bench_rawfabric_LDADD = libfabricbench.la
