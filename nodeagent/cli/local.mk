# nodeagent/cli/: the program podstep; its readers and tables are a library, for the unit tests.
noinst_LTLIBRARIES += libcli.la
libcli_la_SOURCES = \
  nodeagent/cli/confine.cpp nodeagent/cli/confine.h \
  nodeagent/cli/enter.cpp nodeagent/cli/enter.h \
  nodeagent/cli/fabric_facts.cpp nodeagent/cli/fabric_facts.h \
  nodeagent/cli/fabric_hazards.cpp nodeagent/cli/fabric_hazards.h \
  nodeagent/cli/fabric_look.h \
  nodeagent/cli/fabric_missing.cpp nodeagent/cli/fabric_missing.h \
  nodeagent/cli/fabric_recipe.cpp nodeagent/cli/fabric_recipe.h \
  nodeagent/cli/hub_door.cpp nodeagent/cli/hub_door.h \
  nodeagent/cli/image_config.cpp nodeagent/cli/image_config.h \
  nodeagent/cli/jobs.cpp nodeagent/cli/jobs.h \
  nodeagent/cli/kept_logs.cpp nodeagent/cli/kept_logs.h \
  nodeagent/cli/local_agent.cpp nodeagent/cli/local_agent.h \
  nodeagent/cli/namespaces.cpp nodeagent/cli/namespaces.h \
  nodeagent/cli/progress.cpp nodeagent/cli/progress.h \
  nodeagent/cli/script.cpp nodeagent/cli/script.h \
  nodeagent/cli/service.cpp nodeagent/cli/service.h nodeagent/cli/service_page.cpp \
  nodeagent/cli/table.cpp nodeagent/cli/table.h \
  nodeagent/cli/word.cpp nodeagent/cli/word.h
libcli_la_LIBADD = libhttp.la libstore.la librecord.la libjson.la libcommon.la

bin_PROGRAMS += podstep
podstep_SOURCES = \
  nodeagent/cli/check.cpp \
  nodeagent/cli/endpoint.cpp \
  nodeagent/cli/exec.cpp \
  nodeagent/cli/fabric.cpp \
  nodeagent/cli/image.cpp \
  nodeagent/cli/kubectl.cpp \
  nodeagent/cli/local_logs.cpp \
  nodeagent/cli/logs.cpp \
  nodeagent/cli/main.cpp \
  nodeagent/cli/render_word.cpp \
  nodeagent/cli/status.cpp \
  nodeagent/cli/submit.cpp \
  nodeagent/cli/wait.cpp
podstep_LDADD = librender.la libcli.la

# librender: `podstep render`, and what its tests link; the only part of the CLI that knows YAML.
noinst_LTLIBRARIES += librender.la
librender_la_SOURCES = \
  nodeagent/cli/render.cpp nodeagent/cli/render.h \
  nodeagent/cli/spool.cpp nodeagent/cli/spool.h
librender_la_LIBADD = libmanifest.la libstore.la librecord.la libcommon.la
