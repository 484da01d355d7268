// The command line by which containerd's shim calls a runtime: runc's (go-runc), parsed without acting on it.
#pragma once
#include "common/result.h"
#include <string>
#include <vector>

namespace podstep::shim {

struct Command {
  std::vector<std::string> global; ///< options before the action, as they came (--root, --log, --log-format)
  std::string action;              ///< create, start, exec, kill, delete, state, ...
  std::vector<std::string> rest;   ///< everything after the action, as it came
  std::string root, log;           ///< from the global options; empty when not given
  std::string bundle, pid_file, process; ///< from the action's options
  std::string id;
  bool force = false, all = false;
  std::string signal; ///< of kill; TERM when not given
};

/// `arguments`: argv without the program. Error: invalid, naming the argument that is missing its value.
Result<Command> parse_command(const std::vector<std::string>& arguments);

/// SIGTERM for `15`, `TERM` and `SIGTERM`. Error: invalid.
Result<int> signal_number(const std::string& text);

} // namespace podstep::shim
