// netperf-driver: what NCCL network plugins cost beside raw libfabric and memcpy, all in one run that takes
// turns. Prints figures; judges nothing.
#include "tests/bench/fabric/contest.h"
#include <cstdlib>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace bench;

constexpr const char* usage = R"(usage: netperf-driver [OPTION...] [MEASURE...]
  --provider NAME        libfabric provider of the floor, and of plugins that ask PODSTEP_FABRIC_PROVIDER or FI_PROVIDER (net)
  --plugin PATH[,NAME=VALUE...]   a plugin, with its environment; the first is compared with each of the others
  --repeats N            turns (15)
  --all                  also connections up to 4096, registration, late receivers, killed peers
  --names                the names of all measures, and nothing else
  MEASURE                only measures whose name begins so: latency, bandwidth-64K
Two processes for each contender, on a core each, new ones for each turn; in a turn all contenders do every measure one after the other, in an order drawn anew.
raw-again is raw once more: what its ratios are apart from 1 is the noise of the thing against itself.
)";

struct Asked {
  std::string provider = "net";
  std::vector<Contender> contenders;
  std::vector<std::string> wanted;
  int repeats = 15;
  bool all = false;
};

/// Figures that are made of other measures, or outside of the plan.
constexpr const char* growth = "connect-growth";
constexpr const char* death = "kill-to-error";

std::vector<Measure> whole_plan() {
  std::vector<Measure> plan = message_plan();
  for (Measure& more : plugin_plan())
    plan.push_back(std::move(more));
  return plan;
}

[[noreturn]] void print_names() {
  for (const Measure& measure : whole_plan())
    puts(measure.name.c_str());
  puts(growth);
  puts(death);
  exit(0);
}

[[noreturn]] void refuse(const std::string& why) {
  fprintf(stderr, "netperf-driver: %s\n%s", why.c_str(), usage);
  exit(2);
}

/// /x/libnccl-net-podstep.so is podstep.
std::string plugin_name(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  name = name.substr(0, name.find(".so"));
  return name.starts_with("libnccl-net-") ? name.substr(12) : name;
}

Contender plugin(const std::string& argument) {
  Contender made;
  size_t comma = argument.find(',');
  made.path = argument.substr(0, comma);
  made.name = plugin_name(made.path);
  while (comma != std::string::npos) {
    size_t next = argument.find(',', comma + 1);
    made.environment.push_back(argument.substr(comma + 1, next - comma - 1));
    comma = next;
  }
  if (access(made.path.c_str(), R_OK) != 0)
    refuse("there is no plugin " + made.path);
  return made;
}

Asked parse(int argc, char** argv) {
  Asked asked;
  for (int i = 1; i < argc; i++) {
    std::string argument = argv[i];
    auto value = [&] {
      return i + 1 < argc ? std::string(argv[++i]) : (refuse(argument + " needs a value"), std::string());
    };
    if (argument == "--provider")
      asked.provider = value();
    else if (argument == "--plugin")
      asked.contenders.push_back(plugin(value()));
    else if (argument == "--repeats")
      asked.repeats = std::max(1, atoi(value().c_str()));
    else if (argument == "--names")
      print_names();
    else if (argument == "--all")
      asked.all = true;
    else if (argument.starts_with("-"))
      refuse("unknown option " + argument);
    else
      asked.wanted.push_back(argument);
  }
  for (Contender& one : asked.contenders) {
    one.environment.insert(one.environment.begin(), "FI_PROVIDER=" + asked.provider);
    one.environment.insert(one.environment.begin(), "PODSTEP_FABRIC_PROVIDER=" + asked.provider);
  }
  for (const char* name : {"raw", "raw-again"})
    asked.contenders.push_back({Contender::Kind::raw, name, "", asked.provider, {}});
  asked.contenders.push_back({Contender::Kind::copy, "memcpy", "", "", {}});
  return asked;
}

bool wanted(const Asked& asked, std::string_view name) {
  for (const std::string& prefix : asked.wanted)
    if (name.starts_with(prefix))
      return true;
  return asked.wanted.empty();
}

/// The figures of one measure: each contender's, then those that compare.
void print(const Measure& measure, const std::vector<Contender>& contenders,
           std::map<std::string, Collected>& got) {
  const Turns& floor = got["raw"].value;
  for (const Contender& one : contenders) {
    const Collected& mine = got[one.name];
    std::string name = one.name + "-" + measure.name;
    figure(name, measure.unit, medians(mine.value));
    figure(name + "-p99", "us", medians(mine.p99));
    figure(name + "-cpu-per-message", "us", medians(mine.cpu_us));
    figure(name + "-cpu-per-GB", "s", medians(mine.cpu_s_gb));
    if (one.kind == Contender::Kind::copy || one.name == "raw")
      continue;
    // The best of all turns beside the floor's best says more where the machine does other things meanwhile.
    if (measure.larger_is_better) {
      figure(name + "-ratio", "ratio", by_turn(mine.value, floor, ratios));
      figure(name + "-best-ratio", "ratio", ratios(best(mine.value, true), best(floor, true)));
    } else {
      figure(name + "-added", measure.unit, by_turn(mine.value, floor, differences));
      figure(name + "-best-added", measure.unit, differences(best(mine.value, false), best(floor, false)));
    }
  }
  const Contender& first = contenders.front();
  for (const Contender& peer : contenders)
    if (peer.kind == Contender::Kind::plugin && peer.name != first.name)
      figure(first.name + "-over-" + peer.name + "-" + measure.name, "ratio",
             by_turn(got[first.name].value, got[peer.name].value, ratios));
}

/// Seconds from SIGKILL of the receiver to the sender's error; a pair of its own each time.
void kills(const Asked& asked) {
  for (const Contender& one : asked.contenders) {
    Values seconds;
    for (int i = 0; one.kind == Contender::Kind::plugin && i < 3; i++) {
      Reply reply = Pair(one).kill_and_wait();
      if (reply.ok)
        seconds.push_back(reply.timing.value);
      else
        fprintf(stderr, "# %s-%s: %s\n", one.name.c_str(), death, reply.why);
    }
    figure(one.name + "-" + death, "s", seconds);
  }
}

} // namespace

int main(int argc, char** argv) {
  Asked asked = parse(argc, argv);
  rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  // Whoever names a measure wants it.
  std::vector<Measure> plan;
  for (Measure& measure : asked.all || !asked.wanted.empty() ? whole_plan() : message_plan())
    if (wanted(asked, measure.name))
      plan.push_back(std::move(measure));
  Results results = contest(asked.contenders, plan, asked.repeats);
  for (const Measure& measure : plan)
    print(measure, asked.contenders, results[measure.name]);
  // How much dearer each connection is among thousands.
  for (const Contender& one : asked.contenders)
    figure(one.name + "-" + growth, "ratio",
           by_turn(results["connect-4096"][one.name].value, results["connect-256"][one.name].value, ratios));
  if ((asked.all || !asked.wanted.empty()) && wanted(asked, death))
    kills(asked);
}
