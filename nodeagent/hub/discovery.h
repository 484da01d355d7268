// What the hub serves, in the form that kubectl asks for it (Kubernetes API: APIVersions, APIGroupList,
// APIResourceList, version.Info).
#pragma once
#include "nodeagent/http/server.h"
#include <optional>
#include <string_view>

namespace podstep::hub {

/// The document at a discovery path (/version, /api, /apis, /api/v1, /apis/GROUP, /apis/GROUP/VERSION,
/// /healthz ...), or nothing.
std::optional<std::string> discovery(std::string_view path);

/// /openapi/v2: a document without schemas, so that clients leave the checking of fields to the hub, in JSON
/// or in the protobuf that kubectl asks for.
http::ServerResponse openapi(std::string_view accept);

} // namespace podstep::hub
