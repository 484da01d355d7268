// Wire W4, the transport's statistics page, as its reader sees it: honest, torn, shrinking, full of lies.
#include "common/wire_stats.h"
#include "common/fd.h"
#include "tests/unit/catch.h"
#include <atomic>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace podstep;
using namespace podstep::wire;

static StatsPage honest() {
  StatsPage page{};
  page.magic = stats_magic;
  page.version = stats_version;
  page.bytes = stats_bytes;
  page.sequence = 4;
  page.pid = 77;
  page.peers = 1;
  page.bytes_sent = 1000;
  strcpy(page.provider, "net");
  strcpy(page.peer[0].name, "nid001101 pid 4459");
  page.peer[0].bytes_sent = 1000;
  return page;
}

static std::string_view bytes(const StatsPage& page) {
  return {reinterpret_cast<const char*>(&page), sizeof page};
}

TEST_CASE("An honest statistics page is read as it was written") {
  auto stats = parse_stats(bytes(honest()));
  REQUIRE(stats);
  CHECK(stats->pid == 77);
  CHECK(stats->provider == "net");
  REQUIRE(stats->peers.size() == 1);
  CHECK(stats->peers[0].name == "nid001101 pid 4459");
  CHECK(stats->peers[0].bytes_sent == 1000);
}

TEST_CASE("A page full of lies is refused or tamed") {
  StatsPage page = honest();
  page.peers = 31;
  CHECK(parse_stats(bytes(page)).error().kind == Kind::invalid);
  page = honest();
  page.version = 2;
  CHECK(parse_stats(bytes(page)).error().kind == Kind::invalid);
  page = honest();
  page.sequence = 5;
  CHECK(parse_stats(bytes(page)).error().kind == Kind::conflict);
  page = honest();
  memset(page.peer[0].name, '\033', sizeof page.peer[0].name); // no end, and a terminal's escape
  auto stats = parse_stats(bytes(page));
  REQUIRE(stats);
  CHECK(stats->peers[0].name.find('\033') == std::string::npos);
  CHECK_FALSE(parse_stats(bytes(page).substr(1)));
}

TEST_CASE("A file that is too short, or shrinks, is an error and no signal") {
  OwnedFd fd(memfd_create("stats", MFD_CLOEXEC));
  CHECK(read_stats(fd.get()).error().kind == Kind::not_found);
  StatsPage page = honest();
  REQUIRE(pwrite(fd.get(), &page, sizeof page, 0) == sizeof page);
  CHECK(read_stats(fd.get()));
  REQUIRE(ftruncate(fd.get(), 100) == 0);
  CHECK(read_stats(fd.get()).error().kind == Kind::not_found);
}

TEST_CASE("Only a regular file of the right name is opened, and no link is followed") {
  char directory[] = "/tmp/podstep-stats-XXXXXX";
  REQUIRE(mkdtemp(directory));
  OwnedFd dir(open(directory, O_RDONLY | O_DIRECTORY));
  std::string name = std::string(stats_prefix) + "1.1";
  CHECK(read_stats_at(dir.get(), "../etc/passwd").error().kind == Kind::invalid);
  CHECK(read_stats_at(dir.get(), name).error().kind == Kind::not_found);
  REQUIRE(mkfifoat(dir.get(), name.c_str(), 0600) == 0);
  CHECK_FALSE(read_stats_at(dir.get(), name));
  unlinkat(dir.get(), name.c_str(), 0);
  REQUIRE(symlinkat("/dev/zero", dir.get(), name.c_str()) == 0);
  CHECK_FALSE(read_stats_at(dir.get(), name));
  unlinkat(dir.get(), name.c_str(), 0);
  rmdir(directory);
}

TEST_CASE("A page is never seen half written") {
  OwnedFd fd(memfd_create("stats", MFD_CLOEXEC));
  StatsPage first = honest();
  REQUIRE(pwrite(fd.get(), &first, sizeof first, 0) == sizeof first);
  auto* page = static_cast<StatsPage*>(
      mmap(nullptr, sizeof(StatsPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0));
  REQUIRE(page != MAP_FAILED);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (uint64_t n = 1; !stop; ++n) {
      std::atomic_ref<uint64_t> sequence(page->sequence);
      sequence.store(page->sequence + 1);
      std::atomic_thread_fence(std::memory_order_release);
      page->bytes_sent = n;
      page->peer[0].bytes_sent = n;
      sequence.store(page->sequence + 1, std::memory_order_release);
      usleep(20);
    }
  });
  int good = 0;
  for (int i = 0; i < 2000; ++i)
    if (auto stats = read_stats(fd.get())) {
      ++good;
      REQUIRE((stats->bytes_sent == stats->peers[0].bytes_sent || stats->bytes_sent == 1000));
    }
  stop = true;
  writer.join();
  CHECK(good > 100);
  munmap(page, sizeof(StatsPage));
}
