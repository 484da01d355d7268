# nodeagent/record/: the record of a job, and the user's state directory.
noinst_LTLIBRARIES += librecord.la
librecord_la_SOURCES = \
  nodeagent/record/end.cpp nodeagent/record/end.h \
  nodeagent/record/record.cpp nodeagent/record/record.h \
  nodeagent/record/reserve.cpp nodeagent/record/reserve.h \
  nodeagent/record/state.cpp nodeagent/record/state.h
