// Telling agents of a new hub: see tell.h.
#include "nodeagent/boot/tell.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/text.h"
#include "common/wait.h"
#include "common/wire_spec.h"
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <memory>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace podstep::boot {

namespace {
constexpr size_t answer_bytes = 4096;

// Run directories of this job start on this node: /run/podstep/<job>.<restart>.<step>.<node>/sock. A shared
// host may carry several nodes.
std::vector<std::string> sockets(const std::string& job, const std::string& restart,
                                 const std::string& node) {
  std::vector<std::string> out;
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(wire::run_root), ::closedir);
  std::string prefix = cat(job, ".", restart, "."), suffix = cat(".", node);
  while (dirent* entry = dir ? ::readdir(dir.get()) : nullptr) {
    std::string name = entry->d_name;
    if (name.starts_with(prefix) && name.ends_with(suffix))
      out.push_back(cat(wire::run_root, "/", name, "/", wire::run_sock));
  }
  return out;
}

Result<std::string> post(const std::string& path, const std::string& body) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof address.sun_path)
    return Error(Kind::invalid, cat(path, " is too long for a socket"));
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid() || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return errno_error(cat("connect to ", path));
  PODSTEP_CHECK(
      write_all(fd.get(),
                cat("POST /podstep/hub HTTP/1.1\r\nHost: podstep\r\nContent-Type: application/json\r\n"
                    "Connection: close\r\nContent-Length: ",
                    body.size(), "\r\n\r\n", body),
                path));
  Deadline deadline = Deadline::after(system_clock(), std::chrono::seconds(10));
  std::string answer;
  while (answer.find("\r\n") == answer.npos && answer.size() < answer_bytes) {
    PODSTEP_CHECK(wait_readable(fd.get(), system_clock(), deadline, path));
    char chunk[512];
    ssize_t n = ::read(fd.get(), chunk, sizeof chunk);
    if (n <= 0)
      return Error(cat(path, " closed without an answer"));
    answer.append(chunk, size_t(n));
  }
  return answer.substr(0, answer.find("\r\n"));
}
} // namespace

int tell(const std::vector<std::string>& arguments) {
  if (arguments.size() != 6) {
    log::error("--tell takes JOB RESTART ADDRESS PORT FINGERPRINT");
    return 2;
  }
  const char* node = ::getenv("SLURMD_NODENAME");
  std::string body = cat("{\"address\":\"", arguments[3], "\",\"port\":", arguments[4], ",\"fingerprint\":\"",
                         arguments[5], "\"}");
  bool told = false;
  for (const std::string& path : sockets(arguments[1], arguments[2], node ? node : "")) {
    auto answer = post(path, body);
    // A daemon that starts or ends just now has no socket; one that starts hears of the hub from boot.
    if (!answer && answer.error().kind == Kind::not_found)
      continue;
    if (!answer)
      log::warning(answer.error().message);
    else if (answer->find(" 200 ") != answer->npos || answer->find(" 204 ") != answer->npos)
      told = true;
  }
  return told ? 0 : 1;
}

} // namespace podstep::boot
