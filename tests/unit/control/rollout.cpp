// Deployments and ReplicaSets: single decisions as tables, and whole rollouts against a small world that
// obeys them.
#include "nodeagent/control/deployment.h"
#include "nodeagent/control/replicaset.h"
#include "tests/unit/catch.h"
#include "tests/unit/control/make.h"
#include <algorithm>

using namespace podstep;
using test::noon;

namespace {
/// Obeys the controllers: pods become ready one round after they were created, and go one round after they
/// were removed.
struct World {
  k8s::Deployment deployment;
  std::vector<k8s::ReplicaSet> sets;
  std::vector<k8s::Pod> pods;
  int next = 0;
  int32_t most = 0, fewest_available = INT32_MAX;
  bool ready_at_all = true;

  void round() {
    for (auto& p : pods)
      if (ready_at_all && !control::is_ready(p))
        test::set_ready(p);
    auto changes = control::deployment(deployment, sets, pods, noon);
    for (const auto& set : sets)
      changes.add(control::replicaset(set, pods, noon));
    apply(changes);
    const auto available = std::count_if(pods.begin(), pods.end(), control::is_ready);
    most = std::max(most, static_cast<int32_t>(pods.size()));
    fewest_available = std::min(fewest_available, static_cast<int32_t>(available));
  }
  void settle() {
    for (int i = 0; i < 60; ++i)
      round();
    most = 0;
    fewest_available = INT32_MAX;
  }
  void apply(const control::Changes& changes) {
    for (const auto& object : changes.create) {
      if (const auto* set = std::get_if<k8s::ReplicaSet>(&object)) {
        sets.push_back(*set);
        sets.back().metadata.uid = "uid-" + set->metadata.name;
        sets.back().metadata.creation_timestamp = "2026-11-24T11:00:0" + std::to_string(sets.size()) + "Z";
      } else {
        pods.push_back(std::get<k8s::Pod>(object));
        pods.back().metadata.name = "p" + std::to_string(next++);
        pods.back().metadata.uid = "uid-" + pods.back().metadata.name;
        pods.back().spec.node_name = "n1";
      }
    }
    for (const auto* list : {&changes.update, &changes.status})
      for (const auto& object : *list) {
        if (const auto* d = std::get_if<k8s::Deployment>(&object))
          deployment.status = d->status;
        const auto* set = std::get_if<k8s::ReplicaSet>(&object);
        for (auto& stored : sets)
          if (set && stored.metadata.uid == set->metadata.uid) {
            if (list == &changes.status)
              stored.status = set->status;
            else
              stored.spec = set->spec, stored.metadata = set->metadata;
          }
      }
    for (const auto& removal : changes.remove) {
      std::erase_if(pods, [&](const k8s::Pod& p) { return p.metadata.uid == removal.uid; });
      std::erase_if(sets, [&](const k8s::ReplicaSet& s) { return s.metadata.uid == removal.uid; });
    }
  }
  int with_image(const std::string& image) const {
    return static_cast<int>(std::count_if(
        pods.begin(), pods.end(), [&](const k8s::Pod& p) { return p.spec.containers[0].image == image; }));
  }
};
} // namespace

TEST_CASE("A new Deployment gets one ReplicaSet, its pods, and a status that says so") {
  World w{.deployment = test::deployment(3), .sets = {}, .pods = {}};
  w.settle();
  REQUIRE(w.sets.size() == 1);
  CHECK(w.pods.size() == 3);
  const std::string hash = w.sets[0].metadata.labels.at(control::label_template_hash);
  CHECK(w.sets[0].metadata.name == "chat-" + hash);
  CHECK(w.pods[0].metadata.labels.at(control::label_template_hash) == hash);
  CHECK(w.pods[0].metadata.generate_name == "chat-" + hash + "-");
  CHECK(w.deployment.status.available_replicas == 3);
  CHECK(control::find_condition(w.deployment.status.conditions, "Progressing")->reason ==
        "NewReplicaSetAvailable");
  CHECK(control::find_condition(w.deployment.status.conditions, "Available")->status == "True");
}

