// Bringing images: one child process per image whatever the number of pods, its words, its failures, its end.
// The child is a script in place of podstep.
#include "nodeagent/hub/importer.h"
#include "common/file.h"
#include "common/text.h"
#include "tests/unit/catch.h"
#include "tests/unit/hub/make.h"
#include "tests/unit/images/flat_store.h"
#include "tests/unit/loop/run.h"
#include <filesystem>
#include <sys/stat.h>

using namespace podstep;
using namespace std::chrono_literals;
using Is = k8s::ImageWord::Is;

namespace {
const std::string image = "ghcr.io/team/server:1", digest = "sha256:" + std::string(64, 'e');

k8s::Pod pod_of(const std::string& name, const std::string& policy = "IfNotPresent") {
  k8s::Pod p = test::pod(name, image);
  p.spec.containers[0].image_pull_policy = policy;
  return p;
}

/// The machine's clock, and what a test adds to it.
struct ForwardClock : Clock {
  Duration added{};
  Instant now() const override { return system_clock().now() + added; }
  WallTime wall() const override { return system_clock().wall() + added; }
};

/// A hub's store, a store of images, and a script that stands for podstep and writes down each of its calls.
struct Bench {
  FlatStore images;
  std::string calls = images.path + "/calls";
  loop::Loop loop;
  hub::Store store{[](const hub::Change&) { return Result<void>(); }};
  loop::Signal changed{loop};
  ForwardClock clock;
  hub::Importer importer;

  explicit Bench(const std::string& script)
      : importer(loop, clock, store, place(images.path, script), [this] { changed.notify(); }) {}

  static hub::Importer::Place place(const std::string& directory, const std::string& script) {
    const std::string program = directory + "/podstep";
    REQUIRE(write_file_atomic(program, cat("#!/bin/sh\necho \"$*\" >>", directory, "/calls\n", script, "\n"),
                              0700));
    return {program, "n1", {"PATH=/usr/bin:/bin"}, {directory, "", ""}};
  }

  k8s::ImageWord word(const std::string& pod) {
    const auto words = k8s::image_words(std::get<k8s::Pod>(*store.get({k8s::KindId::pod, "default", pod})));
    const auto found = words.find(image);
    return found == words.end() ? k8s::ImageWord{Is::failed, "", 99, "not spoken of"} : found->second;
  }

  /// Runs the importer as the hub does until `done`.
  void run_until(std::function<bool()> done) {
    ::run(loop, [](Bench& b, std::function<bool()> until) -> loop::Task<void> {
      for (b.importer.run(); !until(); b.importer.run())
        co_await b.changed.wait();
    }(*this, std::move(done)));
  }
  std::string called() const { return read_file(calls, 1 << 20).value_or(""); }
};
} // namespace

TEST_CASE("An image that two pods name is imported once, and both are told its digest") {
  Bench b("echo progress 5 10 fetching docker://x; echo " + digest);
  REQUIRE(b.store.put(pod_of("a")));
  REQUIRE(b.store.put(pod_of("b")));
  b.importer.run();
  CHECK(b.word("a").is == Is::importing);
  b.run_until([&] { return b.word("a").is == Is::there && b.word("b").is == Is::there; });
  CHECK(b.word("a").digest == digest);
  CHECK(b.called() == cat("image import --porcelain --if-missing -- docker://", image, "\n"));
  CHECK(b.importer.idle());
  CHECK(b.importer.sentence().empty());
  REQUIRE(b.importer.rows().size() == 1);
  CHECK(b.importer.rows()[0].state == "there");
}

TEST_CASE("An image that is in a store is not imported, unless the policy is Always") {
  Bench b("echo " + digest);
  const std::string there = b.images.add(image, "x");
  REQUIRE(b.store.put(pod_of("a")));
  b.importer.run();
  CHECK(b.word("a").digest == there);
  CHECK(b.called().empty());
  REQUIRE(b.store.put(pod_of("b", "Always")));
  b.run_until([&] { return b.word("b").is == Is::there; });
  CHECK(b.called() == cat("image import --porcelain -- docker://", image, "\n"));
  CHECK(b.word("b").digest == digest);
  CHECK(b.word("a").digest == there);
}

