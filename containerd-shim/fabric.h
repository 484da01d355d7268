// What a container that asks for a fabric gets (podstep.io/fabric): the node's NICs, the step's credentials,
// libraries; decided from the site's policy, the step's environment and the image, then edited into
// config.json as a CDI specification would be (no hook, no privilege: threat T5). Contract:
// doc/contracts/fabric.md, F-POD.
#pragma once
#include "containerd-shim/libraries.h"
#include <boost/json/value.hpp>

namespace podstep::shim {

/// Where things are looked up; tests bring their own.
struct FabricSources {
  std::string policy;                 ///< the site's fabric.conf, proven by the plugin; empty: there is none
  std::string devices = "/dev";       ///< where device files are looked for
  std::vector<std::string> own;       ///< Podstep's own libraries, the NCCL plugin first
  std::vector<std::string> variables; ///< NAME=VALUE: the step's own credentials, as its tasks have them
};

/// From the wrapper's own environment (common/wire_runtime.h) and the installed places.
FabricSources find_fabric_sources();

struct FabricEdits {
  std::vector<Library> files;        ///< bound read-only into fabric::container_directory
  std::vector<std::string> devices;  ///< names below /dev
  std::vector<std::string> assigned; ///< NAME=VALUE, whatever the container says
  std::vector<std::string> preset;   ///< NAME=VALUE, unless image or manifest say otherwise
  std::vector<std::string> warnings; ///< sentences for the pod's events
};

/// `word`: site or podstep; `image`: the directory of the flat image. Errors are sentences with a fix: no
/// policy, a library that is missing, an image whose C library is too old, malformed credentials, the
/// unrestricted default service (threat T13), a device that the step has and the node does not show.
Result<FabricEdits> plan_fabric(std::string_view word, const FabricSources& sources,
                                const std::string& image);

/// Pure: the edits in config.json: mounts, and variables of the process.
void apply_fabric(boost::json::value& spec, const FabricEdits& edits, const std::string& devices = "/dev");

} // namespace podstep::shim
