// Waiting for descriptors and for processes by pidfd.
#include "common/fd.h"
#include "common/text.h"
#include "nodeagent/loop/task.h"
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/wait.h>

namespace podstep::loop {

namespace asio = boost::asio;

Task<Result<void>> readable(int fd) {
  // A duplicate, so that the caller may close its own while a wait is under way.
  auto copy = duplicate(fd);
  if (!copy)
    co_return std::move(copy).error();
  asio::posix::stream_descriptor descriptor(co_await asio::this_coro::executor);
  boost::system::error_code error;
  descriptor.assign(copy->get(), error);
  if (error)
    co_return Error(cat("wait for descriptor ", fd, ": ", error.message()));
  copy->release();
  auto [failed] = co_await descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                                                 asio::as_tuple(asio::use_awaitable));
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none)
    throw boost::system::system_error(asio::error::operation_aborted);
  if (failed)
    co_return Error(cat("wait for descriptor ", fd, ": ", failed.message()));
  co_return Result<void>();
}

Task<Result<void>> wait_gone(int pidfd) {
  co_return co_await readable(pidfd);
}

Task<Result<Exited>> wait_child(int pidfd) {
  auto ended = co_await readable(pidfd);
  if (!ended)
    co_return std::move(ended).error();
  siginfo_t info{};
  if (waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info, WEXITED) < 0)
    co_return errno_error("waitid");
  const bool signaled = info.si_code != CLD_EXITED;
  co_return Exited{signaled ? 128 + info.si_status : info.si_status, signaled};
}

} // namespace podstep::loop
