// podstep submit and podstep stop: a service job's beginning and end, by sbatch and scancel.
#include "common/file.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/cli/jobs.h"
#include "nodeagent/cli/script.h"
#include "nodeagent/cli/word.h"
#include <CLI/CLI.hpp>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

namespace podstep::cli {
namespace {

/// The script as a file of its own that is nowhere: sbatch reads it from stdin.
Result<void> script_to_stdin(const std::string& script) {
  OwnedFd fd(::memfd_create("podstep-submit", MFD_CLOEXEC));
  if (!fd.valid())
    return errno_error("make the job's script");
  PODSTEP_CHECK(write_all(fd.get(), script, "the job's script"));
  if (::lseek(fd.get(), 0, SEEK_SET) < 0 || ::dup2(fd.get(), STDIN_FILENO) < 0)
    return errno_error("hand the script to sbatch");
  return {};
}

Result<std::string> absolute_manifest(const std::string& file) {
  char path[PATH_MAX];
  if (!::realpath(file.c_str(), path)) {
    Error error = errno_error(cat("open the manifest ", printable(file)));
    error.hint = "name a file that you can read; podstep-manifest(7) has examples";
    return error;
  }
  return std::string(path);
}

} // namespace

int submit_main(int argc, char** argv) {
  std::string file;
  std::vector<std::string> more;
  bool dry_run = false, parsable = false;
  CLI::App app("Queues a service: sbatch with the manifest, and a script that waits for the service's end.",
               "podstep submit");
  app.add_option("FILE", file, "the manifest, podstep-manifest(7)")->required();
  app.add_option("SBATCH-ARGS", more, "after --: options for sbatch(1)");
  app.add_flag("--dry-run", dry_run, "show the sbatch line and the script, submit nothing");
  app.add_flag("--parsable", parsable, "print the job id and nothing else");
  app.footer(
      "Examples:\n  podstep submit chat.yaml -- -N2 -c8 --time=1:00:00\n"
      "  job=$(podstep submit --parsable chat.yaml -- -N2)\n  podstep submit --dry-run chat.yaml -- -N2");
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  auto manifest = absolute_manifest(file);
  auto self = own_path();
  if (!manifest || !self)
    return fail(manifest ? self.error() : manifest.error());
  std::vector<std::string> line = sbatch_line(*manifest, more, parsable);
  std::string script = hold_script(*self);
  if (dry_run) {
    std::printf("%s <<'END'\n%sEND\n", shell_line(line).c_str(), script.c_str());
    return 0;
  }
  if (auto given = script_to_stdin(script); !given)
    return fail(given.error());
  return fail(replace_by(line));
}

int stop_main(int argc, char** argv) {
  std::string given;
  CLI::App app("Ends a service: its pods get their grace period, then the job is over.", "podstep stop");
  app.add_option("JOBID", given, "the job (default: the one you are in, or your only one)");
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  auto job = resolve_job(given);
  if (!job)
    return fail(job.error());
  if (auto active = active_job(*job); !active)
    return fail(active.error());
  return fail(replace_by({"scancel", std::to_string(*job)}));
}

} // namespace podstep::cli
