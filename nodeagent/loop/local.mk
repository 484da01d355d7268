# nodeagent/loop/: the coroutine loop that every program of this tree runs on.
noinst_LTLIBRARIES += libloop.la
libloop_la_SOURCES = \
  nodeagent/loop/loop.cpp \
  nodeagent/loop/process.cpp \
  nodeagent/loop/program.cpp nodeagent/loop/program.h \
  nodeagent/loop/signal.cpp \
  nodeagent/loop/task.h nodeagent/loop/within.h
libloop_la_LIBADD = libcommon.la
