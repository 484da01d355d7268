// A pod's fabric before its start: see fabric.h.
#include "nodeagent/agent/fabric.h"
#include "common/fabric_policy.h"
#include "common/process.h"
#include "common/slingshot.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/cri/containerd.h"
#include <cstdlib>
#include <unistd.h>

namespace podstep::agent {

namespace {
/// Reading some twenty ELF headers takes milliseconds; a shared file system that hangs must not hold a pod.
constexpr Duration check_time = std::chrono::seconds(20);
/// What the wrapper says: some sentences. A pipe holds as much (pipe(7)), so nobody has to read meanwhile.
constexpr size_t output_bytes = 64 << 10;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

Result<std::string> site_preset() {
  std::string path = variable(wire::env_fabric);
  if (path.empty())
    return std::string(fabric::word_none);
  PODSTEP_TRY(fabric::SitePolicy policy, fabric::read_site_policy(path));
  return policy.preset;
}

struct Check {
  OwnedPid child;
  OwnedFd output;
};

Result<Check> start_check(const std::string& word, const std::string& image) {
  PODSTEP_TRY(cri::Programs programs, cri::find_programs());
  PODSTEP_TRY(Pipe pipe, make_pipe());
  Program program;
  program.argv = {programs.wrapper, "check-fabric", word, image};
  program.environment = fabric::step_credentials(environ);
  if (std::string policy = variable(wire::env_fabric); !policy.empty())
    program.environment.push_back(cat(wire::env_fabric, "=", policy));
  program.out = program.err = pipe.write.get();
  program.death_signal = SIGKILL;
  Check check;
  PODSTEP_TRY(check.child, spawn(program));
  check.output = std::move(pipe.read);
  return check;
}

} // namespace

Result<std::string> fabric_word(const k8s::Pod& pod, const std::string& preset) {
  auto found = pod.metadata.annotations.find(k8s::annotation_fabric);
  if (found == pod.metadata.annotations.end())
    return preset;
  if (!fabric::is_fabric_word(found->second))
    return Error(Kind::invalid,
                 cat("annotation ", k8s::annotation_fabric, " is '", printable(found->second, 40), "'"),
                 "site, podstep or none");
  return found->second;
}

loop::Task<Result<std::string>> choose_fabric(Context& context, k8s::Pod pod, std::string digest) {
  PODSTEP_CO_TRY(std::string preset, site_preset());
  PODSTEP_CO_TRY(std::string word, fabric_word(pod, preset));
  if (word == fabric::word_none)
    co_return word;
  std::string image = cat(context.settings.run, "/", wire::run_img, "/", wire::digest_hex(digest));
  PODSTEP_CO_TRY(Check check, start_check(word, image));
  auto ended =
      co_await loop::within(check_time, cat("fabric ", word), loop::wait_child(check.child.pidfd.get()));
  if (!ended) {
    check.child.signal(SIGKILL);
    (void)check.child.wait(system_clock(), Deadline::after(system_clock(), std::chrono::seconds(1)));
    co_return std::move(ended).error();
  }
  PODSTEP_CO_TRY(std::string said, read_all(check.output.get(), output_bytes, "podstep-crun"));
  if (ended->code != 0) {
    std::string why = cat("fabric ", word, ": ", printable(trim(said), 2000));
    if (pod.metadata.annotations.contains(k8s::annotation_fabric))
      co_return Error(Kind::invalid, why);
    context.events.warning(pod, "Fabric", cat(why, "; the container runs without"));
    co_return std::string(fabric::word_none);
  }
  for (const std::string& warning : split(trim(said), '\n'))
    context.events.warning(pod, "Fabric", printable(warning, 1000));
  co_return word;
}

} // namespace podstep::agent
