# nodeagent/boot/: the launcher of a job's hub and agents.
noinst_LTLIBRARIES += libboot.la
libboot_la_SOURCES = \
  nodeagent/boot/ask.cpp nodeagent/boot/ask.h \
  nodeagent/boot/network.cpp nodeagent/boot/network.h \
  nodeagent/boot/service.cpp nodeagent/boot/service.h \
  nodeagent/boot/setup.cpp nodeagent/boot/setup.h \
  nodeagent/boot/srun.cpp nodeagent/boot/srun.h \
  nodeagent/boot/steps.cpp nodeagent/boot/steps.h

pkglibexec_PROGRAMS += podstep-boot
podstep_boot_SOURCES = \
  nodeagent/boot/end.cpp nodeagent/boot/end.h \
  nodeagent/boot/guard.cpp nodeagent/boot/guard.h \
  nodeagent/boot/main.cpp \
  nodeagent/boot/tell.cpp nodeagent/boot/tell.h \
  nodeagent/boot/worker.cpp nodeagent/boot/worker.h
podstep_boot_LDADD = libboot.la librecord.la libcommon.la
