// Images that a job imports at their first use: see first_use.h.
#include "nodeagent/k8s/first_use.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include <algorithm>

namespace podstep::k8s {

namespace {
constexpr std::string_view importing = "importing", there = "there", failed = "failed";
constexpr size_t why_bytes = 1000;
/// Nobody asks how often beyond that.
constexpr int32_t most_tries = 1000;

/// Takes the first word off `rest`.
std::string_view take_word(std::string_view& rest) {
  const size_t blank = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, blank);
  rest.remove_prefix(std::min(blank + 1, rest.size()));
  return word;
}

std::optional<ImageWord> parse_word(std::string_view rest) {
  ImageWord word;
  const std::string_view is = take_word(rest);
  if (is == importing)
    return word;
  if (is == there && wire::is_digest(rest)) {
    word.is = ImageWord::Is::there;
    word.digest = rest;
    return word;
  }
  if (is != failed)
    return std::nullopt;
  auto tries = parse_int(take_word(rest), 1, most_tries);
  if (!tries)
    return std::nullopt;
  word.is = ImageWord::Is::failed;
  word.tries = int32_t(*tries);
  word.why = printable(rest, why_bytes);
  return word;
}
} // namespace

bool is_importable(std::string_view image) {
  if (std::any_of(image.begin(), image.end(), [](unsigned char c) { return c <= ' ' || c > '~'; }))
    return false;
  if (image.starts_with(docker_scheme))
    return image.size() > docker_scheme.size();
  const size_t slash = image.find('/');
  if (slash == image.npos || slash == 0)
    return false;
  const std::string_view host = image.substr(0, slash);
  return host.find('.') != host.npos || host.find(':') != host.npos || host == "localhost";
}

bool is_brought(const Container& container) {
  return container.image_pull_policy != "Never" && is_importable(container.image);
}

bool is_asked_again(const Container& container) {
  return container.image_pull_policy == "Always" && container.image.find('@') == std::string::npos;
}

std::string to_text(const ImageWords& words) {
  std::string text;
  for (const auto& [name, word] : words) {
    text += cat(name, " ");
    if (word.is == ImageWord::Is::importing)
      text += importing;
    else if (word.is == ImageWord::Is::there)
      text += cat(there, " ", word.digest);
    else
      text += cat(failed, " ", std::clamp(word.tries, 1, most_tries), " ", printable(word.why, why_bytes));
    text += "\n";
  }
  return text;
}

ImageWords parse_image_words(std::string_view text) {
  ImageWords words;
  for (const std::string& line : split(text, '\n')) {
    std::string_view rest = line;
    const std::string name(take_word(rest));
    if (auto word = parse_word(rest); word && !name.empty())
      words[name] = *std::move(word);
  }
  return words;
}

ImageWords image_words(const Pod& pod) {
  const auto found = pod.metadata.annotations.find(annotation_images);
  return found == pod.metadata.annotations.end() ? ImageWords() : parse_image_words(found->second);
}

} // namespace podstep::k8s
