// Slurm's side of a service: see jobs.h.
#include "nodeagent/cli/jobs.h"
#include "common/text.h"
#include "common/tool.h"
#include "nodeagent/record/record.h"
#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace podstep::cli {
namespace {

/// squeue(1) -o: job id, state, time left, reason or nodes, comment; the name, which may hold anything, last.
constexpr const char* squeue_format = "%A|%T|%L|%R|%k|%j";
constexpr size_t squeue_fields = 6;

Result<std::string> ask_slurm(std::vector<std::string> argv) {
  Tool tool;
  tool.argv = std::move(argv);
  tool.output_limit = 8 << 20;
  PODSTEP_TRY(ToolResult result, run_tool(tool));
  if (result.code != 0)
    return Error(Kind::unavailable, cat(tool.argv[0], ": ", result.last_words()),
                 "is Slurm up? Try `squeue --me`");
  return std::move(result.output);
}

Result<uint32_t> parse_job(const std::string& text) {
  auto id = parse_int(text, 1, UINT32_MAX);
  if (!id)
    return Error(Kind::invalid, cat("`", printable(text, 40), "` is no job id"),
                 "podstep status lists your services");
  return static_cast<uint32_t>(*id);
}

/// Takes the identity of the job's owner; afterwards everything is as if the owner had called.
Result<void> become_owner(uint32_t job) {
  PODSTEP_TRY(std::string text, ask_slurm({"scontrol", "show", "job", "-o", std::to_string(job)}));
  PODSTEP_TRY(uint32_t uid, parse_owner(text));
  const struct passwd* owner = ::getpwuid(uid);
  if (!owner)
    return Error(Kind::not_found,
                 cat("the owner of job ", job, ", user ", uid, ", is not known on this machine"));
  if (::initgroups(owner->pw_name, owner->pw_gid) != 0 || ::setgid(owner->pw_gid) != 0 || ::setuid(uid) != 0)
    return errno_error(cat("become ", owner->pw_name));
  ::setenv("HOME", owner->pw_dir, 1);
  ::setenv("USER", owner->pw_name, 1);
  ::setenv("LOGNAME", owner->pw_name, 1);
  ::unsetenv("XDG_STATE_HOME");
  return {};
}

Result<uint32_t> only_service() {
  std::vector<uint32_t> recorded = record::jobs();
  PODSTEP_TRY(std::vector<Job> jobs, active_jobs());
  std::vector<Job> services = service_jobs(jobs, recorded);
  if (services.size() == 1)
    return services[0].id;
  if (services.empty() && !recorded.empty())
    return recorded[0];
  if (services.empty())
    return Error(Kind::not_found, "you have no service", "podstep submit FILE");
  std::vector<std::string> ids;
  for (const Job& job : services)
    ids.push_back(std::to_string(job.id));
  return Error(Kind::invalid, cat("you have ", ids.size(), " services: ", join(ids, ", ")),
               "name one by its JOBID");
}

/// squeue's %R without its parentheses; None means that Slurm has no reason yet.
std::string plain_reason(std::string_view field) {
  if (field.size() >= 2 && field.front() == '(' && field.back() == ')')
    field = field.substr(1, field.size() - 2);
  return field == "None" ? "" : std::string(field);
}

} // namespace

std::string Job::described() const {
  return reason.empty() ? state : cat(state, " (", printable(reason), ")");
}

std::vector<Job> parse_squeue(std::string_view text) {
  std::vector<Job> jobs;
  for (const std::string& line : split(text, '\n')) {
    std::vector<std::string> fields = split(line, '|');
    if (fields.size() < squeue_fields)
      continue;
    auto id = parse_int(fields[0], 1, UINT32_MAX);
    if (!id)
      continue;
    std::vector<std::string> name(fields.begin() + squeue_fields - 1, fields.end());
    std::string comment = fields[4] == "(null)" ? "" : fields[4];
    jobs.push_back({static_cast<uint32_t>(*id), fields[1], fields[2], plain_reason(fields[3]), comment,
                    join(name, "|")});
  }
  return jobs;
}

Result<uint32_t> parse_owner(std::string_view text) {
  size_t at = text.find("UserId=");
  size_t open = at == text.npos ? at : text.find('(', at);
  size_t close = open == text.npos ? open : text.find(')', open);
  if (close == text.npos)
    return Error(Kind::invalid, "scontrol does not tell who owns the job");
  PODSTEP_TRY(int64_t uid, parse_int(text.substr(open + 1, close - open - 1), 0, UINT32_MAX - 1));
  return static_cast<uint32_t>(uid);
}

Result<std::vector<Job>> active_jobs() {
  PODSTEP_TRY(std::string text, ask_slurm({"squeue", "--me", "--noheader", "-o", squeue_format}));
  return parse_squeue(text);
}

Result<Job> active_job(uint32_t id) {
  PODSTEP_TRY(std::vector<Job> jobs, active_jobs());
  for (const Job& job : jobs)
    if (job.id == id)
      return job;
  return Error(Kind::not_found, cat("job ", id, " is not in the queue any more"), cat("sacct -j ", id));
}

std::vector<Job> service_jobs(const std::vector<Job>& jobs, const std::vector<uint32_t>& recorded) {
  std::vector<Job> services;
  std::copy_if(jobs.begin(), jobs.end(), std::back_inserter(services), [&](const Job& job) {
    return job.comment == service_comment ||
           std::find(recorded.begin(), recorded.end(), job.id) != recorded.end();
  });
  return services;
}

Result<uint32_t> resolve_job(const std::string& given) {
  const char* surrounding = ::getenv("SLURM_JOB_ID");
  std::string text = !given.empty() ? given : surrounding ? surrounding : "";
  if (text.empty() && ::geteuid() == 0)
    return Error(Kind::invalid, "as root a JOBID must be named", "podstep WORD JOBID");
  if (text.empty())
    return only_service();
  PODSTEP_TRY(uint32_t job, parse_job(text));
  if (::geteuid() == 0)
    PODSTEP_CHECK(become_owner(job));
  return job;
}

std::vector<std::string> step_command(uint32_t job, const std::string& node, bool terminal, bool with_input,
                                      const std::vector<std::string>& command) {
  std::vector<std::string> argv{
      "srun",    cat("--jobid=", job), "--overlap", "--network=no_vni",    "-N1", "-n1",
      "--mem=0", "--export=NONE",      "-Q",        "--kill-on-bad-exit=0"};
  argv.push_back(node == first_node ? "--relative=0" : cat("--nodelist=", node));
  if (terminal)
    argv.push_back("--pty");
  else if (!with_input)
    argv.push_back("--input=none");
  if (!terminal)
    argv.push_back("--unbuffered");
  argv.insert(argv.end(), command.begin(), command.end());
  return argv;
}

Result<std::string> own_path() {
  char path[PATH_MAX];
  ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
  if (length <= 0 || length == static_cast<ssize_t>(sizeof path))
    return errno_error("find the path of this program");
  return std::string(path, static_cast<size_t>(length));
}

Error replace_by(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const std::string& word : argv)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  return errno_error(cat("run ", argv[0]));
}

} // namespace podstep::cli
