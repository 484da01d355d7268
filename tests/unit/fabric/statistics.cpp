// The statistics page as the engine fills it: peers beyond its rows are counted, each once.
#include "common/wire_stats.h"
#include "tests/unit/fabric/fake.h"
#include "tests/unit/fabric/pair.h"
#include <fcntl.h>
#include <filesystem>

using pair::Side;

static const bool loaded = fake::load();

namespace {

/// A directory for pages, gone with the test.
struct Pages {
  std::string path = [] {
    char name[] = "/tmp/podstep-pages.XXXXXX";
    return std::string(mkdtemp(name));
  }();
  ~Pages() { std::filesystem::remove_all(path); }
};

/// Endpoints of this process that connect to each other: all of them move while one waits.
struct Crowd {
  std::vector<Side> sides;
  ~Crowd() {
    for (Side& side : sides)
      podstep_fabric_close(side.fabric);
  }
  void rest(const std::function<bool()>& until) {
    sides.front().rest([&] {
      for (Side& side : sides)
        podstep_fabric_progress(side.fabric);
      return until();
    });
  }
  /// Both connect to the other at once, so that each makes a link of its own. How to close what they have.
  std::function<void()> join(Side& one, Side& two) {
    Half there(one, two), back(two, one);
    rest([&] {
      bool made = there.advance();
      return back.advance() && made;
    });
    return [=] {
      for (const Half& half : {there, back}) {
        podstep_fabric_close_sender(half.sender);
        podstep_fabric_close_receiver(half.receiver);
      }
    };
  }

private:
  struct Half {
    Side *from, *to;
    unsigned char address[PODSTEP_FABRIC_ADDRESS_BYTES];
    podstep_fabric_listener* listener = nullptr;
    podstep_fabric_sender* sender = nullptr;
    podstep_fabric_receiver* receiver = nullptr;
    Half(Side& f, Side& t) : from(&f), to(&t) {
      to->must(podstep_fabric_listen(to->fabric, address, &listener) == 0, "listen");
    }
    bool advance() {
      from->must(sender || podstep_fabric_connect(from->fabric, address, &sender) >= 0, "connect");
      to->must(receiver || podstep_fabric_accept(listener, &receiver) >= 0, "accept");
      if (sender && receiver && listener) {
        podstep_fabric_close_listener(listener);
        listener = nullptr;
      }
      return sender && receiver;
    }
  };
};

podstep::wire::Stats page_of(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  auto stats = podstep::wire::read_stats(fd);
  close(fd);
  REQUIRE(stats);
  return *stats;
}

} // namespace

TEST_CASE("A peer that has connected both ways is one peer, also where the page has no row left for it") {
  constexpr size_t peers = podstep::wire::stats_peers + 3;
  Pages pages;
  fake::Environment there{{podstep::wire::env_statistics, pages.path.c_str()}};
  Crowd crowd;
  crowd.sides.reserve(1 + peers);
  crowd.sides.emplace_back().open("net");
  std::string page = std::filesystem::directory_iterator(pages.path)->path();
  std::vector<std::function<void()>> closers;
  for (size_t i = 1; i <= peers; ++i) {
    crowd.sides.emplace_back().open("net");
    closers.push_back(crowd.join(crowd.sides.front(), crowd.sides[i]));
  }
  crowd.rest([&] { return page_of(page).senders == peers; });
  podstep::wire::Stats stats = page_of(page);
  CHECK(stats.receivers == peers);
  CHECK(stats.all_peers == peers);
  CHECK(stats.peers.size() == podstep::wire::stats_peers);
  for (const auto& peer : stats.peers)
    CHECK(peer.communicators == 2);
  for (const auto& close_both : closers)
    close_both();
  // Those that leave are counted no more.
  while (crowd.sides.size() > 3) {
    podstep_fabric_close(crowd.sides.back().fabric);
    crowd.sides.pop_back();
  }
  crowd.rest([&] { return page_of(page).all_peers == 2; });
}
