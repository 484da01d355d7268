// /etc/hosts of a container: see hosts.h.
#include "nodeagent/pods/hosts.h"
#include "common/text.h"

namespace podstep::pods {

std::string hosts_file(std::string_view node_file, const std::string& pod_name, const std::string& pod_ip) {
  if (node_file.size() > hosts_bytes)
    node_file = node_file.substr(0, node_file.rfind('\n', hosts_bytes) + 1);
  std::string out = "# Kubernetes-managed hosts file (host network).\n";
  out += node_file;
  if (!out.ends_with('\n'))
    out += '\n';
  if (!pod_ip.empty())
    out += cat(pod_ip, "\t", pod_name, "\n");
  return out;
}

} // namespace podstep::pods
