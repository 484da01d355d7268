// The logs that the record keeps of containers that ended.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace podstep::cli {

/// The restart counts of which `names` (the files of logs/POD) hold a log of this container, in order.
std::vector<int64_t> kept_restarts(const std::vector<std::string>& names, const std::string& container);
/// The containers that have a file in it.
std::vector<std::string> kept_containers(const std::vector<std::string>& names);
/// The newest kept log, or with `previous` the one before it. Error: not_found, saying what there is.
Result<std::string> kept_log(const std::string& record, const std::string& pod, const std::string& container,
                             bool previous);
/// The last `lines` lines; all of them when negative.
std::string_view last_lines(std::string_view text, int64_t lines);
/// The names of the files below the record's logs/POD, or of the pods below logs/.
std::vector<std::string> names_in(const std::string& directory);

} // namespace podstep::cli
