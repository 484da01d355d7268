// The arguments of podstep.so: see settings.h.
#include "spank/settings.h"
#include "common/limits.h"
#include "common/text.h"

namespace podstep::spank {

const std::vector<Parameter>& parameters() {
  static const std::vector<Parameter> table = {
      {"enabled", "0|1", "1", "0 switches the plugin off: no option is registered, no step is touched"},
      {"store", "DIR", "",
       "the site's image store, root's all the way up; its images are mounted by the kernel"},
  };
  return table;
}

Result<Settings> parse_settings(const std::vector<std::string>& arguments) {
  PODSTEP_TRY(auto values, parse_keyval(arguments, parameters()));
  Settings settings;
  const std::string& enabled = values["enabled"];
  if (enabled != "0" && enabled != "1")
    return Error(Kind::invalid, cat("enabled=", printable(enabled), ": it is 0 or 1"));
  settings.enabled = enabled == "1";
  settings.store = values["store"];
  if (!settings.store.empty() && settings.store.front() != '/')
    return Error(Kind::invalid, cat("store=", printable(settings.store), ": it is not an absolute path"));
  return settings;
}

} // namespace podstep::spank
