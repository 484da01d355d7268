// The command of an image: see image_config.h.
#include "nodeagent/cli/image_config.h"
#include "common/text.h"
#include "nodeagent/k8s/codec.h"
#include <boost/json.hpp>

namespace podstep::cli {
namespace {

Result<std::vector<std::string>> list_of_texts(const char* option, const std::string& text) {
  std::vector<std::string> list;
  if (text.empty())
    return list;
  Error wrong(Kind::invalid, cat(option, " ", printable(text), " is no JSON list of texts"),
              cat(option, R"( '["/usr/bin/server", "--port=80"]')"));
  auto json = k8s::parse_json(text, 64 << 10);
  if (!json || !json->is_array())
    return wrong;
  for (const auto& each : json->get_array()) {
    if (!each.is_string())
      return wrong;
    list.emplace_back(each.get_string().data(), each.get_string().size());
  }
  return list;
}

} // namespace

Result<void> set_commands(images::ImageConfig& config, const std::string& entrypoint,
                          const std::string& cmd) {
  PODSTEP_TRY(config.entrypoint, list_of_texts("--entrypoint", entrypoint));
  PODSTEP_TRY(config.cmd, list_of_texts("--cmd", cmd));
  for (const std::string& variable : config.env)
    if (size_t equals = variable.find('='); equals == 0 || equals == variable.npos)
      return Error(Kind::invalid, cat("--env ", printable(variable), " is not NAME=VALUE"),
                   "--env PATH=/usr/bin:/bin");
  if (!config.working_dir.empty() && config.working_dir[0] != '/')
    return Error(Kind::invalid, cat("--workdir ", printable(config.working_dir), " is not an absolute path"),
                 cat("--workdir /", config.working_dir));
  return {};
}

} // namespace podstep::cli
