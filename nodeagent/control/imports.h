// Which images the job brings at their first use, and what its pods are told of them.
#pragma once
#include "nodeagent/k8s/first_use.h"
#include <map>
#include <vector>

namespace podstep::control {

/// An image on its way into the store.
struct Import {
  enum class Stage { waiting, running, there, failed } stage = Stage::waiting;
  bool ask = false;   ///< the registry is asked even where the image is in a store
  std::string digest; ///< there: `sha256:<hex>`
  int32_t tries = 0;  ///< that failed, in a row
  std::string why;    ///< of the last one
};
/// By the name that containers give.
using Imports = std::map<std::string, Import>;

/// The images that pods wait for, to whether one of them wants the registry asked. A pod that has been told a
/// digest keeps it and waits for nothing; one that has ended or is being deleted neither.
std::map<std::string, bool> awaited(const std::vector<k8s::Pod>& pods);

/// What `pod` is to be told. While a failed import is tried again, it goes on as failed: as in Kubernetes,
/// where a pod shows ImagePullBackOff until a try succeeds.
k8s::ImageWords words_for(const k8s::Pod& pod, const Imports& imports);

} // namespace podstep::control
