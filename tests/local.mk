# tests/: unit tests per room, real-cluster tests, security and fault tests by number.
noinst_LTLIBRARIES += libcatchmain.la
libcatchmain_la_SOURCES = tests/unit/main.cpp tests/unit/catch.h tests/unit/no_room.h
libcatchmain_la_CXXFLAGS = -O0 $(SAN)
libcatchmain_la_LIBADD = $(CATCH2_LIBS)

include tests/unit/common/local.mk
include tests/support/local.mk
include tests/unit/fabric/local.mk
include tests/unit/k8s/local.mk
include tests/fuzz/local.mk
include tests/unit/images/local.mk
include tests/unit/cli/local.mk
include tests/unit/record/local.mk
include tests/bench/local.mk
include tests/cri/local.mk
include tests/unit/cri/local.mk
include tests/unit/shim/local.mk
include tests/unit/supervise/local.mk

# Scripts that contrib/check runs against an installed Podstep and a test cluster; see tests/lib/tap.sh.
EXTRA_DIST += tests/lib tests/symbols tests/bench.t tests/contracts.t tests/examples.t tests/floors.t tests/headers.t tests/style.t tests/symbols.t tests/tally.t
include tests/unit/loop/local.mk
include tests/unit/http/local.mk
include tests/unit/spank/local.mk
include tests/unit/boot/local.mk
include tests/unit/pods/local.mk
include tests/unit/node/local.mk
include tests/spank/local.mk
include tests/fabric/local.mk
include tests/gpu/local.mk
include tests/unit/gpu/local.mk
include tests/unit/control/local.mk
include tests/unit/hub/local.mk
include tests/unit/agent/local.mk
include tests/unit/torch/local.mk

# Rooms of scripts go into the tarball as they are: a new script needs no entry.
dist-hook: dist-test-scripts
.PHONY: dist-test-scripts
dist-test-scripts:
	for room in bench fabric gpu fault fuzz regress security slurm spank; do \
	  if test -d "$(srcdir)/tests/$$room"; then \
	    mkdir -p "$(distdir)/tests" && cp -R "$(srcdir)/tests/$$room" "$(distdir)/tests/" && \
	    chmod -R u+w "$(distdir)/tests/$$room" || exit 1; fi; done
