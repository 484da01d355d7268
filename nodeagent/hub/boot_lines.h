// The hub's side of the start-up lines with podstep-boot over stdin and stdout (common/wire_boot.h).
#pragma once
#include "common/wire_boot.h"
#include "nodeagent/loop/task.h"

namespace podstep::hub {

class BootLines {
public:
  /// Reads `in` until it ends; `take` gets each whole line that parses, others are logged.
  BootLines(int in, int out) : in_(in), out_(out) {}
  loop::Task<void> read(std::function<void(const wire::Line&)> take);
  /// Says one line; a boot that is gone is noticed by the end of `in`, not here.
  void say(wire::Word word, std::vector<std::string> args = {});

private:
  int in_, out_;
};

} // namespace podstep::hub
