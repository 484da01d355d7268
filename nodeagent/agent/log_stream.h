// A container's log as an HTTP answer: the whole or its tail, the container before, or on as it grows.
// Contract: K-API-19 to K-API-21.
#pragma once
#include "nodeagent/agent/pod.h"
#include "nodeagent/http/server.h"

namespace podstep::agent {

struct LogQuery {
  bool follow = false, previous = false, timestamps = false;
  std::optional<int64_t> tail_lines;
  int64_t limit_bytes = 64 << 20;
};
/// Names as the kubelet's: follow, previous, timestamps, tailLines (or tail), limitBytes. Error: invalid,
/// naming the parameter.
Result<LogQuery> parse_log_query(const std::map<std::string, std::string>& query);

http::ServerResponse stream_log(Context& context, std::shared_ptr<PodLife> life,
                                pods::ContainerView container, LogQuery query);

} // namespace podstep::agent
