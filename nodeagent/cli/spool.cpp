// Keeps rendered specs by digest: see spool.h.
#include "nodeagent/cli/spool.h"
#include "common/file.h"
#include "common/process.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/record/record.h"
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

namespace podstep::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::hours keep_for{7 * 24};
constexpr std::chrono::seconds squeue_deadline{10};

bool is_spec(const fs::path& path) {
  return path.extension() == ".json" && is_lower_hex(path.stem().string(), 64);
}

/// Whether Slurm knows any job of this user; true where it cannot be asked.
bool user_has_jobs() {
  const char* path = ::getenv("PATH");
  auto squeue = find_program("squeue", path ? path : "/usr/local/bin:/usr/bin:/bin");
  if (!squeue)
    return true;
  Program program{.argv = {*squeue, "--noheader", cat("--user=", ::getuid()), "--format=%i"}};
  for (const char* name : {"PATH", "SLURM_CONF"})
    if (const char* value = ::getenv(name))
      program.environment.push_back(cat(name, "=", value));
  auto done =
      run(std::move(program), system_clock(), Deadline::after(system_clock(), squeue_deadline), 1 << 20);
  return !done || done->code != 0 || !trim(done->output).empty();
}

} // namespace

void sweep_specs(const std::string& directory, bool (*has_jobs)()) {
  std::error_code failed;
  auto oldest = fs::file_time_type::clock::now() - keep_for;
  std::vector<fs::path> old;
  for (fs::directory_iterator entry(directory, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::error_code gone;
    if (is_spec(entry->path()) && entry->last_write_time(gone) < oldest && !gone)
      old.push_back(entry->path());
  }
  if (old.empty() || has_jobs())
    return;
  for (const fs::path& path : old)
    fs::remove(path, failed); // one that stays is swept the next time
}

Result<Spooled> spool(const std::string& spec, const std::string& digest) {
  PODSTEP_TRY(std::string state, record::state_directory());
  std::string directory = cat(state, "/specs");
  PODSTEP_CHECK(make_directories(directory, 0700));
  Spooled spooled{cat(directory, "/", wire::digest_hex(digest), ".json"), true};
  spooled.added = !exists(spooled.path);
  if (auto written = write_file_atomic(spooled.path, spec, 0600); !written) {
    Error error = std::move(written).error().in("keep the rendered manifest");
    if (error.hint.empty())
      error.hint = "see that there is room and that you may write there, or set XDG_STATE_HOME";
    return error;
  }
  sweep_specs(directory, user_has_jobs);
  return spooled;
}

} // namespace podstep::cli
