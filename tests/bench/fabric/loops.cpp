// Ping-pong and streams.
#include "tests/bench/fabric/loops.h"
#include <algorithm>
#include <chrono>
#include <cstring>
#include <sys/resource.h>
#include <vector>

namespace bench {
namespace {

using Time = std::chrono::steady_clock;

double cpu_seconds() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  auto seconds = [](timeval t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// Gives up when a bench that should take milliseconds has taken half a minute; looks at the clock only now
/// and then.
class Patience {
public:
  void spent() {
    if (++turns_ % 100000 == 0 && Time::now() > until_)
      harness::fail("nothing moved for 30 s");
  }

private:
  Time::time_point until_ = Time::now() + std::chrono::seconds(30);
  unsigned turns_ = 0;
};

void wait(Patience& patience, auto done) {
  while (!done())
    patience.spent();
}

} // namespace

Timing latency(Wire& wire, int rank, size_t channel, size_t bytes, size_t count) {
  Patience patience;
  std::vector<double> rounds(count);
  double cpu = cpu_seconds();
  wait(patience, [&] { return wire.receive(channel, 0, bytes); });
  for (size_t i = 0; i < count; i++) {
    size_t slot = i % 2;
    Time::time_point begin = Time::now();
    auto ping = [&] {
      wait(patience, [&] { return wire.send(channel, slot, bytes); });
      wait(patience, [&] { return wire.sent(channel, slot); });
    };
    auto pong = [&] {
      wait(patience, [&] { return wire.received(channel, slot); });
      if (i + 1 < count) // the next one, before the answer that lets it come
        wait(patience, [&] { return wire.receive(channel, 1 - slot, bytes); });
    };
    if (rank == 0) {
      ping();
      pong();
    } else {
      pong();
      ping();
    }
    rounds[i] = std::chrono::duration<double, std::micro>(Time::now() - begin).count() / 2;
  }
  Timing timing;
  timing.cpu_us = (cpu_seconds() - cpu) * 1e6 / double(2 * count);
  std::sort(rounds.begin(), rounds.end());
  timing.value = rounds[count / 2];
  timing.p99 = rounds[count * 99 / 100];
  return timing;
}

namespace {

/// One direction of one channel: how far posting and completion have come.
struct Lane {
  size_t channel;
  bool sends;
  size_t posted = 0, finished = 0;

  /// Posts into every free slot before `end` and asks for the oldest, as NCCL's progress thread does.
  void step(Wire& wire, const Streams& s, size_t end) {
    while (posted < end && posted < finished + s.window) {
      size_t slot = posted % s.window;
      if (sends ? !wire.send(channel, slot, s.bytes) : !wire.receive(channel, slot, s.bytes))
        break;
      posted++;
    }
    if (finished < posted) {
      size_t slot = finished % s.window;
      finished += sends ? wire.sent(channel, slot) : wire.received(channel, slot);
    }
  }
};

} // namespace

Timing stream(Wire& wire, harness::Rank& rank, const Streams& s) {
  std::vector<Lane> lanes;
  for (size_t channel = 0; channel < s.channels; channel++) {
    if (rank.rank == 1 || s.both_ways)
      lanes.push_back({channel, false});
    if (rank.rank == 0 || s.both_ways)
      lanes.push_back({channel, true});
  }
  Patience patience;
  harness::Channel& other = rank.to.begin()->second;
  if (rank.rank == 1) // receives lie ready before the first message
    for (Lane& lane : lanes)
      if (!lane.sends)
        lane.step(wire, s, s.in_step ? 1 : s.count);
  other.barrier();
  double cpu = cpu_seconds();
  Time::time_point begin = Time::now();
  for (bool all = false; !all; patience.spent()) {
    all = true;
    size_t end = s.count;
    if (s.in_step)
      for (const Lane& lane : lanes)
        end = std::min(end, (lane.sends ? lane.posted : lane.finished) + 1);
    for (Lane& lane : lanes) {
      lane.step(wire, s, end);
      all = all && lane.finished == s.count;
    }
  }
  // The sender's clock stops when the receiver has everything.
  Timing timing;
  double used = cpu_seconds() - cpu;
  other.barrier();
  double seconds = std::chrono::duration<double>(Time::now() - begin).count();
  double messages = double(s.count * s.channels) * (s.both_ways ? 2 : 1),
         gigabytes = messages * double(s.bytes) / 1e9;
  timing.value = gigabytes / seconds;
  timing.cpu_us = used * 1e6 / messages;
  timing.cpu_s_gb = used / gigabytes;
  return timing;
}

Timing copy(const Region& region, const Streams& s) {
  double cpu = cpu_seconds();
  Time::time_point begin = Time::now();
  for (size_t i = 0; i < s.count; i++)
    for (size_t channel = 0; channel < s.channels; channel++) {
      size_t at = place(channel, i % s.window, s.bytes);
      memcpy(region.in + at, region.out + at, s.bytes);
      asm volatile("" ::: "memory");
    }
  double seconds = std::chrono::duration<double>(Time::now() - begin).count();
  double gigabytes = double(s.count * s.channels) * double(s.bytes) / 1e9;
  Timing timing;
  timing.value = gigabytes / seconds;
  timing.cpu_s_gb = (cpu_seconds() - cpu) / gigabytes;
  return timing;
}

} // namespace bench
