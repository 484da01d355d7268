# nodeagent/supervise/: the small parent that podstepd and podstep-hub share.
noinst_LTLIBRARIES += libsupervise.la
libsupervise_la_SOURCES = \
  nodeagent/supervise/child.cpp nodeagent/supervise/child.h \
  nodeagent/supervise/lifeline.cpp nodeagent/supervise/lifeline.h \
  nodeagent/supervise/orphans.cpp nodeagent/supervise/orphans.h \
  nodeagent/supervise/supervise.cpp nodeagent/supervise/supervise.h
