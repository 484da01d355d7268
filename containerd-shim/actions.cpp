// The wrapper's actions: see actions.h.
#include "containerd-shim/actions.h"
#include "common/file.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "containerd-shim/cgroup_proof.h"
#include "containerd-shim/edit.h"
#include "containerd-shim/fabric.h"
#include "containerd-shim/json.h"
#include "containerd-shim/run.h"
#include "containerd-shim/tree.h"
#include <boost/json.hpp>
#include <cerrno>
#include <csignal>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::shim {

namespace {

/// What a container may write when nobody said otherwise; tmpfs takes only what is really written.
constexpr uint64_t default_rootfs_bytes = uint64_t{1} << 30;
constexpr long tty_group = 5; // Linux distributions' fixed gid of `tty`; CRI's default devpts option

std::vector<std::string> crun_line(const Command& command, const Environment& environment) {
  std::vector<std::string> line{environment.crun};
  line.insert(line.end(), command.global.begin(), command.global.end());
  line.push_back("--cgroup-manager=disabled"); // containers inherit the step's cgroup
  line.push_back(command.action);
  line.insert(line.end(), command.rest.begin(), command.rest.end());
  return line;
}

/// True when /proc/self/gid_map (user_namespaces(7)) holds this id.
bool group_is_mapped(long gid) {
  auto text = read_file("/proc/self/gid_map", 64 << 10);
  if (!text)
    return false;
  for (const std::string& line : split(*text, '\n')) {
    long inside = 0, outside = 0, count = 0;
    if (std::sscanf(line.c_str(), "%ld %ld %ld", &inside, &outside, &count) == 3 && gid >= inside &&
        gid - inside < count)
      return true;
  }
  return false;
}

Policy find_policy(const boost::json::value& spec, const Environment& environment) {
  Policy policy;
  policy.pause = environment.pause;
  policy.tty_group_mapped = group_is_mapped(tty_group);
  for (const std::string& path : namespace_paths(spec)) {
    struct stat theirs {
    }, ours{};
    std::string name = path.substr(path.rfind('/') + 1);
    if (::stat(path.c_str(), &theirs) == 0 && ::stat(cat("/proc/self/ns/", name).c_str(), &ours) == 0 &&
        theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev)
      policy.own_namespaces.insert(path);
  }
  return policy;
}

/// The mount point of the image, proven to be one: an empty directory would start a container on nothing.
Result<std::string> find_image(const Environment& environment, const std::string& digest) {
  std::string parent = cat(environment.run, "/", wire::run_img);
  std::string image = cat(parent, "/", wire::digest_hex(digest));
  struct stat above {
  }, found{};
  if (::stat(parent.c_str(), &above) < 0)
    return errno_error(cat("stat ", parent));
  if (::stat(image.c_str(), &found) < 0)
    return errno_error(cat("image ", digest, " at ", image));
  if (found.st_dev == above.st_dev)
    return Error(Kind::not_found, cat("image ", digest, " is not mounted at ", image));
  return image;
}

Result<void> prepare_root(const Edited& edited, const std::string& bundle, const Environment& environment) {
  if (edited.sandbox)
    return edited.shm_bytes ? resize_shm(edited.shm_source, environment.state, edited.shm_bytes)
                            : Result<void>();
  PODSTEP_TRY(std::string image, find_image(environment, edited.rootfs_digest));
  PODSTEP_CHECK(check_dev(image));
  return stack_root(image, bundle + "/rootfs",
                    edited.rootfs_bytes ? edited.rootfs_bytes : default_rootfs_bytes, environment.overlay);
}

Result<void> give_fabric(Edited& edited, const Environment& environment) {
  if (edited.fabric.empty())
    return {};
  PODSTEP_TRY(std::string image, find_image(environment, edited.rootfs_digest));
  PODSTEP_TRY(FabricEdits edits, plan_fabric(edited.fabric, find_fabric_sources(), image));
  apply_fabric(edited.spec, edits);
  return {};
}

Result<pid_t> read_pid(const std::string& path) {
  PODSTEP_TRY(std::string text, read_file(path, 32));
  PODSTEP_TRY(int64_t pid, parse_int(trim(text), 1, INT32_MAX));
  return pid_t(pid);
}

/// What crun keeps of a container: <root>/<id>/status.
struct Status {
  pid_t pid = 0;
  std::string bundle;
};

Result<Status> read_status(const Command& command) {
  if (command.id.empty() || command.id.find('/') != std::string::npos)
    return Error(Kind::invalid, cat("container '", printable(command.id), "': no id"));
  std::string path = cat(command.root.empty() ? "/run/crun" : command.root, "/", command.id, "/status");
  PODSTEP_TRY(boost::json::value value, read_json(path));
  const auto* object = value.if_object();
  const auto* pid = object ? object->if_contains("pid") : nullptr;
  const auto* bundle = object ? object->if_contains("bundle") : nullptr;
  if (!pid || !pid->is_int64() || !bundle || !bundle->is_string())
    return Error(Kind::invalid, cat(path, ": pid or bundle is missing"));
  return Status{pid_t(pid->get_int64()), std::string(bundle->get_string())};
}

/// A container that must not be: its processes, then crun's record of it.
void undo(const Command& command, const Environment& environment, pid_t pid) {
  if (pid > 0)
    ::kill(pid, SIGKILL);
  std::vector<std::string> line{environment.crun, "--root",  command.root, "--cgroup-manager=disabled",
                                "delete",         "--force", command.id};
  (void)run(line, Streams::none); // what is left then is in the bundle's directory, which containerd removes
}

} // namespace

