# tests/spank/: the plugin under a stand-in for Slurm.
check_PROGRAMS += tests/spank/host
tests_spank_host_SOURCES = tests/spank/host.c
tests_spank_host_CPPFLAGS = $(AM_CPPFLAGS) $(SLURM_CPPFLAGS)
tests_spank_host_LDFLAGS = -export-dynamic
tests_spank_host_LDADD = -ldl
EXTRA_DIST += tests/spank/contexts.t
