// nccl-collectives: real NCCL between processes on one GPU, by our network plugin and by NCCL's sockets:
// every result checked, and both timed in turns.
#include "tests/bench/fabric/figures.h"
#include "tests/gpu/launch.h"
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <unistd.h>

namespace {

using namespace gpu;
using podstep::cat;

constexpr const char* usage = R"(usage: nccl-collectives [OPTION...] PLUGIN
  PLUGIN           path of the network plugin that is tried
  --nccl PATH      NCCL's library (NCCL_LIBRARY, or libnccl.so.2 where the loader finds it)
  --name NAME      the network that the plugin offers (podstep)
  --ranks N        2 to 8 (2)
  --proto NAME     NCCL's protocol: Simple, LL, LL128 (Simple)
  --most BYTES     of the largest message (16777216)
  --limit SECONDS  that one operation may take (120)
  --turns N        time it N times, in turns with NCCL's sockets, instead of checking it
  --results FILE   add the times and their ratios to this file
  --logs DIR       where NCCL writes its logs, nccl-RANK.log (.)
Prints `pass` or `fail` with what was tried. Status 77 and the reason where there is no GPU or no NCCL.
)";

[[noreturn]] void refuse(const std::string& why) {
  fprintf(stderr, "nccl-collectives: %s\n%s", why.c_str(), usage);
  exit(2);
}

struct Asked {
  Job job;
  Network network{"podstep", ""};
  std::string protocol = "Simple", results, logs = ".";
  int turns = 0;
  bool named = false; ///< somebody says where NCCL is
};

int64_t number(const std::string& option, const std::string& text, int64_t least, int64_t most) {
  auto value = podstep::parse_int(text, least, most);
  if (!value)
    refuse(cat(option, ": ", value.error().message));
  return *value;
}

/// True: the option was taken, with its value.
bool take(Asked& asked, const std::string& option, const std::string& value) {
  if (option == "--nccl")
    asked.job.nccl = value, asked.named = true;
  else if (option == "--name")
    asked.network.name = value;
  else if (option == "--ranks")
    asked.job.ranks = int(number(option, value, 2, 8));
  else if (option == "--proto")
    asked.protocol = value;
  else if (option == "--most")
    asked.job.most = size_t(number(option, value, 4, 1 << 28)) / 4 * 4;
  else if (option == "--limit")
    asked.job.limit = std::chrono::seconds(number(option, value, 1, 3600));
  else if (option == "--turns")
    asked.turns = int(number(option, value, 1, 1000));
  else if (option == "--results")
    asked.results = value;
  else if (option == "--logs")
    asked.logs = value;
  else
    return false;
  return true;
}

Asked parse(int argc, char** argv) {
  Asked asked;
  const char* set = getenv("NCCL_LIBRARY");
  asked.job.nccl = set && *set ? set : "libnccl.so.2";
  asked.named = set && *set;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--help")
      fputs(usage, stdout), exit(0);
    if (!argument.starts_with("--")) {
      if (!asked.network.plugin.empty())
        refuse("one plugin at a time");
      asked.network.plugin = argument;
    } else if (i + 1 >= argc)
      refuse(cat(argument, " needs a value"));
    else if (!take(asked, argument, argv[++i]))
      refuse(cat("unknown option ", argument));
  }
  if (asked.network.plugin.empty())
    refuse("name a plugin");
  if (access(asked.network.plugin.c_str(), R_OK) != 0)
    refuse(cat(asked.network.plugin, ": ", strerror(errno)));
  if (asked.protocol != "Simple" && asked.protocol != "LL" && asked.protocol != "LL128")
    refuse(cat("--proto: '", asked.protocol, "' is none of Simple, LL, LL128"));
  return asked;
}

[[noreturn]] void skip(const std::string& why) {
  printf("skip\t%s\n", why.c_str());
  exit(77);
}

int check(const Asked& asked) {
  Outcome outcome = launch(asked.job, asked.network, asked.protocol, asked.logs);
  if (outcome.kind == Outcome::Kind::skipped)
    skip(outcome.why);
  for (const std::string& note : outcome.notes)
    printf("note\t%s\n", note.c_str());
  bool good = outcome.kind == Outcome::Kind::passed;
  printf(
      "%s\t%zu operations of 4 to %zu bytes, a split and an abort between %d ranks, %s, all via NET/%s%s%s\n",
      good ? "pass" : "fail", operations().size(), asked.job.most, asked.job.ranks, asked.protocol.c_str(),
      asked.network.name.c_str(), good ? "" : ": ", outcome.why.c_str());
  return good ? 0 : 1;
}

/// Each turn's time of every operation and size.
using Turns = std::map<std::pair<std::string, size_t>, bench::Values>;

void write_results(FILE* file, const Asked& asked, const std::string& about, const Turns& ours,
                   const Turns& sockets) {
  char date[32];
  time_t now = time(nullptr);
  strftime(date, sizeof date, "%F %R UTC", gmtime(&now));
  fprintf(file, "# %s: %s; %d ranks on one GPU%s, %s, %d turns; microseconds, and how many times faster\n",
          date, about.c_str(), asked.job.ranks, getenv("CUDA_MPS_PIPE_DIRECTORY") ? " by MPS" : "",
          asked.protocol.c_str(), asked.turns);
  fprintf(file, "operation\tbytes\t%s\tSocket\tratio\n", asked.network.name.c_str());
  for (const auto& [what, values] : ours)
    if (auto other = sockets.find(what); other != sockets.end())
      fprintf(file, "%s\t%zu\t%.1f\t%.1f\t%.2f\n", what.first.c_str(), what.second, bench::median(values),
              bench::median(other->second), bench::median(bench::ratios(other->second, values)));
  fflush(file);
}

int measure(Asked asked) {
  constexpr int repeats = 20;
  asked.job.repeats = repeats;
  const Network networks[] = {asked.network, {"Socket", ""}};
  Turns turns[2];
  std::string about;
  for (int turn = 0; turn < asked.turns; ++turn)
    for (int which : {0, 1}) {
      Outcome outcome = launch(asked.job, networks[which], asked.protocol, asked.logs);
      if (outcome.kind == Outcome::Kind::skipped)
        skip(outcome.why);
      if (outcome.kind == Outcome::Kind::failed) {
        printf("fail\ttiming via NET/%s: %s\n", networks[which].name.c_str(), outcome.why.c_str());
        return 1;
      }
      about = outcome.about;
      // Of the slowest rank: another may be done as soon as a socket holds its data.
      for (const auto& [what, times] : outcome.times)
        turns[which][what].push_back(*std::max_element(times.begin(), times.end()));
    }
  write_results(stdout, asked, about, turns[0], turns[1]);
  if (!asked.results.empty()) {
    FILE* file = fopen(asked.results.c_str(), "a");
    if (!file) {
      printf("fail\t%s: %s\n", asked.results.c_str(), strerror(errno));
      return 1;
    }
    write_results(file, asked, about, turns[0], turns[1]);
    fclose(file);
  }
  printf("pass\t%d turns, each beside NCCL's sockets\n", asked.turns);
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  Asked asked = parse(argc, argv);
  if (auto nccl = Nccl::open(asked.job.nccl); !nccl && asked.named) {
    fprintf(stderr, "nccl-collectives: %s. Hint: %s\n", nccl.error().message.c_str(),
            nccl.error().hint.c_str());
    return 1;
  }
  return asked.turns > 0 ? measure(asked) : check(asked);
}
