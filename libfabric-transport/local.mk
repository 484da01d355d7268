# libfabric-transport/: tensor traffic between pods. The parts that need no NIC are tested alone.
noinst_LTLIBRARIES += libfabricparts.la
libfabricparts_la_SOURCES = \
  libfabric-transport/mr_cache.cpp libfabric-transport/mr_cache.h \
  libfabric-transport/tag.h
