// Strict key=value arguments: see keyval.h.
#include "common/keyval.h"
#include "common/text.h"
#include <algorithm>

namespace podstep {

Result<std::map<std::string, std::string>> parse_keyval(const std::vector<std::string>& arguments,
                                                        const std::vector<Parameter>& table) {
  std::map<std::string, std::string> values;
  for (const std::string& argument : arguments) {
    size_t equals = argument.find('=');
    if (equals == argument.npos)
      return Error(Kind::invalid, cat("argument '", printable(argument), "' is not key=value"));
    std::string key = argument.substr(0, equals);
    bool known = std::any_of(table.begin(), table.end(), [&](const Parameter& p) { return p.key == key; });
    if (!known)
      return Error(Kind::invalid, cat("unknown argument '", printable(argument), "'"));
    if (!values.emplace(key, argument.substr(equals + 1)).second)
      return Error(Kind::invalid, cat("argument '", key, "' is given twice"));
  }
  for (const Parameter& parameter : table)
    values.emplace(parameter.key, parameter.fallback);
  return values;
}

} // namespace podstep
