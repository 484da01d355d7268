// Wire W4: the page in which an endpoint of the transport keeps its live statistics, written by the pod
// and read by the agent. Whoever reads it must take it for a page full of lies: podstep-fabric-statistics(7).
#pragma once
#include "common/result.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace podstep::wire {

inline constexpr uint64_t stats_magic = 0x3130535441545350; // "PSTATS01"
inline constexpr uint32_t stats_version = 1;
inline constexpr size_t stats_bytes = 4096;
inline constexpr size_t stats_peers = 30;
/// What the page's file is called: this, the process's id, a dot and a number.
inline constexpr std::string_view stats_prefix = "podstep-fabric.";

/// The variable that names the directory of the pages, and that directory in a container.
inline constexpr const char* env_statistics = "PODSTEP_FABRIC_STATISTICS";
inline constexpr const char* statistics_directory = "/run/podstep/fabric";

/// The page as it lies in the file; little-endian, texts end with a zero byte.
struct StatsPeer {
  char name[80];
  uint64_t bytes_sent, bytes_received, messages_sent, messages_received;
  uint32_t communicators;
  uint32_t failed; ///< 1: it is gone, or broke the protocol
  uint64_t unused;
};
struct StatsPage {
  uint64_t magic;
  uint32_t version, bytes;
  uint64_t sequence; ///< odd while it is written; counts up with each writing
  uint32_t pid, peers;
  uint64_t started, updated; ///< nanoseconds since 1970 UTC
  uint64_t bytes_sent, bytes_received, messages_sent, messages_received;
  uint64_t eager_sent, grants_sent, packets_sent, again, errors, connections;
  uint32_t senders, receivers;
  char provider[16], device[16], label[64];
  uint64_t all_peers; ///< also those that found no row
  uint64_t unused[2];
  StatsPeer peer[stats_peers];
};
static_assert(sizeof(StatsPeer) == 128 && sizeof(StatsPage) == stats_bytes);

/// What a reader may believe: bounded, texts printable. The numbers are still the pod's own word.
struct Stats {
  struct Peer {
    std::string name;
    uint64_t bytes_sent = 0, bytes_received = 0, messages_sent = 0, messages_received = 0;
    uint32_t communicators = 0;
    bool failed = false;
  };
  uint32_t pid = 0;
  uint64_t started = 0, updated = 0;
  uint64_t bytes_sent = 0, bytes_received = 0, messages_sent = 0, messages_received = 0;
  uint64_t eager_sent = 0, grants_sent = 0, packets_sent = 0, again = 0, errors = 0, connections = 0;
  uint32_t senders = 0, receivers = 0;
  uint64_t all_peers = 0;
  std::string provider, device, label;
  std::vector<Peer> peers;
};

/// The bytes of one page. Error: invalid (not such a page, a count out of bounds), conflict (torn: it was
/// being written).
Result<Stats> parse_stats(std::string_view page);

/// Reads the page from an open file, never by mapping it: a file that shrinks is then a short read, not a
/// signal. Tries again while it is being written, at most `attempts` times, with up to 10 ms in all. Error:
/// as above; not_found on a file that is too short.
Result<Stats> read_stats(int fd, int attempts = 20);

/// Opens `name` below the directory without following a link or waiting, and reads it; only a regular file
/// is taken.
Result<Stats> read_stats_at(int directory, const std::string& name, int attempts = 20);

} // namespace podstep::wire
