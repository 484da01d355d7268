// A peer's words about itself, and the log's about it: see report.h.
#include "tests/fabric/cases/report.h"

namespace cases {
using namespace harness;

Identity last_words_of(Rank& rank, int victim, const std::function<void()>& meanwhile) {
  for (Instant until = in_seconds(30); meanwhile && !rank.to.at(victim).readable() && now() < until;
       std::this_thread::yield())
    meanwhile();
  return Identity::decode(rank.to.at(victim).take(std::chrono::seconds(30)));
}

Identity wait_for_death(Rank& rank, int victim) {
  Identity who = last_words_of(rank, victim);
  for (Instant until = in_seconds(30); !rank.to.at(victim).peer_gone(); std::this_thread::yield())
    expect(now() < until, "rank ", victim, " did not die");
  return who;
}

bool names_peer(size_t mark, const Identity& peer) {
  for (const Line& line : log_since(mark))
    if (peer.is_named_in(line.text))
      return true;
  return false;
}

} // namespace cases
