// The store and its journal: revisions, the log for watchers, replay after a kill.
#include "common/file.h"
#include "common/limits.h"
#include "nodeagent/hub/journal.h"
#include "tests/unit/catch.h"
#include "tests/unit/hub/make.h"
#include "tests/unit/no_room.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace podstep;
using hub::Change;
using k8s::KindId;
using test::pod;

namespace {
k8s::Lease lease(const std::string& name) {
  k8s::Lease l;
  l.metadata.name = name;
  l.metadata.ns = "kube-node-lease";
  return l;
}
hub::Store quiet() {
  return hub::Store([](const Change&) { return Result<void>(); });
}

struct Scratch {
  std::string directory, path;
  Scratch() {
    char name[] = "/tmp/podstep-hub-XXXXXX";
    directory = mkdtemp(name);
    path = directory + "/journal.jsonl";
  }
  ~Scratch() { std::filesystem::remove_all(directory); }
};

/// A store that writes to a journal; dropping it is what kill -9 does.
struct Life {
  hub::Journal journal;
  hub::Store store;
  bool loaded = false;
  explicit Life(const std::string& path)
      : journal(*hub::Journal::open(path)), store([this](const Change& c) {
          journal.append(c);
          return Result<void>();
        }) {
    auto replayed = journal.replay(store);
    REQUIRE(replayed.ok());
    loaded = *replayed;
  }
};
} // namespace

TEST_CASE("Each change has a revision of its own, and the object carries it") {
  auto store = quiet();
  const auto first = store.put(pod("a")), second = store.put(pod("a", "y"));
  CHECK(k8s::meta_of(**first).resource_version == "2");
  CHECK(k8s::meta_of(**second).resource_version == "3");
  auto removed = store.remove({KindId::pod, "default", "a"});
  REQUIRE(removed.ok());
  CHECK(k8s::meta_of(**removed).resource_version == "4");
  CHECK(store.remove({KindId::pod, "default", "a"}).error().kind == Kind::not_found);
  const auto changes = store.since(1);
  REQUIRE(changes.ok());
  REQUIRE(changes->size() == 3);
  CHECK((*changes)[0].type == Change::Type::added);
  CHECK((*changes)[1].type == Change::Type::modified);
  CHECK((*changes)[1].before == *first);
  CHECK((*changes)[2].type == Change::Type::deleted);
}

TEST_CASE("A watcher that is too late, or from the future, has to list again") {
  auto store = quiet();
  for (size_t i = 0; i < hub::changes_kept + 10; ++i)
    REQUIRE(store.put(pod("a", std::to_string(i))).ok());
  CHECK(store.since(1).error().kind == Kind::gone);
  CHECK(store.since(store.revision() + 1).error().kind == Kind::gone);
  CHECK(store.since(store.revision()).value_or({Change{}}).empty());
  CHECK(store.since(store.revision() - hub::changes_kept).value_or({}).size() == hub::changes_kept);
}

TEST_CASE("A change that cannot be written down does not happen") {
  hub::Store store([](const Change&) { return Result<void>(Error("disk full")); });
  CHECK_FALSE(store.put(pod("a")).ok());
  CHECK(store.list(KindId::pod).empty());
  CHECK(store.revision() == 1);
}

TEST_CASE("Lists are by kind and namespace") {
  auto store = quiet();
  auto other = pod("b");
  other.metadata.ns = "other";
  REQUIRE(store.put(pod("a")).ok());
  REQUIRE(store.put(other).ok());
  REQUIRE(store.put(lease("n1")).ok());
  CHECK(store.list(KindId::pod).size() == 2);
  CHECK(store.list(KindId::pod, "other").size() == 1);
  CHECK(store.list(KindId::lease).size() == 1);
  CHECK(store.list(KindId::pod, "none").empty());
}

