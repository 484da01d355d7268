// A pod's fabric before its start: see fabric.h.
#include "nodeagent/agent/fabric.h"
#include "common/environment.h"
#include "common/fabric_policy.h"
#include "common/slingshot.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/cri/containerd.h"
#include "nodeagent/loop/program.h"
#include <unistd.h>

namespace podstep::agent {

namespace {
/// Reading some twenty ELF headers takes milliseconds; a shared file system that hangs must not hold a pod.
constexpr Duration check_time = std::chrono::seconds(20);

Result<std::string> site_preset() {
  std::string path = variable(wire::env_fabric);
  if (path.empty())
    return std::string(fabric::word_none);
  PODSTEP_TRY(fabric::SitePolicy policy, fabric::read_site_policy(path));
  return policy.preset;
}

Result<loop::Run> check_of(const std::string& word, const std::string& image) {
  PODSTEP_TRY(cri::Programs programs, cri::find_programs());
  loop::Run check;
  check.program.argv = {programs.wrapper, "check-fabric", word, image};
  check.program.environment = fabric::step_credentials(environ);
  if (std::string policy = variable(wire::env_fabric); !policy.empty())
    check.program.environment.push_back(cat(wire::env_fabric, "=", policy));
  check.time = check_time;
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
  PODSTEP_CO_TRY(loop::Run check, check_of(word, image));
  auto ended = co_await loop::run_program(std::move(check));
  if (!ended)
    co_return std::move(ended).error().in(cat("fabric ", word));
  const std::string said = ended->output + ended->errors;
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
