// Ports of a pod: which names ask for a free one, and what number a port name means. The bind test is the
// agent's.
#pragma once
#include "common/result.h"
#include "nodeagent/k8s/ports.h"
#include <functional>
#include <set>

namespace podstep::pods {

using k8s::chosen_ports;
using k8s::parse_ports;
using k8s::Ports;
using k8s::ports_text;

/// Names with `podstep.io/port-NAME: auto`, sorted.
std::vector<std::string> auto_ports(const k8s::Pod& pod);

/// A free number for every name in `names` that `known` lacks: tried from a start that depends on the pod's
/// uid, so that nodes and restarts spread, in [first, last], skipping `taken`; `is_free` is the bind test.
/// Error: exhausted, naming range and port.
Result<Ports> choose_ports(const std::vector<std::string>& names, Ports known, const std::string& uid,
                           int32_t first, int32_t last, const std::set<int32_t>& taken,
                           const std::function<bool(int32_t)>& is_free);

/// The number behind a probe's port: a number, a chosen port, or the containerPort of that name. Error:
/// invalid, naming the port.
Result<int32_t> resolve_port(const k8s::Container& container, const k8s::IntOrString& port,
                             const Ports& chosen);

/// Numbers that the pod's containers name outright (not 0).
std::set<int32_t> fixed_ports(const k8s::PodSpec& spec);

} // namespace podstep::pods
