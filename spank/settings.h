// The arguments of podstep.so's line in plugstack.conf. Root writes them; everybody can read them.
#pragma once
#include "common/keyval.h"

namespace podstep::spank {

struct Settings {
  bool enabled = true; ///< 0: the plugin registers nothing and does nothing
  std::string store;   ///< absolute path of the site's image store; empty: there is none
};

/// The declared arguments, for the manual page and the check tool.
const std::vector<Parameter>& parameters();
/// Error: invalid, naming the argument.
Result<Settings> parse_settings(const std::vector<std::string>& arguments);

} // namespace podstep::spank
