// Confining a process: see confine.h.
#include "nodeagent/cli/confine.h"
#include "common/text.h"
#include <cstdlib>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace podstep::cli {
namespace {

constexpr int most_capabilities = 64; // as many as the mask has bits
constexpr const char* mode_filter = "2";

/// The value of a line `NAME:<tab>VALUE`.
Result<std::string> field(std::string_view status, std::string_view name) {
  for (const std::string& line : split(status, '\n'))
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':'))
      return std::string(trim(std::string_view(line).substr(name.size() + 1)));
  return Error(Kind::invalid, cat("the process's status has no ", name));
}

Result<void> install(const std::string& filter) {
  std::vector<sock_filter> program(filter.size() / sizeof(sock_filter));
  filter.copy(reinterpret_cast<char*>(program.data()), filter.size());
  const sock_fprog whole{static_cast<unsigned short>(program.size()), program.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &whole) != 0)
    return errno_error("install the container's seccomp filter");
  return {};
}

} // namespace

Result<Confinement> parse_confinement(std::string_view status, std::string filter) {
  Confinement out;
  PODSTEP_TRY(std::string bounding, field(status, "CapBnd"));
  if (!is_lower_hex(bounding, 16))
    return Error(Kind::invalid, "the process's status has no CapBnd");
  out.bounding = std::strtoull(bounding.c_str(), nullptr, 16);
  PODSTEP_TRY(std::string mode, field(status, "Seccomp"));
  if (mode != mode_filter)
    return out;
  if (filter.empty() || filter.size() % sizeof(sock_filter) != 0 ||
      filter.size() > BPF_MAXINSNS * sizeof(sock_filter))
    return Error(
        Kind::unavailable,
        "the container has a seccomp filter, and the agent does not know it: no command can be held to it",
        "start the container again; the agent's log in the record may tell more");
  out.filter = std::move(filter);
  return out;
}

Result<void> confine(const Confinement& confinement) {
  for (int capability = 0; capability < most_capabilities; ++capability)
    if (!(confinement.bounding >> capability & 1))
      (void)::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); // EINVAL: the kernel does not know so many
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return errno_error("set no_new_privs");
  return confinement.filter.empty() ? Result<void>() : install(confinement.filter);
}

} // namespace podstep::cli
