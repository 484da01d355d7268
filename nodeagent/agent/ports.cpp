// Ports of this node: which are free, which pod holds which; see context.h.
#include "nodeagent/agent/context.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace podstep::agent {

namespace {
bool can_bind(int family, const sockaddr* address, socklen_t size) {
  OwnedFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid())
    return true; // no such family on this host: nobody can listen there
  int one = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (family == AF_INET6)
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (::bind(fd.get(), address, size) == 0)
    return true;
  return errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL;
}
} // namespace

bool port_is_free(int32_t port) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(uint16_t(port));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(uint16_t(port));
  return can_bind(AF_INET, reinterpret_cast<sockaddr*>(&v4), sizeof v4) &&
         can_bind(AF_INET6, reinterpret_cast<sockaddr*>(&v6), sizeof v6);
}

Result<pods::Ports> PortTable::choose(const k8s::Pod& pod) {
  std::vector<std::string> names = pods::auto_ports(pod);
  if (names.empty())
    return pods::Ports{};
  pods::Ports known = pods::chosen_ports(pod.status);
  std::set<int32_t> taken;
  for (const auto& [uid, ports] : held_)
    for (const auto& [name, number] : ports)
      if (uid == pod.metadata.uid)
        known[name] = number;
      else
        taken.insert(number);
  PODSTEP_TRY(pods::Ports chosen,
              pods::choose_ports(names, known, pod.metadata.uid, first_, last_, taken, port_is_free));
  held_[pod.metadata.uid] = chosen;
  return chosen;
}

void PortTable::recall(const std::string& uid, const pods::Ports& ports) {
  if (!ports.empty())
    held_.emplace(uid, ports);
}

pods::Ports PortTable::of(const std::string& uid) const {
  auto it = held_.find(uid);
  return it == held_.end() ? pods::Ports{} : it->second;
}

} // namespace podstep::agent
