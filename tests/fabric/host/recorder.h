// What a plugin tells: the lines it logs through the function given to init, and the network events it gives
// to the profiler callback.
#pragma once
#include "tests/fabric/abi.h"
#include <array>
#include <cstddef>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace harness {

struct Line {
  int level;
  std::string text;
};

/// The data of our own plugin's events, whose layout is known by their number: podstep-fabric(3).
struct PodstepEvent {
  uint8_t type, direction;
  uint16_t count;
  uint32_t comm;
  uint64_t peer, tag, bytes;
  bool operator==(const PodstepEvent&) const = default;
};
static_assert(sizeof(PodstepEvent) == 32);
inline constexpr int64_t podstep_events = 0x504f0001;

/// One start.
struct Told {
  void* phandle = nullptr;
  int64_t plugin = 0;
  const void* data = nullptr;
  PodstepEvent is{}; ///< what lies at `data`, where it is ours
};

/// How the recording callback answers a start, and what it found wrong.
struct Events {
  bool enabled = false;        ///< init gets the callback at all
  bool give_handles = true;    ///< a profiler is active; else *eHandle stays as it was
  bool only_start_stop = true; ///< a v10 table: NCCL 2.26 takes any other type for a stop
  int starts = 0, stops = 0;
  std::set<void*> running;        ///< phandles of the calls and requests that are in flight
  std::vector<Told> told;         ///< each start
  std::map<void*, Told> open;     ///< by the handles given out and not stopped
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
