// The strict reader of a user's manifest: YAML text to complete, valid objects, or everything that is wrong
// with it.
#pragma once
#include "nodeagent/k8s/manifest_yaml.h"
#include "nodeagent/k8s/types.h"

namespace podstep::k8s {

/// An image that a container uses, and where it says so first.
struct ImageUse {
  std::string name, policy; ///< imagePullPolicy
  Mark at;
  std::string path; ///< `spec.containers[0].image`
};

struct Manifest {
  std::vector<Object> objects; ///< defaults applied, with podstep.io/source; meaningless beside problems
  std::vector<FileProblem> problems; ///< in the order of the file
  std::vector<ImageUse> images;      ///< each name and policy once, sorted
};

/// Reads all documents of `text`. `file`: its name, for podstep.io/source. Contract: podstep-manifest(7).
Manifest read_manifest(const std::string& text, const std::string& file);

/// In the order of the file.
void sort(std::vector<FileProblem>& problems);

/// Every field that a manifest may have, as podstep-manifest(7) writes it: `spec.containers[].env[].name`.
/// `kind`: Pod or Deployment (whose template's spec, which is a Pod's, is left out).
std::vector<std::string> manifest_fields(const std::string& kind);

} // namespace podstep::k8s
