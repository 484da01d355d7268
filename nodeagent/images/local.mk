# nodeagent/images/: the store and what makes flat images for it.
noinst_LTLIBRARIES += libstore.la
libstore_la_SOURCES = \
  nodeagent/images/account.cpp nodeagent/images/account.h \
  nodeagent/images/build.cpp \
  nodeagent/images/digest.cpp nodeagent/images/digest.h \
  nodeagent/images/import.cpp nodeagent/images/import.h \
  nodeagent/images/layout.h \
  nodeagent/images/metadata.cpp nodeagent/images/metadata.h \
  nodeagent/images/name.cpp nodeagent/images/name.h \
  nodeagent/images/report.cpp nodeagent/images/report.h \
  nodeagent/images/store.cpp nodeagent/images/store.h \
  nodeagent/images/superblock.cpp nodeagent/images/superblock.h \
  nodeagent/images/unpacked.cpp nodeagent/images/unpacked.h \
  nodeagent/images/work.cpp nodeagent/images/work.h
libstore_la_CPPFLAGS = $(AM_CPPFLAGS) $(OPENSSL_CFLAGS)
libstore_la_LIBADD = librecord.la libjson.la libk8stypes.la libcommon.la $(OPENSSL_LIBS)

# libimagemount: what the agent needs beside the store: image mounts, and stubs in containerd.
noinst_LTLIBRARIES += libimagemount.la
libimagemount_la_SOURCES = \
  nodeagent/images/mount.cpp nodeagent/images/mount.h \
  nodeagent/images/mountinfo.cpp nodeagent/images/mountinfo.h \
  nodeagent/images/stub.cpp nodeagent/images/stub.h
libimagemount_la_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_CFLAGS)
libimagemount_la_LIBADD = libcri.la libstore.la
$(libimagemount_la_OBJECTS): proto/containerd.pb.h
