// Waiting: for a time, and for another coroutine.
#include "nodeagent/loop/task.h"
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace podstep::loop {

namespace asio = boost::asio;

namespace {
/// A wait whose result says nothing; a cancelled coroutine ends here by exception, so that only destructors
/// run.
Task<void> wait_timer(asio::steady_timer& timer) {
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none)
    throw boost::system::system_error(asio::error::operation_aborted);
}
} // namespace

Task<void> sleep(Duration d) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(d));
  co_await wait_timer(timer);
}

Signal::Signal(Loop& loop) : timer_(loop.context(), asio::steady_timer::time_point::max()) {}

void Signal::notify() {
  ++notified_;
  set_ = timer_.cancel() == 0; // nobody waits now: remember it for the next one
}

Task<void> Signal::wait() {
  if (std::exchange(set_, false))
    co_return;
  co_await wait_timer(timer_);
}

Task<bool> Signal::wait_for(Duration d) {
  using namespace asio::experimental::awaitable_operators;
  if (std::exchange(set_, false))
    co_return true;
  const uint64_t before = notified_;
  co_await (wait() || sleep(d));
  co_return notified_ != before; // both may have happened in one turn of the loop: the notification counts
}

} // namespace podstep::loop
