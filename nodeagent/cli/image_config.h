// The command of an image as the line of `podstep image build` gives it.
#pragma once
#include "nodeagent/images/store.h"

namespace podstep::cli {

/// Reads both JSON lists of texts (empty: none) and checks that every env is NAME=VALUE. Error: invalid,
/// naming the option.
Result<void> set_commands(images::ImageConfig& config, const std::string& entrypoint, const std::string& cmd);

} // namespace podstep::cli
