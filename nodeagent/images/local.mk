# nodeagent/images/: the store and what makes flat images for it.
noinst_LTLIBRARIES += libstore.la
libstore_la_SOURCES = \
  nodeagent/images/digest.cpp nodeagent/images/digest.h \
  nodeagent/images/layout.h \
  nodeagent/images/metadata.cpp nodeagent/images/metadata.h \
  nodeagent/images/name.cpp nodeagent/images/name.h \
  nodeagent/images/store.cpp nodeagent/images/store.h \
  nodeagent/images/superblock.cpp nodeagent/images/superblock.h
libstore_la_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
libstore_la_LIBADD = librecord.la libjson.la libcommon.la $(OPENSSL_LIBS)
