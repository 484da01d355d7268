// Deployment and ReplicaSet to JSON and back.
#include "nodeagent/k8s/codec_kinds_impl.h"
#include "nodeagent/k8s/fields_workload.h"

namespace podstep::k8s {
PODSTEP_KIND(Deployment, write_whole(object.status))
PODSTEP_KIND(ReplicaSet, write_whole(object.status))
} // namespace podstep::k8s
