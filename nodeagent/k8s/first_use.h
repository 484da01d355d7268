// Images that a job imports at their first use: which they are, and the words by which the hub tells agents
// how far each is. They travel in an annotation of the pod, so that agents hear of a change by the watch they
// have.
#pragma once
#include "nodeagent/k8s/types.h"
#include <string_view>

namespace podstep::k8s {

/// The annotation: written by the hub, read by agents; a manifest may not set it.
inline constexpr const char* annotation_images = "podstep.io/images";

/// How a source in a registry is written; as an `image:` it means the same without it.
inline constexpr std::string_view docker_scheme = "docker://";

/// Whether `image` says by itself where it comes from: docker://NAME, or a name that begins with a registry's
/// host. Any other name is one of a store: whoever mistypes it must not get a stranger's image.
bool is_importable(std::string_view image);
/// Whether the job brings the container's image where it is in no store: importable, and imagePullPolicy is
/// not Never.
bool is_brought(const Container& container);
/// Whether the registry is asked what the name means now: imagePullPolicy Always, and no digest in the name.
bool is_asked_again(const Container& container);

/// What the hub says of one image.
struct ImageWord {
  enum class Is { importing, there, failed } is = Is::importing;
  std::string digest; ///< there: `sha256:<hex>`, by which it is looked up
  int32_t tries = 0;  ///< failed: so many times in a row
  std::string why;    ///< failed: one line
  bool operator==(const ImageWord&) const = default;
};
/// By the name that the container gives.
using ImageWords = std::map<std::string, ImageWord>;

/// One line per image: `NAME importing`, `NAME there DIGEST`, `NAME failed TRIES WHY`.
std::string to_text(const ImageWords& words);
/// Lines that are malformed are left out: their images count as not spoken of.
ImageWords parse_image_words(std::string_view text);
/// The words in the pod's annotation.
ImageWords image_words(const Pod& pod);

} // namespace podstep::k8s
