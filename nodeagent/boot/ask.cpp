// Asking Slurm's commands: see ask.h.
#include "nodeagent/boot/ask.h"
#include "common/environment.h"
#include "common/limits.h"
#include "common/process.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include <unistd.h>

namespace podstep::boot {

namespace {
constexpr const char* for_every_step[] = {"PATH", "SLURM_CONF", "HOME", "USER", "LOGNAME", "LANG"};
constexpr size_t output_bytes = 4 << 20; // a node list of 10,000 long names is below 1 MiB
} // namespace

std::vector<std::string> base_environment() {
  std::vector<std::string> out;
  auto pass_on = [&](const char* name) {
    if (std::string value = variable(name); !value.empty())
      out.push_back(cat(name, "=", value));
  };
  for (const char* name : for_every_step)
    pass_on(name);
  for (const wire::Carried& carried : wire::carried)
    pass_on(carried.name);
  return out;
}

Result<std::string> ask(std::vector<std::string> argv) {
  PODSTEP_TRY(argv[0], argv[0].front() == '/' ? Result<std::string>(argv[0])
                                              : find_program(argv[0], variable("PATH")));
  Program program{.argv = argv, .environment = base_environment()};
  program.err = STDERR_FILENO;
  PODSTEP_TRY(Finished done, run(program, system_clock(),
                                 Deadline::after(system_clock(), limits::render_deadline), output_bytes));
  if (done.code != 0)
    return Error(cat(argv[0], " ended with ", done.code));
  return done.output;
}

} // namespace podstep::boot
