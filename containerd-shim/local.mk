# containerd-shim/: the runtime wrapper and the program of a sandbox. What edits and mounts is a library of its own.
noinst_LTLIBRARIES += libshim.la
libshim_la_SOURCES = \
  containerd-shim/actions.cpp containerd-shim/actions.h \
  containerd-shim/cgroup_proof.cpp containerd-shim/cgroup_proof.h \
  containerd-shim/command.cpp containerd-shim/command.h \
  containerd-shim/edit.cpp containerd-shim/edit.h \
  containerd-shim/elf.cpp containerd-shim/elf.h \
  containerd-shim/environment.cpp containerd-shim/environment.h \
  containerd-shim/fabric.cpp containerd-shim/fabric.h containerd-shim/fabric_edit.cpp \
  containerd-shim/json.cpp containerd-shim/json.h \
  containerd-shim/libraries.cpp containerd-shim/libraries.h \
  containerd-shim/rootfs.cpp containerd-shim/rootfs.h \
  containerd-shim/run.cpp containerd-shim/run.h \
  containerd-shim/tree.cpp containerd-shim/tree.h
libshim_la_LIBADD = libcommon.la

pkglibexec_PROGRAMS += podstep-crun podstep-pause
podstep_crun_SOURCES = containerd-shim/podstep_crun.cpp
podstep_crun_LDADD = libshim.la
# Static, for it runs in an empty root; a sanitizer cannot be.
podstep_pause_SOURCES = containerd-shim/pause.c
podstep_pause_CFLAGS = $(PODSTEP_WARN)
podstep_pause_LDFLAGS = -all-static
