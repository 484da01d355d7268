// A fabric's mounts and variables in config.json (OCI runtime specification, `mounts` and `process.env`): see
// fabric.h.
#include "common/fabric_policy.h"
#include "common/text.h"
#include "containerd-shim/fabric.h"
#include <boost/json.hpp>

namespace podstep::shim {

namespace json = boost::json;

namespace {

json::array& array_in(json::object& parent, std::string_view key) {
  json::value& found = parent[key];
  if (!found.is_array())
    found = json::array();
  return found.as_array();
}

std::string_view name_of(std::string_view assignment) {
  return assignment.substr(0, assignment.find('='));
}

json::value* find_variable(json::array& environment, std::string_view name) {
  for (json::value& one : environment)
    if (one.is_string() && name_of(one.as_string()) == name)
      return &one;
  return nullptr;
}

/// First among the directories, unless the container has put it somewhere itself: what it asked for beats
/// what its image happens to hold, and both stay reachable.
void lead_library_path(json::array& environment) {
  constexpr std::string_view name = "LD_LIBRARY_PATH";
  json::value* found = find_variable(environment, name);
  std::string before;
  if (found)
    before = std::string(found->as_string()).substr(name.size() + 1);
  for (const std::string& directory : split(before, ':'))
    if (directory == fabric::container_directory)
      return;
  std::string line = cat(name, "=", fabric::container_directory, before.empty() ? "" : ":", before);
  if (found)
    *found = line;
  else
    environment.emplace_back(line);
}

} // namespace

void apply_fabric(json::value& spec, const FabricEdits& edits, const std::string& devices) {
  json::object& root = spec.as_object();
  json::array& mounts = array_in(root, "mounts");
  for (const Library& file : edits.files)
    mounts.push_back(json::object{{"destination", cat(fabric::container_directory, "/", file.name)},
                                  {"type", "bind"},
                                  {"source", file.source},
                                  {"options", json::array{"bind", "ro"}}});
  // A user namespace cannot make device nodes: the node's own are bound (F-POD-2).
  for (const std::string& name : edits.devices)
    mounts.push_back(json::object{{"destination", cat("/dev/", name)},
                                  {"type", "bind"},
                                  {"source", cat(devices, "/", name)},
                                  {"options", json::array{"bind"}}});
  json::value& process = root["process"];
  if (!process.is_object())
    process = json::object();
  json::array& environment = array_in(process.as_object(), "env");
  for (const std::string& line : edits.assigned) {
    if (json::value* found = find_variable(environment, name_of(line)))
      *found = line;
    else
      environment.emplace_back(line);
  }
  for (const std::string& line : edits.preset)
    if (!find_variable(environment, name_of(line)))
      environment.emplace_back(line);
  if (!edits.files.empty())
    lead_library_path(environment);
}

} // namespace podstep::shim
