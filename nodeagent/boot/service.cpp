// What boot does: see service.h.
#include "nodeagent/boot/service.h"
#include "common/text.h"
#include <algorithm>

namespace podstep::boot {

using wire::Line;
using wire::Word;

namespace {
constexpr const char* hub_key = "";

Action note(std::string text) {
  return {.kind = Action::note, .text = std::move(text)};
}
Action give_up(std::string text) {
  return {.kind = Action::give_up, .text = std::move(text)};
}
Action send(int id, const Line& line) {
  return {.kind = Action::send, .id = id, .line = line};
}

std::string of_nodes(const std::vector<std::string>& nodes) {
  return cat(nodes.size() == 1 ? "node " : "nodes ", join(nodes, ", "));
}
} // namespace

Service::Service(std::vector<std::string> nodes, Timing timing) : nodes_(std::move(nodes)), timing_(timing) {}

Action Service::start_step(Role role, std::vector<std::string> nodes, Instant now) {
  StepStart step{next_id_++, role, std::move(nodes)};
  running_[step.id] = {step, now, {}};
  if (role == Role::hub)
    failures_[hub_key].last_start = now;
  else
    for (const std::string& node : step.nodes)
      failures_[node].last_start = now;
  return {.kind = Action::start, .step = step};
}

std::vector<Action> Service::start(Instant now) {
  deadline_ = now + timing_.register_deadline;
  std::vector<Action> out{start_step(Role::hub, {nodes_.front()}, now)};
  out.push_back(send(out[0].step.id, {Word::expect, {cat(nodes_.size())}}));
  out.push_back(start_step(Role::agents, nodes_, now));
  return out;
}

int Service::hub_id() const {
  for (const auto& [id, step] : running_)
    if (step.what.role == Role::hub)
      return id;
  return 0;
}

std::vector<Action> Service::on_hub_line(const Line& line) {
  bool first = !hub_;
  hub_ = line;
  std::vector<Action> out;
  for (const auto& [id, step] : running_)
    if (step.what.role == Role::agents && (first || step.heard.size() < step.what.nodes.size()))
      out.push_back(send(id, line));
  if (!first)
    out.push_back({.kind = Action::rehub, .line = line});
  return out;
}

std::vector<Action> Service::on_agent(int id, const Line& line) {
  const std::string& node = line.args[0];
  Running& step = running_.at(id);
  if (std::find(step.what.nodes.begin(), step.what.nodes.end(), node) == step.what.nodes.end())
    return {note(cat("an agent calls itself ", printable(node, 80), ", which is not a node of its step"))};
  step.heard.insert(node);
  agents_[node] = line;
  if (int hub = hub_id())
    return {send(hub, line)};
  return {};
}

bool Service::starting(const std::string& node) const {
  for (const Due& due : due_)
    if (due.role == Role::agents && std::find(due.nodes.begin(), due.nodes.end(), node) != due.nodes.end())
      return true;
  // The newest step that was started for this node counts.
  for (auto it = running_.rbegin(); it != running_.rend(); ++it) {
    const Running& step = it->second;
    if (step.what.role == Role::agents &&
        std::find(step.what.nodes.begin(), step.what.nodes.end(), node) != step.what.nodes.end())
      return !step.heard.count(node);
  }
  return false;
}

bool Service::newer_step(int id, const std::string& node) const {
  return std::any_of(running_.upper_bound(id), running_.end(), [&](const auto& other) {
    const StepStart& what = other.second.what;
    return what.role == Role::agents &&
           std::find(what.nodes.begin(), what.nodes.end(), node) != what.nodes.end();
  });
}

std::vector<Action> Service::plan_restart(Role role, std::vector<std::string> nodes, const std::string& why,
                                          Instant now) {
  int worst = 0;
  for (const std::string& key : role == Role::hub ? std::vector<std::string>{hub_key} : nodes) {
    Failures& failures = failures_[key];
    if (now - failures.last_start >= timing_.good_life)
      failures.in_a_row = 0;
    worst = std::max(worst, ++failures.in_a_row);
  }
  std::string what = role == Role::hub ? "the hub" : cat("the agent of ", of_nodes(nodes));
  if (worst > timing_.failures_in_a_row) {
    gave_up_ = true;
    return {give_up(cat(what, " was lost ", worst, " times in a row, the last time because: ", why))};
  }
  Duration delay =
      std::min(timing_.first_delay * (int64_t(1) << std::min(worst - 1, 20)), timing_.longest_delay);
  due_.push_back({role, nodes, now + delay});
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(delay).count();
  return {note(cat(what, " is lost (", why, "); it is started again in ", seconds, " s"))};
}

std::vector<Action> Service::on_leaving(const std::string& node, const std::string& why, Instant now) {
  if (std::find(nodes_.begin(), nodes_.end(), node) == nodes_.end())
    return {note(cat("the hub names ", printable(node, 80), ", which is not a node of this job"))};
  if (starting(node))
    return {};
  return plan_restart(Role::agents, {node}, why, now);
}

std::vector<Action> Service::on_own_leaving(int id, const Line& line, Instant now) {
  const std::string& node = line.args[0];
  const std::vector<std::string>& nodes = running_.at(id).what.nodes;
  if (std::find(nodes.begin(), nodes.end(), node) == nodes.end())
    return {note(cat("an agent calls itself ", printable(node, 80), ", which is not a node of its step"))};
  if (!registered_) {
    gave_up_ = true;
    return {give_up(cat("node ", node, ": ", line.args[1]))};
  }
  if (newer_step(id, node))
    return {};
  return plan_restart(Role::agents, {node}, line.args[1], now);
}

void Service::on_task_end(int id, const std::string& what, Instant now) {
  auto step = running_.find(id);
  if (registered_ || step == running_.end() || step->second.what.role != Role::agents)
    return;
  task_end_ = what;
  deadline_ = std::min(deadline_, now + timing_.last_words);
}

std::vector<Action> Service::on_line(int id, const Line& line, Instant now) {
  if (gave_up_ || !running_.count(id))
    return {};
  bool from_hub = running_.at(id).what.role == Role::hub;
  if (!from_hub && line.word == Word::agent)
    return on_agent(id, line);
  if (!from_hub && line.word == Word::leaving)
    return on_own_leaving(id, line, now);
  if (!from_hub)
    return {note("an agent sent a line that only the hub may send")};
  switch (line.word) {
  case Word::failed:
    gave_up_ = true;
    return {give_up(line.args[0])};
  case Word::hub:
    return on_hub_line(line);
  case Word::registered: {
    if (registered_ || !hub_)
      return {};
    registered_ = true;
    return {{.kind = Action::answer_ok, .text = cat(hub_->args[0], ":", hub_->args[1])}};
  }
  case Word::leaving:
    return on_leaving(line.args[0], line.args[1], now);
  case Word::ended:
    ended_ = true;
    due_.clear(); // an agent that had ended a moment earlier
    return {note("every pod has ended")};
  case Word::ready:
    return {note("the service is ready")};
  default:
    return {note("the hub sent a line that only boot may send")};
  }
}

std::vector<Action> Service::on_end(int id, int code, const std::string& last_words, Instant now) {
  auto found = running_.find(id);
  if (found == running_.end() || gave_up_)
    return {};
  Running step = found->second;
  running_.erase(found);
  if (ended_)
    return {};
  std::string why = cat("its srun ended with ", code, last_words.empty() ? "" : ": ", last_words);
  bool is_hub = step.what.role == Role::hub;
  if (!registered_) {
    gave_up_ = true;
    return {give_up(cat(is_hub ? "the hub" : "the agents", " did not start: ", why))};
  }
  if (is_hub)
    return plan_restart(Role::hub, step.what.nodes, why, now);
  std::vector<std::string> lost;
  for (const std::string& node : step.what.nodes) {
    // A replacement that was started since then, or is due, is not ours to repeat.
    if (!newer_step(id, node) && !starting(node))
      lost.push_back(node);
  }
  return lost.empty() ? std::vector<Action>{} : plan_restart(Role::agents, lost, why, now);
}

std::vector<Action> Service::on_refusal(const std::string& sentence) {
  if (registered_ || gave_up_)
    return {};
  gave_up_ = true;
  return {give_up(sentence)};
}

std::string Service::missing() const {
  std::vector<std::string> silent;
  for (const std::string& node : nodes_)
    if (!agents_.count(node))
      silent.push_back(node);
  if (!hub_)
    return cat("the hub on ", nodes_.front(), " did not answer");
  if (silent.empty())
    return "not every agent has registered with the hub; daemon/hub.log names them";
  return cat("no agent answers on ", of_nodes(silent));
}

std::vector<Action> Service::on_time(Instant now) {
  if (gave_up_)
    return {};
  if (!registered_ && now >= deadline_) {
    gave_up_ = true;
    if (!task_end_.empty())
      return {give_up(cat(missing(), ": ", task_end_))};
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timing_.register_deadline).count();
    return {give_up(cat(missing(), " within ", seconds, " s"))};
  }
  std::vector<Due> now_due;
  std::erase_if(due_, [&](const Due& due) { return due.at <= now ? (now_due.push_back(due), true) : false; });
  std::vector<Action> out;
  for (Due& due : now_due) {
    out.push_back(start_step(due.role, due.nodes, now));
    int id = out.back().step.id;
    if (due.role == Role::agents && hub_ && hub_id())
      out.push_back(send(id, *hub_));
    if (due.role != Role::hub)
      continue;
    out.push_back(send(id, {Word::expect, {cat(nodes_.size())}}));
    for (const auto& [node, line] : agents_)
      out.push_back(send(id, line));
  }
  return out;
}

Instant Service::wake_at() const {
  Instant at = registered_ ? Instant::max() : deadline_;
  for (const Due& due : due_)
    at = std::min(at, due.at);
  return gave_up_ ? Instant::max() : at;
}

std::vector<std::string> Service::living() const {
  std::vector<std::string> out;
  for (const std::string& node : nodes_)
    if (agents_.count(node) && !starting(node))
      out.push_back(node);
  return out;
}

} // namespace podstep::boot
