// Reading wire W4 as hostile: see wire_stats.h.
#include "common/wire_stats.h"
#include "common/fd.h"
#include "common/text.h"
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::wire {

namespace {

/// A writer holds the page for microseconds; one that died while writing holds it for ever.
constexpr int quick_attempts = 10; ///< without a pause between them

template<size_t N> std::string text(const char (&field)[N]) {
  return printable(std::string_view(field, strnlen(field, N)), N);
}

/// All of `bytes`, or an error: pread may be interrupted, and the file may have shrunk.
Result<void> read_at(int fd, void* to, size_t bytes, size_t offset) {
  size_t done = 0;
  while (done < bytes) {
    ssize_t n = pread(fd, static_cast<char*>(to) + done, bytes - done, off_t(offset + done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno_error("statistics page");
    if (n == 0)
      return Error(Kind::not_found, "statistics page: the file is too short");
    done += size_t(n);
  }
  return {};
}

} // namespace

Result<Stats> parse_stats(std::string_view bytes) {
  StatsPage page;
  if (bytes.size() != sizeof page)
    return Error(Kind::invalid, cat("statistics page: ", bytes.size(), " bytes"));
  std::memcpy(&page, bytes.data(), sizeof page);
  if (page.magic != stats_magic || page.version != stats_version || page.bytes != stats_bytes)
    return Error(Kind::invalid, "statistics page: not one of version 1");
  if (page.sequence % 2 != 0)
    return Error(Kind::conflict, "statistics page: it is being written");
  if (page.peers > stats_peers)
    return Error(Kind::invalid, cat("statistics page: ", page.peers, " peers"));
  Stats out;
  out.pid = page.pid;
  out.started = page.started, out.updated = page.updated;
  out.bytes_sent = page.bytes_sent, out.bytes_received = page.bytes_received;
  out.messages_sent = page.messages_sent, out.messages_received = page.messages_received;
  out.eager_sent = page.eager_sent, out.grants_sent = page.grants_sent, out.packets_sent = page.packets_sent;
  out.again = page.again, out.errors = page.errors, out.connections = page.connections;
  out.senders = page.senders, out.receivers = page.receivers;
  out.all_peers = page.all_peers;
  out.provider = text(page.provider), out.device = text(page.device), out.label = text(page.label);
  for (size_t i = 0; i < page.peers; ++i) {
    const StatsPeer& peer = page.peer[i];
    out.peers.push_back({text(peer.name), peer.bytes_sent, peer.bytes_received, peer.messages_sent,
                         peer.messages_received, peer.communicators, peer.failed != 0});
  }
  return out;
}

Result<Stats> read_stats(int fd, int attempts) {
  for (int attempt = 0; attempt < attempts; ++attempt) {
    char page[stats_bytes];
    uint64_t before = 0, after = 0;
    constexpr size_t at = offsetof(StatsPage, sequence);
    PODSTEP_CHECK(read_at(fd, &before, sizeof before, at));
    PODSTEP_CHECK(read_at(fd, page, sizeof page, 0));
    PODSTEP_CHECK(read_at(fd, &after, sizeof after, at));
    uint64_t inside;
    std::memcpy(&inside, page + at, sizeof inside);
    if (before == after && inside == before && before % 2 == 0)
      return parse_stats({page, sizeof page});
    if (attempt > quick_attempts)
      usleep(1000);
  }
  return Error(Kind::conflict, "statistics page: it is being written all the time");
}

Result<Stats> read_stats_at(int directory, const std::string& name, int attempts) {
  if (name.find('/') != name.npos || name.compare(0, stats_prefix.size(), stats_prefix) != 0)
    return Error(Kind::invalid, cat("'", printable(name, 60), "' is not the name of a statistics page"));
  OwnedFd fd(openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid())
    return errno_error(name);
  struct stat st {};
  if (fstat(fd.get(), &st) != 0)
    return errno_error(name);
  if (!S_ISREG(st.st_mode))
    return Error(Kind::invalid, cat(name, ": not a regular file"));
  return read_stats(fd.get(), attempts);
}

} // namespace podstep::wire
