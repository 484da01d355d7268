// Keeping the stream of events open: see events.h.
#include "nodeagent/cri/events.h"
#include "common/log.h"
#include "proto/containerd.pb.h"

namespace podstep::cri {

namespace {
/// CRI notes an exit a little after the event that announces it (it reads the status, deletes the task,
/// writes its own record): each hint is given twice, at once and after this long.
constexpr Duration echo = std::chrono::milliseconds(50);
constexpr Duration first_pause = std::chrono::milliseconds(100), longest_pause = std::chrono::seconds(5);
} // namespace

struct Events::Shared {
  explicit Shared(std::shared_ptr<Channel> c) : channel(std::move(c)), hint(channel->loop()) {}
  std::shared_ptr<Channel> channel;
  loop::Signal hint;
  bool started = false;
  bool ended = false; ///< the owner is gone; the listening coroutine ends at its next turn
  bool echo_due = false;
};

Events::Events(std::shared_ptr<Channel> channel) : shared_(std::make_shared<Shared>(std::move(channel))) {}

Events::~Events() {
  shared_->ended = true;
}

loop::Task<void> Events::listen(std::shared_ptr<Shared> shared) {
  ::containerd::SubscribeRequest request;
  for (const char* topic : {"/tasks/exit", "/tasks/delete", "/tasks/oom"})
    request.add_filters(std::string("topic==\"") + topic + "\"");
  Duration pause = first_pause;
  while (!shared->ended) {
    auto opened = system_clock().now();
    std::weak_ptr<Shared> weak = shared; // the stream must not keep its owner's state alive
    auto ended =
        co_await shared->channel->listen("/containerd.services.events.v1.Events/Subscribe", request, [weak] {
          if (auto still = weak.lock())
            still->hint.notify();
        });
    if (shared->ended)
      break;
    if (!ended)
      log::debug("containerd's events: " + ended.error().message);
    shared->hint.notify(); // what happened meanwhile is not known
    pause = system_clock().now() - opened > longest_pause ? first_pause : std::min(pause * 2, longest_pause);
    co_await loop::sleep(pause);
  }
}

loop::Task<void> Events::wait(Duration at_most) {
  auto shared = shared_;
  if (!shared->started) {
    shared->started = true;
    shared->channel->loop().spawn("containerd events", listen(shared));
  }
  bool echoing = std::exchange(shared->echo_due, false);
  bool heard = co_await shared->hint.wait_for(echoing ? std::min(echo, at_most) : at_most);
  shared->echo_due = heard;
}

} // namespace podstep::cri