TEST_CASE("Fault F22: a killed hub finds its objects again, and gives no resourceVersion twice") {
  Scratch scratch;
  uint64_t last = 0;
  std::string version;
  {
    Life life(scratch.path);
    CHECK_FALSE(life.loaded);
    REQUIRE(life.store.put(pod("a")).ok());
    REQUIRE(life.store.put(pod("b")).ok());
    REQUIRE(life.store.remove({KindId::pod, "default", "b"}).ok());
    version = k8s::meta_of(*life.store.get({KindId::pod, "default", "a"})).resource_version;
    for (int i = 0; i < 2500; ++i)
      REQUIRE(life.store.put(lease("n1")).ok());
    last = life.store.revision();
  }
  Life again(scratch.path);
  CHECK(again.loaded);
  CHECK(again.store.list(KindId::pod).size() == 1);
  const auto kept = again.store.get({KindId::pod, "default", "a"});
  REQUIRE(kept);
  CHECK(k8s::meta_of(*kept).resource_version == version);
  CHECK(k8s::meta_of(*kept).uid == "uid-a");
  CHECK(again.store.list(KindId::lease).empty());
  CHECK(again.store.revision() > last);
  CHECK(again.store.since(last).error().kind == Kind::gone); // watchers list again
}

TEST_CASE(
    "A journal whose last line a kill tore is replayed up to it; damage elsewhere is told with its line") {
  Scratch scratch;
  {
    Life life(scratch.path);
    REQUIRE(life.store.put(pod("a")).ok());
  }
  std::ofstream(scratch.path, std::ios::app) << "{\"rev\":9999,\"put\":{\"kind\":\"Po";
  {
    Life torn(scratch.path);
    CHECK(torn.store.list(KindId::pod).size() == 1);
    REQUIRE(torn.store.put(pod("b")).ok());
  }
  {
    Life after(scratch.path);
    CHECK(after.store.list(KindId::pod).size() == 2);
  }
  std::ofstream(scratch.path, std::ios::app) << "garbage\n{\"rev\":10000}\n";
  auto journal = hub::Journal::open(scratch.path);
  REQUIRE(journal.ok());
  auto store = quiet();
  auto replayed = journal->replay(store);
  REQUIRE_FALSE(replayed.ok());
  CHECK(replayed.error().message.find("journal.jsonl:") != std::string::npos);
}

TEST_CASE(
    "A second hub on the same record is refused, and a grown journal is rewritten as its objects alone") {
  Scratch scratch;
  {
    Life life(scratch.path);
    CHECK_FALSE(hub::Journal::open(scratch.path).ok());
    const std::string large(200'000, 'x');
    for (int i = 0; i < 120; ++i)
      REQUIRE(life.store.put(pod("a", large + std::to_string(i))).ok());
    CHECK(std::filesystem::file_size(scratch.path) > limits::journal_bytes);
    REQUIRE(life.journal.compact_if_due(life.store).ok());
    CHECK(std::filesystem::file_size(scratch.path) < 1'000'000);
    REQUIRE(life.store.put(pod("b")).ok());
  }
  Life again(scratch.path);
  CHECK(again.store.list(KindId::pod).size() == 2);
}

TEST_CASE(
    "A journal without room keeps no half line, changes count all the same, and later it has all of them") {
  Scratch scratch;
  {
    Life life(scratch.path);
    REQUIRE(life.store.put(pod("a")).ok());
    const auto size = std::filesystem::file_size(scratch.path);
    {
      test::NoRoom none(size + 20);
      REQUIRE(life.store.put(pod("b")).ok());
      CHECK(life.store.list(KindId::pod).size() == 2);
      CHECK(life.journal.behind().find("journal.jsonl: File too large") != std::string::npos);
      CHECK(std::filesystem::file_size(scratch.path) == size);
      CHECK_FALSE(life.journal.catch_up(life.store).ok());
      CHECK(life.journal.compact_if_due(life.store).ok());
    }
    // Room again, but what was missed comes first: without b, c alone would be a lie.
    REQUIRE(life.store.put(pod("c")).ok());
    CHECK(std::filesystem::file_size(scratch.path) == size);
    REQUIRE(life.journal.catch_up(life.store).ok());
    CHECK(life.journal.behind().empty());
    REQUIRE(life.store.put(pod("d")).ok());
  }
  Life again(scratch.path);
  CHECK(again.store.list(KindId::pod).size() == 4);
}

TEST_CASE("A hub that is started again where there is no room has what was written") {
  Scratch scratch;
  {
    Life life(scratch.path);
    REQUIRE(life.store.put(pod("a")).ok());
  }
  test::NoRoom none(std::filesystem::file_size(scratch.path));
  Life again(scratch.path);
  CHECK(again.loaded);
  CHECK(again.store.list(KindId::pod).size() == 1);
  CHECK_FALSE(again.journal.behind().empty());
}
