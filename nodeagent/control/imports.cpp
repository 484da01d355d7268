// Which images the job brings: see imports.h.
#include "nodeagent/control/imports.h"
#include "nodeagent/control/changes.h"

namespace podstep::control {

using k8s::ImageWord;

namespace {
bool is_told(const k8s::ImageWords& words, const std::string& image) {
  const auto word = words.find(image);
  return word != words.end() && word->second.is == ImageWord::Is::there;
}

ImageWord word_of(const Import& import) {
  if (import.stage == Import::Stage::there)
    return {ImageWord::Is::there, import.digest, 0, {}};
  if (import.tries > 0)
    return {ImageWord::Is::failed, {}, import.tries, import.why};
  return {};
}
} // namespace

std::map<std::string, bool> awaited(const std::vector<k8s::Pod>& pods) {
  std::map<std::string, bool> images;
  for (const k8s::Pod& pod : pods) {
    if (is_terminal(pod) || !pod.metadata.deletion_timestamp.empty())
      continue;
    const k8s::ImageWords words = k8s::image_words(pod);
    for (const k8s::Container& container : pod.spec.containers)
      if (k8s::is_brought(container) && !is_told(words, container.image)) {
        bool& ask = images[container.image];
        ask = ask || k8s::is_asked_again(container);
      }
  }
  return images;
}

k8s::ImageWords words_for(const k8s::Pod& pod, const Imports& imports) {
  const k8s::ImageWords before = k8s::image_words(pod);
  k8s::ImageWords words;
  for (const k8s::Container& container : pod.spec.containers) {
    const auto import = imports.find(container.image);
    if (!k8s::is_brought(container))
      continue;
    if (is_told(before, container.image))
      words[container.image] = before.at(container.image);
    else if (import != imports.end())
      words[container.image] = word_of(import->second);
  }
  return words;
}

} // namespace podstep::control
