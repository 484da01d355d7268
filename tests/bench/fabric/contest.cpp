// Contenders take turns: new pairs for each, an order that is drawn anew, and only rounds in which the cores
// kept still.
#include "tests/bench/fabric/contest.h"
#include "tests/bench/fabric/core_distance.h"
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <unistd.h>

namespace bench {
namespace {

/// All contenders' pairs of one turn; one that failed is started again for the next measure.
class Field {
public:
  explicit Field(const std::vector<Contender>& contenders)
      : contenders_(contenders), pairs_(contenders.size()) {}
  /// Not ok: it was told why on standard error.
  Reply ask(size_t i, const Measure& measure) {
    if (!pairs_[i] || !pairs_[i]->usable())
      pairs_[i] = std::make_unique<Pair>(contenders_[i]);
    Reply reply = pairs_[i]->ask(warm_up(measure.command));
    if (reply.ok)
      reply = pairs_[i]->ask(measure.command);
    if (!reply.ok)
      fprintf(stderr, "# %s-%s: %s\n", contenders_[i].name.c_str(), measure.name.c_str(), reply.why);
    return reply;
  }

private:
  /// The first messages of a size find nothing in its place: a quarter of them go before.
  static Command warm_up(Command command) {
    if (command.ask == Ask::stream || command.ask == Ask::latency)
      command.streams.count = std::max(command.streams.window, command.streams.count / 4);
    return command;
  }

  const std::vector<Contender>& contenders_;
  std::vector<std::unique_ptr<Pair>> pairs_;
};

bool takes_part(const Contender& contender, const Measure& measure) {
  if (contender.kind == Contender::Kind::plugin)
    return true;
  return measure.for_all && (contender.kind == Contender::Kind::raw || measure.command.ask == Ask::stream);
}

void collect(Collected& mine, size_t turn, const Timing& timing, Ask ask, bool copies) {
  auto add = [&](Turns& turns, double value) {
    turns.resize(std::max(turns.size(), turn + 1));
    turns[turn].push_back(value);
  };
  add(mine.value, timing.value);
  if (ask == Ask::latency || ask == Ask::late)
    add(mine.p99, timing.p99);
  if (ask == Ask::latency || ask == Ask::late || (ask == Ask::stream && !copies))
    add(mine.cpu_us, timing.cpu_us);
  if (ask == Ask::stream)
    add(mine.cpu_s_gb, timing.cpu_s_gb);
}

/// Of one turn. What sets thousands of connections up is not repeated as often.
int rounds(const Measure& measure, int turn) {
  if (measure.command.ask == Ask::storm)
    return turn < 5;
  return measure.for_all ? 4 : 1;
}

using Round = std::vector<std::pair<size_t, Timing>>;

/// What each contender of `order` reached; not those that failed, who are put among `failed`. Nothing if the
/// cores were moved meanwhile: the contenders had not the same machine.
std::optional<Round> steady_round(Field& field, const Measure& measure, const std::vector<size_t>& order,
                                  std::set<size_t>& failed) {
  Round round;
  double distance = core_distance();
  bool steady = true;
  for (size_t i : order) {
    if (failed.contains(i))
      continue;
    Reply reply = field.ask(i, measure);
    if (reply.ok)
      round.emplace_back(i, reply.timing);
    else
      failed.insert(i);
    steady = steady && same_distance(distance, core_distance());
  }
  if (!steady)
    return {};
  return round;
}

} // namespace

Results contest(const std::vector<Contender>& contenders, const std::vector<Measure>& plan, int turns) {
  Results results;
  std::map<std::string, std::set<size_t>> failed;
  std::mt19937 chance;
  for (int turn = 0; turn < turns; turn++) {
    if (isatty(STDERR_FILENO))
      fprintf(stderr, "# turn %d of %d\n", turn + 1, turns);
    Field field(contenders);
    for (const Measure& measure : plan) {
      std::vector<size_t> order;
      for (size_t i = 0; i < contenders.size(); i++)
        if (takes_part(contenders[i], measure))
          order.push_back(i);
      int wanted = rounds(measure, turn);
      for (int tries = 3 * wanted; wanted > 0 && tries > 0; tries--) {
        std::shuffle(order.begin(), order.end(), chance);
        std::optional<Round> round = steady_round(field, measure, order, failed[measure.name]);
        if (!round)
          continue;
        wanted--;
        for (auto& [i, timing] : *round)
          collect(results[measure.name][contenders[i].name], size_t(turn), timing, measure.command.ask,
                  contenders[i].kind == Contender::Kind::copy);
      }
      if (wanted > 0)
        fprintf(stderr, "# %s: fewer rounds than wanted, for the cores did not keep their places\n",
                measure.name.c_str());
    }
  }
  return results;
}

} // namespace bench
