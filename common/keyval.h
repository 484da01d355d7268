// Strict `key=value` arguments, as in plugstack.conf(5)-style lines: known keys only, each once.
#pragma once
#include "common/result.h"
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace podstep {

/// One declared parameter; the same table makes help texts and manual pages.
struct Parameter {
  std::string_view key;
  std::string_view value_name;
  std::string_view fallback; ///< the value when it is absent
  std::string_view help;
};

/// Values by key, every declared one present. Error: invalid (no `=`, unknown or repeated key), naming the
/// argument.
Result<std::map<std::string, std::string>> parse_keyval(const std::vector<std::string>& arguments,
                                                        const std::vector<Parameter>& table);

} // namespace podstep
