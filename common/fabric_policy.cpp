// The site's fabric.conf: see fabric_policy.h.
#include "common/fabric_policy.h"
#include "common/file.h"
#include "common/install.h"
#include "common/limits.h"
#include "common/path.h"
#include "common/text.h"
#include <algorithm>
#include <cctype>
#include <fcntl.h>

namespace podstep::fabric {

namespace {

Error bad(std::string_view key, const std::string& why, std::string fix = {}) {
  return Error(Kind::invalid, cat(key, ": ", why), std::move(fix));
}

Result<void> check_path(std::string_view key, const std::string& path) {
  std::vector<std::string> parts = split(path, '/');
  bool climbs = std::find(parts.begin(), parts.end(), "..") != parts.end();
  if (path.empty() || path.front() != '/' || path.back() == '/' || climbs)
    return bad(key, cat("'", printable(path), "' is no absolute path of a file"));
  return {};
}

Result<std::vector<std::string>> paths(std::string_view key, std::string_view text) {
  std::vector<std::string> out = split(text, ':');
  if (out.size() > limits::fabric_files)
    return bad(key, cat("names ", out.size(), " files; ", limits::fabric_files, " are the most"));
  for (const std::string& path : out)
    PODSTEP_CHECK(check_path(key, path));
  return out;
}

bool is_variable_name(std::string_view name) {
  auto plain = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), plain);
}

Result<std::vector<std::pair<std::string, std::string>>> variables(std::string_view key,
                                                                   std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& word : split(text, ' ')) {
    if (word.empty())
      continue;
    size_t equals = word.find('=');
    std::string name = word.substr(0, equals);
    if (equals == word.npos || !is_variable_name(name))
      return bad(key, cat("'", printable(word), "' is not NAME=VALUE"));
    if (name == "LD_LIBRARY_PATH")
      return bad(key, "LD_LIBRARY_PATH is not the site's to set", "name the files in libraries=");
    out.emplace_back(name, word.substr(equals + 1));
  }
  if (out.size() > limits::fabric_variables)
    return bad(key, cat("sets ", out.size(), " variables; ", limits::fabric_variables, " are the most"));
  return out;
}

Result<std::string> one_of(std::string_view key, const std::string& value, std::string_view first,
                           std::string_view second) {
  if (value != first && value != second)
    return bad(key, cat("'", printable(value), "' is neither ", first, " nor ", second));
  return value;
}

} // namespace

bool is_fabric_word(std::string_view text) {
  return text == word_site || text == word_podstep || text == word_none;
}

const std::vector<Parameter>& site_parameters() {
  static const std::vector<Parameter> table = {
      {"default", "site|none", word_site, "what a pod gets that does not say"},
      {"libraries", "PATH[:PATH...]", "", "libfabric and what it needs on this site's NIC"},
      {"plugin", "PATH", "", "the site's NCCL net plugin"},
      {"environment", "NAME=VALUE[ NAME=VALUE...]", "", "set unless the image or the manifest does"},
      {"devices", "PATH[:PATH...]", "", "device files below /dev beside /dev/cxi*, where a node has them"},
      {"default-service", "refuse|allow", "refuse", "whether CXI's unrestricted service may be used"},
  };
  return table;
}

Result<SitePolicy> parse_site_policy(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string& line : split(text, '\n'))
    if (std::string_view said = trim(line); !said.empty() && said.front() != '#')
      lines.emplace_back(said);
  PODSTEP_TRY(auto values, parse_keyval(lines, site_parameters()));
  SitePolicy out;
  PODSTEP_TRY(out.preset, one_of("default", values["default"], word_site, word_none));
  PODSTEP_TRY(out.libraries, paths("libraries", values["libraries"]));
  out.plugin = values["plugin"];
  if (!out.plugin.empty())
    PODSTEP_CHECK(check_path("plugin", out.plugin));
  PODSTEP_TRY(out.environment, variables("environment", values["environment"]));
  PODSTEP_TRY(out.devices, paths("devices", values["devices"]));
  for (const std::string& device : out.devices)
    if (!device.starts_with("/dev/"))
      return bad("devices", cat("'", printable(device), "' is not below /dev"));
  PODSTEP_TRY(std::string service, one_of("default-service", values["default-service"], "refuse", "allow"));
  out.allow_default_service = service == "allow";
  return out;
}

std::string site_policy_path() {
  return install::config("fabric.conf");
}

Result<bool> check_site_policy(const std::string& path) {
  if (!exists(path))
    return false;
  PODSTEP_TRY(OwnedFd file, open_trusted(path, O_PATH));
  return file.valid();
}

Result<SitePolicy> read_site_policy(const std::string& path) {
  PODSTEP_TRY(std::string text, read_file(path, limits::fabric_policy_bytes));
  auto policy = parse_site_policy(text);
  return policy ? policy : Result<SitePolicy>(std::move(policy).error().in(path));
}

} // namespace podstep::fabric
