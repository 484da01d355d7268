// JSON of the Kubernetes API to typed objects and back; bounded, and lenient as an API client must be
// (unknown fields are ignored). The strict reader for users' manifests is manifest.h.
#pragma once
#include "nodeagent/k8s/types.h"
#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

namespace podstep::k8s {

/// The six kinds and where the API serves them.
enum class KindId { pod, deployment, replica_set, node, lease, event };
struct KindInfo {
  KindId id;
  const char* kind;        ///< `Deployment`
  const char* api_version; ///< `apps/v1`
  const char* plural;      ///< `deployments`
  bool namespaced;
  bool has_status; ///< has a status subresource
};
const KindInfo& info(KindId id);
KindId kind_of(const Object& object);
/// By `kind` and apiVersion; nullptr when it is not one of ours.
const KindInfo* find_kind(std::string_view api_version, std::string_view kind);
/// By group-version prefix (`v1`, `apps/v1`) and plural; nullptr when it is not one of ours.
const KindInfo* find_resource(std::string_view api_version, std::string_view plural);

/// Parses JSON text with the bounds of common/limits.h (size, depth). Error: invalid with the offset.
Result<boost::json::value> parse_json(std::string_view text, size_t limit);

/// One object from JSON (checks types and ranges of every field it reads). Error: invalid, with the field's
/// path.
Result<Object> decode(const boost::json::value& json);
Result<Object> decode_text(std::string_view text);
/// As decode, of a kind that is known from where the JSON came: items of a list carry neither kind nor
/// apiVersion.
Result<Object> decode_as(KindId kind, const boost::json::value& json);
/// Canonical JSON with apiVersion and kind; empty and default fields as the API server would write or leave
/// them.
boost::json::value encode(const Object& object);
std::string encode_text(const Object& object);

/// The status alone, for patches; an empty object for a kind that has none.
boost::json::value encode_status(const Object& object);

/// apply a patch to the JSON of an object (RFC 7386, RFC 6902, and Kubernetes' strategic merge with the merge
/// keys of the known types). Content types: application/merge-patch+json, application/json-patch+json,
/// application/strategic-merge-patch+json.
Result<boost::json::value> apply_patch(const KindInfo& kind, const boost::json::value& object,
                                       std::string_view content_type, const boost::json::value& patch);

} // namespace podstep::k8s
