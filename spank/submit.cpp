// The submitting side: see submit.h.
#include "spank/submit.h"
#include "common/install.h"
#include "common/limits.h"
#include "common/process.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "spank/option.h"
#include "spank/state.h"
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::spank {

namespace {
constexpr const char* own_variables[] = {wire::env_spec,  wire::env_images, wire::env_record,
                                         wire::env_role,  wire::env_hub,    wire::env_run_dir,
                                         wire::env_store, wire::env_fabric};

const char* variable_of(bool allocator) {
  if (!allocator)
    return "SLURM_AI_SERVICE";
  return std::string_view(program_invocation_short_name) == "salloc" ? "SALLOC_AI_SERVICE"
                                                                     : "SBATCH_AI_SERVICE";
}

std::vector<std::string> whole_environment() {
  std::vector<std::string> out;
  for (char** entry = environ; entry && *entry; ++entry)
    out.emplace_back(*entry);
  return out;
}
} // namespace

void stop_submission(const std::string& cause, const std::string& fix) {
  (void)std::fprintf(stderr, "podstep: %s\n", cause.c_str());
  if (!fix.empty())
    (void)std::fprintf(stderr, "fix: %s\n", fix.c_str());
  std::exit(1);
}

void translate_variables(bool allocator) {
  if (allocator)
    ::unsetenv(wire::option_env_inner);
  if (const char* file = ::getenv(variable_of(allocator)))
    ::setenv(wire::option_env_inner, file, 1);
}

void forget_outer_service() {
  for (const char* name : own_variables)
    ::unsetenv(name);
  for (const wire::Carried& variable : wire::carried)
    ::unsetenv(variable.as);
}

bool is_inner_srun(const std::string& file) {
  if (!::getenv("SLURM_JOB_ID"))
    return false;
  if (::getenv(wire::env_hub))
    return true;
  const char* inherited = ::getenv(wire::option_env_inner);
  return ::getenv(wire::env_spec) && inherited && file == inherited;
}

void render_or_exit(const std::string& file) {
  if (auto good = check_option_value(file); !good)
    stop_submission(good.error().message, good.error().hint);
  Program program{.argv = {install::bin("podstep"), "render", "--spool", "--", file},
                  .environment = whole_environment()};
  program.err = STDERR_FILENO;
  auto done = run(program, system_clock(), Deadline::after(system_clock(), limits::render_deadline),
                  limits::verdict_bytes);
  if (!done)
    stop_submission(cat("--ai-service=", printable(file), ": ", done.error().message),
                    "podstep is not installed completely: ask the site's administrators");
  if (done->code != 0)
    std::exit(1); // podstep render has said why
  auto rendered = wire::parse_rendered(done->output);
  if (!rendered)
    stop_submission(cat("--ai-service=", printable(file), ": ", rendered.error().message), "");
  if (!rendered->added.empty()) {
    state().added = rendered->added;
    (void)::lstat(rendered->added.c_str(), &state().added_file);
  }
  forget_outer_service();
  ::setenv(wire::env_spec, rendered->spec.c_str(), 1);
  ::setenv(wire::env_images, rendered->images.c_str(), 1);
  for (const wire::Carried& variable : wire::carried)
    if (const char* value = ::getenv(variable.name))
      ::setenv(variable.as, value, 1);
}

void forget_rendered() {
  const State& here = state();
  struct stat now {};
  if (here.added.empty() || ::lstat(here.added.c_str(), &now) != 0)
    return;
  const struct stat& mine = here.added_file;
  if (now.st_ino == mine.st_ino && now.st_ctim.tv_sec == mine.st_ctim.tv_sec &&
      now.st_ctim.tv_nsec == mine.st_ctim.tv_nsec)
    ::unlink(here.added.c_str());
}

} // namespace podstep::spank
