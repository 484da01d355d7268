// Keeping the stream of events open: see events.h.
#include "nodeagent/cri/events.h"
#include "common/log.h"
#include "proto/containerd.pb.h"
#include <array>

namespace podstep::cri {

namespace {
/// CRI notes an exit some time after the event that announces it: it deletes the task, runs the shim's own
/// `delete` and only then writes its record. So each hint is followed by looks after these pauses.
constexpr std::array<Duration, 6> echoes = {std::chrono::milliseconds(10),  std::chrono::milliseconds(30),
                                            std::chrono::milliseconds(60),  std::chrono::milliseconds(150),
                                            std::chrono::milliseconds(400), std::chrono::milliseconds(1000)};
constexpr Duration first_pause = std::chrono::milliseconds(100), longest_pause = std::chrono::seconds(5);
} // namespace

struct Events::Shared {
  explicit Shared(std::shared_ptr<Channel> c) : channel(std::move(c)), hint(channel->loop()) {}
  std::shared_ptr<Channel> channel;
  loop::Signal hint;
  bool started = false;
  bool ended = false;               ///< the owner is gone; the listening coroutine ends at its next turn
  size_t next_echo = echoes.size(); ///< none is due
};

Events::Events(std::shared_ptr<Channel> channel) : shared_(std::make_shared<Shared>(std::move(channel))) {}

Events::~Events() {
  shared_->ended = true;
}

loop::Task<void> Events::listen(std::shared_ptr<Shared> shared) {
  ::containerd::SubscribeRequest request;
  for (const char* topic : {"/tasks/exit", "/tasks/delete", "/tasks/oom"})
    request.add_filters(std::string("topic==\"") + topic + "\"");
  // A named function: g++ 12 destroys the captures of a temporary in a co_await twice. Weak: the stream must
  // not keep its owner's state alive.
  const std::function<void()> heard = [weak = std::weak_ptr<Shared>(shared)] {
    if (auto still = weak.lock())
      still->hint.notify();
  };
  Duration pause = first_pause;
  while (!shared->ended) {
    auto opened = system_clock().now();
    auto ended =
        co_await shared->channel->listen("/containerd.services.events.v1.Events/Subscribe", request, heard);
    if (shared->ended)
      break;
    if (!ended)
      log::debug("containerd's events: " + ended.error().message);
    shared->hint.notify(); // what happened meanwhile is not known
    pause = system_clock().now() - opened > longest_pause ? first_pause : std::min(pause * 2, longest_pause);
    co_await loop::sleep(pause);
  }
}

void Events::open() {
  if (std::exchange(shared_->started, true))
    return;
  shared_->channel->loop().spawn("containerd events", listen(shared_));
}

loop::Task<void> Events::wait(Duration at_most) {
  auto shared = shared_;
  open();
  Duration pause =
      shared->next_echo < echoes.size() ? std::min(echoes[shared->next_echo++], at_most) : at_most;
  if (co_await shared->hint.wait_for(pause))
    shared->next_echo = 0;
}

} // namespace podstep::cri
