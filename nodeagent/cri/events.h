// Hints that a container may have changed: containerd's event service, one stream that is kept open.
#pragma once
#include "nodeagent/cri/grpc.h"
#include <memory>

namespace podstep::cri {

class Events {
public:
  explicit Events(std::shared_ptr<Channel> channel);
  ~Events();
  /// Starts listening, once; what happened before is not told.
  void open();
  /// Opens the stream if that was not done. Returns at the next hint, or after `at_most`.
  loop::Task<void> wait(Duration at_most);

private:
  struct Shared;
  static loop::Task<void> listen(std::shared_ptr<Shared> shared);
  std::shared_ptr<Shared> shared_;
};

} // namespace podstep::cri
