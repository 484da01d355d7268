// Small objects for the hub's tests.
#pragma once
#include "nodeagent/k8s/types.h"

namespace podstep::test {

/// A pod of one container.
inline k8s::Pod pod(const std::string& name, const std::string& image = "x") {
  k8s::Pod p;
  p.metadata.name = name;
  p.metadata.ns = "default";
  p.metadata.uid = "uid-" + name;
  p.spec.containers.push_back({});
  p.spec.containers[0].name = "c";
  p.spec.containers[0].image = image;
  return p;
}

} // namespace podstep::test
