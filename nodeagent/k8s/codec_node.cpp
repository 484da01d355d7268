// Node, Lease and Event to JSON and back.
#include "nodeagent/k8s/codec_kinds_impl.h"
#include "nodeagent/k8s/fields_node.h"

namespace podstep::k8s {
PODSTEP_KIND(Node, write_whole(object.status))
PODSTEP_KIND(Lease, boost::json::object())
PODSTEP_KIND(Event, boost::json::object())
} // namespace podstep::k8s
