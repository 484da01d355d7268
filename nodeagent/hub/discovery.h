// What the hub serves, in the form that kubectl asks for it (Kubernetes API: APIVersions, APIGroupList,
// APIResourceList, version.Info).
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace podstep::hub {

/// The document at a discovery path (/version, /api, /apis, /api/v1, /apis/GROUP, /apis/GROUP/VERSION,
/// /healthz ...), or nothing.
std::optional<std::string> discovery(std::string_view path);

} // namespace podstep::hub
