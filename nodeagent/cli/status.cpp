// podstep status: how a service is, or all services of mine; from the record and squeue, without a step.
#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/cli/jobs.h"
#include "nodeagent/cli/service.h"
#include "nodeagent/cli/table.h"
#include "nodeagent/cli/word.h"
#include "nodeagent/record/record.h"
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <unistd.h>

namespace podstep::cli {
namespace {

/// Who watches is told at most this late; the record is rewritten at most about as often.
constexpr auto watch_pace = std::chrono::seconds(1);

/// The first URL that answers, or a dash.
std::string first_url(const std::string& record) {
  if (auto endpoints = read_endpoints(record))
    for (const EndpointRow& row : endpoints->rows)
      if (row.ready)
        return row.url;
  return "-";
}

int list_services() {
  std::vector<uint32_t> recorded = record::jobs();
  auto jobs = active_jobs();
  if (!jobs)
    return fail(jobs.error());
  Table table({"JOB", "STATE", "SERVICE", "READY", "RESTARTS", "URL", "LEFT", "REASON"});
  for (const Job& job : service_jobs(*jobs, recorded)) {
    auto record = record::find(job.id);
    auto service = record ? read_status(*record) : Result<Service>(record.error());
    bool known = service.ok();
    std::string reason = !job.running()                      ? or_dash(job.reason)
                         : known && !service->reason.empty() ? service->reason
                                                             : "-";
    table.add({std::to_string(job.id), job.state, known ? service->phase : "-",
               known ? ready_pods(*service) : "-", known ? std::to_string(all_restarts(*service)) : "-",
               known ? first_url(*record) : "-", job.time_left, reason});
  }
  if (table.empty())
    std::puts("no service of yours waits or runs");
  else
    std::fputs(table.text().c_str(), stdout);
  return 0;
}

/// The page of one job: its record, or what Slurm says while there is none.
Result<std::string> page(uint32_t id, bool json) {
  auto record = record::find(id);
  auto job = active_job(id);
  auto service = record ? read_status(*record) : Result<Service>(record.error());
  if (json && record)
    return read_file(cat(*record, "/", record::status_file), limits::http_body_bytes);
  if (!service && job)
    return cat("job ", id, ": ", job->described(), ", no service yet\n");
  if (!service)
    return service.error();
  const WallTime now = system_clock().wall();
  std::string text = status_page(*service, job ? job->time_left : "", now);
  if (auto fabric = read_fabric(*record, *service); !fabric)
    text += cat("\nfabric: ", fabric.error().message, "\n");
  else if (std::string table = fabric_table(*fabric, now); !table.empty())
    text += "\n" + table;
  if (auto end = read_end(*record))
    text += cat("\nended: ", printable(end->reason, 1000), "\n");
  else if (!job && job.error().kind == Kind::not_found)
    text += cat("\nthe job is over (", job.error().hint, ")\n");
  return text + cat("record: ", *record, "\n");
}

bool is_over(uint32_t id) {
  auto job = active_job(id);
  return !job && job.error().kind == Kind::not_found;
}

int watch(uint32_t id, bool json) {
  bool terminal = ::isatty(STDOUT_FILENO);
  for (std::string last;;) {
    auto text = page(id, json);
    if (!text)
      return fail(text.error());
    if (*text != last) {
      std::printf(terminal ? "\033[H\033[2J%s" : "%s\n", text->c_str());
      std::fflush(stdout);
      last = *text;
    }
    if (is_over(id))
      return 0;
    std::this_thread::sleep_for(watch_pace);
  }
}

} // namespace

int status_main(int argc, char** argv) {
  std::string given, output = "text";
  bool follow = false;
  CLI::App app("How a service is: nodes, pods, restarts, reasons. Without a job: all services of yours.",
               "podstep status");
  app.add_option("JOBID", given, "the job (default: the one you are in; outside of jobs, all are listed)");
  app.add_flag("-w,--watch", follow, "go on until the job is over");
  app.add_option("-o,--output", output, "text or json (status.json of podstep-record(7))")
      ->check(CLI::IsMember({"text", "json"}));
  app.footer(
      "Examples:\n  podstep status\n  podstep status -w 4459\n  podstep status -o json 4459 | jq .phase");
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  if (given.empty() && !follow && output == "text" && !::getenv("SLURM_JOB_ID"))
    return list_services();
  auto job = resolve_job(given);
  if (!job)
    return fail(job.error());
  if (follow)
    return watch(*job, output == "json");
  auto text = page(*job, output == "json");
  if (!text)
    return fail(text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

} // namespace podstep::cli
