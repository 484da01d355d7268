// CRI calls over the channel: see client.h.
#include "nodeagent/cri/client.h"
#include "common/text.h"
#include "nodeagent/cri/convert.h"
#include "nodeagent/cri/events.h"

namespace podstep::cri {

namespace v1 = runtime::v1;

namespace {

constexpr const char* runtime_service = "/runtime.v1.RuntimeService/";
constexpr const char* image_service = "/runtime.v1.ImageService/";

/// One call of the runtime service whose answer is a message.
template<class Reply>
loop::Task<Result<Reply>> ask(std::shared_ptr<Channel> channel, const char* service, const char* method,
                              const google::protobuf::MessageLite& request, Duration timeout = call_timeout) {
  Reply reply;
  PODSTEP_CO_CHECK(co_await channel->call(cat(service, method), request, reply, timeout));
  co_return reply;
}

/// One call that answers nothing. With `gone_is_success`, a thing that does not exist (any more) is success.
loop::Task<Result<void>> tell(std::shared_ptr<Channel> channel, const char* method,
                              const google::protobuf::MessageLite& request, bool gone_is_success,
                              Duration timeout = call_timeout) {
  v1::Nothing reply;
  auto done = co_await channel->call(cat(runtime_service, method), request, reply, timeout);
  if (!done && gone_is_success && done.error().kind == Kind::not_found)
    co_return Result<void>();
  co_return done;
}

} // namespace

Client::Client(loop::Loop& loop, const std::string& socket)
    : channel_(std::make_shared<Channel>(loop, socket)), events_(std::make_unique<Events>(channel_)) {}

Client::~Client() = default;

loop::Task<Result<std::string>> Client::version() {
  v1::VersionRequest request;
  PODSTEP_CO_TRY(auto reply, co_await ask<v1::VersionResponse>(channel_, runtime_service, "Version", request,
                                                               std::chrono::seconds(5)));
  co_return cat(reply.runtime_name(), " ", reply.runtime_version());
}

loop::Task<Result<std::string>> Client::wait_ready(Duration at_most) {
  const Instant end = system_clock().now() + at_most;
  for (;;) {
    auto answered = co_await version();
    if (answered) {
      events_->open(); // before the first container can end
      co_return answered;
    }
    if (system_clock().now() >= end)
      co_return Error(Kind::timeout, answered.error().message).in("containerd does not answer");
    co_await loop::sleep(std::chrono::milliseconds(5)); // it needs 50 to 100 ms to start
  }
}

loop::Task<Result<std::string>> Client::run_sandbox(const SandboxConfig& config) {
  v1::RunPodSandboxRequest request;
  *request.mutable_config() = to_message(config);
  PODSTEP_CO_TRY(auto reply, co_await ask<v1::RunPodSandboxResponse>(channel_, runtime_service,
                                                                     "RunPodSandbox", request));
  co_return reply.pod_sandbox_id();
}

loop::Task<Result<void>> Client::stop_sandbox(const std::string& id) {
  v1::StopPodSandboxRequest request;
  request.set_pod_sandbox_id(id);
  co_return co_await tell(channel_, "StopPodSandbox", request, true);
}

loop::Task<Result<void>> Client::remove_sandbox(const std::string& id) {
  v1::RemovePodSandboxRequest request;
  request.set_pod_sandbox_id(id);
  co_return co_await tell(channel_, "RemovePodSandbox", request, true);
}

loop::Task<Result<std::vector<Sandbox>>> Client::list_sandboxes() {
  v1::ListPodSandboxRequest request;
  PODSTEP_CO_TRY(auto reply, co_await ask<v1::ListPodSandboxResponse>(channel_, runtime_service,
                                                                      "ListPodSandbox", request));
  std::vector<Sandbox> out;
  for (const auto& item : reply.items())
    out.push_back(from_message(item));
  co_return out;
}

loop::Task<Result<std::string>> Client::create_container(const std::string& sandbox_id,
                                                         const ContainerConfig& config,
                                                         const SandboxConfig& sandbox) {
  v1::CreateContainerRequest request;
  request.set_pod_sandbox_id(sandbox_id);
  *request.mutable_config() = to_message(config, sandbox);
  *request.mutable_sandbox_config() = to_message(sandbox);
  PODSTEP_CO_TRY(auto reply, co_await ask<v1::CreateContainerResponse>(channel_, runtime_service,
                                                                       "CreateContainer", request));
  co_return reply.container_id();
}

loop::Task<Result<void>> Client::start_container(const std::string& id) {
  v1::StartContainerRequest request;
  request.set_container_id(id);
  co_return co_await tell(channel_, "StartContainer", request, false);
}

loop::Task<Result<void>> Client::stop_container(const std::string& id, Duration grace) {
  v1::StopContainerRequest request;
  request.set_container_id(id);
  request.set_timeout(std::chrono::ceil<std::chrono::seconds>(grace).count());
  co_return co_await tell(channel_, "StopContainer", request, true, grace + call_timeout);
}

loop::Task<Result<void>> Client::remove_container(const std::string& id) {
  v1::RemoveContainerRequest request;
  request.set_container_id(id);
  auto done = co_await tell(channel_, "RemoveContainer", request, true);
  if (done)
    known_.erase(id);
  co_return done;
}

loop::Task<Result<std::vector<Container>>> Client::list_containers() {
  v1::ListContainersRequest request;
  PODSTEP_CO_TRY(auto reply, co_await ask<v1::ListContainersResponse>(channel_, runtime_service,
                                                                      "ListContainers", request));
  std::vector<Container> out;
  std::map<std::string, Container> known;
  for (const auto& item : reply.containers()) {
    Container container = from_message(item);
    auto before = known_.find(container.id);
    if (before != known_.end() && before->second.state == container.state) {
      container = before->second; // nothing of a container changes but with its state
    } else {
      auto full = co_await container_status(container.id);
      if (!full && full.error().kind == Kind::not_found)
        continue; // removed in between
      if (!full)
        co_return std::move(full).error();
      full->sandbox_id = container.sandbox_id; // only the list has it
      container = *std::move(full);
    }
    known.emplace(container.id, container);
    out.push_back(std::move(container));
  }
  known_ = std::move(known);
  co_return out;
}

loop::Task<Result<Container>> Client::container_status(const std::string& id) {
  v1::ContainerStatusRequest request;
  request.set_container_id(id);
  PODSTEP_CO_TRY(auto reply, co_await ask<v1::ContainerStatusResponse>(channel_, runtime_service,
                                                                       "ContainerStatus", request));
  Container out;
  add_status(out, reply.status());
  auto before = known_.find(id);
  if (before != known_.end())
    out.sandbox_id = before->second.sandbox_id;
  co_return out;
}

loop::Task<Result<ExecResult>> Client::exec_sync(const std::string& id,
                                                 const std::vector<std::string>& command, Duration timeout) {
  v1::ExecSyncRequest request;
  request.set_container_id(id);
  request.mutable_cmd()->Assign(command.begin(), command.end());
  auto seconds = std::chrono::ceil<std::chrono::seconds>(timeout);
  request.set_timeout(seconds.count());
  PODSTEP_CO_TRY(auto reply, co_await ask<v1::ExecSyncResponse>(channel_, runtime_service, "ExecSync",
                                                                request, seconds + std::chrono::seconds(10)));
  co_return ExecResult{reply.exit_code(), reply.stdout(), reply.stderr()};
}

loop::Task<Result<void>> Client::reopen_log(const std::string& id) {
  v1::ReopenContainerLogRequest request;
  request.set_container_id(id);
  co_return co_await tell(channel_, "ReopenContainerLog", request, false);
}

loop::Task<void> Client::wait_change(Duration at_most) {
  co_await events_->wait(at_most);
}

loop::Task<Result<bool>> Client::has_image(const std::string& name) {
  v1::ImageStatusRequest request;
  request.mutable_image()->set_image(name);
  PODSTEP_CO_TRY(auto reply,
                 co_await ask<v1::ImageStatusResponse>(channel_, image_service, "ImageStatus", request));
  co_return reply.has_image();
}

} // namespace podstep::cri
