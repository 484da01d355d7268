# proto/: messages of the wires, generated once, without descriptors or reflection (lite runtime).
PROTO_FILES = proto/cri.proto proto/containerd.proto
EXTRA_DIST += $(PROTO_FILES)
PROTO_GENERATED = $(PROTO_FILES:.proto=.pb.cc) $(PROTO_FILES:.proto=.pb.h)
BUILT_SOURCES += $(PROTO_GENERATED)
CLEANFILES += $(PROTO_GENERATED)

proto/cri.pb.cc: proto/cri.proto
	$(AM_V_GEN)$(MKDIR_P) proto && $(PROTOC) -I$(top_srcdir) --cpp_out=. $(top_srcdir)/proto/cri.proto
proto/containerd.pb.cc: proto/containerd.proto
	$(AM_V_GEN)$(MKDIR_P) proto && $(PROTOC) -I$(top_srcdir) --cpp_out=. $(top_srcdir)/proto/containerd.proto
# The header comes out of the same run.
proto/cri.pb.h: proto/cri.pb.cc
proto/containerd.pb.h: proto/containerd.pb.cc

noinst_LTLIBRARIES += libproto.la
nodist_libproto_la_SOURCES = $(PROTO_GENERATED)
libproto_la_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_CFLAGS)
libproto_la_CXXFLAGS = -fvisibility=hidden $(SAN)
libproto_la_LIBADD = $(PROTOBUF_LIBS)
