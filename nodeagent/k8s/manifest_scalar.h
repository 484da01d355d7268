// What a plain scalar of YAML means: the rules by which kubectl turns a manifest into JSON.
#pragma once
#include <boost/json/fwd.hpp>
#include <string_view>

namespace podstep::k8s {

/// null, a boolean, a number or else the text. YAML 1.1 as gopkg.in/yaml.v2 reads it, which is what kubectl
/// does: `yes`, `no`, `on`, `off`, `y`, `n` are booleans, `0x1f`, `0o17`, `017`, `0b101` and `1_000` are
/// integers; a time stays text; what JSON cannot say (`.inf`, `.nan`) stays text, too.
boost::json::value resolve_scalar(std::string_view text);

} // namespace podstep::k8s
