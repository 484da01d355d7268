# nodeagent/control/: the hub's controllers as functions of values. No I/O, no clock of their own.
noinst_LTLIBRARIES += libcontrol.la
libcontrol_la_SOURCES = \
  nodeagent/control/changes.cpp nodeagent/control/changes.h \
  nodeagent/control/demand.cpp nodeagent/control/demand.h \
  nodeagent/control/deployment.cpp nodeagent/control/deployment.h \
  nodeagent/control/deployment_status.cpp nodeagent/control/deployment_status.h \
  nodeagent/control/endpoints.cpp nodeagent/control/endpoints.h \
  nodeagent/control/garbage.cpp nodeagent/control/garbage.h \
  nodeagent/control/imports.cpp nodeagent/control/imports.h \
  nodeagent/control/place.cpp nodeagent/control/place.h \
  nodeagent/control/readiness.cpp nodeagent/control/readiness.h \
  nodeagent/control/replicaset.cpp nodeagent/control/replicaset.h
libcontrol_la_LIBADD = libk8s.la libcommon.la
