// Who a rank is to another one's log: its process and the ports of its sockets, by which a line may name it.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <sys/types.h>

namespace harness {

/// TCP ports of this process's own sockets: those on which it listens, or all.
std::set<uint16_t> own_ports(bool listening_only);

struct Identity {
  pid_t pid = 0;
  std::set<uint16_t> ports;

  static Identity own();
  std::string encode() const;
  static Identity decode(const std::string& words);
  /// By its process id, or by an address with one of its ports: another process's is not its name.
  bool is_named_in(const std::string& line) const;
};

} // namespace harness
