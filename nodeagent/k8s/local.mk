# nodeagent/k8s/: typed objects of the Kubernetes API, their codec, and the reader of manifests.
# libjson: Boost.JSON and the bounded parser, for rooms that only read JSON; libk8stypes: values only, for the
# pure rooms; libk8s: both of them and everything that turns one into the other; libk8sclient: the API client;
# libmanifest: the strict reader of users' manifests, the only one that knows YAML.
noinst_LTLIBRARIES += libjson.la libk8stypes.la libk8s.la libk8sclient.la libmanifest.la
libjson_la_SOURCES = nodeagent/k8s/boost_json.cpp nodeagent/k8s/json.cpp

libk8stypes_la_SOURCES = \
  nodeagent/k8s/first_use.cpp nodeagent/k8s/first_use.h \
  nodeagent/k8s/node_address.cpp nodeagent/k8s/node_address.h \
  nodeagent/k8s/ports.cpp nodeagent/k8s/ports.h \
  nodeagent/k8s/quantity.cpp nodeagent/k8s/quantity.h \
  nodeagent/k8s/types.h

libk8s_la_SOURCES = \
  nodeagent/k8s/codec.cpp nodeagent/k8s/codec.h \
  nodeagent/k8s/codec_kinds.h nodeagent/k8s/codec_kinds_impl.h \
  nodeagent/k8s/codec_node.cpp \
  nodeagent/k8s/codec_pod.cpp \
  nodeagent/k8s/codec_workload.cpp \
  nodeagent/k8s/fields_container.h nodeagent/k8s/fields_meta.h nodeagent/k8s/fields_node.h \
  nodeagent/k8s/fields_pod.h nodeagent/k8s/fields_workload.h \
  nodeagent/k8s/json_read.cpp nodeagent/k8s/json_read.h \
  nodeagent/k8s/json_write.h \
  nodeagent/k8s/kinds.cpp \
  nodeagent/k8s/patch.cpp nodeagent/k8s/patch_kinds.h \
  nodeagent/k8s/patch_json.cpp \
  nodeagent/k8s/patch_strategic.cpp \
  nodeagent/k8s/problems.cpp nodeagent/k8s/problems.h
libk8s_la_LIBADD = libk8stypes.la libjson.la

libk8sclient_la_SOURCES = nodeagent/k8s/client.cpp nodeagent/k8s/client.h
libk8sclient_la_LIBADD = libk8s.la libhttp.la

libmanifest_la_SOURCES = \
  nodeagent/k8s/defaults.cpp nodeagent/k8s/defaults.h \
  nodeagent/k8s/manifest.cpp nodeagent/k8s/manifest.h \
  nodeagent/k8s/manifest_fields.cpp \
  nodeagent/k8s/manifest_scalar.cpp nodeagent/k8s/manifest_scalar.h \
  nodeagent/k8s/manifest_yaml.cpp nodeagent/k8s/manifest_yaml.h \
  nodeagent/k8s/names.cpp nodeagent/k8s/names.h \
  nodeagent/k8s/validate.cpp nodeagent/k8s/validate.h \
  nodeagent/k8s/validate_container.cpp \
  nodeagent/k8s/validate_meta.cpp \
  nodeagent/k8s/validate_pod.cpp \
  nodeagent/k8s/validate_probe.cpp \
  nodeagent/k8s/validate_resources.cpp
libmanifest_la_CPPFLAGS = $(AM_CPPFLAGS) $(YAML_CFLAGS)
libmanifest_la_LIBADD = libk8s.la $(YAML_LIBS)
