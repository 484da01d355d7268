// The two processes of a contender.
#include "tests/bench/fabric/pair.h"
#include "tests/bench/fabric/plugin_wire.h"
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

using harness::Channel;
using harness::Rank;

/// What one rank of a contender has.
struct Server {
  const Contender& contender;
  Rank& rank;
  Region region;
  std::unique_ptr<Wire> wire;
  Plugin* plugin = nullptr;

  Server(const Contender& c, Rank& r) : contender(c), rank(r), region(make_region()) {
    if (c.kind == Contender::Kind::plugin)
      wire = plugin_wire(rank, region, &plugin);
    else if (c.kind == Contender::Kind::raw)
      wire = raw_wire(rank, region, c.provider);
  }

  Timing messages(const Command& command) {
    const Streams& s = command.streams;
    if (contender.kind == Contender::Kind::copy)
      return rank.rank == 0 ? copy(region, s) : Timing{};
    Channel& other = rank.to.begin()->second;
    other.barrier();
    if (command.ask == Ask::stream)
      return stream(*wire, rank, s);
    if (command.ask == Ask::latency)
      return latency(*wire, rank.rank, 0, s.bytes, s.count);
    plugin->block(true);
    Timing timing = latency(*wire, rank.rank, 0, s.bytes, s.count);
    plugin->block(false);
    return timing;
  }

  Timing run(const Command& command) {
    Timing timing;
    if (command.ask == Ask::latency || command.ask == Ask::stream || (command.ask == Ask::late && plugin))
      return messages(command);
    if (!plugin)
      throw harness::Skipped("only a plugin has it");
    switch (command.ask) {
    case Ask::storm:
      timing.value = plugin->storm(command.streams.count);
      break;
    case Ask::cold:
      timing.value = plugin->register_cold();
      break;
    case Ask::hit:
      timing.value = plugin->register_hit();
      break;
    case Ask::hit_among_many:
      timing.value = plugin->register_hit_among_many();
      break;
    case Ask::empty_test:
      timing.value = plugin->empty_test();
      break;
    case Ask::grouped:
      timing.value = plugin->grouped(command.streams.count);
      break;
    case Ask::until_error:
      timing.value = plugin->until_error();
      break;
    default:
      break;
    }
    return timing;
  }
};

Reply failure(const char* why) {
  Reply reply;
  snprintf(reply.why, sizeof reply.why, "%s", why);
  return reply;
}

[[noreturn]] void serve(const Contender& contender, Rank& rank) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  harness::pin_to_core(rank.rank);
  for (const std::string& variable : contender.environment)
    putenv(strdup(variable.c_str()));
  std::unique_ptr<Server> server;
  try {
    server = std::make_unique<Server>(contender, rank);
    while (true) {
      std::string bytes = rank.verdict.take(std::chrono::hours(24));
      Command command;
      bytes.copy(reinterpret_cast<char*>(&command), sizeof command);
      Reply reply;
      reply.timing = server->run(command);
      reply.ok = true;
      rank.verdict.put_value(reply);
    }
  } catch (const std::exception& problem) {
    try {
      rank.verdict.put_value(failure(problem.what()));
    } catch (const harness::Failed&) {
    }
  }
  _exit(0);
}

} // namespace

Pair::Pair(const Contender& contender) {
  Rank ranks[2];
  harness::Options options;
  options.plugin = contender.path;
  Channel::pair(ranks[0].to[1], ranks[1].to[0]);
  for (int i = 0; i < 2; i++) {
    ranks[i].rank = i;
    ranks[i].options = &options;
    Channel::pair(lines_[i], ranks[i].verdict);
  }
  for (int i = 0; i < 2; i++) {
    pids_[i] = fork();
    if (pids_[i] == 0) {
      Rank mine = std::move(ranks[i]);
      ranks[1 - i] = Rank{}; // the other's ends close when it dies
      lines_[0].close();
      lines_[1].close();
      serve(contender, mine);
    }
  }
}

Pair::~Pair() {
  for (pid_t pid : pids_)
    if (pid > 0) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
}

Reply Pair::answer(int rank, std::chrono::seconds patience) {
  try {
    std::string bytes = lines_[rank].take(patience);
    Reply reply;
    bytes.copy(reinterpret_cast<char*>(&reply), sizeof reply);
    return reply;
  } catch (const harness::Failed& gone) {
    return failure(gone.what());
  }
}

Reply Pair::ask(const Command& command) {
  Reply replies[2];
  try {
    for (Channel& line : lines_)
      line.put_value(command);
  } catch (const harness::Failed&) { // what it said before it ended comes next
  }
  for (int i = 0; i < 2; i++)
    replies[i] = answer(i, std::chrono::seconds(90));
  usable_ = replies[0].ok && replies[1].ok;
  Reply& result = replies[0];
  result.timing.cpu_us += replies[1].timing.cpu_us;
  result.timing.cpu_s_gb += replies[1].timing.cpu_s_gb;
  bool other_knows = !replies[1].ok && (result.ok || strstr(result.why, "the other rank"));
  return other_knows ? replies[1] : result;
}

Reply Pair::kill_and_wait() {
  // Both are there, and connected, once something has moved.
  Command first;
  first.streams.bytes = 8;
  first.streams.count = 10;
  if (Reply reply = ask(first); !reply.ok)
    return reply;
  Command command;
  command.ask = Ask::until_error;
  try {
    for (Channel& line : lines_)
      line.put_value(command);
  } catch (const harness::Failed&) {
    return answer(0, std::chrono::seconds(1));
  }
  usleep(300000);
  timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  kill(pids_[1], SIGKILL);
  Reply reply = answer(0, std::chrono::seconds(60));
  reply.timing.value -= double(at.tv_sec) + double(at.tv_nsec) / 1e9;
  usable_ = false;
  return reply;
}

} // namespace bench
