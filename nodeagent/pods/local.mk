# nodeagent/pods/: what a node does for a pod, as pure functions.
noinst_LTLIBRARIES += libpods.la
libpods_la_SOURCES = \
  nodeagent/pods/admission.cpp nodeagent/pods/admission.h \
  nodeagent/pods/backoff.cpp nodeagent/pods/backoff.h \
  nodeagent/pods/conditions.cpp nodeagent/pods/conditions.h \
  nodeagent/pods/ending.cpp nodeagent/pods/ending.h \
  nodeagent/pods/environment.cpp nodeagent/pods/environment.h \
  nodeagent/pods/hosts.cpp nodeagent/pods/hosts.h \
  nodeagent/pods/observed.h \
  nodeagent/pods/oom.cpp nodeagent/pods/oom.h \
  nodeagent/pods/plan.cpp nodeagent/pods/plan.h \
  nodeagent/pods/ports.cpp nodeagent/pods/ports.h \
  nodeagent/pods/probe.cpp nodeagent/pods/probe.h \
  nodeagent/pods/pull.cpp nodeagent/pods/pull.h \
  nodeagent/pods/status.cpp nodeagent/pods/status.h \
  nodeagent/pods/view.cpp nodeagent/pods/view.h
