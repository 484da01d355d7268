// The record's logs: see kept_logs.h.
#include "nodeagent/cli/kept_logs.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/record/record.h"
#include <algorithm>
#include <dirent.h>
#include <memory>

namespace podstep::cli {
namespace {

struct KeptName {
  std::string container;
  int64_t restart = -1;
};

/// `server.3.log`; restart -1 for what is no such name.
KeptName parse_name(std::string_view name) {
  if (!name.ends_with(".log"))
    return {};
  name.remove_suffix(4);
  size_t dot = name.rfind('.');
  auto restart = dot == name.npos ? Result<int64_t>(Error()) : parse_int(name.substr(dot + 1), 0, INT32_MAX);
  return restart ? KeptName{std::string(name.substr(0, dot)), *restart} : KeptName{};
}

} // namespace

std::vector<int64_t> kept_restarts(const std::vector<std::string>& names, const std::string& container) {
  std::vector<int64_t> restarts;
  for (const std::string& name : names)
    if (KeptName kept = parse_name(name); kept.restart >= 0 && kept.container == container)
      restarts.push_back(kept.restart);
  std::sort(restarts.begin(), restarts.end());
  return restarts;
}

std::vector<std::string> kept_containers(const std::vector<std::string>& names) {
  std::vector<std::string> containers;
  for (const std::string& name : names)
    if (KeptName kept = parse_name(name); kept.restart >= 0)
      containers.push_back(kept.container);
  std::sort(containers.begin(), containers.end());
  containers.erase(std::unique(containers.begin(), containers.end()), containers.end());
  return containers;
}

std::vector<std::string> names_in(const std::string& directory) {
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir);
  std::vector<std::string> names;
  while (struct dirent* entry = dir ? ::readdir(dir.get()) : nullptr)
    if (entry->d_name[0] != '.')
      names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> kept_log(const std::string& record, const std::string& pod, const std::string& container,
                             bool previous) {
  std::string directory = cat(record, "/", record::logs_dir, "/", pod);
  std::vector<int64_t> restarts = kept_restarts(names_in(directory), container);
  size_t needed = previous ? 2 : 1;
  if (restarts.size() < needed)
    return Error(Kind::not_found,
                 cat("the record has no ", previous ? "previous " : "", "log of container ",
                     printable(container), " of pod ", printable(pod)),
                 cat("ls ", record, "/", record::logs_dir));
  return read_file(cat(directory, "/", container, ".", restarts[restarts.size() - needed], ".log"),
                   limits::record_stream_bytes);
}

std::string_view last_lines(std::string_view text, int64_t lines) {
  if (lines < 0)
    return text;
  if (lines == 0)
    return {};
  size_t at = text.size();
  if (at > 0 && text[at - 1] == '\n')
    --at;
  for (; at > 0; --at)
    if (text[at - 1] == '\n' && --lines == 0)
      break;
  return text.substr(at);
}

} // namespace podstep::cli
