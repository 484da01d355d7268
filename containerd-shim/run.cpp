// Starting programs: see run.h.
#include "containerd-shim/run.h"
#include "common/process.h"
#include "common/text.h"
#include <cstdlib>
#include <unistd.h>

namespace podstep::shim {

namespace {
constexpr const char* search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The directory for passing files that containerd was given: in the job's own tmpfs.
constexpr const char* env_scratch = "TMPDIR";
/// Where crun makes `crun.XXXXXX` at each of its starts (its cloned_binary.c; without it in /tmp): one that
/// is killed at that moment leaves it.
constexpr const char* env_crun_scratch = "_LIBCONTAINER_STATEDIR";

std::vector<std::string> clean_environment() {
  std::vector<std::string> out{cat("PATH=", search_path)};
  if (const char* scratch = std::getenv(env_scratch); scratch && scratch[0] == '/')
    for (const char* name : {env_scratch, env_crun_scratch})
      out.push_back(cat(name, "=", scratch));
  return out;
}
} // namespace

Result<int> run(std::vector<std::string> argv, Streams streams) {
  if (!argv[0].starts_with('/')) {
    PODSTEP_TRY(argv[0], find_program(argv[0], search_path));
  }
  Program program;
  program.argv = std::move(argv);
  program.environment = clean_environment();
  if (streams == Streams::ours) {
    program.in = 0;
    program.out = 1;
    program.err = 2;
  }
  PODSTEP_TRY(OwnedPid child, spawn(program));
  return child.wait(system_clock(), Deadline::never());
}

Error become(const std::vector<std::string>& argv) {
  std::vector<std::string> environment = clean_environment();
  std::vector<char*> arguments, variables;
  for (const std::string& text : argv)
    arguments.push_back(const_cast<char*>(text.c_str()));
  for (const std::string& text : environment)
    variables.push_back(const_cast<char*>(text.c_str()));
  arguments.push_back(nullptr);
  variables.push_back(nullptr);
  ::execve(argv[0].c_str(), arguments.data(), variables.data());
  return errno_error(cat("start ", argv[0]));
}

} // namespace podstep::shim
