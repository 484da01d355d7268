// netperf-driver: what NCCL network plugins cost beside raw libfabric and memcpy, all in one run that takes
// turns. Prints figures; judges nothing.
#include "tests/bench/fabric/figures.h"
#include "tests/bench/fabric/plan.h"
#include <cstdlib>
#include <map>
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
Two processes for each contender, on a core each; they take turns at every measure, in changing order; the first turn is thrown away.
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
  asked.contenders.push_back({Contender::Kind::raw, "raw", "", asked.provider, {}});
  asked.contenders.push_back({Contender::Kind::copy, "memcpy", "", "", {}});
  return asked;
}

bool wanted(const Asked& asked, std::string_view name) {
  for (const std::string& prefix : asked.wanted)
    if (name.starts_with(prefix))
      return true;
  return asked.wanted.empty();
}

/// All contenders' living pairs; one that fails is started again for the next measure.
class Field {
public:
  explicit Field(const std::vector<Contender>& contenders)
      : contenders_(contenders), pairs_(contenders.size()) {}
  /// Not ok: it was told why on standard error.
  Reply ask(size_t i, const Measure& measure) {
    if (!pairs_[i] || !pairs_[i]->usable())
      pairs_[i] = std::make_unique<Pair>(contenders_[i]);
    Reply reply = pairs_[i]->ask(measure.command);
    if (!reply.ok)
      fprintf(stderr, "# %s-%s: %s\n", contenders_[i].name.c_str(), measure.name.c_str(), reply.why);
    return reply;
  }

private:
  const std::vector<Contender>& contenders_;
  std::vector<std::unique_ptr<Pair>> pairs_;
};

bool takes_part(const Contender& contender, const Measure& measure) {
  if (contender.kind == Contender::Kind::plugin)
    return true;
  return measure.for_all && (contender.kind == Contender::Kind::raw || measure.command.ask == Ask::stream);
}

struct Collected {
  Values value, p99, cpu_us, cpu_s_gb;
};

/// The figures of one measure: each contender's, then those that compare.
void print(const Measure& measure, const std::vector<Contender>& contenders,
           std::map<std::string, Collected>& got) {
  const Values& floor = got["raw"].value;
  for (const Contender& one : contenders) {
    const Collected& mine = got[one.name];
    std::string name = one.name + "-" + measure.name;
    figure(name, measure.unit, mine.value);
    figure(name + "-p99", "us", mine.p99);
    figure(name + "-cpu-per-message", "us", mine.cpu_us);
    figure(name + "-cpu-per-GB", "s", mine.cpu_s_gb);
    if (one.kind != Contender::Kind::plugin)
      continue;
    // The best of all turns beside the floor's best says more where the machine does other things meanwhile.
    if (measure.larger_is_better) {
      figure(name + "-ratio", "ratio", ratios(mine.value, floor));
      figure(name + "-best-ratio", "ratio", ratios(best(mine.value, true), best(floor, true)));
    } else {
      figure(name + "-added", measure.unit, differences(mine.value, floor));
      figure(name + "-best-added", measure.unit, differences(best(mine.value, false), best(floor, false)));
    }
  }
  if (!floor.empty())
    figure("raw-" + measure.name + "-swing", "ratio", {swing(floor)});
  const Contender& first = contenders.front();
  for (const Contender& peer : contenders)
    if (peer.kind == Contender::Kind::plugin && peer.name != first.name)
      figure(first.name + "-over-" + peer.name + "-" + measure.name, "ratio",
             ratios(got[first.name].value, got[peer.name].value));
}

std::map<std::string, Collected> run(const Asked& asked, Field& field, const Measure& measure) {
  std::map<std::string, Collected> got;
  std::map<size_t, bool> failed;
  // What sets thousands of connections up, or registers thousands of regions, is not repeated as often.
  int turns = measure.command.ask == Ask::storm ? std::min(asked.repeats, 5) : asked.repeats;
  for (int turn = 0; turn <= turns; turn++)
    for (size_t k = 0; k < asked.contenders.size(); k++) {
      size_t i = (k + size_t(turn)) % asked.contenders.size();
      const Contender& one = asked.contenders[i];
      if (failed[i] || !takes_part(one, measure))
        continue;
      Reply reply = field.ask(i, measure);
      failed[i] = !reply.ok;
      if (!reply.ok || turn == 0)
        continue;
      Collected& mine = got[one.name];
      mine.value.push_back(reply.timing.value);
      if (measure.command.ask == Ask::latency || measure.command.ask == Ask::late)
        mine.p99.push_back(reply.timing.p99), mine.cpu_us.push_back(reply.timing.cpu_us);
      if (measure.command.ask == Ask::stream && one.kind != Contender::Kind::copy)
        mine.cpu_us.push_back(reply.timing.cpu_us);
      if (measure.command.ask == Ask::stream)
        mine.cpu_s_gb.push_back(reply.timing.cpu_s_gb);
    }
  return got;
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
  const std::vector<Measure> plan = asked.all || !asked.wanted.empty() ? whole_plan() : message_plan();
  Field field(asked.contenders);
  std::map<std::string, std::map<std::string, Collected>> results;
  for (const Measure& measure : plan)
    if (wanted(asked, measure.name)) {
      results[measure.name] = run(asked, field, measure);
      print(measure, asked.contenders, results[measure.name]);
    }
  // How much dearer each connection is among thousands.
  for (const Contender& one : asked.contenders)
    figure(one.name + "-" + growth, "ratio",
           ratios(results["connect-4096"][one.name].value, results["connect-256"][one.name].value));
  if ((asked.all || !asked.wanted.empty()) && wanted(asked, death))
    kills(asked);
}
