// Hiding what an older crun refuses: see hybrid.h.
#include "nodeagent/cri/hybrid.h"
#include "common/file.h"
#include "common/process.h"
#include "common/text.h"
#include <array>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>

namespace podstep::cri {

namespace {
constexpr const char* unified = "/sys/fs/cgroup/unified";
constexpr std::array<int64_t, 3> first_good = {1, 27, 1};
} // namespace

bool refuses_hybrid(std::string_view version_text) {
  std::string first = version_text.empty() ? "" : split(version_text, '\n')[0];
  auto parts = split(std::string_view(first).substr(first.rfind(' ') + 1), '.');
  std::array<int64_t, 3> version{};
  for (size_t i = 0; i < version.size() && i < parts.size(); ++i) {
    auto number = parse_int(parts[i].substr(0, parts[i].find_first_not_of("0123456789")), 0, 1'000'000);
    if (!number)
      return true;
    version[i] = *number;
  }
  return version < first_good;
}

Result<void> hide_unified(const std::string& crun) {
  struct statfs found {};
  if (::statfs(unified, &found) < 0 || found.f_type != CGROUP2_SUPER_MAGIC)
    return {};
  auto controllers = read_file(cat(unified, "/cgroup.controllers"), 4096);
  if (!controllers || trim(*controllers).empty())
    return {};
  Program program;
  program.argv = {crun, "--version"};
  PODSTEP_TRY(Finished said,
              run(program, system_clock(), Deadline::after(system_clock(), std::chrono::seconds(10)), 65536));
  if (!refuses_hybrid(said.output))
    return {};
  if (::mount("podstep", unified, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "size=4k,mode=0555") < 0)
    return errno_error(cat("hide ", unified, " from ", crun));
  return {};
}

} // namespace podstep::cri
