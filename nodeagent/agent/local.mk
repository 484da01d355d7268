# nodeagent/agent/: podstepd, the node agent.
noinst_LTLIBRARIES += libagent.la
libagent_la_SOURCES = \
  nodeagent/agent/agent.cpp nodeagent/agent/agent.h \
  nodeagent/agent/context.h \
  nodeagent/agent/desired.cpp nodeagent/agent/desired.h \
  nodeagent/agent/events.cpp nodeagent/agent/events.h \
  nodeagent/agent/fabric.cpp nodeagent/agent/fabric.h \
  nodeagent/agent/fabric_statistics.cpp nodeagent/agent/fabric_statistics.h \
  nodeagent/agent/hub_link.cpp nodeagent/agent/hub_link.h \
  nodeagent/agent/image_source.h \
  nodeagent/agent/launch.cpp nodeagent/agent/launch.h \
  nodeagent/agent/local_api.cpp nodeagent/agent/local_api.h \
  nodeagent/agent/log_room.cpp nodeagent/agent/log_room.h \
  nodeagent/agent/log_stream.cpp nodeagent/agent/log_stream.h \
  nodeagent/agent/logs.cpp nodeagent/agent/logs.h \
  nodeagent/agent/machine.cpp nodeagent/agent/machine.h \
  nodeagent/agent/pleg.cpp nodeagent/agent/pleg.h \
  nodeagent/agent/pod.cpp nodeagent/agent/pod.h \
  nodeagent/agent/ports.cpp \
  nodeagent/agent/probe_call.cpp nodeagent/agent/probe_call.h \
  nodeagent/agent/prober.cpp nodeagent/agent/prober.h \
  nodeagent/agent/registrar.cpp nodeagent/agent/registrar.h \
  nodeagent/agent/reporter.cpp nodeagent/agent/reporter.h \
  nodeagent/agent/runtime_log.cpp nodeagent/agent/runtime_log.h \
  nodeagent/agent/settings.cpp nodeagent/agent/settings.h \
  nodeagent/agent/tmpfs.cpp nodeagent/agent/tmpfs.h \
  nodeagent/agent/volumes.cpp nodeagent/agent/volumes.h

pkglibexec_PROGRAMS += podstepd
podstepd_SOURCES = nodeagent/agent/main.cpp nodeagent/agent/image_source.cpp
podstepd_LDADD = libagent.la libpods.la libnode.la libimagemount.la libstore.la libcri.la libk8sclient.la libk8s.la libhttp.la libsupervise.la \
  librecord.la libloop.la libcommon.la
