// How NCCL names its network plugins. Source: doc/contracts/fabric.md, F-POD-7.
#pragma once
#include <string>
#include <string_view>

namespace podstep {

/// The X by which NCCL_NET_PLUGIN calls the library at `path`, libnccl-net-X.so; empty: it has another name.
inline std::string short_plugin_name(std::string_view path) {
  constexpr std::string_view prefix = "libnccl-net-", suffix = ".so";
  std::string_view name = path.substr(path.rfind('/') + 1);
  if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size())
    return {};
  return std::string(name.substr(prefix.size(), name.size() - prefix.size() - suffix.size()));
}

} // namespace podstep
