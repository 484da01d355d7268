# tests/bench/: what the product must reach; see tests/bench/run.
check_PROGRAMS += tests/bench/pod-start-driver
tests_bench_pod_start_driver_SOURCES = tests/bench/pod_start.cpp tests/bench/first_answer.h
tests_bench_pod_start_driver_LDADD = libimagemount.la libk8sclient.la libk8s.la libhttp.la
