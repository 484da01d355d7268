// The names of the fields of Deployment and ReplicaSet (Kubernetes API: apps/v1), once for reading, writing
// and documentation.
#pragma once
#include "nodeagent/k8s/fields_pod.h"

namespace podstep::k8s {

template<class V> void fields(V& v, Is<PodTemplate> auto& t) {
  v.group("metadata", true, [&](auto& metadata) {
    metadata.field("labels", t.metadata.labels);
    metadata.field("annotations", t.metadata.annotations);
    std::string none; // `creationTimestamp: null` is what kubectl writes into every template
    metadata.server("creationTimestamp", none);
  });
  v.always("spec", t.spec);
}

template<class V> void fields(V& v, Is<DeploymentStrategy> auto& s) {
  v.always("type", s.type);
  v.group("rollingUpdate", s.type == "RollingUpdate", [&](auto& rolling) {
    rolling.always("maxUnavailable", s.max_unavailable);
    rolling.always("maxSurge", s.max_surge);
  });
}

template<class V> void fields(V& v, Is<DeploymentSpec> auto& s) {
  v.always("replicas", s.replicas);
  v.always("selector", s.selector);
  v.always("template", s.pod_template);
  v.always("strategy", s.strategy);
  v.field("minReadySeconds", s.min_ready_seconds);
  v.always("revisionHistoryLimit", s.revision_history_limit);
  v.field("paused", s.paused);
  v.always("progressDeadlineSeconds", s.progress_deadline_seconds);
}

template<class V> void fields(V& v, Is<DeploymentStatus> auto& s) {
  v.field("observedGeneration", s.observed_generation);
  v.field("replicas", s.replicas);
  v.field("updatedReplicas", s.updated_replicas);
  v.field("readyReplicas", s.ready_replicas);
  v.field("availableReplicas", s.available_replicas);
  v.field("unavailableReplicas", s.unavailable_replicas);
  v.field("conditions", s.conditions);
}

template<class V> void fields(V& v, Is<Deployment> auto& d) {
  v.fixed("apiVersion", "apps/v1");
  v.fixed("kind", "Deployment");
  v.always("metadata", d.metadata);
  v.always("spec", d.spec);
  v.server("status", d.status);
}

template<class V> void fields(V& v, Is<ReplicaSetSpec> auto& s) {
  v.always("replicas", s.replicas);
  v.field("minReadySeconds", s.min_ready_seconds);
  v.always("selector", s.selector);
  v.always("template", s.pod_template);
}

template<class V> void fields(V& v, Is<ReplicaSetStatus> auto& s) {
  v.always("replicas", s.replicas);
  v.field("fullyLabeledReplicas", s.fully_labeled_replicas);
  v.field("readyReplicas", s.ready_replicas);
  v.field("availableReplicas", s.available_replicas);
  v.field("observedGeneration", s.observed_generation);
}

template<class V> void fields(V& v, Is<ReplicaSet> auto& r) {
  v.fixed("apiVersion", "apps/v1");
  v.fixed("kind", "ReplicaSet");
  v.always("metadata", r.metadata);
  v.always("spec", r.spec);
  v.server("status", r.status);
}

} // namespace podstep::k8s
