// The statistics page: see statistics.h and podstep-fabric-statistics(7).
#include "libfabric-transport/statistics.h"
#include "common/fd.h"
#include "common/text.h"
#include "libfabric-transport/endpoint.h"
#include "libfabric-transport/introduce.h"
#include <algorithm>
#include <atomic>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace podstep::fabric {

namespace {

template<size_t N> void put(char (&field)[N], const std::string& text) {
  std::memset(field, 0, N);
  text.copy(field, N - 1);
}

std::atomic<uint32_t> number{0};

/// The endpoint's numbers, and a row for each peer.
void fill_statistics(Endpoint& endpoint, wire::StatsPage& page) {
  copy_counters(endpoint.counters(), page);
  page.senders = endpoint.senders().size(), page.receivers = endpoint.receivers().size();
  uint64_t instances[wire::stats_peers];
  uint32_t rows = 0;
  page.all_peers = endpoint.introducer().peers();
  endpoint.introducer().each_link([&](const Link& link) {
    // A peer's links, one each way, share its row.
    uint64_t* const end = instances + rows;
    uint64_t* const known = std::find(instances, end, link.instance);
    if (known == end) {
      if (rows == wire::stats_peers)
        return;
      instances[rows++] = link.instance;
      page.peer[rows - 1] = {};
    }
    wire::StatsPeer& row = page.peer[known - instances];
    put(row.name, link.peer);
    row.bytes_sent += link.bytes_out, row.bytes_received += link.bytes_in;
    row.messages_sent += link.messages_out, row.messages_received += link.messages_in;
    row.communicators += link.comms;
    row.failed |= link.fault || link.dying_since != Duration::max();
  });
  page.peers = rows;
}

} // namespace

std::unique_ptr<StatisticsPage> StatisticsPage::open(const Endpoint& endpoint, const std::string& device) {
  const std::string& directory = endpoint.settings().statistics;
  if (directory.empty())
    return nullptr;
  std::string path = cat(directory, "/", wire::stats_prefix, getpid(), ".", ++number);
  OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid() || ftruncate(fd.get(), wire::stats_bytes) != 0)
    return nullptr;
  void* at = mmap(nullptr, wire::stats_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (at == MAP_FAILED)
    return nullptr;
  auto* page = static_cast<wire::StatsPage*>(at);
  page->magic = wire::stats_magic;
  page->version = wire::stats_version;
  page->bytes = wire::stats_bytes;
  page->pid = uint32_t(getpid());
  page->started = page->updated =
      uint64_t(const_cast<Endpoint&>(endpoint).clock().wall().time_since_epoch().count());
  put(page->provider, endpoint.provider());
  put(page->device, device);
  put(page->label, endpoint.label());
  return std::unique_ptr<StatisticsPage>(new StatisticsPage(page, std::move(path)));
}

StatisticsPage::~StatisticsPage() {
  munmap(page_, wire::stats_bytes);
  unlink(path_.c_str());
}

void StatisticsPage::publish(Endpoint& endpoint) {
  std::atomic_ref<uint64_t> sequence(page_->sequence);
  sequence.store(page_->sequence + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  fill_statistics(endpoint, *page_);
  page_->updated = uint64_t(endpoint.clock().wall().time_since_epoch().count());
  sequence.store(page_->sequence + 1, std::memory_order_release);
}

} // namespace podstep::fabric
