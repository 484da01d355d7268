// One reader and two writers per kind, each compiled once in its codec_*.cpp (the templates of fields_*.h are
// costly to compile).
#pragma once
#include "nodeagent/k8s/codec.h"
#include "nodeagent/k8s/json_read.h"

namespace podstep::k8s {

/// The object of `kind` in `json`, whose mistakes go to `problems`; `path` is where it stands.
Object read_object(KindId kind, const boost::json::object& json, const Path& path, Problems& problems,
                   Strictness strictness);

#define PODSTEP_KIND(Type)                                                                                   \
  Type read_##Type(const boost::json::object& json, const Path& path, Problems& problems,                    \
                   Strictness strictness);                                                                   \
  boost::json::value write_kind(const Type& object);                                                         \
  boost::json::value write_status(const Type& object);

PODSTEP_KIND(Pod)
PODSTEP_KIND(Deployment)
PODSTEP_KIND(ReplicaSet)
PODSTEP_KIND(Node)
PODSTEP_KIND(Lease)
PODSTEP_KIND(Event)
#undef PODSTEP_KIND

} // namespace podstep::k8s
