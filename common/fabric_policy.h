// What a site says about its fabric in $(sysconfdir)/podstep/fabric.conf: which files and devices a container
// gets that asks for the site's fabric. Root writes it; page: podstepd(8).
#pragma once
#include "common/keyval.h"
#include <optional>
#include <utility>

namespace podstep::fabric {

/// Value of a pod's annotation `podstep.io/fabric`.
inline constexpr const char* word_site = "site";       ///< what the site's policy names
inline constexpr const char* word_podstep = "podstep"; ///< Podstep's own transport and NCCL plugin
inline constexpr const char* word_none = "none";       ///< nothing

/// One of the three words.
bool is_fabric_word(std::string_view text);

/// Where a container finds the files, and nothing else; first in its LD_LIBRARY_PATH.
inline constexpr const char* container_directory = "/opt/podstep/fabric";

struct SitePolicy {
  std::string preset = word_site;     ///< what a pod without the annotation gets: `none` or `site`
  std::vector<std::string> libraries; ///< absolute paths
  std::string plugin;                 ///< absolute path of the NCCL net plugin; empty: the site has none
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> devices;   ///< below /dev, beside the step's own cxi devices
  bool allow_default_service = false; ///< CXI's unrestricted service may be used (threat T13)
  bool operator==(const SitePolicy&) const = default;
};

/// The declared keys, for the manual page.
const std::vector<Parameter>& site_parameters();
/// One `key=value` per line; empty lines and lines that begin with `#` say nothing. Error: invalid, naming
/// the key.
Result<SitePolicy> parse_site_policy(std::string_view text);

/// Its installed path.
std::string site_policy_path();
/// Proves that the file and all directories above it are root's alone (common/path, open_trusted); `false`
/// where there is none. Only outside of a user namespace: inside, root looks like anybody. Error: forbidden.
Result<bool> check_site_policy(const std::string& path);
/// Reads what check_site_policy() has proven. Error: names the file.
Result<SitePolicy> read_site_policy(const std::string& path);

} // namespace podstep::fabric
