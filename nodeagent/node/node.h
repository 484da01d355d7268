// The Node object of one agent, its conditions and its lease, as functions of what is known. Contract:
// K-NODE, K-HB, K-HPC-2, K-HPC-3.
#pragma once
#include "common/clock.h"
#include "nodeagent/k8s/types.h"
#include "nodeagent/node/capacity.h"

namespace podstep::node {

/// Whose agent this is, from Slurm's environment.
struct Identity {
  uint32_t job = 0, restart = 0;
  std::string slurm_node;         ///< SLURMD_NODENAME
  std::string cluster, partition; ///< empty where Slurm does not say
};

/// The Node's name: Slurm's name of the host in lower case. A job's own hub knows one node per host and job
/// start; no suffix needed.
std::string node_name(const Identity& identity);

/// What the machine says of itself.
struct Machine {
  std::string address; ///< of a local interface, not loopback (K-NODE-5)
  k8s::NodeSystemInfo info;
};

/// How the node is, as the agent measured it.
struct Health {
  bool runtime_answers = false;
  std::string runtime_error; ///< why not
  double memory_used = 0;    ///< part of the step's limit, 0..1
  double storage_used = 0;   ///< part of the tmpfs
  bool draining = false;
};

/// The Node for the Create: labels, taint, addresses, capacity, conditions (K-NODE-2, K-NODE-3, K-HPC-3).
k8s::Node make_node(const Identity& identity, const Machine& machine, const Capacity& capacity,
                    const Health& health, WallTime wall);

/// Conditions in the kubelet's order with Ready last; a transition time moves only with the status
/// (K-NODE-12).
std::vector<k8s::Condition> conditions(const Health& health, const std::vector<k8s::Condition>& before,
                                       WallTime wall);

/// True when two statuses differ in more than heartbeat times: then it is worth a PATCH now (K-HB-2).
bool differs(const k8s::NodeStatus& a, const k8s::NodeStatus& b);

/// The lease, renewed at `wall`; `node_uid` owns it (K-HB-1).
k8s::Lease make_lease(const std::string& node, const std::string& node_uid, WallTime wall);

inline constexpr const char* lease_namespace = "kube-node-lease";
inline constexpr Duration lease_period = std::chrono::seconds(10);
inline constexpr Duration status_period = std::chrono::seconds(10);
inline constexpr Duration status_refresh = std::chrono::minutes(5);
/// The step's own limit is the machine here: above this part the condition turns (K-HPC-8).
inline constexpr double memory_pressure = 0.95, storage_pressure = 0.90;

/// `v1.32.13+podstep.<ours>`: the Kubernetes version whose contract is met comes first, for skew checks read
/// it (K-NODE-10).
std::string kubelet_version();

} // namespace podstep::node
