// What the hub asks Slurm.
#include "nodeagent/hub/slurm.h"
#include "common/process.h"
#include "common/text.h"
#include <algorithm>
#include <array>
#include <ctime>

namespace podstep::hub {

namespace {
/// scontrol answers in milliseconds; a controller that fails over must not stop the hub's loop for long.
constexpr std::chrono::seconds patience{5};
constexpr size_t answer_bytes = 1 << 20;

/// Slurm prints local time without a zone: `2026-11-24T12:00:00`.
std::optional<WallTime> parse_local(const std::string& text) {
  tm fields{};
  const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
  if (!end || *end)
    return std::nullopt;
  fields.tm_isdst = -1;
  const time_t seconds = mktime(&fields);
  if (seconds == -1)
    return std::nullopt;
  return WallTime(std::chrono::seconds(seconds));
}

bool is_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == ':' || c == '/';
  });
}
} // namespace

std::map<std::string, std::string> parse_oneline(std::string_view line) {
  std::map<std::string, std::string> fields;
  std::string* last = nullptr;
  for (const auto& word : split(line, ' ')) {
    const auto equals = word.find('=');
    if (equals != std::string::npos && is_field_name(std::string_view(word).substr(0, equals))) {
      last = &fields[word.substr(0, equals)];
      *last = trim(std::string_view(word).substr(equals + 1));
    } else if (last && !word.empty()) {
      *last += cat(" ", trim(word));
    }
  }
  return fields;
}

std::map<std::string, std::string> parse_config(std::string_view text) {
  std::map<std::string, std::string> values;
  for (const auto& line : split(text, '\n'))
    if (const auto equals = line.find('='); equals != std::string::npos)
      values[std::string(trim(std::string_view(line).substr(0, equals)))] =
          std::string(trim(std::string_view(line).substr(equals + 1)));
  return values;
}

std::optional<std::pair<uint16_t, uint16_t>> parse_port_range(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos)
    return std::nullopt;
  const auto first = parse_int(text.substr(0, dash), 1, 65535),
             last = parse_int(text.substr(dash + 1), 1, 65535);
  if (!first || !last || *first > *last)
    return std::nullopt;
  return std::pair(static_cast<uint16_t>(*first), static_cast<uint16_t>(*last));
}

bool is_down(std::string_view state) {
  static constexpr std::array gone = {"DOWN", "FAIL", "FAILING", "POWERED_DOWN", "POWERING_DOWN"};
  for (const auto& part : split(state, '+')) {
    std::string_view word = part;
    while (!word.empty() && !std::isalpha(static_cast<unsigned char>(word.back())))
      word.remove_suffix(1); // `DOWN*`: the flags of sinfo(1)
    if (std::find(gone.begin(), gone.end(), word) != gone.end())
      return true;
  }
  return false;
}

Result<std::string> Slurm::ask(std::vector<std::string> words) const {
  Program program;
  program.argv = {scontrol_};
  program.argv.insert(program.argv.end(), words.begin(), words.end());
  program.environment = environment_;
  PODSTEP_TRY(auto finished, run(std::move(program), system_clock(),
                                 Deadline::after(system_clock(), patience), answer_bytes));
  if (finished.code != 0)
    return Error(Kind::unavailable, cat("scontrol ", join(words, " "), " ended with ", finished.code));
  return std::move(finished.output);
}

Result<Site> Slurm::site() const {
  PODSTEP_TRY(const auto text, ask({"show", "config"}));
  auto values = parse_config(text);
  Site site;
  if (const auto seconds = parse_int(split(values["KillWait"] + " ", ' ').front(), 1, 86400); seconds)
    site.kill_wait = std::chrono::seconds(*seconds);
  site.ports = parse_port_range(values["SrunPortRange"]);
  return site;
}

Result<Slurm::Times> Slurm::times() const {
  PODSTEP_TRY(const auto text, ask({"-o", "show", "job", job_}));
  auto fields = parse_oneline(split(text + "\n", '\n').front());
  Times times;
  const auto start = parse_local(fields["StartTime"]);
  if (!start)
    return Error(cat("scontrol show job ", job_, ": no StartTime"));
  times.start = *start;
  times.end = parse_local(fields["EndTime"]); // `Unknown` without a limit
  return times;
}

Result<std::optional<std::string>> Slurm::lost(const std::string& node) const {
  PODSTEP_TRY(const auto job_text, ask({"-o", "show", "job", job_}));
  auto job = parse_oneline(split(job_text + "\n", '\n').front());
  PODSTEP_TRY(const auto names, ask({"show", "hostnames", job["NodeList"]}));
  const auto hosts = split(names, '\n');
  const bool ours = std::any_of(hosts.begin(), hosts.end(), [&](std::string host) {
    std::transform(host.begin(), host.end(), host.begin(), [](unsigned char c) { return std::tolower(c); });
    return trim(host) == node;
  });
  if (!ours)
    return std::optional(cat(node, " is no longer the job's"));
  PODSTEP_TRY(const auto node_text, ask({"-o", "show", "node", node}));
  auto fields = parse_oneline(split(node_text + "\n", '\n').front());
  if (is_down(fields["State"]))
    return std::optional(cat(node, " is ", fields["State"]));
  return std::optional<std::string>();
}

} // namespace podstep::hub
