# nodeagent/node/: the Node that a step makes, as pure functions.
noinst_LTLIBRARIES += libnode.la
libnode_la_SOURCES = \
  nodeagent/node/capacity.cpp nodeagent/node/capacity.h \
  nodeagent/node/node.cpp nodeagent/node/node.h
