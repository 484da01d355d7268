// podstep fabric check: the known hazards of libfabric and NCCL in this environment, each with its cure; or a
// site's recipe.
#include "common/text.h"
#include "nodeagent/cli/fabric_facts.h"
#include "nodeagent/cli/fabric_recipe.h"
#include "nodeagent/cli/word.h"
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

namespace podstep::cli {

namespace {
namespace json = boost::json;

std::string version_of(const FabricFacts& facts) {
  return facts.libfabric ? cat(facts.libfabric->first, ".", facts.libfabric->second) : std::string();
}

void print_text(const FabricFacts& facts, const std::vector<Hazard>& hazards) {
  std::printf("libfabric %s, %zu CXI devices, %zu GPUs: %zu hazards\n",
              facts.libfabric ? version_of(facts).c_str() : "missing", facts.devices.size(),
              facts.gpus.size(), hazards.size());
  for (const Hazard& hazard : hazards)
    std::printf("%s: %s\nfix: %s\n", hazard.name.c_str(), hazard.what.c_str(), hazard.fix.c_str());
}

void print_json(const FabricFacts& facts, const std::vector<Hazard>& hazards) {
  json::array list;
  for (const Hazard& hazard : hazards)
    list.push_back(json::object{{"name", hazard.name}, {"what", hazard.what}, {"fix", hazard.fix}});
  json::object out{{"libfabric", facts.libfabric ? json::value(version_of(facts)) : json::value()},
                   {"devices", json::value_from(facts.devices)},
                   {"gpus", json::value_from(facts.gpus)},
                   {"hazards", std::move(list)}};
  std::puts(json::serialize(out).c_str());
}

int print_recipe(const std::string& name) {
  auto recipe = find_recipe(name);
  if (!recipe)
    return fail(recipe.error());
  std::fputs(shell_lines(*recipe).c_str(), stdout);
  return 0;
}

} // namespace

int fabric_main(int argc, char** argv) {
  std::string output = "text", recipe;
  CLI::App app("Tensor traffic between nodes.", "podstep fabric");
  app.require_subcommand(1);
  CLI::App* check =
      app.add_subcommand("check", "what is known to go wrong here, each with the setting that cures it");
  check->add_option("-o,--output", output, "text or json")->check(CLI::IsMember({"text", "json"}));
  check->add_option("--recipe", recipe, "print a site's settings instead: hpe or cscs");
  check->footer("Exit code: 1 when there is a hazard. Credentials exist in srun's steps only:\n"
                "  srun podstep fabric check\n  eval \"$(podstep fabric check --recipe=cscs)\"");
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  if (!recipe.empty())
    return print_recipe(recipe);
  auto facts = look_at_fabric();
  if (!facts)
    return fail(facts.error());
  std::vector<Hazard> hazards = find_hazards(*facts);
  if (output == "json")
    print_json(*facts, hazards);
  else
    print_text(*facts, hazards);
  return hazards.empty() ? 0 : 1;
}

} // namespace podstep::cli
