// Asking this node's agent: see local_agent.h.
#include "nodeagent/cli/local_agent.h"
#include "common/environment.h"
#include "common/limits.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/cli/kept_logs.h"
#include "nodeagent/http/client.h"
#include "nodeagent/k8s/codec.h"
#include <boost/json.hpp>
#include <optional>

namespace podstep::cli {
namespace {

/// The sockets of this job's hub and agent on this node: <run>/<job>.<restart>.<step>.<node>/sock.
std::vector<std::string> sockets() {
  std::string start = cat(variable("SLURM_JOB_ID"), "."), end = cat(".", variable("SLURMD_NODENAME"));
  std::vector<std::string> found;
  for (const std::string& name : names_in(wire::run_root))
    if (name.starts_with(start) && name.ends_with(end))
      found.push_back(cat(wire::run_root, "/", name, "/", wire::run_sock));
  return found;
}

http::Endpoint endpoint(const std::string& socket) {
  http::Endpoint endpoint;
  endpoint.base_url = "http://localhost";
  endpoint.unix_socket = socket;
  return endpoint;
}

/// Runs one coroutine to its end on a loop of its own.
template<class Make>
auto on_loop(Make make) -> typename decltype(make(std::declval<loop::Loop&>()))::value_type {
  loop::Loop loop;
  std::optional<typename decltype(make(loop))::value_type> result;
  loop.spawn("local", [](auto& out, auto task, loop::Loop& on) -> loop::Task<void> {
    out = co_await std::move(task);
    on.stop();
  }(result, make(loop), loop));
  loop.run();
  return std::move(*result);
}

Result<http::Response> get(const std::string& socket, const std::string& path) {
  return on_loop([&](loop::Loop& loop) -> loop::Task<Result<http::Response>> {
    http::Client client(loop, endpoint(socket));
    http::Request request;
    request.path = path;
    co_return co_await client.send(std::move(request));
  });
}

constexpr const char* containers_path = "/podstep/v1/containers";
constexpr size_t container_id_digits = 64; // of containerd's CRI plugin

struct Agent {
  std::string socket;
  std::string containers; ///< what it answered: its containers, as JSON
};

/// The one of the job's sockets here that knows its containers: on the job's first node the other is the
/// hub's.
Result<Agent> find_agent() {
  for (const std::string& socket : sockets()) {
    auto answer = get(socket, containers_path);
    if (answer && answer->status == 200)
      return Agent{socket, std::move(answer->body)};
  }
  return Error(
      Kind::not_found,
      cat("no agent of job ", variable("SLURM_JOB_ID"), " answers on node ", variable("SLURMD_NODENAME")),
      "podstep status");
}

} // namespace

Result<RunningContainer> parse_container(std::string_view text, const Target& target) {
  PODSTEP_TRY(boost::json::value json, k8s::parse_json(text, limits::http_body_bytes));
  const auto* object = json.if_object();
  const auto* items = object && object->contains("items") ? object->at("items").if_array() : nullptr;
  if (!items)
    return Error(Kind::invalid, "the agent's answer has no items");
  for (const boost::json::value& item : *items) {
    const auto* container = item.if_object();
    auto is = [&](const char* name, const std::string& wanted) {
      const auto* value = container ? container->if_contains(name) : nullptr;
      return value && value->is_string() && value->get_string() == wanted;
    };
    if (!is("namespace", target.ns) || !is("pod", target.pod) || !is("container", target.container))
      continue;
    const auto* pid = container->if_contains("pid");
    const int64_t* number = pid ? pid->if_int64() : nullptr;
    if (!number || *number <= 0 || *number > INT32_MAX)
      return Error(Kind::unavailable,
                   cat("container ", target.container, " of pod ", target.pod, " is just starting"),
                   "try again in a moment");
    const auto* id = container->if_contains("id");
    if (!id || !id->is_string() || !is_lower_hex(std::string_view(id->get_string()), container_id_digits))
      return Error(Kind::invalid, "the agent's answer has a container without id");
    return RunningContainer{std::string(id->get_string()), static_cast<pid_t>(*number)};
  }
  return Error(Kind::not_found, cat("container ", target.container, " of pod ", target.pod, " does not run"),
               "podstep status");
}

Result<Entrance> find_container(const Target& target) {
  PODSTEP_TRY(Agent agent, find_agent());
  PODSTEP_TRY(RunningContainer container, parse_container(agent.containers, target));
  PODSTEP_TRY(http::Response filter, get(agent.socket, cat(containers_path, "/", container.id, "/seccomp")));
  return Entrance{container.pid, filter.status == 200 ? std::move(filter.body) : std::string()};
}

Result<std::string> find_hub() {
  for (const std::string& socket : sockets())
    if (auto answer = get(socket, "/api"); answer && answer->status == 200)
      return socket;
  return Error(
      Kind::not_found,
      cat("no hub of job ", variable("SLURM_JOB_ID"), " answers on node ", variable("SLURMD_NODENAME")),
      "podstep status");
}

Result<void> stream_log(const Target& target, bool follow, int64_t tail,
                        const std::function<bool(std::string_view)>& line) {
  PODSTEP_TRY(Agent agent, find_agent());
  PODSTEP_TRY(http::Response answer, on_loop([&](loop::Loop& loop) -> loop::Task<Result<http::Response>> {
                http::Client client(loop, endpoint(agent.socket));
                http::Request request;
                request.path =
                    cat("/containerLogs/", target.ns, "/", target.pod, "/", target.container,
                        "?follow=", follow ? "true" : "false", tail >= 0 ? cat("&tailLines=", tail) : "");
                request.timeout = Duration::zero();
                co_return co_await client.stream(std::move(request), line);
              }));
  if (answer.status != 200)
    return Error(Kind::failed, printable(trim(answer.body), 500), "podstep status");
  return {};
}

} // namespace podstep::cli
