// The loop itself: running, stopping, starting coroutines, signals.
#include "common/log.h"
#include "nodeagent/loop/task.h"
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdlib>

namespace podstep::loop {

namespace asio = boost::asio;

namespace {
/// EX_SOFTWARE of sysexits.h: a bug of ours ended the program, not an input.
constexpr int exit_software = 70;

void end_on_exception(const std::string& name, std::exception_ptr thrown) {
  if (!thrown)
    return;
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& e) {
    if (e.code() == asio::error::operation_aborted)
      return; // cancelled: its owner is gone
    log::error(name + ": " + e.what());
  } catch (const std::exception& e) {
    log::error(name + ": " + e.what());
  } catch (...) {
    log::error(name + ": an exception of unknown type");
  }
  std::_Exit(exit_software);
}

void rearm(asio::signal_set& set, std::function<void(int)> handler) {
  set.async_wait([&set, handler = std::move(handler)](boost::system::error_code error, int number) mutable {
    if (error)
      return;
    handler(number);
    rearm(set, std::move(handler));
  });
}
} // namespace

struct Loop::Parts {
  asio::io_context context{1};
  std::vector<std::unique_ptr<asio::signal_set>> signals;
  int exit_code = 0;
};

Loop::Loop() : parts_(std::make_unique<Parts>()) {}
Loop::~Loop() = default;

int Loop::run() {
  parts_->exit_code = 0;
  parts_->context.restart();
  parts_->context.run();
  return parts_->exit_code;
}

void Loop::stop(int exit_code) {
  parts_->exit_code = exit_code;
  parts_->context.stop();
}

void Loop::spawn(std::string name, Task<void> task) {
  // Posted, never run inside the caller: a callback of libcurl may spawn, but must not re-enter libcurl.
  asio::post(parts_->context, [this, name = std::move(name), task = std::move(task)]() mutable {
    asio::co_spawn(parts_->context, std::move(task),
                   [name = std::move(name)](std::exception_ptr thrown) { end_on_exception(name, thrown); });
  });
}

void Loop::on_signal(std::vector<int> signals, std::function<void(int)> handler) {
  auto set = std::make_unique<asio::signal_set>(parts_->context);
  for (int number : signals)
    set->add(number);
  rearm(*set, std::move(handler));
  parts_->signals.push_back(std::move(set));
}

asio::io_context& Loop::context() {
  return parts_->context;
}

} // namespace podstep::loop
