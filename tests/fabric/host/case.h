// One conformance case, what it is given, and how it is run: in up to three processes of its own, watched,
// with a limit of time.
#pragma once
#include "tests/fabric/host/channel.h"
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace harness {

/// How large a case is.
enum class Scale { quick, normal, full };

struct Options {
  std::string plugin;
  int abi = 0; ///< 0: the newest that it exports
  Scale scale = Scale::normal;
  bool one_thread = false;  ///< --self
  bool verbose = false;     ///< the plugin's log on stderr
  int deadline = 35;        ///< seconds within which a dead peer must be reported
  std::string no_device;    ///< NAME=VALUE that takes the plugin's devices away; empty: not known
  std::string same_address; ///< NAME=VALUE that makes it listen on one fixed address; empty: not known
  std::string job;          ///< the variable that says which job a process is of; empty: not known
  int limit = 120;          ///< seconds a case may take
  template<class T> T pick(T quick, T normal, T full) const {
    return scale == Scale::quick ? quick : scale == Scale::normal ? normal : full;
  }
};

/// What a case's function knows in each of its ranks.
struct Rank {
  int rank = 0;
  const Options* options = nullptr;
  std::map<int, Channel> to; ///< line to each other rank
  pid_t pids[3] = {};        ///< of all ranks
  Channel verdict;           ///< to the runner
  /// Something worth a line beside the verdict: `name=value`.
  void note(const std::string& what) { verdict.put("note " + what); }
  /// Tells rank 0 who it was (identity.h) and ends as if killed; the case has passed as far as this rank
  /// knows.
  [[noreturn]] void die();
};

struct Case {
  const char* id;      ///< F-CT-8
  const char* promise; ///< a sentence
  int ranks;
  void (*run)(Rank&);
  int extra_limit = 0; ///< seconds beyond the option's
};

enum class Outcome { passed, failed, skipped };
struct Report {
  Outcome outcome = Outcome::passed;
  std::string reason;
  std::vector<std::string> notes;
  double seconds = 0;
};

/// Of the cores this process may use, the one of this rank; nothing where there is only one.
void pin_to_core(int rank);
Report run_case(const Case&, const Options&);

} // namespace harness
