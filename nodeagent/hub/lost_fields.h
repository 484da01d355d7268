// What a client sent and the hub did not understand: silence about it would leave the client in the belief
// that it counts (Kubernetes API: "Field validation"). Pure.
#pragma once
#include "common/result.h"
#include <boost/json/fwd.hpp>
#include <map>
#include <string>
#include <vector>

namespace podstep::hub {

/// Paths (`spec.template.spec.initContainers`) of fields in `sent` that are not in `understood`, what was
/// made of it; those with an empty value, as clients write them, do not count. At most `most`.
std::vector<std::string> lost_fields(const boost::json::value& sent, const boost::json::value& understood,
                                     size_t most);

/// The query's fieldValidation: what becomes of such fields. Warn where the client does not say.
enum class FieldValidation { ignore, warn, strict };
/// Error: invalid.
Result<FieldValidation> field_validation(const std::map<std::string, std::string>& query);

/// The value of a header `Warning` (RFC 7234, 5.5) that names them.
std::string warning_text(const std::vector<std::string>& fields);

} // namespace podstep::hub