TEST_CASE("How far an import is stands in its row") {
  Bench b("echo progress 5 10 fetching docker://x; exec sleep 1000");
  REQUIRE(b.store.put(pod_of("a")));
  b.run_until([&] { return !b.importer.rows().empty() && b.importer.rows()[0].bytes == 5; });
  const hub::ImageRow row = b.importer.rows()[0];
  CHECK(row.state == "importing");
  CHECK(row.phase == "fetching docker://x");
  CHECK(row.total == 10);
  CHECK(b.importer.sentence() == "importing " + image);
  b.importer.close();
  b.run_until([&] { return b.importer.idle(); });
}

TEST_CASE("A failed import tells the cause, the place and what to do, and is tried again after 10 s") {
  Bench b("echo 'podstep: fetching docker://x: no route to host' >&2; echo 'fix: look' >&2; exit 125");
  REQUIRE(b.store.put(pod_of("a")));
  b.run_until([&] { return b.word("a").is == Is::failed; });
  CHECK(b.word("a").tries == 1);
  CHECK(b.word("a").why == cat("cannot import ", image,
                               " on n1: fetching docker://x: no route to host. Fix: look; or ",
                               "on a login node: podstep image import docker://", image));
  CHECK(b.importer.rows()[0].state == "failed");
  auto again = b.importer.run();
  REQUIRE(again);
  CHECK(*again > 5s);
  CHECK(*again <= 10s);
  CHECK(split(b.called(), '\n').size() == 2); // one line
  b.clock.added = 11s;
  b.run_until([&] { return b.word("a").tries == 2; });
  again = b.importer.run();
  REQUIRE(again);
  CHECK(*again > 15s);
  CHECK(*again <= 20s);
}

TEST_CASE("A registry that sends nothing for 5 minutes is given up; unpacking may take longer (K-CRI-2)") {
  for (const char* phase : {"fetching docker://x", "unpacking"}) {
    CAPTURE(phase);
    Bench b(cat("trap 'exit 1' TERM; echo progress 1 0 ", phase,
                "; until [ -e $0.go ]; do sleep 0.05; done; echo ", digest));
    REQUIRE(b.store.put(pod_of("a")));
    b.run_until([&] { return !b.importer.rows().empty() && b.importer.rows()[0].bytes == 1; });
    b.clock.added = 301s;
    b.importer.run();
    REQUIRE(write_file_atomic(b.images.path + "/podstep.go", "", 0600));
    b.run_until([&] { return b.word("a").is != Is::importing; });
    const bool fetching = std::string_view(phase) != "unpacking";
    CHECK(b.word("a").is == (fetching ? Is::failed : Is::there));
    if (fetching)
      CHECK(b.word("a").why.find("has sent nothing for 5 minutes. Fix: on a login node") !=
            std::string::npos);
  }
}

TEST_CASE("An import that prints no digest has failed") {
  Bench b("echo done");
  REQUIRE(b.store.put(pod_of("a")));
  b.run_until([&] { return b.word("a").is == Is::failed; });
  CHECK(b.word("a").why.find("'done' instead of a digest") != std::string::npos);
}

TEST_CASE("When the service ends, an import gets SIGTERM, cleans up, and none is started any more") {
  Bench b("trap 'echo gone >>$0.end; exit 1' TERM; echo progress 1 0 fetching; while :; do sleep 0.05; done");
  REQUIRE(b.store.put(pod_of("a")));
  b.run_until([&] { return !b.importer.rows().empty() && b.importer.rows()[0].bytes == 1; });
  b.importer.close();
  b.run_until([&] { return b.importer.idle(); });
  CHECK(read_file(b.images.path + "/podstep.end", 100).value_or("") == "gone\n");
  CHECK_FALSE(b.importer.run());
  CHECK(b.importer.idle());
  CHECK(split(b.called(), '\n').size() == 2);
}

TEST_CASE("An image that nobody waits for any more is forgotten") {
  Bench b("exit 1");
  REQUIRE(b.store.put(pod_of("a")));
  b.run_until([&] { return b.word("a").is == Is::failed; });
  REQUIRE(b.store.remove({k8s::KindId::pod, "default", "a"}));
  CHECK_FALSE(b.importer.run());
  CHECK(b.importer.rows().empty());
}
