// The steps of the service itself: see role.h.
#include "spank/role.h"
#include "common/install.h"
#include "common/limits.h"
#include "common/path.h"
#include "common/text.h"
#include "common/wait.h"
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::spank {

namespace {
/// Entries a user may leave in a run directory before its removal is given up: far more than the agent makes.
constexpr size_t sweep_entries = 100'000;

// `ok`, or the sentence why not.
Result<void> await_ok(int line) {
  Deadline deadline = Deadline::after(system_clock(), limits::prepare_deadline);
  PODSTEP_CHECK(wait_readable(line, system_clock(), deadline, "podstep-prepare"));
  char text[1024];
  ssize_t got = ::recv(line, text, sizeof text, 0);
  if (got < 0)
    return errno_error("hear from podstep-prepare");
  std::string_view said(text, size_t(got));
  if (said == "ok")
    return {};
  return Error(said.empty() ? "podstep-prepare ended without a word" : std::string(said));
}

Result<void> finish(RoleStep& role) {
  PODSTEP_TRY(int code,
              role.prepare.wait(system_clock(), Deadline::after(system_clock(), limits::prepare_deadline)));
  role.line.reset();
  if (code != 0)
    return Error(cat("podstep-prepare ended with ", code));
  return {};
}

Result<void> own_mount_namespace() {
  if (::unshare(CLONE_NEWNS) != 0)
    return errno_error("make a mount namespace");
  // Slave: what the site mounts later (automounter, Lustre) arrives, nothing of ours goes out.
  if (::mount("", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
    return errno_error("make mounts private");
  return {};
}
} // namespace

Result<RoleStep> prepare_role(const Step& step, const Settings& settings, bool agent,
                              const std::string& images) {
  PODSTEP_TRY(std::string name, step_run_name(step));
  PODSTEP_TRY(std::vector<std::string> digests, wire::parse_images(images));
  const std::string path = install::libexec("podstep-prepare");
  PODSTEP_TRY(OwnedFd file, open_trusted(path, O_PATH));
  if (agent)
    PODSTEP_CHECK(own_mount_namespace());
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return errno_error("make a socket pair");
  OwnedFd ours(ends[0]), theirs(ends[1]);
  Program program{.argv = {path, agent ? "agent" : "hub", name, cat(step.uid), cat(step.gid),
                           cat(step.memory_mb), settings.store.empty() ? "-" : settings.store}};
  if (agent)
    program.argv.insert(program.argv.end(), digests.begin(), digests.end());
  program.in = theirs.get();
  program.file = file.get();
  program.directory = "/";
  PODSTEP_TRY(OwnedPid prepare, spawn(program));
  theirs.reset();
  RoleStep role{std::move(ours), std::move(prepare)};
  auto ready = await_ok(role.line.get());
  if (ready && !agent)
    ready = finish(role);
  if (!ready) {
    dismiss(role);
    return std::move(ready).error();
  }
  return role;
}

void dismiss(RoleStep& role) {
  role.line.reset();
  if (role.prepare.running()) // if it does not end in time, that is all that can be done
    (void)role.prepare.wait(system_clock(), Deadline::after(system_clock(), limits::prepare_deadline));
}

Result<void> enter_namespaces(RoleStep& role) {
  if (::unshare(CLONE_NEWUSER) != 0) {
    Error error = errno_error("make a user namespace");
    error.hint = "user namespaces are switched off on this node: sysctl user.max_user_namespaces, "
                 "kernel.unprivileged_userns_clone";
    return error;
  }
  if (::send(role.line.get(), "entered", 7, MSG_NOSIGNAL) != 7)
    return errno_error("speak to podstep-prepare");
  PODSTEP_CHECK(await_ok(role.line.get()));
  PODSTEP_CHECK(finish(role));
  // Only now: mounts that are copied into a namespace of less privilege are locked as they are.
  if (::unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC) != 0)
    return errno_error("make the mount namespace");
  return {};
}

namespace {
/// A supervisor's lock that is this old and that nobody holds was its owner's last: a new one is taken as
/// soon as it is made.
constexpr time_t stale_seconds = 10;

bool is_stale(int root, const std::string& name, uid_t uid) {
  auto lock = open_beneath(root, cat(name, "/", wire::run_lock), O_RDONLY | O_NONBLOCK);
  struct stat st {};
  return lock && ::fstat(lock->get(), &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == uid &&
         ::time(nullptr) - st.st_mtime > stale_seconds && ::flock(lock->get(), LOCK_EX | LOCK_NB) == 0;
}

/// Run directories of this job start whose slurmstepd was killed, so that it swept nothing (fault F5).
Result<void> sweep_stale(int root, const Step& step) {
  PODSTEP_TRY(OwnedFd copy, duplicate(root));
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(copy.get()), &::closedir);
  if (!entries)
    return errno_error(cat("list ", wire::run_root));
  (void)copy.release();
  const std::string before = cat(step.job, ".", step.restart, "."), after = cat(".", step.node);
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name.size() <= before.size() + after.size() || !name.starts_with(before) || !name.ends_with(after))
      continue;
    auto number =
        parse_int(std::string_view(name).substr(before.size(), name.size() - before.size() - after.size()), 0,
                  UINT32_MAX);
    if (number && uint32_t(*number) != step.step && is_stale(root, name, step.uid))
      PODSTEP_CHECK(remove_tree_at(root, name, sweep_entries));
  }
  return {};
}
} // namespace

Result<void> sweep_role(const Step& step) {
  PODSTEP_TRY(std::string name, step_run_name(step));
  auto root = open_trusted(wire::run_root, O_RDONLY | O_DIRECTORY);
  if (!root && root.error().kind == Kind::not_found)
    return {};
  if (!root)
    return std::move(root).error();
  PODSTEP_CHECK(remove_tree_at(root->get(), name, sweep_entries));
  return sweep_stale(root->get(), step);
}

} // namespace podstep::spank
