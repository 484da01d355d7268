// Starts podstep-boot: see boot.h.
#include "spank/boot.h"
#include "common/install.h"
#include "common/limits.h"
#include "common/process.h"
#include "common/text.h"
#include "common/wait.h"
#include "common/wire_spec.h"
#include <cstdlib>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>

namespace podstep::spank {

namespace {
constexpr std::string_view passed_on[] = {
    "HOME",         "USER",          "LOGNAME", "LANG", "SLURM_JOB_NUM_NODES", "SLURM_JOB_NODELIST",
    wire::env_spec, wire::env_images};
constexpr const char* standard_path = "/usr/local/bin:/usr/bin:/bin";

std::string variable(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string& entry : environment)
    if (entry.size() > name.size() && entry[name.size()] == '=' && entry.compare(0, name.size(), name) == 0)
      return entry.substr(name.size() + 1);
  return {};
}

std::vector<std::string> boot_environment(const BootRequest& request) {
  std::vector<std::string> out;
  for (std::string_view name : passed_on)
    if (std::string value = variable(request.environment, name); !value.empty())
      out.push_back(cat(name, "=", value));
  for (const wire::Carried& carried : wire::carried) {
    std::string value = variable(request.environment, carried.as);
    if (value.empty())
      value = variable(request.environment, carried.name);
    if (!value.empty())
      out.push_back(cat(carried.name, "=", value));
  }
  std::string path = variable(request.environment, "PATH"),
              conf = variable(request.environment, "SLURM_CONF");
  out.push_back(cat("PATH=", path, path.empty() ? "" : ":", standard_path));
  const char* own_conf = ::getenv("SLURM_CONF");
  if (conf.empty() && own_conf)
    conf = own_conf;
  if (!conf.empty())
    out.push_back(cat("SLURM_CONF=", conf));
  return out;
}

Result<std::string> read_line(int fd, Deadline deadline) {
  std::string line;
  for (char c;;) {
    PODSTEP_CHECK(wait_readable(fd, system_clock(), deadline, "podstep-boot"));
    ssize_t got = ::read(fd, &c, 1);
    if (got < 0)
      return errno_error("read podstep-boot's verdict");
    if (got == 0)
      return Error("podstep-boot ended without a word");
    if (c == '\n')
      return line;
    if (line.size() >= limits::verdict_bytes)
      return Error("podstep-boot's verdict is too long");
    line += c;
  }
}
} // namespace

Result<wire::Verdict> start_boot(const BootRequest& request) {
  PODSTEP_TRY(Pipe verdict, make_pipe());
  OwnedFd self(int(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (!self.valid())
    return errno_error("open a pidfd");
  Program program{.argv = {install::libexec("podstep-boot"), "--job", cat(request.job), "--restart",
                           cat(request.restart)},
                  .environment = boot_environment(request)};
  if (request.has_script)
    program.argv.push_back("--script");
  if (!request.manifest.empty())
    program.argv.insert(program.argv.end(), {"--manifest", request.manifest});
  program.err = STDERR_FILENO;
  program.keep = {verdict.write.get(), self.get()};
  program.session = true;
  Deadline deadline = Deadline::after(system_clock(), limits::register_deadline + limits::verdict_margin);
  PODSTEP_TRY(OwnedPid starter, spawn(program));
  verdict.write.reset();
  // What was started forks the two that stay and ends at once: the user's script must not find a stranger
  // among its children.
  PODSTEP_TRY(int code, starter.wait(system_clock(), deadline));
  if (code != 0)
    return Error(cat("podstep-boot ended with ", code));
  PODSTEP_TRY(std::string line, read_line(verdict.read.get(), deadline));
  return wire::parse_verdict(line);
}

} // namespace podstep::spank
