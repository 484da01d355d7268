# nodeagent/cri/: the client of the container runtime, and the private containerd that it talks to.
noinst_LTLIBRARIES += libcri.la
libcri_la_SOURCES = \
  nodeagent/cri/client.cpp nodeagent/cri/client.h \
  nodeagent/cri/config_toml.cpp nodeagent/cri/containerd.cpp nodeagent/cri/containerd.h \
  nodeagent/cri/convert.cpp nodeagent/cri/convert.h \
  nodeagent/cri/events.cpp nodeagent/cri/events.h \
  nodeagent/cri/grpc.cpp nodeagent/cri/grpc.h \
  nodeagent/cri/hybrid.cpp nodeagent/cri/hybrid.h \
  nodeagent/cri/runtime.h
libcri_la_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_CFLAGS)
libcri_la_LIBADD = libproto.la libhttp.la
# The messages are generated before the first of these is compiled, also when only one target is made.
$(libcri_la_OBJECTS): proto/cri.pb.h proto/containerd.pb.h
