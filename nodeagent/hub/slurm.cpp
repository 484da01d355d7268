// What the hub asks Slurm.
#include "nodeagent/hub/slurm.h"
#include "common/text.h"
#include "nodeagent/loop/program.h"
#include <algorithm>
#include <array>
#include <ctime>

namespace podstep::hub {

namespace {
/// scontrol answers in milliseconds; while a controller fails over it asks again and again.
constexpr std::chrono::seconds patience{5};
constexpr size_t answer_bytes = 4 << 20;

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

/// Of what `scontrol -o show` prints, which is a line for each job, node or partition.
std::map<std::string, std::string> first_record(const std::string& text) {
  return parse_oneline(split(text + "\n", '\n').front());
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

std::string node_name(std::string_view slurm_name) {
  return lower(slurm_name);
}

loop::Task<Result<std::string>> Slurm::ask(std::string words) const {
  loop::Run scontrol;
  scontrol.program.argv = split(words, ' ');
  scontrol.program.argv.insert(scontrol.program.argv.begin(), scontrol_);
  scontrol.program.environment = environment_;
  scontrol.time = patience;
  scontrol.output_limit = answer_bytes;
  auto finished = co_await loop::run_program(std::move(scontrol));
  if (!finished)
    co_return std::move(finished).error().in("scontrol " + words);
  if (finished->code != 0)
    co_return Error(Kind::unavailable, cat("scontrol ", words, ": ", finished->last_words()));
  co_return std::move(finished->output);
}

loop::Task<Result<Site>> Slurm::site() const {
  PODSTEP_CO_TRY(const auto text, co_await ask("show config"));
  auto values = parse_config(text);
  Site site;
  if (const auto seconds = parse_int(split(values["KillWait"] + " ", ' ').front(), 1, 86400); seconds)
    site.kill_wait = std::chrono::seconds(*seconds);
  site.ports = parse_port_range(values["SrunPortRange"], 1);
  co_return site;
}

loop::Task<Result<Slurm::Times>> Slurm::times() const {
  PODSTEP_CO_TRY(const auto text, co_await ask("-o show job " + job_));
  auto fields = first_record(text);
  Times times;
  const auto start = parse_local(fields["StartTime"]);
  if (!start)
    co_return Error(cat("scontrol show job ", job_, ": no StartTime"));
  times.start = *start;
  times.end = parse_local(fields["EndTime"]); // `Unknown` without a limit
  co_return times;
}

loop::Task<Result<Slurm::Preemption>> Slurm::preemption() const {
  PODSTEP_CO_TRY(const auto text, co_await ask("-o show job " + job_));
  auto job = first_record(text);
  Preemption out;
  out.under_way = parse_local(job["PreemptTime"]).has_value(); // `None` before, absent where nothing preempts
  out.may_requeue = out.under_way && job["Requeue"] == "1" && job["BatchFlag"] == "1";
  if (!out.may_requeue)
    co_return out;
  PODSTEP_CO_TRY(const auto config, co_await ask("show config"));
  if (parse_config(config)["PreemptType"] != "preempt/partition_prio")
    co_return out;
  PODSTEP_CO_TRY(const auto partition, co_await ask("-o show partition " + job["Partition"]));
  out.may_requeue = first_record(partition)["PreemptMode"] != "CANCEL";
  co_return out;
}

loop::Task<Result<std::map<std::string, std::string>>> Slurm::lost(std::vector<std::string> nodes) const {
  PODSTEP_CO_TRY(const auto job_text, co_await ask("-o show job " + job_));
  auto job = first_record(job_text);
  PODSTEP_CO_TRY(const auto names, co_await ask("show hostnames " + job["NodeList"]));
  std::map<std::string, std::string> slurm_names; // of the job's, by Kubernetes' name
  for (const auto& host : split(names, '\n'))
    slurm_names.emplace(node_name(trim(host)), trim(host));
  std::map<std::string, std::string> lost;
  std::vector<std::string> ours;
  for (const auto& node : nodes)
    if (const auto slurm_name = slurm_names.find(node); slurm_name != slurm_names.end())
      ours.push_back(slurm_name->second);
    else
      lost.emplace(node, cat(node, " is no longer the job's"));
  if (ours.empty())
    co_return lost;
  PODSTEP_CO_TRY(const auto states, co_await ask("-o show node " + join(ours, ",")));
  for (const auto& line : split(states, '\n'))
    if (auto fields = parse_oneline(line); is_down(fields["State"]))
      lost.emplace(node_name(fields["NodeName"]),
                   cat(node_name(fields["NodeName"]), " is ", fields["State"]));
  co_return lost;
}

} // namespace podstep::hub
