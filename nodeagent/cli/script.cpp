// The sbatch line and the script: see script.h.
#include "nodeagent/cli/script.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/cli/jobs.h"

namespace podstep::cli {
namespace {

std::string quoted(const std::string& word) {
  bool plain = !word.empty();
  for (char c : word)
    plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      std::string_view("-_=./,:@%+").find(c) != std::string_view::npos);
  if (plain)
    return word;
  std::string out = "'";
  for (char c : word)
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// `chat` of `/a/b/chat.yaml`.
std::string stem(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  size_t dot = name.rfind('.');
  return dot == 0 || dot == name.npos ? name : name.substr(0, dot);
}

} // namespace

std::vector<std::string> sbatch_line(const std::string& manifest, const std::vector<std::string>& more,
                                     bool parsable) {
  std::vector<std::string> line{"sbatch", cat("--", wire::option_name, "=", manifest),
                                cat("--job-name=", stem(manifest)), cat("--comment=", service_comment)};
  if (parsable)
    line.emplace_back("--parsable");
  line.insert(line.end(), more.begin(), more.end());
  return line;
}

std::string hold_script(const std::string& program) {
  return cat("#!/bin/sh\n# The service runs beside this script; its end is the script's.\nexec ",
             quoted(program), " hold\n");
}

std::string shell_line(const std::vector<std::string>& words) {
  std::vector<std::string> all;
  for (const std::string& word : words)
    all.push_back(quoted(word));
  return join(all, " ");
}

} // namespace podstep::cli
