// Whose state directory it is: the pure part of record::state_directory().
#pragma once
#include "common/result.h"
#include <string_view>
#include <sys/types.h>

namespace podstep::record {

/// The id that `uid` has in the parent user namespace, by the lines of /proc/self/uid_map
/// (user_namespaces(7)). Error: not_found when it is not mapped, invalid for a malformed map.
Result<uid_t> outer_uid(std::string_view uid_map, uid_t uid);

} // namespace podstep::record
