// Starting programs: see run.h.
#include "containerd-shim/run.h"
#include "common/text.h"
#include <cerrno>
#include <csignal>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace podstep::shim {

namespace {
constexpr const char* fixed_path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts)
    out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}
} // namespace

std::vector<std::string> clean_environment() {
  return {fixed_path};
}

Result<int> run(const std::vector<std::string>& argv) {
  auto environment = clean_environment();
  ::setenv("PATH", fixed_path + 5, 1); // posix_spawnp looks argv[0] up in ours
  pid_t pid = -1;
  int failed = ::posix_spawnp(&pid, argv[0].c_str(), nullptr, nullptr, pointers(argv).data(),
                              pointers(environment).data());
  if (failed != 0)
    return errno_error(cat("start ", argv[0]), failed);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR)
      return errno_error(cat("wait for ", argv[0]));
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Error become(const std::vector<std::string>& argv) {
  auto environment = clean_environment();
  ::setenv("PATH", fixed_path + 5, 1);
  ::execvpe(argv[0].c_str(), pointers(argv).data(), pointers(environment).data());
  return errno_error(cat("start ", argv[0]));
}

} // namespace podstep::shim
