// The list of measurements.
#include "tests/bench/fabric/plan.h"
#include <algorithm>

namespace bench {

std::string short_size(size_t bytes) {
  if (bytes >= 1 << 20)
    return std::to_string(bytes >> 20) + "M";
  return bytes >= 1024 ? std::to_string(bytes >> 10) + "K" : std::to_string(bytes);
}

namespace {

/// So many messages that the whole takes some hundredths of a second: less is the start of a stream more than
/// its flow, and in more the hypervisor moves the cores.
Command streams(size_t bytes, size_t window, size_t of_channels, bool both_ways) {
  Command command;
  command.ask = Ask::stream;
  size_t count = std::clamp<size_t>((size_t{128} << 20) / bytes / of_channels, window, 20000);
  command.streams = {bytes, window, of_channels, both_ways, count, false};
  return command;
}

Command simple(Ask ask, size_t bytes, size_t count) {
  Command command;
  command.ask = ask;
  command.streams.bytes = bytes;
  command.streams.count = count;
  return command;
}

} // namespace

std::vector<Measure> message_plan() {
  std::vector<Measure> plan;
  for (size_t bytes : {0, 8, 64, 512, 4096, 16384, 65536})
    plan.push_back({"latency-" + short_size(bytes), simple(Ask::latency, bytes, bytes < 4096 ? 1000 : 300),
                    "us", false, true});
  for (size_t bytes = 4096; bytes <= size_t{64} << 20; bytes *= 4)
    plan.push_back({"bandwidth-" + short_size(bytes), streams(bytes, 8, 1, false), "GB/s", true, true});
  // Ring collectives move slices of 1 MiB, four in flight; point to point moves chunks of 128 KiB, eight in
  // flight.
  for (size_t n : {1, 2, 4, 8, 16})
    plan.push_back({"ring-" + std::to_string(n), streams(1 << 20, 4, n, false), "GB/s", true, true});
  for (size_t n : {1, 2, 4, 8, 16})
    plan.push_back({"p2p-" + std::to_string(n), streams(128 << 10, 8, n, false), "GB/s", true, true});
  for (size_t bytes : {size_t{64} << 10, size_t{1} << 20})
    plan.push_back({"both-ways-" + short_size(bytes), streams(bytes, 8, 1, true), "GB/s", true, true});
  // A broadcast of NCCL on two channels.
  for (size_t bytes : {size_t{64} << 10, size_t{1} << 20}) {
    Command command = streams(bytes / 2, 8, 2, false);
    command.streams.in_step = true;
    plan.push_back({"broadcast-" + short_size(bytes), command, "GB/s", true, true});
  }
  return plan;
}

std::vector<Measure> plugin_plan() {
  std::vector<Measure> plan;
  plan.push_back({"empty-test", simple(Ask::empty_test, 0, 0), "ns", false, false});
  plan.push_back({"register-cold", simple(Ask::cold, 0, 0), "ns", false, false});
  plan.push_back({"register-hit", simple(Ask::hit, 0, 0), "ns", false, false});
  plan.push_back({"register-hit-10000", simple(Ask::hit_among_many, 0, 0), "ns", false, false});
  plan.push_back({"grouped-4K", simple(Ask::grouped, 4096, 300), "us", false, false});
  plan.push_back({"late-receiver-latency-64", simple(Ask::late, 64, 1000), "us", false, false});
  for (size_t n : {1, 16, 256, 1024, 4096})
    plan.push_back({"connect-" + std::to_string(n), simple(Ask::storm, 0, n), "us", false, false});
  return plan;
}

} // namespace bench
