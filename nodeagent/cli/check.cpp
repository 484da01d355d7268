// podstep check: is this site set up? What works, what is missing, and the fix; as the user, on the machine
// it is typed on.
#include "common/file.h"
#include "common/install.h"
#include "common/process.h"
#include "common/text.h"
#include "common/tool.h"
#include "common/wire_runtime.h"
#include "common/wire_spec.h"
#include "nodeagent/cli/jobs.h"
#include "nodeagent/cli/table.h"
#include "nodeagent/cli/word.h"
#include "nodeagent/images/store.h"
#include "nodeagent/record/record.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <unistd.h>

namespace podstep::cli {
namespace {

/// What one look found: good, or what is missing and what to do.
struct Finding {
  bool good = false;
  std::string what, fix;
};
Finding good(std::string what) {
  return {true, std::move(what), ""};
}
Finding bad(std::string what, std::string fix) {
  return {false, std::move(what), std::move(fix)};
}
Finding from(const Error& error) {
  return bad(error.message, error.hint);
}

/// stdout of a tool that succeeds.
Result<std::string> said(std::vector<std::string> argv, bool user_namespace = false) {
  Tool tool;
  tool.argv = std::move(argv);
  tool.user_namespace = user_namespace;
  PODSTEP_TRY(ToolResult result, run_tool(tool));
  if (result.code != 0)
    return Error(Kind::unavailable, result.last_words());
  return std::move(result.output);
}

Finding programs(const std::vector<std::string>& names, const std::string& packages) {
  const char* path = ::getenv("PATH");
  // Daemons' programs lie where a user's PATH often does not lead.
  std::string where = cat(path ? path : "", ":/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin");
  std::vector<std::string> missing;
  for (const std::string& name : names)
    if (!find_program(name, where))
      missing.push_back(name);
  return missing.empty() ? good(join(names, ", "))
                         : bad(cat("missing: ", join(missing, ", ")), cat("install ", packages));
}

Finding slurm() {
  auto version = said({"sinfo", "--version"});
  if (!version)
    return bad(version.error().message, "install Slurm's commands on this machine");
  auto up = said({"scontrol", "ping"});
  if (!up || up->find(" UP") == up->npos)
    return bad(cat(trim(*version), ", but its controller does not answer"),
               "start slurmctld, or see slurm.conf");
  return good(std::string(trim(*version)));
}

Finding plugin() {
  auto help = said({"sbatch", "--help"});
  if (!help)
    return from(help.error());
  if (help->find(cat("--", wire::option_name)) == help->npos)
    return bad(
        cat("sbatch has no option --", wire::option_name),
        "the line `optional podstep.so` belongs into plugstack.conf on every machine, see podstep-spank(8)");
  return good(cat("sbatch --", wire::option_name));
}

Finding state() {
  auto path = record::state_directory();
  return path ? good(*path) : from(path.error());
}

Finding stores() {
  auto found = images::default_stores();
  if (!found)
    return from(found.error());
  size_t count = images::list(*found).size();
  return good(cat(found->user, found->site.empty() ? ", no site store" : cat(" and ", found->site), ": ",
                  count, " images"));
}

Finding user_namespaces() {
  auto id = said({"id", "-u"}, true);
  if (id && trim(*id) == "0")
    return good("an ordinary user can make them");
  return bad(
      id ? "they do not map the user" : id.error().message,
      "sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000, here and on the nodes");
}

Finding fuse() {
  if (::access("/dev/fuse", R_OK | W_OK) == 0)
    return good("/dev/fuse is writable: images of your own store can be mounted");
  return bad("/dev/fuse is not writable for you", "load the module fuse; udev's own rule gives it mode 0666");
}

/// As the agent will ask it, on a tmpfs like its own; the wrapper falls back to fuse-overlayfs (S-IMG-8).
Finding overlay() {
  auto how = said({"unshare", "--mount", "--", "/bin/sh", "-c",
                   "mount -t tmpfs podstep /tmp && exec \"$0\" probe-overlay /tmp/probe",
                   install::libexec("podstep-crun")},
                  true);
  if (!how)
    return bad(cat("no writable roots for containers: ", how.error().message),
               "a kernel of 5.11 or newer, or the package fuse-overlayfs and /dev/fuse");
  return good(trim(*how) == wire::overlay_kernel ? "writable roots by the kernel's overlayfs"
                                                 : "writable roots by fuse-overlayfs");
}

struct Check {
  const char* name;
  bool needed; ///< for a service; else only for what its finding says
  std::function<Finding()> look;
};

std::vector<Check> checks() {
  return {
      {"Slurm", true, slurm},
      {"plugin", true, plugin},
      {"commands", true,
       [] {
         return programs({"srun", "sbatch", "squeue", "scontrol", "scancel"}, "slurm-client");
       }},
      {"state directory", true, state},
      {"image stores", true, stores},
      {"user namespaces", true, user_namespaces},
      {"making images", false,
       [] {
         return programs({"skopeo", "umoci", "mksquashfs"}, "skopeo umoci squashfs-tools");
       }},
      {"on nodes: runtime", false,
       [] {
         return programs({"containerd", "crun"}, "containerd crun");
       }},
      {"on nodes: squashfuse", false, [] { return programs({"squashfuse_ll"}, "squashfuse"); }},
      {"on nodes: fuse", false, fuse},
      {"on nodes: overlay", false, overlay},
  };
}

} // namespace

int check_main(int argc, char** argv) {
  CLI::App app("Is this site set up? What works, what is missing, and the fix.", "podstep check");
  app.footer("Exit code: 0 when a service can be submitted from here, else 1. What begins with `on nodes` "
             "matters on the compute "
             "nodes:\n  srun podstep check");
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  Table table({"CHECK", "RESULT", "FOUND"});
  std::vector<std::string> fixes;
  bool all_needed = true;
  for (const Check& check : checks()) {
    Finding finding = check.look();
    table.add({check.name, finding.good ? "ok" : check.needed ? "MISSING" : "missing", finding.what});
    if (!finding.good && !finding.fix.empty())
      fixes.push_back(cat("fix: ", check.name, ": ", finding.fix));
    all_needed = all_needed && (finding.good || !check.needed);
  }
  std::fputs(table.text().c_str(), stdout);
  if (!fixes.empty())
    std::printf("\n%s\n", join(fixes, "\n").c_str());
  return all_needed ? 0 : 1;
}

} // namespace podstep::cli
