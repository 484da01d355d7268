// What boot does, as a function of what it hears: which steps to start, which lines to pass on, when to give
// up. No I/O and no clock of its own.
#pragma once
#include "common/clock.h"
#include "common/wire_boot.h"
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace podstep::boot {

enum class Role { hub, agents };

/// One srun step of the service, known by a number of our own.
struct StepStart {
  int id = 0;
  Role role{};
  std::vector<std::string> nodes;
};

struct Action {
  enum Kind {
    start,     ///< start `step`
    send,      ///< write `line` to the stdin of step `id`
    answer_ok, ///< tell the plugin that the service is up, with `text` = ADDRESS:PORT
    give_up,   ///< end the job (or refuse it, while the plugin waits) with the sentence `text`
    rehub,     ///< tell the living agents of the hub in `line`
    note,      ///< write `text` to boot's log and the job's events
  };
  Kind kind{};
  StepStart step{};
  int id = 0;
  wire::Line line{};
  std::string text{};
};

struct Timing {
  Duration register_deadline; ///< from start to `registered`
  Duration first_delay = std::chrono::seconds(1);
  Duration longest_delay = std::chrono::seconds(60);
  Duration last_words = std::chrono::seconds(2); ///< for the line of an agent whose task has ended already
  Duration good_life = std::chrono::seconds(60); ///< a step that lived this long has not failed in a row
  int failures_in_a_row = 10;
};

class Service {
public:
  /// `nodes`: all of the job's, the first one is where the hub runs.
  Service(std::vector<std::string> nodes, Timing timing);

  std::vector<Action> start(Instant now);
  /// A line from the stdout of step `id`.
  std::vector<Action> on_line(int id, const wire::Line& line, Instant now);
  /// Step `id` has ended; `last_words` is the last line of its stderr.
  std::vector<Action> on_end(int id, int code, const std::string& last_words, Instant now);
  /// The plugin refused the service on a node (a line of the agents' stderr): nobody will register there.
  std::vector<Action> on_refusal(const std::string& sentence);
  /// srun said that a task of step `id` has ended (`n2: task 1: Exited with exit code 2`). Whoever is still
  /// silent soon after that will not come: nobody waits for the deadline.
  void on_task_end(int id, const std::string& what, Instant now);
  std::vector<Action> on_time(Instant now);
  /// When on_time wants to be called next.
  Instant wake_at() const;
  bool registered() const { return registered_; }
  /// The nodes that have an agent that has spoken.
  std::vector<std::string> living() const;

private:
  struct Running {
    StepStart what;
    Instant since;
    std::set<std::string> heard; ///< nodes whose agent has printed its line
  };
  struct Failures {
    int in_a_row = 0;
    Instant last_start{};
  };
  struct Due {
    Role role;
    std::vector<std::string> nodes;
    Instant at;
  };

  Action start_step(Role role, std::vector<std::string> nodes, Instant now);
  std::vector<Action> on_hub_line(const wire::Line& line);
  std::vector<Action> on_agent(int id, const wire::Line& line);
  std::vector<Action> on_leaving(const std::string& node, const std::string& why, Instant now);
  /// The agent itself says that it cannot start.
  std::vector<Action> on_own_leaving(int id, const wire::Line& line, Instant now);
  /// Counts a failure of `key` and plans the next start; a give_up when there were too many.
  std::vector<Action> plan_restart(Role role, std::vector<std::string> nodes, const std::string& why,
                                   Instant now);
  bool starting(const std::string& node) const;
  /// A step of agents that was started after `id` runs for this node.
  bool newer_step(int id, const std::string& node) const;
  std::string missing() const;
  int hub_id() const;

  std::vector<std::string> nodes_;
  Timing timing_;
  std::map<int, Running> running_;
  std::map<std::string, Failures> failures_; ///< by node; the hub's under an empty name
  std::map<std::string, wire::Line> agents_; ///< each node's newest line
  std::vector<Due> due_;
  std::optional<wire::Line> hub_;
  Instant deadline_{};
  std::string task_end_; ///< what srun said of a task that ended before the service was up
  int next_id_ = 1;
  bool registered_ = false, ended_ = false, gave_up_ = false;
};

} // namespace podstep::boot