TEST_CASE("A rollout ends with the new image and stays within surge and unavailable on the way") {
  struct Case {
    int32_t replicas;
    k8s::IntOrString surge, unavailable;
    int32_t most, fewest;
  };
  for (const Case& c :
       {Case{4, {0, "25%"}, {0, "25%"}, 5, 3}, Case{1, {0, "25%"}, {0, "25%"}, 2, 1},
        Case{4, {0, ""}, {1, ""}, 4, 3}, Case{4, {2, ""}, {0, ""}, 6, 4}, Case{3, {0, ""}, {0, ""}, 3, 2}}) {
    INFO(c.replicas << " surge " << c.surge.number << c.surge.name << " unavailable "
                    << c.unavailable.number);
    World w{.deployment = test::deployment(c.replicas), .sets = {}, .pods = {}};
    w.deployment.spec.strategy.max_surge = c.surge;
    w.deployment.spec.strategy.max_unavailable = c.unavailable;
    w.settle();
    w.deployment.spec.pod_template.spec.containers[0].image = "y";
    for (int i = 0; i < 60; ++i)
      w.round();
    CHECK(w.with_image("y") == c.replicas);
    CHECK(w.with_image("x") == 0);
    CHECK(w.most <= c.most);
    CHECK(w.fewest_available >= c.fewest);
  }
}

TEST_CASE("A rollout to an image that never gets ready leaves the old pods serving") {
  World w{.deployment = test::deployment(4), .sets = {}, .pods = {}};
  w.settle();
  w.ready_at_all = false;
  w.deployment.spec.pod_template.spec.containers[0].image = "broken";
  for (int i = 0; i < 60; ++i)
    w.round();
  CHECK(w.with_image("x") == 3);
  CHECK(w.fewest_available == 3);
}

TEST_CASE("Recreate has no moment with both images") {
  World w{.deployment = test::deployment(2), .sets = {}, .pods = {}};
  w.deployment.spec.strategy.type = "Recreate";
  w.settle();
  w.deployment.spec.pod_template.spec.containers[0].image = "y";
  for (int i = 0; i < 60; ++i) {
    w.round();
    CHECK((w.with_image("x") == 0 || w.with_image("y") == 0));
  }
  CHECK(w.with_image("y") == 2);
}

TEST_CASE("Scaling changes the present ReplicaSet, a paused Deployment rolls nothing out") {
  World w{.deployment = test::deployment(2), .sets = {}, .pods = {}};
  w.settle();
  w.deployment.spec.replicas = 5;
  w.settle();
  CHECK(w.pods.size() == 5);
  w.deployment.spec.replicas = 1;
  w.settle();
  CHECK(w.pods.size() == 1);
  w.deployment.spec.paused = true;
  w.deployment.spec.pod_template.spec.containers[0].image = "y";
  w.settle();
  CHECK(w.with_image("y") == 0);
  CHECK(w.sets.size() == 1);
}

TEST_CASE("Going back to an old template uses its ReplicaSet again, as the newest revision") {
  World w{.deployment = test::deployment(1), .sets = {}, .pods = {}};
  w.settle();
  w.deployment.spec.pod_template.spec.containers[0].image = "y";
  w.settle();
  w.deployment.spec.pod_template.spec.containers[0].image = "x";
  w.settle();
  CHECK(w.sets.size() == 2);
  CHECK(w.with_image("x") == 1);
  CHECK(w.sets[0].metadata.annotations.at(control::annotation_revision) == "3");
}

TEST_CASE("Old ReplicaSets beyond the history limit go") {
  World w{.deployment = test::deployment(1), .sets = {}, .pods = {}};
  w.deployment.spec.revision_history_limit = 2;
  for (const char* image : {"a", "b", "c", "d", "e"}) {
    w.deployment.spec.pod_template.spec.containers[0].image = image;
    w.settle();
  }
  CHECK(w.sets.size() == 3);
}

TEST_CASE("Too many pods: those that serve least go first") {
  World w{.deployment = test::deployment(3), .sets = {}, .pods = {}};
  w.settle();
  auto& set = w.sets[0];
  w.pods[1].status.conditions.clear(); // not ready
  set.spec.replicas = 2;
  const auto changes = control::replicaset(set, w.pods, noon);
  REQUIRE(changes.remove.size() == 1);
  CHECK(changes.remove[0].uid == w.pods[1].metadata.uid);
}

TEST_CASE("A node that rejects pod after pod is not fed without end: the delay grows") {
  World w{.deployment = test::deployment(1), .sets = {}, .pods = {}};
  w.settle();
  auto failed = w.pods[0];
  failed.status.phase = "Failed";
  failed.metadata.creation_timestamp = "2026-11-24T11:59:59Z";
  std::vector<k8s::Pod> pods;
  for (int count : {1, 2}) {
    pods.assign(static_cast<size_t>(count), failed);
    CHECK(control::replicaset(w.sets[0], pods, noon).create.size() == 1);
  }
  pods.assign(3, failed);
  auto third = control::replicaset(w.sets[0], pods, noon);
  CHECK(third.create.empty());
  CHECK(third.again == Duration(std::chrono::seconds(9)));
  CHECK(control::replicaset(w.sets[0], pods, noon + std::chrono::seconds(10)).create.size() == 1);
}
