// Patches of the Kubernetes API by content type: see apply_patch in codec.h. Here also RFC 7386, the
// shortest.
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/k8s/codec.h"
#include "nodeagent/k8s/patch_kinds.h"
#include <boost/json/value.hpp>

namespace podstep::k8s {

namespace json = boost::json;

void merge_patch(json::value& target, const json::value& patch) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object())
    target.emplace_object();
  json::object& object = target.get_object();
  for (const auto& [key, value] : patch.get_object())
    if (value.is_null())
      object.erase(key);
    else
      merge_patch(object[key], value);
}

Result<json::value> apply_patch(const KindInfo& kind, const json::value& object,
                                std::string_view content_type, const json::value& patch) {
  std::string_view media = trim(content_type.substr(0, content_type.find(';')));
  json::value result = object;
  if (media == "application/merge-patch+json") {
    if (!patch.is_object())
      return Error(Kind::invalid, "a merge patch of an object must be a JSON object");
    merge_patch(result, patch);
    return result;
  }
  Result<void> done =
      media == "application/json-patch+json" ? json_patch(result, patch)
      : media == "application/strategic-merge-patch+json"
          ? strategic_patch(result, patch)
          : Error(Kind::unsupported, cat("content type '", printable(media, 80), "' is no patch"));
  if (!done)
    return std::move(done).error().in(cat("patch of a ", kind.kind));
  return result;
}

} // namespace podstep::k8s
