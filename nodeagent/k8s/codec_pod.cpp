// Pod to JSON and back.
#include "nodeagent/k8s/codec_kinds_impl.h"
#include "nodeagent/k8s/fields_pod.h"

namespace podstep::k8s {
PODSTEP_KIND(Pod, write_whole(object.status))
} // namespace podstep::k8s
