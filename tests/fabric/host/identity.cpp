// Read from /proc/self/net, and looked for in lines of a log: see identity.h.
#include "tests/fabric/host/identity.h"
#include <cctype>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace harness {
namespace {

std::set<uint64_t> own_sockets() {
  std::set<uint64_t> own;
  for (int fd = 0; fd < 65536; fd++)
    if (struct stat info; fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode))
      own.insert(info.st_ino);
  return own;
}

/// Whether `number` stands in the line with no digit beside it, and one of `before` in front of it where
/// there are any.
bool stands_in(const std::string& line, const std::string& number, const std::string& before = "") {
  for (size_t at = line.find(number); at != line.npos; at = line.find(number, at + 1)) {
    char left = at > 0 ? line[at - 1] : ' ';
    char right = at + number.size() < line.size() ? line[at + number.size()] : ' ';
    auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
    if (!digit(left) && !digit(right) && (before.empty() || before.find(left) != before.npos))
      return true;
  }
  return false;
}

} // namespace

std::set<uint16_t> own_ports(bool listening_only) {
  constexpr unsigned listening = 10; // TCP_LISTEN
  std::set<uint64_t> own = own_sockets();
  std::set<uint16_t> ports;
  for (const char* file : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
    std::ifstream table(file);
    std::string line;
    std::getline(table, line);
    while (std::getline(table, line)) {
      unsigned port = 0, state = 0;
      unsigned long inode = 0;
      if (sscanf(line.c_str(), " %*d: %*x:%x %*x:%*x %x %*s %*s %*s %*s %*s %lu", &port, &state, &inode) ==
              3 &&
          (state == listening || !listening_only) && own.contains(inode))
        ports.insert(static_cast<uint16_t>(port));
    }
  }
  return ports;
}

Identity Identity::own() {
  return {getpid(), own_ports(false)};
}

std::string Identity::encode() const {
  std::string words = std::to_string(pid);
  for (uint16_t port : ports)
    words += " " + std::to_string(port);
  return words;
}

Identity Identity::decode(const std::string& words) {
  Identity out;
  std::istringstream in(words);
  in >> out.pid;
  for (unsigned port; in >> port;)
    out.ports.insert(static_cast<uint16_t>(port));
  return out;
}

bool Identity::is_named_in(const std::string& line) const {
  if (stands_in(line, std::to_string(pid)))
    return true;
  for (uint16_t port : ports) // 10.0.0.1:4459, and 10.0.0.1<4459> as NCCL writes it
    if (stands_in(line, std::to_string(port), ":<"))
      return true;
  return false;
}

} // namespace harness
