// What a pod asks of a node, and what a node has left: resources and fixed ports.
#pragma once
#include "nodeagent/k8s/types.h"
#include <set>
#include <utility>

namespace podstep::control {

/// Thousandths of each resource's unit.
using Amounts = std::map<std::string, int64_t>;
/// Protocol and number; one holder per node, for pods share the host's network.
using Port = std::pair<std::string, int32_t>;

/// Sum of the containers' requests; a limit without a request counts as the request (Kubernetes API:
/// ResourceRequirements).
Amounts requests_of(const k8s::PodSpec& spec);
/// Ports with a fixed number; those that are chosen on the node (`podstep.io/port-NAME: auto`) are not among
/// them.
std::set<Port> fixed_ports(const k8s::PodSpec& spec);
/// True when a toleration of the pod covers the taint (Kubernetes API: Toleration).
bool tolerates(const k8s::PodSpec& spec, const k8s::Taint& taint);

/// One node while pods are placed onto it.
struct Room {
  const k8s::Node* node = nullptr;
  Amounts left;
  int64_t pods_left = 0;
  std::set<Port> ports;
  std::map<std::string, int> per_owner; ///< pods by the uid of their controller
  int pods = 0;

  explicit Room(const k8s::Node& of);
  void take(const k8s::Pod& pod);
};

/// Why the pod cannot go there, in the words of Kubernetes' scheduler (`Insufficient cpu`); empty when it
/// can.
std::vector<std::string> obstacles(const k8s::Pod& pod, const Room& room);

} // namespace podstep::control
