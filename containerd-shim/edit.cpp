// The edits of config.json, one small function per field that they touch: see edit.h.
#include "containerd-shim/edit.h"
#include "common/fabric_policy.h"
#include "common/text.h"
#include "common/wire_runtime.h"
#include "common/wire_spec.h"
#include <algorithm>
#include <boost/json.hpp>

namespace podstep::shim {

namespace json = boost::json;

namespace {

constexpr std::string_view container_type = "io.kubernetes.cri.container-type";

json::object* object_at(json::object& parent, std::string_view key) {
  json::value* found = parent.if_contains(key);
  return found ? found->if_object() : nullptr;
}

json::array* array_at(json::object& parent, std::string_view key) {
  json::value* found = parent.if_contains(key);
  return found ? found->if_array() : nullptr;
}

std::string_view text_at(const json::object& parent, std::string_view key) {
  const json::value* found = parent.if_contains(key);
  const json::string* text = found ? found->if_string() : nullptr;
  return text ? std::string_view(*text) : std::string_view();
}

/// Removes the elements of an array that `unwanted` is true for; what is no object stays.
template<class F> void drop_if(json::array* array, F unwanted) {
  if (!array)
    return;
  json::array kept(array->storage());
  for (json::value& item : *array)
    if (!item.is_object() || !unwanted(item.as_object()))
      kept.push_back(std::move(item));
  *array = std::move(kept);
}

// Annotations that crun acts on come from nobody but us (crun(1), "annotations").
void edit_annotations(json::object& annotations) {
  std::vector<std::string> unwanted;
  for (const auto& item : annotations) {
    std::string_view key = item.key();
    if (key.starts_with("run.oci.") || key.starts_with("krun."))
      unwanted.emplace_back(key);
  }
  for (const std::string& key : unwanted)
    annotations.erase(key);
  // setgroups is denied in the step's user namespace; the job's groups stay as they are.
  annotations["run.oci.keep_original_groups"] = "1";
}

void edit_process_object(json::object& process) {
  if (json::object* user = object_at(process, "user"))
    user->erase("additionalGids");
  process["noNewPrivileges"] = true;
}

void edit_namespaces(json::object& linux_part, const Policy& policy) {
  drop_if(array_at(linux_part, "namespaces"), [&](const json::object& entry) {
    // Joining the host's own network or UTS namespace needs rights there that this user namespace lacks.
    return text_at(entry, "type") == "cgroup" ||
           policy.own_namespaces.contains(std::string(text_at(entry, "path")));
  });
}

// A name can only be set in a UTS namespace of the container's own.
void edit_hostname(json::object& spec, json::object& linux_part) {
  json::array* namespaces = array_at(linux_part, "namespaces");
  for (size_t i = 0; namespaces && i < namespaces->size(); ++i) {
    const json::object* entry = (*namespaces)[i].if_object();
    if (entry && text_at(*entry, "type") == "uts" && text_at(*entry, "path").empty())
      return;
  }
  spec.erase("hostname");
}

// One more user namespace whose only id is the one that the container wants: {U -> 0} below {0 -> job's
// user}.
bool edit_user(json::object& spec, json::object& linux_part) {
  json::object* process = object_at(spec, "process");
  json::object* user = process ? object_at(*process, "user") : nullptr;
  if (!user)
    return false;
  auto id = [&](std::string_view key) {
    json::value* value = user->if_contains(key);
    return value && value->is_number() ? value->to_number<uint32_t>() : 0U;
  };
  uint32_t uid = id("uid"), gid = id("gid");
  if (uid == 0 && gid == 0)
    return false;
  if (!array_at(linux_part, "namespaces"))
    linux_part["namespaces"] = json::array();
  linux_part["namespaces"].as_array().push_back(json::object{{"type", "user"}});
  auto map = [](uint32_t inside) {
    return json::array{json::object{{"containerID", inside}, {"hostID", 0}, {"size", 1}}};
  };
  linux_part["uidMappings"] = map(uid);
  linux_part["gidMappings"] = map(gid);
  return true;
}

// containerd keeps these for each sandbox in its own directory, which has no bound of its own: what a
// container could write there would take the room of the runtime's.
void protect_sandbox_files(json::array& mounts) {
  for (json::value& item : mounts) {
    json::object* mount = item.if_object();
    std::string_view source = mount ? text_at(*mount, "source") : std::string_view();
    if (source.find("/io.containerd.grpc.v1.cri/sandboxes/") == source.npos ||
        (!source.ends_with("/hostname") && !source.ends_with("/resolv.conf") && !source.ends_with("/hosts")))
      continue;
    json::array options;
    if (json::array* given = array_at(*mount, "options"))
      for (json::value& option : *given)
        if (!option.is_string() || option.as_string() != "rw")
          options.push_back(std::move(option));
    options.push_back("ro");
    (*mount)["options"] = std::move(options);
  }
}

void edit_mounts(json::object& spec, bool tty_group) {
  json::array* mounts = array_at(spec, "mounts");
  drop_if(mounts, [](const json::object& mount) {
    std::string_view type = text_at(mount, "type");
    return type == "cgroup" || type == "cgroup2" || text_at(mount, "destination") == "/sys/fs/cgroup";
  });
  if (!mounts)
    return;
  protect_sandbox_files(*mounts);
  if (tty_group)
    return;
  for (json::value& item : *mounts) {
    json::object* mount = item.if_object();
    json::array* options =
        mount && text_at(*mount, "type") == "devpts" ? array_at(*mount, "options") : nullptr;
    if (!options)
      continue;
    json::array kept;
    for (json::value& option : *options)
      if (!option.is_string() || option.as_string() != "gid=5")
        kept.push_back(std::move(option));
    *options = std::move(kept);
  }
}

Result<uint64_t> bytes_annotation(const json::object& annotations, std::string_view key) {
  std::string_view text = text_at(annotations, key);
  if (text.empty())
    return uint64_t{0};
  auto bytes = parse_int(text, 4096, int64_t{1} << 50);
  if (!bytes)
    return std::move(bytes).error().in(cat("annotation ", key));
  return uint64_t(*bytes);
}

// The sandbox's program is ours; its image is an empty stub, so the file is bound into an empty root.
Result<void> edit_sandbox(json::object& spec, const json::object& annotations, const Policy& policy,
                          Edited& out) {
  out.sandbox = true;
  json::object* process = object_at(spec, "process");
  if (!process)
    return Error(Kind::invalid, "config.json: process is missing");
  (*process)["args"] = json::array{"/pause"};
  if (!array_at(spec, "mounts"))
    spec["mounts"] = json::array();
  json::array& mounts = spec["mounts"].as_array();
  for (const json::value& item : mounts)
    if (item.is_object() && text_at(item.as_object(), "destination") == "/dev/shm" &&
        text_at(item.as_object(), "type") == "bind")
      out.shm_source = text_at(item.as_object(), "source");
  mounts.push_back(json::object{{"destination", "/pause"},
                                {"type", "bind"},
                                {"source", policy.pause},
                                {"options", json::array{"bind", "ro"}}});
  PODSTEP_TRY(out.shm_bytes, bytes_annotation(annotations, wire::annotation_shm_bytes));
  return {};
}

Result<void> edit_container(const json::object& annotations, Edited& out) {
  std::string_view digest = text_at(annotations, wire::annotation_rootfs);
  if (!wire::is_digest(digest))
    return Error(Kind::invalid, cat("annotation ", wire::annotation_rootfs, ": '", printable(digest),
                                    "' is no sha256 digest of a flat image"));
  out.rootfs_digest = digest;
  PODSTEP_TRY(out.rootfs_bytes, bytes_annotation(annotations, wire::annotation_rootfs_bytes));
  std::string_view word = text_at(annotations, wire::annotation_fabric);
  if (!word.empty() && !fabric::is_fabric_word(word))
    return Error(Kind::invalid,
                 cat("annotation ", wire::annotation_fabric, ": '", printable(word), "' is no fabric"));
  if (word != fabric::word_none)
    out.fabric = word;
  return {};
}

} // namespace

std::vector<std::string> namespace_paths(const json::value& spec) {
  std::vector<std::string> paths;
  boost::system::error_code missing;
  const json::value* namespaces = spec.find_pointer("/linux/namespaces", missing);
  if (!namespaces || !namespaces->is_array())
    return paths;
  for (const json::value& item : namespaces->get_array())
    if (item.is_object() && !text_at(item.get_object(), "path").empty())
      paths.emplace_back(text_at(item.get_object(), "path"));
  return paths;
}

Result<Edited> edit(json::value value, const Policy& policy) {
  json::object* spec = value.if_object();
  json::object* linux_part = spec ? object_at(*spec, "linux") : nullptr;
  json::object* process = spec ? object_at(*spec, "process") : nullptr;
  if (!linux_part || !process)
    return Error(Kind::invalid, "config.json: no OCI specification of a Linux container");
  (*spec)["ociVersion"] = "1.0.2"; // crun before 1.14.3 knows nothing newer; nothing newer is used
  spec->erase("hooks");            // nothing runs with more rights than the pod
  if (!object_at(*spec, "annotations"))
    (*spec)["annotations"] = json::object();
  // References stay good: the keys below exist, and erase of others is done.
  linux_part = object_at(*spec, "linux");
  process = object_at(*spec, "process");
  for (std::string_view key :
       {"cgroupsPath", "resources"}) // the step's cgroup, limits and devices are Slurm's
    linux_part->erase(key);
  edit_annotations(*object_at(*spec, "annotations"));
  edit_process_object(*process);
  edit_namespaces(*linux_part, policy);
  edit_hostname(*spec, *linux_part);
  bool nested = edit_user(*spec, *linux_part);
  edit_mounts(*spec, policy.tty_group_mapped && !nested);

  Edited out;
  json::object annotations = *object_at(*spec, "annotations");
  bool sandbox = text_at(annotations, container_type) == "sandbox";
  PODSTEP_CHECK(sandbox ? edit_sandbox(*spec, annotations, policy, out) : edit_container(annotations, out));
  out.spec = std::move(value);
  return out;
}

Result<json::value> edit_process(json::value process) {
  if (!process.is_object())
    return Error(Kind::invalid, "process of exec: not an object");
  edit_process_object(process.get_object());
  return process;
}

} // namespace podstep::shim
