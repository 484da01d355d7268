// A probe's call: see probe_call.h.
#include "nodeagent/agent/probe_call.h"
#include "common/text.h"
#include "nodeagent/pods/probe.h"
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace podstep::agent {

namespace {
namespace asio = boost::asio;

// What is read of an answer; the rest does not matter to a probe.
constexpr size_t answer_bytes = 10 << 10;

Duration timeout_of(const k8s::Probe& probe) {
  return std::chrono::seconds(std::max(probe.timeout_seconds, 1));
}

ProbeCall failed(const Error& error) {
  return {false, error.message};
}

loop::Task<ProbeCall> call_http(const Context& context, k8s::HttpGetAction get, int32_t port,
                                Duration timeout) {
  std::string host = get.host.empty() ? context.node.host_ip : get.host;
  http::Endpoint endpoint;
  endpoint.base_url = cat(get.scheme == "HTTPS" ? "https" : "http", "://", host, ":", port);
  http::Client client(context.loop, endpoint);
  http::Request request;
  request.path = get.path.starts_with('/') ? get.path : "/" + get.path;
  request.timeout = timeout;
  request.limit = answer_bytes;
  request.headers = {{"User-Agent", "kube-probe/1.32"}, {"Accept", "*/*"}};
  for (const k8s::HttpHeader& header : get.headers)
    request.headers[header.name] = header.value;
  auto response = co_await client.send(std::move(request));
  // A longer answer than is read is an answer: its status line has passed.
  if (!response && response.error().kind == Kind::exhausted)
    co_return ProbeCall{true, ""};
  if (!response)
    co_return failed(response.error());
  if (pods::http_passes(response->status))
    co_return ProbeCall{true, ""};
  co_return ProbeCall{false, cat("HTTP probe failed with statuscode: ", response->status)};
}

loop::Task<Result<void>> connect(std::string host, int32_t port) {
  auto executor = co_await asio::this_coro::executor;
  boost::system::error_code error;
  auto address = asio::ip::make_address(host, error);
  if (error)
    co_return Error(Kind::invalid, cat("'", printable(host, 80), "' is no address"));
  asio::ip::tcp::socket socket(executor);
  auto [failure] =
      co_await socket.async_connect({address, uint16_t(port)}, asio::as_tuple(asio::use_awaitable));
  if (failure)
    co_return Error(cat("connect to ", host, ":", port, ": ", failure.message()));
  co_return Result<void>();
}

loop::Task<ProbeCall> call_exec(const Context& context, std::string id, std::vector<std::string> command,
                                Duration timeout) {
  auto result = co_await context.runtime.exec_sync(id, command, timeout);
  if (!result)
    co_return failed(result.error());
  if (result->exit_code == 0)
    co_return ProbeCall{true, ""};
  co_return ProbeCall{
      false, cat("command exited with ", result->exit_code, ": ", printable(result->out + result->err, 200))};
}

/// Beyond a call's own timeout: a call that took longer did so because the agent itself was stopped
/// meanwhile.
constexpr Duration stopped = std::chrono::seconds(2);

loop::Task<ProbeCall> call_once(const Context& context, k8s::Container container, k8s::Probe probe,
                                std::string container_id, pods::Ports ports) {
  Duration timeout = timeout_of(probe);
  if (auto* exec = std::get_if<k8s::ExecAction>(&probe.action))
    co_return co_await call_exec(context, container_id, exec->command, timeout);
  auto* http = std::get_if<k8s::HttpGetAction>(&probe.action);
  auto* tcp = std::get_if<k8s::TcpSocketAction>(&probe.action);
  auto port = pods::resolve_port(container, http ? http->port : tcp->port, ports);
  if (!port)
    co_return failed(port.error());
  if (http)
    co_return co_await call_http(context, *http, *port, timeout);
  auto connected = co_await loop::within(
      timeout, "tcp probe", connect(tcp->host.empty() ? context.node.host_ip : tcp->host, *port));
  co_return connected ? ProbeCall{true, ""} : failed(connected.error());
}
} // namespace

loop::Task<ProbeCall> call_probe(const Context& context, k8s::Container container, k8s::Probe probe,
                                 std::string container_id, pods::Ports ports) {
  const Instant began = context.clock.now();
  ProbeCall call = co_await call_once(context, container, probe, container_id, ports);
  if (!call.success && context.clock.now() - began > timeout_of(probe) + stopped)
    call = co_await call_once(context, container, probe, container_id, ports);
  co_return call;
}

} // namespace podstep::agent
