// The hub's record where there is no room for it.
#include "nodeagent/hub/recorder.h"
#include "common/file.h"
#include "nodeagent/record/reserve.h"
#include "tests/unit/catch.h"
#include "tests/unit/no_room.h"
#include <cstdlib>
#include <filesystem>

using namespace podstep;
using k8s::KindId;

namespace {
struct TestClock : Clock {
  Instant at = Instant(std::chrono::hours(1));
  Instant now() const override { return at; }
  WallTime wall() const override { return WallTime(std::chrono::hours(500'000)); }
};

/// A hub's parts around a record in a directory of its own.
struct Hub {
  std::string record = "/tmp/podstep-hub-XXXXXX";
  TestClock clock;
  loop::Loop loop;
  hub::Journal journal;
  hub::Store store;
  hub::Peers peers{clock};
  hub::Admission admission{"7"};
  hub::Api api{loop, clock, store, peers, admission, "key"};
  hub::Controllers controllers{clock, store, api};
  hub::Recorder recorder;
  hub::Service service;

  Hub()
      : journal(*hub::Journal::open(std::string(mkdtemp(record.data())) + "/journal.jsonl")),
        store([this](const hub::Change& change) {
          journal.append(change);
          return Result<void>();
        }),
        recorder(clock, record, journal, store, controllers) {
    REQUIRE(journal.replay(store).ok());
    REQUIRE(record::hold_reserve(record));
  }
  ~Hub() { std::filesystem::remove_all(record); }

  void add(const std::string& name) {
    k8s::Pod pod;
    pod.metadata.name = name;
    pod.spec.containers.push_back({});
    pod.spec.containers[0].name = "c";
    pod.spec.containers[0].image = "x";
    REQUIRE(api.create(pod).ok());
  }
  std::string status() const { return read_file(record + "/status.json", 1 << 20).value_or(""); }
  bool has_event(const std::string& reason) const {
    for (const auto& event : store.list(KindId::event))
      if (std::get<k8s::Event>(*event).reason == reason)
        return true;
    return false;
  }
};
} // namespace

TEST_CASE("A service whose record is full goes on and says so; when there is room again the record has "
          "everything") {
  Hub hub;
  hub.add("a");
  hub.recorder.write(hub.service);
  CHECK(hub.service.trouble.empty());
  {
    test::NoRoom none(100);
    hub.add("b");
    hub.recorder.write(hub.service);
    CHECK(hub.service.trouble.find("the record cannot be written (") == 0);
    CHECK(hub.service.trouble.find("Fix: make room") != std::string::npos);
    CHECK(hub.has_event("RecordNotWritable"));
    CHECK(hub.status().find("\"name\":\"a\"") != std::string::npos); // the last whole one
    CHECK_FALSE(exists(hub.record + "/reserve"));
    hub.add("c");
    hub.recorder.write(hub.service);
    CHECK_FALSE(hub.service.trouble.empty());
    hub.clock.at += hub::record_retry;
    hub.recorder.write(hub.service);
    CHECK_FALSE(hub.service.trouble.empty());
  }
  for (int i = 0; i < 2; ++i) { // the journal catches up, then the reserve is held again
    hub.clock.at += hub::record_retry;
    hub.recorder.write(hub.service);
  }
  CHECK(hub.service.trouble.empty());
  CHECK(hub.has_event("RecordWritable"));
  CHECK(exists(hub.record + "/reserve"));
  CHECK(hub.status().find("\"name\":\"c\"") != std::string::npos);
  CHECK(hub.status().find("cannot be written") == std::string::npos);
  CHECK(hub.journal.behind().empty());
}

TEST_CASE("What is wrong with the record stands in the status, after the reason") {
  hub::Service service;
  service.reason = "deployment chat: 1 of 2 replicas available";
  service.trouble = "the record cannot be written";
  CHECK(
      hub::status_json(service, {})
          .find("\"reason\":\"deployment chat: 1 of 2 replicas available; the record cannot be written\"") !=
      std::string::npos);
}
