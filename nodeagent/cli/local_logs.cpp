// podstep local-logs: the part of `podstep logs` that runs on the pod's node, in a step of the job.
#include "common/fd.h"
#include "common/text.h"
#include "nodeagent/cli/local_agent.h"
#include "nodeagent/cli/word.h"
#include <CLI/CLI.hpp>
#include <unistd.h>

namespace podstep::cli {

int local_logs_main(int argc, char** argv) {
  Target target;
  bool follow = false;
  int64_t tail = -1;
  CLI::App app("For `podstep logs` only: runs on the pod's node.", "podstep local-logs");
  app.add_option("NAMESPACE", target.ns)->required();
  app.add_option("POD", target.pod)->required();
  app.add_option("CONTAINER", target.container)->required();
  app.add_flag("-f", follow);
  app.add_option("--tail", tail);
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  auto print = [](std::string_view line) { return write_all(STDOUT_FILENO, cat(line, "\n"), "stdout").ok(); };
  auto streamed = stream_log(target, follow, tail, print);
  return streamed ? 0 : fail(streamed.error());
}

} // namespace podstep::cli
