// A pod, a node's runtime and a clock as values: what the tests of the pure pod rules are written with.
#pragma once
#include "nodeagent/pods/status.h"

namespace podstep::pods::test {

using std::chrono::seconds;
using Do = Action::Do;

struct World {
  k8s::Pod pod;
  bool in_api = true;
  Observed observed;
  Memory memory;
  std::map<std::string, ProbeVerdict> probes;
  std::map<std::string, int32_t> ports;
  Instant now{seconds(10'000)};
  WallTime wall{seconds(1'700'000'000)};

  /// A pod of these containers, bound to this node, known to the API, nothing of it on the node.
  explicit World(std::vector<std::string> names, const std::string& restart_policy = "Always") {
    pod.metadata.name = "web-0";
    pod.metadata.ns = "default";
    pod.metadata.uid = "u-1";
    pod.spec.restart_policy = restart_policy;
    for (const std::string& name : names) {
      k8s::Container c;
      c.name = name;
      c.image = "server";
      pod.spec.containers.push_back(c);
    }
  }
  void pass(Duration d) {
    now += d;
    wall += d;
  }
  void sandbox(uint32_t attempt = 0, bool ready = true) {
    observed.sandboxes.push_back({"sb" + std::to_string(attempt), attempt, ready, wall});
  }
  ObservedContainer& container(const std::string& name, RunState state, int32_t exit_code = 0,
                               uint32_t attempt = 0) {
    ObservedContainer c;
    c.id = name + "-" + std::to_string(attempt);
    c.sandbox_id = "sb0";
    c.name = name;
    c.attempt = attempt;
    c.state = state;
    c.created_at = c.started_at = wall;
    c.started = now;
    if (state == RunState::exited) {
      c.finished_at = wall;
      c.finished = now;
    }
    c.exit_code = exit_code;
    for (const k8s::Container& spec : pod.spec.containers)
      if (spec.name == name)
        c.hash = definition_hash(spec);
    observed.containers.push_back(c);
    return observed.containers.back();
  }
  Inputs inputs() const { return {&pod, in_api, &observed, &memory, now, wall}; }
  Plan plan() {
    Plan p = pods::plan(inputs());
    memory.ending = p.ending;
    return p;
  }
  k8s::PodStatus status() const { return pods::status({inputs(), probes, "10.0.0.7", ports}); }
  /// The status as the API has taken it over.
  void report() { pod.status = status(); }
  void delete_with_grace(int64_t grace) {
    pod.metadata.deletion_timestamp = to_rfc3339(wall);
    pod.metadata.deletion_grace_period_seconds = grace;
  }
};

/// `create_sandbox 0, start a 1, stop a`: a plan in words.
inline std::string words(const Plan& plan) {
  std::string out;
  for (const Action& a : plan.actions) {
    if (!out.empty())
      out += ", ";
    switch (a.what) {
    case Do::create_sandbox:
      out += "create sandbox " + std::to_string(a.attempt);
      break;
    case Do::start_container:
      out += "start " + a.container + " " + std::to_string(a.attempt);
      break;
    case Do::stop_container:
      out += "stop " + a.id;
      break;
    case Do::remove_container:
      out += "remove " + a.id;
      break;
    case Do::stop_sandbox:
      out += "stop sandbox " + a.id;
      break;
    case Do::remove_sandbox:
      out += "remove sandbox " + a.id;
      break;
    case Do::clean_volumes:
      out += "clean volumes";
      break;
    case Do::delete_from_api:
      out += "delete from API";
      break;
    case Do::forget:
      out += "forget";
      break;
    }
  }
  return out;
}

} // namespace podstep::pods::test
