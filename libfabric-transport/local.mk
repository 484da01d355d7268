# libfabric-transport/: tensor traffic between pods. The parts that need no NIC are tested alone.
noinst_LTLIBRARIES += libfabricparts.la
libfabricparts_la_SOURCES = \
  libfabric-transport/handle.cpp libfabric-transport/handle.h \
  libfabric-transport/local_tcp.cpp libfabric-transport/local_tcp.h \
  libfabric-transport/message.cpp libfabric-transport/message.h \
  libfabric-transport/mr_cache.cpp libfabric-transport/mr_cache.h \
  libfabric-transport/packet.h \
  libfabric-transport/rendezvous/card.cpp libfabric-transport/rendezvous/card.h \
  libfabric-transport/settings.cpp libfabric-transport/settings.h \
  libfabric-transport/shm_view.cpp libfabric-transport/shm_view.h \
  libfabric-transport/siphash.h \
  libfabric-transport/tag.h

if HAVE_FABRIC
# The engine: under the C library and under the NCCL plugin, which stand alone each.
noinst_LTLIBRARIES += libfabricengine.la
libfabricengine_la_SOURCES = \
  libfabric-transport/blame.h \
  libfabric-transport/calls.h \
  libfabric-transport/comms.h \
  libfabric-transport/covers.h \
  libfabric-transport/cuda.cpp libfabric-transport/cuda.h \
  libfabric-transport/device.cpp libfabric-transport/device.h \
  libfabric-transport/gpu_memory.cpp libfabric-transport/gpu_memory.h \
  libfabric-transport/completions.cpp libfabric-transport/endpoint.cpp libfabric-transport/endpoint.h \
  libfabric-transport/fids.h \
  libfabric-transport/gate.h \
  libfabric-transport/introduce.cpp libfabric-transport/introduce.h \
  libfabric-transport/link.h \
  libfabric-transport/meet.cpp \
  libfabric-transport/memory.cpp libfabric-transport/memory.h \
  libfabric-transport/op.h \
  libfabric-transport/packets.cpp libfabric-transport/packets_in.cpp libfabric-transport/progress.cpp \
  libfabric-transport/promise.h \
  libfabric-transport/random.h \
  libfabric-transport/recv_ahead.cpp \
  libfabric-transport/recv_comm.cpp libfabric-transport/recv_comm.h \
  libfabric-transport/recv_eager.cpp \
  libfabric-transport/recv_flush.cpp \
  libfabric-transport/recv_landing.cpp \
  libfabric-transport/saving.h \
  libfabric-transport/send_comm.cpp \
  libfabric-transport/send_heard.cpp \
  libfabric-transport/side_channel.cpp libfabric-transport/side_channel.h \
  libfabric-transport/socket.cpp \
  libfabric-transport/statistics.cpp libfabric-transport/statistics.h \
  libfabric-transport/traffic.h
libfabricengine_la_CPPFLAGS = $(AM_CPPFLAGS) $(FABRIC_CFLAGS)
libfabricengine_la_LIBADD = libfabricparts.la libcommon.la $(FABRIC_LIBS) -ldl

# Where ranks meet; NCCL has a bootstrap of its own. PMIx is opened at run time: only its header is needed here.
noinst_LTLIBRARIES += libfabricrendezvous.la
libfabricrendezvous_la_SOURCES = \
  libfabric-transport/rendezvous/by_caller.cpp \
  libfabric-transport/rendezvous/by_file.cpp \
  libfabric-transport/rendezvous/by_socket.cpp \
  libfabric-transport/rendezvous/place.h \
  libfabric-transport/rendezvous/rendezvous.cpp libfabric-transport/rendezvous/rendezvous.h
EXTRA_DIST += libfabric-transport/rendezvous/by_pmix.cpp libfabric-transport/rendezvous/without_pmix.cpp
if HAVE_PMIX
libfabricrendezvous_la_SOURCES += libfabric-transport/rendezvous/by_pmix.cpp
else
libfabricrendezvous_la_SOURCES += libfabric-transport/rendezvous/without_pmix.cpp
endif
libfabricrendezvous_la_CPPFLAGS = $(AM_CPPFLAGS) $(PMIX_CFLAGS)
libfabricrendezvous_la_LIBADD = -ldl

lib_LTLIBRARIES += libpodstep-fabric.la
libpodstep_fabric_la_SOURCES = \
  libfabric-transport/capi/data.cpp \
  libfabric-transport/capi/objects.h \
  libfabric-transport/capi/rendezvous.cpp \
  libfabric-transport/capi/setup.cpp
libpodstep_fabric_la_CPPFLAGS = $(AM_CPPFLAGS) $(FABRIC_CFLAGS)
libpodstep_fabric_la_LIBADD = libfabricengine.la libfabricrendezvous.la
libpodstep_fabric_la_LDFLAGS = -version-info 0:0:0 -Wl,-z,nodelete -Wl,--version-script=$(srcdir)/libfabric-transport/fabric.map
libpodstep_fabric_la_DEPENDENCIES = libfabricengine.la libfabricrendezvous.la $(srcdir)/libfabric-transport/fabric.map
podstepincludedir = $(includedir)/podstep
podstepinclude_HEADERS = libfabric-transport/podstep/fabric.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = libfabric-transport/podstep-fabric.pc

# NCCL opens it by name (NCCL_NET_PLUGIN=podstep) and may close it again; providers do not survive being unloaded.
lib_LTLIBRARIES += libnccl-net-podstep.la
libnccl_net_podstep_la_SOURCES = \
  libfabric-transport/nccl/abi.h \
  libfabric-transport/nccl/abi_v8.cpp \
  libfabric-transport/nccl/abi_v9.cpp \
  libfabric-transport/nccl/abi_v10.cpp \
  libfabric-transport/nccl/abi_v11.cpp \
  libfabric-transport/nccl/abi_v12.cpp \
  libfabric-transport/nccl/data.cpp \
  libfabric-transport/nccl/event.h \
  libfabric-transport/nccl/plugin.h \
  libfabric-transport/nccl/setup.cpp
libnccl_net_podstep_la_CPPFLAGS = $(AM_CPPFLAGS) $(FABRIC_CFLAGS)
libnccl_net_podstep_la_LIBADD = libfabricengine.la
libnccl_net_podstep_la_LDFLAGS = -module -avoid-version -Wl,-z,nodelete -Wl,--version-script=$(srcdir)/libfabric-transport/nccl/plugin.map
libnccl_net_podstep_la_DEPENDENCIES = libfabricengine.la $(srcdir)/libfabric-transport/nccl/plugin.map
endif
EXTRA_DIST += libfabric-transport/nccl/plugin.map libfabric-transport/fabric.map