Result<int> create(const Command& command, const Environment& environment) {
  if (command.bundle.empty() || command.pid_file.empty() || command.root.empty())
    return Error(Kind::invalid, "create: --root, --bundle or --pid-file is missing");
  std::string config = command.bundle + "/config.json";
  PODSTEP_TRY(boost::json::value spec, read_json(config));
  Policy policy = find_policy(spec, environment);
  PODSTEP_TRY(Edited edited, edit(std::move(spec), policy));
  PODSTEP_CHECK(give_fabric(edited, environment));
  PODSTEP_CHECK(prepare_root(edited, command.bundle, environment));
  PODSTEP_CHECK(write_json(config, edited.spec));
  PODSTEP_TRY(int status, run(crun_line(command, environment), Streams::ours));
  if (status != 0)
    return status; // crun has written why to --log
  auto pid = read_pid(command.pid_file);
  auto proven = pid ? prove_cgroup(*pid) : Result<void>(pid.error());
  if (proven)
    return 0;
  undo(command, environment, pid ? *pid : 0);
  return std::move(proven).error();
}

Result<int> exec(const Command& command, const Environment& environment) {
  if (!command.process.empty()) {
    PODSTEP_TRY(boost::json::value process, read_json(command.process));
    PODSTEP_TRY(process, edit_process(std::move(process)));
    PODSTEP_CHECK(write_json(command.process, process));
  }
  return pass_on(command, environment);
}

Result<int> kill(const Command& command, const Environment& environment) {
  if (!command.all)
    return pass_on(command, environment);
  PODSTEP_TRY(int signal, signal_number(command.signal));
  PODSTEP_TRY(Status status, read_status(command));
  PODSTEP_CHECK(signal_tree(status.bundle + "/rootfs", signal));
  return 0;
}

Result<int> remove(const Command& command, const Environment& environment) {
  auto status = read_status(command);
  bool gone = status && ::kill(status->pid, 0) < 0 && errno == ESRCH;
  if (status && (gone || command.force))
    (void)signal_tree(status->bundle + "/rootfs", SIGKILL); // a root that is gone already has no processes
  return pass_on(command, environment);
}

Result<int> list_processes(const Command& command) {
  PODSTEP_TRY(Status status, read_status(command));
  PODSTEP_TRY(auto pids, tree_pids(status.bundle + "/rootfs"));
  std::string text = boost::json::serialize(boost::json::value_from(pids)) + "\n";
  PODSTEP_CHECK(write_all(1, text, "stdout"));
  return 0;
}

Result<int> pass_on(const Command& command, const Environment& environment) {
  return become(crun_line(command, environment));
}

} // namespace podstep::shim
