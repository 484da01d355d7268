# nodeagent/hub/: the control plane of one job.
noinst_LTLIBRARIES += libhub.la
libhub_la_SOURCES = \
  nodeagent/hub/admission.cpp nodeagent/hub/admission.h \
  nodeagent/hub/answer.cpp nodeagent/hub/answer.h \
  nodeagent/hub/api.cpp nodeagent/hub/api.h nodeagent/hub/api_call.h \
  nodeagent/hub/authorize.cpp nodeagent/hub/authorize.h \
  nodeagent/hub/boot_lines.cpp nodeagent/hub/boot_lines.h \
  nodeagent/hub/controllers.cpp nodeagent/hub/controllers.h \
  nodeagent/hub/discovery.cpp nodeagent/hub/discovery.h \
  nodeagent/hub/importer.cpp nodeagent/hub/importer.h \
  nodeagent/hub/journal.cpp nodeagent/hub/journal.h \
  nodeagent/hub/kept.cpp nodeagent/hub/kept.h \
  nodeagent/hub/lead.h \
  nodeagent/hub/lost_fields.cpp nodeagent/hub/lost_fields.h \
  nodeagent/hub/peers.cpp nodeagent/hub/peers.h \
  nodeagent/hub/publish.cpp nodeagent/hub/publish.h \
  nodeagent/hub/recorder.cpp nodeagent/hub/recorder.h \
  nodeagent/hub/route.cpp nodeagent/hub/route.h \
  nodeagent/hub/scale.cpp nodeagent/hub/scale.h \
  nodeagent/hub/selector.cpp nodeagent/hub/selector.h \
  nodeagent/hub/setup.cpp nodeagent/hub/setup.h \
  nodeagent/hub/silence.cpp nodeagent/hub/silence.h \
  nodeagent/hub/slurm.cpp nodeagent/hub/slurm.h \
  nodeagent/hub/store.cpp nodeagent/hub/store.h \
  nodeagent/hub/table.cpp nodeagent/hub/table.h \
  nodeagent/hub/table_cells.cpp nodeagent/hub/table_cells.h \
  nodeagent/hub/unserved.cpp nodeagent/hub/unserved.h \
  nodeagent/hub/watch.cpp nodeagent/hub/watch.h
libhub_la_LIBADD = libsupervise.la libcontrol.la libpods.la libstore.la libk8s.la libhttp.la librecord.la libloop.la libcommon.la

pkglibexec_PROGRAMS += podstep-hub
podstep_hub_SOURCES = nodeagent/hub/main.cpp nodeagent/hub/worker.cpp nodeagent/hub/worker.h
podstep_hub_LDADD = libhub.la
