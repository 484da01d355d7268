check_PROGRAMS += tests/unit/agent/unit
TESTS += tests/unit/agent/unit
tests_unit_agent_unit_SOURCES = tests/unit/agent/fabric.cpp tests/unit/agent/fabric_statistics.cpp tests/unit/agent/log_room.cpp \
  tests/unit/agent/logs.cpp tests/unit/agent/parts.cpp tests/unit/agent/pleg.cpp tests/unit/agent/runtime_log.cpp \
  tests/unit/agent/scratch.h
tests_unit_agent_unit_LDADD = libcatchmain.la libagent.la libpods.la libnode.la libimagemount.la libstore.la libcri.la libk8sclient.la \
  libk8s.la libhttp.la libsupervise.la librecord.la libloop.la libcommon.la
