// Bounded reading and writing of JSON files of a bundle.
#pragma once
#include "common/result.h"
#include <boost/json/value.hpp>
#include <string>

namespace podstep::shim {

/// A config.json: an image's whole environment and arguments fit (ARG_MAX is 2 MiB).
inline constexpr size_t json_bytes = 4 << 20;

/// The file's value, at most json_bytes, at most 32 levels deep. Errors: invalid with the place, errno's.
Result<boost::json::value> read_json(const std::string& path);
/// Replaces the file (rename); it is the bundle's, mode 0600.
Result<void> write_json(const std::string& path, const boost::json::value& value);
/// One line of a runtime's log file in the form that containerd's shim reads: {"level","msg","time"}.
std::string log_line(const std::string& message, const std::string& rfc3339);

} // namespace podstep::shim
