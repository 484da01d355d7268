// The text of a container's /etc/hosts. Contract: K-ENV-5.
#pragma once
#include <string>
#include <string_view>

namespace podstep::pods {

/// A hosts file longer than this is cut at a line's end: it is copied for every pod and counts into the
/// step's memory.
inline constexpr size_t hosts_bytes = 256 << 10;

/// Pods share the host's network: the node's own file under the kubelet's header, and the pod's name where
/// the node's file lacks it.
std::string hosts_file(std::string_view node_file, const std::string& pod_name, const std::string& pod_ip);

} // namespace podstep::pods
