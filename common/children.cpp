// Which processes are a process's children: see children.h.
#include "common/children.h"
#include "common/file.h"
#include "common/text.h"
#include <algorithm>
#include <cctype>
#include <climits>
#include <dirent.h>
#include <memory>

namespace podstep {

namespace {
/// State and parent in /proc/PID/stat, which stand behind the name in parentheses (proc(5)).
bool is_living_child(const std::string& stat, pid_t parent) {
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos)
    return false;
  const auto fields = split(std::string_view(stat).substr(std::min(name_end + 2, stat.size())), ' ');
  return fields.size() > 1 && fields[0] != "Z" && fields[0] != "X" && fields[1] == std::to_string(parent);
}
} // namespace

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), &::closedir);
  while (const dirent* entry = proc ? ::readdir(proc.get()) : nullptr) {
    if (!std::isdigit(static_cast<unsigned char>(entry->d_name[0])))
      continue;
    auto stat = read_file(cat("/proc/", entry->d_name, "/stat"), 4096);
    if (stat && is_living_child(*stat, parent))
      found.push_back(pid_t(parse_int(entry->d_name, 1, INT_MAX).value_or(0)));
  }
  std::erase(found, 0);
  return found;
}

} // namespace podstep
