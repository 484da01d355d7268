// podstep: what users type. A table of words; each lives in a file of its own.
#include "common/install.h"
#include "common/text.h"
#include "nodeagent/cli/render.h"
#include "nodeagent/cli/word.h"
#include <cstdio>
#include <iterator>
#include <string_view>

namespace podstep::cli {
namespace {

struct Word {
  const char* name;
  Run run;
  const char* summary; ///< nullptr: not for people
};

constexpr Word words[] = {
    {"check", check_main, "is this site set up? what is missing, and the fix"},
    {"submit", submit_main, "queue a service: sbatch with a manifest"},
    {"hold", hold_main, "the script of a service job: waits for the service's end"},
    {"wait", wait_main, "until a service is ready, or over"},
    {"status", status_main, "nodes, pods, restarts, reasons; or all services of yours"},
    {"endpoint", endpoint_main, "where a service is reached"},
    {"key", key_main, "the key that it asks for"},
    {"logs", logs_main, "what a container printed, also after the end"},
    {"exec", exec_main, "run a command inside a container"},
    {"kubectl", kubectl_main, "Kubernetes' own client with a service's hub"},
    {"stop", stop_main, "end a service"},
    {"image", image_main, "make, list, show and remove flat images"},
    {"fabric", fabric_main,
     "what is known to go wrong with libfabric and NCCL here, and the setting that cures it"},
    {"render", render_main, "check a manifest and show what would run"},
    {"local-logs", local_logs_main, nullptr},
    {"local-exec", local_exec_main, nullptr},
    {"local-kubectl", local_kubectl_main, nullptr},
};

void usage() {
  std::puts("usage: podstep WORD [OPTIONS]\n\nAI services inside a Slurm allocation: pods on its nodes, for "
            "as long as it lasts.\n");
  for (const Word& word : words)
    if (word.summary)
      std::printf("  %-9s %s\n", word.name, word.summary);
  std::puts("\n`podstep WORD --help` tells more. JOBID may be left out inside a job, or when you have one "
            "service job.\n"
            "A first service:\n"
            "  podstep check                  is this site set up?\n"
            "  podstep submit chat.yaml       queue it; the same as sbatch --ai-service=chat.yaml with a "
            "script that waits\n"
            "  podstep wait --for=ready       until it answers\n"
            "  podstep endpoint               where\n"
            "  podstep stop                   the end\n\n"
            "See podstep(1).");
}

int run(int argc, char** argv) {
  std::string_view name = argc > 1 ? argv[1] : "--help";
  if (name == "--help" || name == "-h" || name == "help") {
    usage();
    return argc > 1 ? 0 : exit_failed;
  }
  if (name == "--version") {
    std::printf("podstep %s\n", install::version());
    return 0;
  }
  for (const Word& word : words)
    if (name == word.name)
      return word.run(argc - 1, argv + 1);
  return fail(Error(Kind::invalid, cat("there is no word `", printable(name), "`"),
                    "podstep --help lists the words"));
}

} // namespace
} // namespace podstep::cli

int main(int argc, char** argv) {
  try {
    return podstep::cli::run(argc, argv);
  } catch (const std::exception& exception) {
    return podstep::cli::fail(podstep::Error(podstep::cat("unexpected: ", exception.what())));
  }
}
