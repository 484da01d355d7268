// What boot finds out first: see setup.h.
#include "nodeagent/boot/setup.h"
#include "common/environment.h"
#include "common/file.h"
#include "common/install.h"
#include "common/limits.h"
#include "common/process.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/boot/ask.h"
#include "nodeagent/boot/network.h"
#include "nodeagent/record/record.h"
#include "nodeagent/record/reserve.h"
#include <climits>
#include <unistd.h>

namespace podstep::boot {

namespace {
// In the batch step Slurm gives the list; beside an srun of a login node only the controller knows it.
Result<std::vector<std::string>> find_nodes(uint32_t job) {
  std::string list = variable("SLURM_JOB_NODELIST");
  if (list.empty()) {
    PODSTEP_TRY(list, ask({"squeue", "--noheader", cat("--jobs=", job), "--format=%N"}));
    list = std::string(trim(list));
  }
  PODSTEP_TRY(std::string names, ask({"scontrol", "show", "hostnames", list}));
  std::vector<std::string> nodes = split(trim(names), '\n');
  if (nodes.empty())
    return Error(cat("Slurm names no node of job ", job));
  return nodes;
}

Result<void> find_spec(const Request& request, Job& job) {
  job.spec = variable(wire::env_spec);
  job.images = variable(wire::env_images);
  if (job.spec.empty()) {
    if (request.manifest.empty())
      return Error(Kind::invalid, "neither a spec nor a manifest came with the job");
    auto output = ask({install::bin("podstep"), "render", "--spool", "--", request.manifest});
    if (!output)
      return std::move(output).error().in(cat("--ai-service=", printable(request.manifest)));
    PODSTEP_TRY(wire::Rendered rendered, wire::parse_rendered(*output));
    job.spec = rendered.spec, job.images = rendered.images;
  }
  if (!wire::is_digest(job.spec))
    return Error(Kind::invalid, cat(wire::env_spec, " is '", printable(job.spec, 80), "', not a digest"));
  if (auto images = wire::parse_images(job.images); !images)
    return std::move(images).error();
  return {};
}

// The spec is what was submitted, whatever happened to the file since then: its digest says so.
Result<void> copy_spec(const Job& job, const std::string& state) {
  std::string source = wire::spec_path(state, job.spec), target = cat(job.record, "/", record::spec_file);
  auto text = read_file(source, limits::spec_bytes);
  if (!text) {
    Error error = std::move(text).error().in("the rendered spec");
    error.hint = "submit the job again, from where the nodes see the same state directory";
    return error;
  }
  if (auto written = write_file_atomic(target, *text, 0600); !written) {
    Error error = std::move(written).error().in("the record");
    error.hint = "make room there, or submit from another directory";
    return error;
  }
  PODSTEP_TRY(std::string sum, ask({"sha256sum", "--", target}));
  // sha256sum(1): a leading backslash marks an escaped file name.
  std::string_view hex = std::string_view(sum).substr(sum.starts_with('\\') ? 1 : 0, 64);
  if (hex != wire::digest_hex(job.spec))
    return Error(Kind::invalid, cat(source, " is not what was submitted: its digest is sha256:", hex),
                 "submit the job again");
  return {};
}
} // namespace

Result<Request> parse_request(const std::vector<std::string>& arguments) {
  Request request;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--script") {
      request.script = true;
      continue;
    }
    if (i + 1 == arguments.size())
      return Error(Kind::invalid, cat(printable(name), " has no value"));
    const std::string& value = arguments[++i];
    if (name == "--manifest") {
      request.manifest = value;
      continue;
    }
    PODSTEP_TRY(int64_t number, parse_int(value, 0, UINT32_MAX));
    if (name == "--job")
      request.job = uint32_t(number);
    else if (name == "--restart")
      request.restart = uint32_t(number);
    else
      return Error(Kind::invalid, cat("unknown argument ", printable(name)));
  }
  if (request.job == 0)
    return Error(Kind::invalid, "--job is missing");
  return request;
}

Result<Setup> set_up(const Request& request, std::string& record) {
  Setup setup;
  Job& job = setup.job;
  job.id = request.job, job.restart = request.restart;
  job.environment = base_environment();
  PODSTEP_TRY(job.srun, find_program("srun", variable("PATH")));
  PODSTEP_TRY(std::string state, record::state_directory());
  PODSTEP_CHECK(find_spec(request, job));
  char directory[PATH_MAX];
  if (!::getcwd(directory, sizeof directory))
    return errno_error("the job's working directory");
  job.record = cat(directory, "/podstep-", request.job, "/r", request.restart);
  PODSTEP_CHECK(record::create(job.record, request.job, state));
  record = job.record;
  PODSTEP_CHECK(copy_spec(job, state));
  PODSTEP_CHECK(record::hold_reserve(job.record));
  PODSTEP_TRY(setup.nodes, find_nodes(request.job));
  PODSTEP_TRY(job.network_depth, find_network_depth(request.job, setup.nodes.size()));
  return setup;
}

} // namespace podstep::boot
