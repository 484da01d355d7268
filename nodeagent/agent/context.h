// What every pod's coroutine shares: the runtime, the images, the API, the node's facts. Owned by Agent,
// outlives the pods.
#pragma once
#include "nodeagent/agent/events.h"
#include "nodeagent/agent/image_source.h"
#include "nodeagent/agent/pleg.h"
#include "nodeagent/agent/volumes.h"
#include "nodeagent/pods/environment.h"
#include "nodeagent/pods/oom.h"
#include "nodeagent/pods/ports.h"
#include <set>

namespace podstep::agent {

/// Ports chosen on this node, over all pods.
class PortTable {
public:
  PortTable(int32_t first, int32_t last) : first_(first), last_(last) {}
  /// The pod's ports, chosen now or before; a number is free when it can be bound on all addresses. Error:
  /// exhausted.
  Result<pods::Ports> choose(const k8s::Pod& pod);
  /// The ports that an earlier worker chose for a pod, as its sandbox tells (fault F1): they are in use by
  /// its containers, whether or not that worker had time to report them.
  void recall(const std::string& uid, const pods::Ports& ports);
  void release(const std::string& uid) { held_.erase(uid); }
  pods::Ports of(const std::string& uid) const;

private:
  int32_t first_, last_;
  std::map<std::string, pods::Ports> held_;
};
/// Whether nothing listens on the port (bind(2) with SO_REUSEADDR, IPv4 and IPv6).
bool port_is_free(int32_t port);

struct Context {
  loop::Loop& loop;
  const Clock& clock;
  cri::Runtime& runtime;
  ImageSource& images;
  HubLink& hub;
  Events& events;
  Pleg& pleg;
  Volumes& volumes;
  PortTable& ports;
  pods::OomKills& oom;
  const Settings& settings;
  pods::NodeFacts node;
  std::set<std::string> lost_roots{}; ///< ids of containers whose image's mount broke (fault F24)
};

} // namespace podstep::agent
