// What is added to an object before it is stored.
#include "nodeagent/hub/admission.h"
#include "nodeagent/control/demand.h"
#include "tests/unit/catch.h"

using namespace podstep;

namespace {
const k8s::Taint job_taint{k8s::label_job, "7", "NoSchedule", {}};

k8s::Deployment deployment() {
  k8s::Deployment d;
  d.metadata.name = "chat";
  d.spec.selector.match_labels["app"] = "chat";
  d.spec.pod_template.metadata.labels["app"] = "chat";
  d.spec.pod_template.spec.containers.push_back({});
  d.spec.pod_template.spec.containers[0].name = "c";
  d.spec.pod_template.spec.containers[0].image = "x";
  return d;
}
} // namespace

TEST_CASE("A pod and whatever makes pods tolerate the job's taint and carry its label") {
  const hub::Admission admission("7");
  const k8s::Deployment made = deployment();
  k8s::ReplicaSet set;
  set.metadata.name = "chat-1";
  set.spec.selector = made.spec.selector;
  set.spec.pod_template = made.spec.pod_template;
  k8s::Pod pod;
  pod.metadata.name = "one";
  pod.spec = made.spec.pod_template.spec;
  for (k8s::Object object : {k8s::Object(made), k8s::Object(set), k8s::Object(pod)}) {
    REQUIRE(admission.create(object, {}));
    CHECK(k8s::meta_of(object).labels.at(k8s::label_job) == "7");
    CHECK(k8s::meta_of(object).ns == hub::default_namespace);
    if (const auto* p = std::get_if<k8s::Pod>(&object))
      CHECK(control::tolerates(p->spec, job_taint));
    if (const auto* d = std::get_if<k8s::Deployment>(&object))
      CHECK(control::tolerates(d->spec.pod_template.spec, job_taint));
    if (const auto* r = std::get_if<k8s::ReplicaSet>(&object))
      CHECK(control::tolerates(r->spec.pod_template.spec, job_taint));
  }
}

TEST_CASE("A Deployment that is applied again as its user wrote it has not changed") {
  const hub::Admission admission("7");
  k8s::Object stored = deployment();
  REQUIRE(admission.create(stored, {}));
  k8s::Object again = deployment();
  REQUIRE(admission.update(stored, again));
  CHECK(std::get<k8s::Deployment>(again).spec == std::get<k8s::Deployment>(stored).spec);
  CHECK(k8s::meta_of(again).generation == 1);
}
