// The words of the CLI: one function and one file each, named in the table of main.cpp.
#pragma once
#include "common/result.h"

namespace CLI {
class App;
}

namespace podstep::cli {

/// Exit codes of the CLI itself, as docker(1) and podman(1) have them: own failure; found but not executable;
/// not found.
inline constexpr int exit_failed = 125, exit_not_executable = 126, exit_not_found = 127;

/// argv[0] is the word itself.
using Run = int (*)(int argc, char** argv);

int check_main(int argc, char** argv);
int endpoint_main(int argc, char** argv);
int exec_main(int argc, char** argv);
int fabric_main(int argc, char** argv);
int hold_main(int argc, char** argv);
int image_main(int argc, char** argv);
int key_main(int argc, char** argv);
int kubectl_main(int argc, char** argv);
int local_exec_main(int argc, char** argv);
int local_kubectl_main(int argc, char** argv);
int local_logs_main(int argc, char** argv);
int logs_main(int argc, char** argv);
int status_main(int argc, char** argv);
int stop_main(int argc, char** argv);
int submit_main(int argc, char** argv);
int wait_main(int argc, char** argv);

/// Parses; -1 when the word should go on, else the exit code (0 after --help). Wrong usage is one line and a
/// hint.
int parse(CLI::App& app, int argc, char** argv);

/// Prints the cause in one line and the hint, if there is one, in another (`fix: ...`). Returns exit_failed.
int fail(const Error& error);

} // namespace podstep::cli
