// The three ways in which the Kubernetes API changes a JSON document in place, behind apply_patch in codec.h.
#pragma once
#include "common/result.h"
#include <boost/json/fwd.hpp>

namespace podstep::k8s {

/// RFC 7386.
void merge_patch(boost::json::value& target, const boost::json::value& patch);
/// RFC 6902; `target` is undefined after an error (invalid; conflict where a `test` does not hold).
Result<void> json_patch(boost::json::value& target, const boost::json::value& patch);
/// Kubernetes' strategic merge patch, with the merge keys of the types in types.h (Kubernetes API
/// conventions, "strategic merge patch"). Error: invalid (a list element without its merge key, an unknown
/// directive).
Result<void> strategic_patch(boost::json::value& target, const boost::json::value& patch);

} // namespace podstep::k8s
