// A deadline on a coroutine; included by task.h only, because it is the one template of this room.
#pragma once
#include "nodeagent/loop/task.h"
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <optional>

namespace podstep::loop {

namespace detail {
/// The parallel group of Asio needs a default-constructible result and waits for the timer when a task
/// throws: so the task's outcome, value or exception, is put into a box that always arrives.
template<class T> struct Outcome {
  std::optional<Result<T>> result;
  std::exception_ptr thrown;
};
template<class T> Task<Outcome<T>> boxed(Task<Result<T>> task) {
  Outcome<T> outcome;
  try {
    outcome.result = co_await std::move(task);
  } catch (...) {
    outcome.thrown = std::current_exception();
  }
  co_return outcome;
}
} // namespace detail

template<class T> Task<Result<T>> within(Duration d, std::string what, Task<Result<T>> task) {
  using namespace boost::asio::experimental::awaitable_operators;
  auto first = co_await (detail::boxed(std::move(task)) || sleep(d));
  if (first.index() == 1) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
    co_return Error(Kind::timeout, what + ": no answer within " + std::to_string(ms) + " ms");
  }
  auto& outcome = std::get<0>(first);
  if (outcome.thrown)
    std::rethrow_exception(outcome.thrown);
  co_return std::move(*outcome.result);
}

} // namespace podstep::loop
