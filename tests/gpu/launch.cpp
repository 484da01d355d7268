// Launching ranks: see launch.h.
#include "tests/gpu/launch.h"
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <set>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace gpu {

namespace {

using podstep::cat;
using podstep::OwnedFd;

std::string log_of(const std::string& directory, int rank) {
  return cat(directory, "/nccl-", rank, ".log");
}

/// Ranks on one GPU are refused where their hosts are the same, so each is a host of its own; and then only
/// the network joins them. Few channels: kernels that wait for each other share the GPU by slices. The
/// plugin stays loaded between communicators (F-HAZ-9).
void set_environment(const Network& network, const std::string& protocol, const std::string& log, int rank) {
  const std::pair<const char*, std::string> variables[] = {
      {"NCCL_HOSTID", cat("rank", rank)},
      {"NCCL_NET", network.name},
      {"NCCL_NET_PLUGIN", network.plugin.empty() ? "none" : network.plugin},
      {"NCCL_NET_PLUGIN_REF_COUNT", "1"},
      {"NCCL_PROTO", protocol},
      {"NCCL_NET_GDR_LEVEL", "LOC"},
      {"NCCL_P2P_DISABLE", "1"},
      {"NCCL_SHM_DISABLE", "1"},
      {"NCCL_MNNVL_ENABLE", "0"},
      {"NCCL_MAX_CTAS", "4"},
      {"NCCL_SOCKET_IFNAME", "lo"},
      {"NCCL_DEBUG", "INFO"},
      {"NCCL_DEBUG_SUBSYS", "INIT,NET"},
      {"NCCL_DEBUG_FILE", log},
      {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}};
  for (const auto& [name, value] : variables)
    setenv(name, value.c_str(), 1);
}

std::pair<OwnedFd, OwnedFd> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    perror("pipe"), _exit(2);
  return {OwnedFd(ends[0]), OwnedFd(ends[1])};
}

/// All ranks of a launch; whoever lives at its end is killed.
struct Processes {
  std::vector<pid_t> ids;
  bool wait() {
    bool good = true;
    for (pid_t& id : ids) {
      int status = 0;
      good &= waitpid(id, &status, 0) == id && WIFEXITED(status) && WEXITSTATUS(status) == 0;
      id = 0;
    }
    return good;
  }
  ~Processes() {
    for (pid_t id : ids)
      if (id > 0)
        kill(id, SIGKILL), waitpid(id, nullptr, 0);
  }
};

/// Reads until all ranks have closed it, one has failed, or the time is up.
void listen(Outcome& outcome, int fd, std::chrono::seconds limit) {
  auto end = std::chrono::steady_clock::now() + limit;
  std::string text;
  for (;;) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd one{fd, POLLIN, 0};
    if (left.count() <= 0 || poll(&one, 1, int(left.count())) <= 0)
      return take_line(outcome, cat("fail\tnot over after ", limit.count(), " s"));
    char bytes[4096];
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n <= 0)
      return;
    text.append(bytes, size_t(n));
    for (size_t at; (at = text.find('\n')) != text.npos; text.erase(0, at + 1))
      take_line(outcome, text.substr(0, at));
    if (outcome.kind != Outcome::Kind::passed)
      return;
  }
}

} // namespace

void take_line(Outcome& outcome, const std::string& line) {
  auto fields = podstep::split(line, '\t');
  fields.resize(4);
  const std::string& what = fields[0];
  if (what == "about")
    outcome.about = cat(fields[1], ", driver ", fields[2], ", NCCL ", fields[3]);
  else if (what == "note")
    outcome.notes.push_back(fields[1]);
  else if (what == "time")
    outcome.times[{fields[1], strtoul(fields[2].c_str(), nullptr, 10)}].push_back(atof(fields[3].c_str()));
  else if ((what == "skip" || what == "fail") && outcome.kind == Outcome::Kind::passed) {
    outcome.kind = what == "skip" ? Outcome::Kind::skipped : Outcome::Kind::failed;
    outcome.why = fields[1];
  }
}

std::string other_way(std::string_view log, const std::string& network) {
  std::set<std::string> ways;
  constexpr std::string_view via = " via ";
  for (size_t at = log.find(via); at != log.npos; at = log.find(via, at)) {
    at += via.size();
    // `NET/podstep/0`, `NET/AWS Libfabric/0/Shared`, `P2P/CUMEM`, `SHM/direct/direct`
    std::string way(log.substr(at, log.find('\n', at) - at));
    size_t first = way.find('/');
    ways.insert(way.substr(0, first == way.npos ? first : way.find('/', first + 1)));
  }
  if (ways.empty())
    return "NCCL does not say by which network it went";
  for (const std::string& way : ways)
    if (way != cat("NET/", network))
      return cat("NCCL went via ", way, ", not NET/", network);
  return {};
}

Outcome launch(const Job& job, const Network& network, const std::string& protocol,
               const std::string& directory) {
  Outcome outcome;
  auto [hear, report] = make_pipe();
  std::vector<OwnedFd> tell, told(1);
  for (int rank = 1; rank < job.ranks; ++rank) {
    auto [in, out] = make_pipe();
    told.push_back(std::move(in));
    tell.push_back(std::move(out));
  }
  fflush(nullptr);
  Processes processes;
  for (int rank = 0; rank < job.ranks; ++rank) {
    unlink(log_of(directory, rank).c_str());
    pid_t child = fork();
    if (child == 0) {
      signal(SIGPIPE, SIG_IGN);
      set_environment(network, protocol, log_of(directory, rank), rank);
      Wires wires{{}, std::move(told[size_t(rank)]), std::move(report)};
      if (rank == 0)
        wires.tell = std::move(tell);
      tell.clear(), told.clear(), hear = OwnedFd();
      _exit(run_rank(job, rank, std::move(wires)) ? 0 : 1);
    }
    processes.ids.push_back(child);
  }
  tell.clear(), told.clear(), report = OwnedFd();
  listen(outcome, hear.get(), job.limit * 2);
  if (outcome.kind != Outcome::Kind::passed)
    return outcome;
  if (!processes.wait())
    take_line(outcome, "fail\ta rank has died");
  for (int rank = 0; rank < job.ranks && outcome.kind == Outcome::Kind::passed; ++rank) {
    std::ifstream file(log_of(directory, rank));
    std::stringstream text;
    text << file.rdbuf();
    if (std::string wrong = other_way(text.str(), network.name); !wrong.empty())
      take_line(outcome, cat("fail\trank ", rank, ": ", wrong, " (", log_of(directory, rank), ")"));
  }
  return outcome;
}

} // namespace gpu
