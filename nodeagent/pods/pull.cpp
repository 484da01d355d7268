// What the agent does about a container's image: see pull.h.
#include "nodeagent/pods/pull.h"
#include "common/text.h"

namespace podstep::pods {

Pull pull(const k8s::Pod& pod, const k8s::Container& container, Instant now) {
  if (!k8s::is_brought(container))
    return {container.image, std::nullopt};
  using Is = k8s::ImageWord::Is;
  const k8s::ImageWords words = k8s::image_words(pod);
  const auto word = words.find(container.image);
  if (word == words.end() || word->second.is == Is::importing)
    return {{},
            Failure{reason_pulling, cat("the job's first node imports ", container.image), now, false, true}};
  if (word->second.is == Is::there)
    return {word->second.digest, std::nullopt};
  return {{}, Failure{"ErrImagePull", word->second.why, now, word->second.tries > 1, true}};
}

} // namespace podstep::pods
