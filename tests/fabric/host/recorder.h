// What a plugin tells: the lines it logs through the function given to init, and the network events it gives
// to the profiler callback.
#pragma once
#include "tests/fabric/abi.h"
#include <cstddef>
#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace harness {

struct Line {
  int level;
  std::string text;
};

/// How the recording callback answers a start, and what it found wrong.
struct Events {
  bool enabled = false;        ///< init gets the callback at all
  bool give_handles = true;    ///< a profiler is active; else *eHandle stays as it was
  bool only_start_stop = true; ///< a v10 table: NCCL 2.26 takes any other type for a stop
  int starts = 0, stops = 0;
  std::set<void*> running;        ///< phandles of the calls and requests that are in flight
  std::set<void*> open;           ///< handles given out and not stopped
  std::vector<std::string> wrong; ///< each broken rule, as a sentence
};

/// Both callbacks are plain functions in NCCL's interface, so what they record is the process's.
ncclabi::Log logger();
ncclabi::Profile profiler();
Events& events();

/// Also written to stderr when set.
void show_log(bool);
size_t log_size();
std::vector<Line> log_since(size_t mark);
/// The last warning, or the last line, or empty.
std::string last_words(size_t mark = 0);
/// Writes them into a message: looked up only when there is one.
struct LastWords {
  size_t mark = 0;
};
std::ostream& operator<<(std::ostream&, LastWords);

} // namespace harness
