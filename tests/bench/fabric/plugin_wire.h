// A plugin as a wire, and what only a plugin has: connections, registrations, grouped receives, errors.
#pragma once
#include "tests/bench/fabric/wire.h"
#include "tests/fabric/host/flow.h"
#include "tests/fabric/host/selfpair.h"

namespace bench {

class Plugin : public Wire {
public:
  Plugin(harness::Rank&, const Region&);
  bool send(size_t channel, size_t slot, size_t bytes) override;
  bool receive(size_t channel, size_t slot, size_t bytes) override;
  bool sent(size_t channel, size_t slot) override;
  bool received(size_t channel, size_t slot) override;

  /// Microseconds for each of `n` connections made at once, one message each included.
  double storm(size_t n);
  /// Nanoseconds of a regMr with its deregMr: of memory never seen; of memory that another handle holds; the
  /// same with 10000 regions live.
  double register_cold(), register_hit(), register_hit_among_many();
  /// Nanoseconds of a test that finds nothing.
  double empty_test();
  /// Microseconds for each message of 4 KiB, eight in a grouped receive.
  double grouped(size_t groups);
  /// Sends on channel 15 what nobody receives yet, so long as `on`; and takes it all at the end.
  void block(bool on);
  /// Streams to rank 1 until an error comes; seconds on CLOCK_MONOTONIC when it did.
  double until_error();
  harness::Session& session() { return session_; }

private:
  double reg_loop(void* comm, char* at, size_t bytes, size_t stride, size_t count);
  harness::Rank& rank_;
  Region region_;
  harness::Session session_;
  std::vector<void*> out_, in_;
  std::vector<void*> out_handles_, in_handles_;
  void* sends_[channels][slots] = {};
  void* receives_[channels][slots] = {};
};

} // namespace bench
