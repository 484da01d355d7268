// The subresource `scale` of what has replicas: one number to read and to set, as kubectl scale does
// (Kubernetes API: autoscaling/v1 Scale). Pure.
#pragma once
#include "nodeagent/k8s/codec.h"
#include <boost/json/fwd.hpp>

namespace podstep::hub {

bool has_scale(k8s::KindId kind);
/// The Scale of a Deployment or ReplicaSet.
boost::json::value scale_of(const k8s::Object& object);
/// The object with the replicas that the Scale asks for, and its resourceVersion where it has one: a change
/// of an old version is a conflict. Error: invalid.
Result<k8s::Object> rescaled(const k8s::Object& object, const boost::json::value& scale);

} // namespace podstep::hub
