# The PyTorch backend's own parts, which know nothing of PyTorch: arithmetic, plans, and groups of real processes.
check_PROGRAMS += tests/unit/torch/unit
TESTS += tests/unit/torch/unit
tests_unit_torch_unit_SOURCES = tests/unit/torch/element.cpp tests/unit/torch/plan.cpp \
  contrib/torch/cutting.h contrib/torch/element.cpp contrib/torch/element.h contrib/torch/plan.cpp contrib/torch/plan.h \
  contrib/torch/plan_reduce.cpp contrib/torch/run.cpp contrib/torch/run.h
tests_unit_torch_unit_LDADD = libcatchmain.la

if HAVE_FABRIC
check_PROGRAMS += tests/unit/torch/group
TESTS += tests/unit/torch/group
tests_unit_torch_group_SOURCES = tests/unit/torch/group.cpp \
  contrib/torch/element.cpp contrib/torch/group.cpp contrib/torch/group.h contrib/torch/mesh.cpp contrib/torch/mesh.h \
  contrib/torch/plan.cpp contrib/torch/plan_reduce.cpp contrib/torch/run.cpp
tests_unit_torch_group_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/libfabric-transport
tests_unit_torch_group_LDADD = libcatchmain.la libpodstep-fabric.la
endif
