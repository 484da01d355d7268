// What a container's process finds in its environment and arguments: order, $(VAR), downward API, chosen
// ports, the job's key. Contract: K-ENV-1, K-ENV-3.
#pragma once
#include "common/result.h"
#include "nodeagent/k8s/types.h"

namespace podstep::pods {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// What the node contributes.
struct NodeFacts {
  std::string name, host_ip;
  k8s::ResourceList allocatable; ///< stands in for a limit that the container does not set
};

/// The variables in the order in which they are set; a later one of the same name has replaced the earlier.
/// `ports`: chosen for `podstep.io/port-NAME: auto`, given as PORT_<NAME>. `api_key`: of the job, under the
/// name that annotation `podstep.io/api-key-env` asks for. Error: invalid, naming the variable and the field
/// that does not exist.
Result<Variables> environment(const k8s::Pod& pod, const k8s::Container& container, const NodeFacts& node,
                              const std::map<std::string, int32_t>& ports, const std::string& api_key);

/// `$(NAME)` replaced where NAME is set, `$$` by `$`, everything else as it is (Kubernetes:
/// "third_party/forked/golang/expansion").
std::string expand(const std::string& text, const Variables& variables);

/// `http-admin` to `PORT_HTTP_ADMIN`.
std::string port_variable(const std::string& port_name);

} // namespace podstep::pods
