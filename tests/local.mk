# tests/: unit tests per room, real-cluster tests, security and fault tests by number.
noinst_LTLIBRARIES += libcatchmain.la
libcatchmain_la_SOURCES = tests/unit/main.cpp tests/unit/catch.h
libcatchmain_la_CXXFLAGS = -O0
libcatchmain_la_LIBADD = $(CATCH2_LIBS)

include tests/unit/common/local.mk
include tests/unit/fabric/local.mk
include tests/unit/k8s/local.mk
include tests/fuzz/local.mk
include tests/unit/images/local.mk
include tests/unit/cli/local.mk
include tests/unit/record/local.mk
include tests/cri/local.mk
include tests/unit/cri/local.mk
include tests/unit/shim/local.mk

# Scripts that contrib/check runs against an installed Podstep and a test cluster; see tests/lib/tap.sh.
EXTRA_DIST += tests/lib tests/slurm tests/symbols tests/floors.t tests/headers.t tests/style.t tests/symbols.t tests/tally.t
include tests/unit/loop/local.mk
include tests/unit/http/local.mk
include tests/unit/spank/local.mk
include tests/unit/boot/local.mk
include tests/unit/pods/local.mk
include tests/unit/node/local.mk
include tests/spank/local.mk
include tests/unit/control/local.mk
include tests/unit/hub/local.mk
include tests/unit/agent/local.mk
