// The local socket: see local_api.h.
#include "nodeagent/agent/local_api.h"
#include "common/file.h"
#include "common/log.h"
#include "common/text.h"
#include "nodeagent/agent/log_stream.h"
#include "nodeagent/cri/containerd.h"
#include <boost/json.hpp>
#include <unistd.h>

namespace podstep::agent {

namespace {
namespace json = boost::json;
constexpr const char* container_path = "/podstep/v1/containers/";
/// Where containerd's shim has crun keep what it knows of its containers (--root), a directory for each.
constexpr const char* crun_root = "/run/containerd/runc/k8s.io";
constexpr size_t filter_bytes = 64 << 10; // twice what the kernel takes (BPF_MAXINSNS)

http::ServerResponse text(int status, std::string body) {
  http::ServerResponse out;
  out.status = status;
  out.content_type = "text/plain";
  out.body = std::move(body);
  if (!out.body.ends_with('\n'))
    out.body += '\n';
  return out;
}

http::ServerResponse document(const json::value& value) {
  http::ServerResponse out;
  out.body = json::serialize(value);
  return out;
}
} // namespace

LocalApi::LocalApi(loop::Loop& loop, Agent& agent)
    : agent_(agent),
      server_(loop, [this](http::ServerRequest request) { return handle(std::move(request)); }) {}

Result<void> LocalApi::listen() {
  ::unlink(agent_.settings()
               .socket()
               .c_str()); // of a worker before this one; the supervisor's lock keeps it to one
  return server_.listen_unix(agent_.settings().socket());
}

loop::Task<http::ServerResponse> LocalApi::handle(http::ServerRequest request) {
  if (!request.peer.local)
    co_return text(403, "this socket is for the job's user on this node");
  if (request.method == "POST" && request.path == "/podstep/hub")
    co_return move_hub(request);
  if (request.method != "GET")
    co_return text(405, "only GET, and POST /podstep/hub");
  if (request.path == "/healthz")
    co_return text(200, "ok");
  if (request.path == "/pods")
    co_return pods();
  if (request.path == "/podstep/v1/containers")
    co_return co_await containers();
  if (request.path.starts_with(container_path) && request.path.ends_with("/seccomp"))
    co_return seccomp(request);
  if (request.path.starts_with("/containerLogs/"))
    co_return logs(request);
  co_return text(404, cat("no such path: ", printable(request.path)));
}

http::ServerResponse LocalApi::pods() const {
  json::array items;
  for (const auto& [uid, life] : agent_.pods()) {
    k8s::Pod pod = life->pod();
    pod.status = life->status();
    items.push_back(k8s::encode(pod));
  }
  return document(json::object{
      {"kind", "PodList"}, {"apiVersion", "v1"}, {"metadata", json::object()}, {"items", std::move(items)}});
}

loop::Task<http::ServerResponse> LocalApi::containers() const {
  json::array items;
  const std::string state = cri::Layout{agent_.settings().run}.state();
  for (const auto& [uid, life] : agent_.pods())
    for (const pods::ContainerView& v : life->views()) {
      if (v.state != pods::RunState::running)
        continue;
      items.push_back(json::object{{"namespace", life->pod().metadata.ns},
                                   {"pod", life->pod().metadata.name},
                                   {"uid", uid},
                                   {"container", v.name},
                                   {"id", v.id},
                                   {"pid", container_pid(state, v.id)}});
    }
  co_return document(json::object{{"items", std::move(items)}});
}

// As crun keeps it at a container's start, for its own `exec`.
http::ServerResponse LocalApi::seccomp(const http::ServerRequest& request) const {
  for (const auto& [uid, life] : agent_.pods())
    for (const pods::ContainerView& v : life->views()) {
      if (v.id.empty() || request.path != cat(container_path, v.id, "/seccomp"))
        continue;
      auto filter = read_file(cat(crun_root, "/", v.id, "/seccomp.bpf"), filter_bytes);
      if (!filter)
        return text(404, filter.error().message);
      http::ServerResponse out;
      out.content_type = "application/octet-stream";
      out.body = std::move(*filter);
      return out;
    }
  return text(404, "no such container");
}

http::ServerResponse LocalApi::logs(const http::ServerRequest& request) {
  std::vector<std::string> parts = split(request.path, '/'); // "", containerLogs, ns, pod, container
  if (parts.size() != 5)
    return text(404, "/containerLogs/{namespace}/{pod}/{container}");
  auto query = parse_log_query(request.query);
  if (!query)
    return text(400, query.error().message);
  for (const auto& [uid, life] : agent_.pods()) {
    if (life->pod().metadata.ns != parts[2] || life->pod().metadata.name != parts[3])
      continue;
    for (const pods::ContainerView& v : life->views())
      if (v.name == parts[4])
        return stream_log(agent_.context(), life, v, *query);
    return text(404, cat("container \"", printable(parts[4], 63), "\" is not in pod \"", parts[3], "\""));
  }
  return text(404, cat("pod \"", printable(parts[3], 253), "\" is not on node ", agent_.context().node.name));
}

http::ServerResponse LocalApi::move_hub(const http::ServerRequest& request) {
  auto hub = parse_hub_json(request.body);
  if (!hub)
    return text(400, hub.error().message);
  if (auto moved = agent_.hub_moved(*hub); !moved)
    return text(500, moved.error().message);
  return document(json::object{{"moved", true}});
}

int64_t container_pid(const std::string& state, const std::string& id) {
  auto content = read_file(cat(state, "/io.containerd.runtime.v2.task/k8s.io/", id, "/init.pid"), 32);
  return content ? parse_int(trim(*content), 1, INT32_MAX).value_or(0) : 0;
}

} // namespace podstep::agent
