// Runs one case: forks its ranks, collects their words, kills what outlives the limit, and turns a crash into
// a failure.
#include "tests/fabric/host/case.h"
#include "tests/fabric/host/identity.h"
#include "tests/fabric/host/recorder.h"
#include "tests/fabric/host/verdict.h"
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace harness {
namespace {

using Time = std::chrono::steady_clock;

struct Child {
  pid_t pid = -1;
  Channel line;
  bool reported = false;
};

[[noreturn]] void child_main(const Case& c, Rank& rank) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  pin_to_core(rank.rank);
  show_log(rank.options->verbose);
  rank.verdict.take().copy(reinterpret_cast<char*>(rank.pids), sizeof rank.pids);
  std::string word = "passed";
  try {
    c.run(rank);
  } catch (const Failed& failure) {
    word = text("failed rank ", rank.rank, ": ", failure.what());
  } catch (const Skipped& reason) {
    word = text("skipped ", reason.what());
  } catch (const std::exception& other) {
    word = text("failed rank ", rank.rank, ": ", other.what());
  }
  try {
    rank.verdict.put(word);
  } catch (const Failed&) {
  }
  _exit(0);
}

void hear(Child& child, Report& report, const std::string& word) {
  if (word.starts_with("note ")) {
    report.notes.push_back(word.substr(5));
    return;
  }
  child.reported = true;
  // A rank that only saw the other one end does not know the cause.
  bool cause_unknown = report.reason.find("the other rank") != std::string::npos;
  if (word.starts_with("failed ") && (report.outcome != Outcome::failed || cause_unknown)) {
    report.outcome = Outcome::failed;
    report.reason = word.substr(7);
  } else if (word.starts_with("skipped ") && report.outcome == Outcome::passed) {
    report.outcome = Outcome::skipped;
    report.reason = word.substr(8);
  }
}

/// Everything that a rank says until it ends or the limit passes. A rank that fails ends the case.
void watch(std::vector<Child>& children, Report& report, Time::time_point until) {
  for (bool open = true; open;) {
    open = false;
    for (size_t rank = 0; rank < children.size(); rank++) {
      Child& child = children[rank];
      if (child.reported)
        continue;
      open = true;
      if (!child.line.readable(std::chrono::milliseconds(5)))
        continue;
      try {
        hear(child, report, child.line.take());
      } catch (const Failed&) {
        int status = 0;
        waitpid(child.pid, &status, 0);
        child.pid = -1;
        std::string how = WIFSIGNALED(status) ? text("died of signal ", WTERMSIG(status), " (",
                                                     strsignal(WTERMSIG(status)), ")")
                                              : text("ended with status ", WEXITSTATUS(status));
        hear(child, report, text("failed rank ", rank, ": ", how));
      }
    }
    if (report.outcome == Outcome::failed) // the others may know more
      until = std::min(until, Time::now() + std::chrono::milliseconds(200));
    if (open && Time::now() >= until) {
      if (report.outcome == Outcome::failed)
        return;
      report.outcome = Outcome::failed;
      report.reason = "it hangs: the case's limit of time has passed";
      return;
    }
  }
}

/// A killed rank leaves the file of its endpoint where the network is libfabric's shm: PID:UID:NUMBER.
void sweep(pid_t gone) {
  std::error_code ignored;
  std::vector<std::filesystem::path> left;
  for (const auto& file : std::filesystem::directory_iterator("/dev/shm", ignored))
    if (file.path().filename().string().starts_with(std::to_string(gone) + ":"))
      left.push_back(file.path());
  for (const auto& file : left)
    std::filesystem::remove(file, ignored);
}

} // namespace

void pin_to_core(int rank) {
  cpu_set_t may, one;
  if (sched_getaffinity(0, sizeof may, &may) < 0 || CPU_COUNT(&may) < 2)
    return;
  int skip = rank % CPU_COUNT(&may);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &may) && skip-- == 0)
      CPU_SET(cpu, &one);
  sched_setaffinity(0, sizeof one, &one);
}

void Rank::die() {
  to.at(0).put(Identity::own().encode());
  verdict.put("passed");
  raise(SIGKILL);
  _exit(1);
}

Report run_case(const Case& c, const Options& options) {
  auto begin = Time::now();
  std::vector<Child> children(static_cast<size_t>(c.ranks));
  std::vector<Rank> ranks(static_cast<size_t>(c.ranks));
  for (int i = 0; i < c.ranks; i++) {
    ranks[size_t(i)].rank = i;
    ranks[size_t(i)].options = &options;
    Channel::pair(children[size_t(i)].line, ranks[size_t(i)].verdict);
    for (int k = 0; k < i; k++)
      Channel::pair(ranks[size_t(i)].to[k], ranks[size_t(k)].to[i]);
  }
  Rank numbers;
  for (int i = 0; i < c.ranks; i++) {
    pid_t pid = fork();
    if (pid == 0) {
      Rank mine = std::move(ranks[size_t(i)]);
      ranks.clear(); // the other ends must close when their owners die
      children.clear();
      child_main(c, mine);
    }
    children[size_t(i)].pid = numbers.pids[i] = pid;
  }
  ranks.clear();
  for (Child& child : children)
    child.line.put({reinterpret_cast<char*>(numbers.pids), sizeof numbers.pids});
  Report report;
  watch(children, report, begin + std::chrono::seconds(options.limit + c.extra_limit));
  for (Child& child : children)
    if (child.pid > 0) {
      if (report.outcome == Outcome::failed)
        kill(child.pid, SIGKILL);
      kill(child.pid, SIGCONT);
      waitpid(child.pid, nullptr, 0);
    }
  for (int i = 0; i < c.ranks; i++)
    sweep(numbers.pids[i]);
  report.seconds = std::chrono::duration<double>(Time::now() - begin).count();
  return report;
}

} // namespace harness
