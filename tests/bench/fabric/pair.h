// A contender: two processes that hold a wire (or memory to copy) and measure what they are told, idle
// otherwise, so that several can take turns.
#pragma once
#include "tests/bench/fabric/loops.h"
#include "tests/fabric/host/case.h"

namespace bench {

struct Contender {
  enum class Kind { plugin, raw, copy } kind = Kind::plugin;
  std::string name;                     ///< of its figures
  std::string path;                     ///< of the plugin
  std::string provider;                 ///< of libfabric, for raw
  std::vector<std::string> environment; ///< NAME=VALUE
};

enum class Ask { latency, stream, storm, cold, hit, hit_among_many, empty_test, grouped, late, until_error };

struct Command {
  Ask ask = Ask::latency;
  Streams streams;
};
struct Reply {
  bool ok = false;
  Timing timing; ///< rank 0's, with the CPU of both
  char why[400] = "";
};

class Pair {
public:
  explicit Pair(const Contender&);
  ~Pair();
  Pair(const Pair&) = delete;
  /// Both ranks do it. Not ok: the reason; the pair can be used no more.
  Reply ask(const Command&);
  /// until_error, with rank 1 killed after a moment: seconds from SIGKILL to rank 0's error.
  Reply kill_and_wait();
  bool usable() const { return usable_; }

private:
  harness::Channel lines_[2];
  pid_t pids_[2] = {-1, -1};
  bool usable_ = true;
  Reply answer(int rank, std::chrono::seconds patience);
};

} // namespace bench
