// Small objects for the tables of the controllers' tests.
#pragma once
#include "nodeagent/control/changes.h"

namespace podstep::test {

inline const WallTime noon = *parse_rfc3339("2026-11-24T12:00:00Z");

inline k8s::Node node(const std::string& name, const std::string& cpu, const std::string& memory = "8Gi") {
  k8s::Node n;
  n.metadata.name = name;
  n.status.allocatable = {{"cpu", *k8s::parse_quantity(cpu)}, {"memory", *k8s::parse_quantity(memory)}};
  n.status.conditions.push_back({"Ready", "True", "", "", "", "", "", ""});
  return n;
}

inline k8s::Pod pod(const std::string& name, const std::string& cpu, const std::string& on = {}) {
  k8s::Pod p;
  p.metadata.name = name;
  p.metadata.ns = "default";
  p.metadata.uid = "uid-" + name;
  p.metadata.creation_timestamp = "2026-11-24T11:00:00Z";
  p.spec.node_name = on;
  k8s::Container c;
  c.name = "c";
  c.image = "x";
  c.resources.requests["cpu"] = *k8s::parse_quantity(cpu);
  p.spec.containers.push_back(c);
  return p;
}

inline void set_ready(k8s::Pod& p, const std::string& since = "2026-11-24T11:30:00Z") {
  p.status.phase = "Running";
  p.status.conditions.push_back({"Ready", "True", "", "", since, "", "", ""});
}

inline k8s::Deployment deployment(int32_t replicas, const std::string& image = "x") {
  k8s::Deployment d;
  d.metadata.name = "chat";
  d.metadata.ns = "default";
  d.metadata.uid = "uid-chat";
  d.metadata.generation = 1;
  d.metadata.annotations[k8s::annotation_source] = "chat.yaml:31";
  d.spec.replicas = replicas;
  d.spec.selector.match_labels = d.spec.pod_template.metadata.labels = {{"app", "chat"}};
  d.spec.pod_template.spec = pod("t", "4").spec;
  d.spec.pod_template.spec.containers[0].image = image;
  return d;
}

} // namespace podstep::test
