// The start-up lines between podstep-boot, the hub and the agents, over the stdin and stdout of their srun
// steps. One line is `word arg arg ...\n`, at most limits::boot_line_bytes; the last argument of `leaving`
// and `failed` may hold blanks.
#pragma once
#include "common/result.h"
#include <string>
#include <string_view>
#include <vector>

namespace podstep::wire {

/// What a line says; the comment gives its direction and arguments.
enum class Word {
  hub,    ///< hub -> boot, boot -> agents: ADDRESS PORT FINGERPRINT (where the hub listens, its certificate)
  agent,  ///< agent -> boot, boot -> hub: NODE RANK FINGERPRINT
  expect, ///< boot -> hub: the number of agents, once, first line
  registered, ///< hub -> boot: every expected agent has registered its Node
  ready,      ///< hub -> boot: every object of the manifest is ready
  leaving,    ///< hub -> boot, agent -> boot: NODE WHY: this node has no agent any more, or it cannot start
  failed,     ///< hub -> boot: WHY: the service cannot be; end the job
  ended,      ///< hub -> boot: every pod is terminal by its own rules
};

struct Line {
  Word word{};
  std::vector<std::string> args;
  bool operator==(const Line&) const = default;
};

/// One line without its newline. Error: invalid (unknown word, wrong number of arguments, control characters,
/// too long).
Result<Line> parse_line(std::string_view text);
/// The line with its newline; arguments must not hold control characters, and blanks only in the last of
/// `leaving`/`failed`.
std::string format_line(const Line& line);

} // namespace podstep::wire
