// Running a user's tool to its end: see tool.h.
#include "common/tool.h"
#include "common/fd.h"
#include "common/process.h"
#include "common/text.h"
#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <unistd.h>

namespace podstep {
namespace {

constexpr size_t error_tail = 8 << 10;
constexpr int tick_ms = 200;

/// Reads what is there; false at the end of the stream.
bool take(int fd, std::string& into) {
  char buffer[16 << 10];
  ssize_t got = ::read(fd, buffer, sizeof buffer);
  if (got > 0)
    into.append(buffer, static_cast<size_t>(got));
  return got > 0 || (got < 0 && errno == EINTR);
}

/// Collects both streams until they end. Error: exhausted; the tool is killed then.
Result<void> collect(const Tool& tool, const OwnedPid& child, int out, int err, ToolResult& result) {
  struct pollfd fds[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
  bool told = false;
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    int ready = ::poll(fds, 2, tick_ms);
    if (tool.interrupted && *tool.interrupted && !std::exchange(told, true))
      child.signal(SIGTERM);
    if (auto goes_on = tool.tick ? tool.tick() : Result<void>(); !goes_on) {
      child.signal(SIGKILL);
      return goes_on;
    }
    if (ready <= 0)
      continue;
    if (fds[0].revents && !take(out, result.output))
      fds[0].fd = -1;
    if (fds[1].revents && !take(err, result.errors))
      fds[1].fd = -1;
    if (result.errors.size() > 2 * error_tail)
      result.errors.erase(0, result.errors.size() - error_tail);
    if (result.output.size() > tool.output_limit) {
      child.signal(SIGKILL);
      return Error(Kind::exhausted, cat(tool.argv[0], " printed more than ", tool.output_limit, " bytes"));
    }
  }
  return {};
}

/// The argv with an absolute program, behind unshare(1) where a namespace is wanted.
Result<std::vector<std::string>> command_line(const Tool& tool) {
  const char* path = ::getenv("PATH");
  std::string where = path ? path : "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
  auto program = find_program(tool.argv.at(0), where);
  if (!program)
    return Error(Kind::not_found, cat("the program ", printable(tool.argv[0]), " is not on this machine"),
                 cat("install the package that has ", printable(tool.argv[0])));
  std::vector<std::string> argv = tool.argv;
  argv[0] = *program;
  if (tool.user_namespace) {
    PODSTEP_TRY(std::string unshare, find_program("unshare", where));
    argv.insert(argv.begin(), {unshare, "--user", "--map-root-user", "--"});
  }
  return argv;
}

} // namespace

Result<ToolResult> run_tool(const Tool& tool) {
  Program program;
  PODSTEP_TRY(program.argv, command_line(tool));
  for (char** variable = environ; *variable; ++variable)
    program.environment.emplace_back(*variable);
  PODSTEP_TRY(Pipe out, make_pipe());
  PODSTEP_TRY(Pipe err, make_pipe());
  program.in = tool.in;
  program.out = out.write.get();
  program.err = err.write.get();
  program.death_signal = SIGTERM;
  PODSTEP_TRY(OwnedPid child, spawn(program));
  out.write.reset();
  err.write.reset();
  ToolResult result;
  auto collected = collect(tool, child, out.read.get(), err.read.get(), result);
  PODSTEP_TRY(result.code, child.wait(system_clock(), Deadline::never()));
  PODSTEP_CHECK(collected);
  return result;
}

std::string ToolResult::last_words() const {
  std::vector<std::string> lines = split(errors, '\n');
  for (size_t i = lines.size(); i-- > 0;)
    if (std::string_view line = trim(lines[i]); !line.empty())
      return printable(line, 400);
  return cat("exit status ", code);
}

} // namespace podstep
