// The one error channel between rooms: a value, or a sentence that says what went wrong (std::expected is
// C++23).
#pragma once
#include <cstdlib>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace podstep {

/// What kind of failure it is, so that a caller can react; the sentence is for people.
enum class Kind {
  failed,      ///< anything without a reaction of its own
  invalid,     ///< the input is wrong; the same input fails again
  not_found,   ///< the named thing does not exist
  exists,      ///< the named thing is there already
  conflict,    ///< somebody changed it meanwhile; read again and retry
  forbidden,   ///< the caller may not
  unsupported, ///< understood, but not supported (yet)
  unavailable, ///< the other side cannot be reached now; retry later
  timeout,     ///< the deadline passed
  gone,        ///< what was asked for has been compacted away (HTTP 410); list again
  exhausted,   ///< a bound was reached (size, count, rate)
};

/// A sentence that names the input and the cause, with at most one hint for the person at the edge.
struct Error {
  Kind kind = Kind::failed;
  std::string message; ///< `open /x/y: No such file or directory`
  std::string hint;    ///< `create it with ...`; empty if there is none

  Error() = default;
  explicit Error(std::string text) : message(std::move(text)) {}
  Error(Kind k, std::string text, std::string fix = {})
      : kind(k), message(std::move(text)), hint(std::move(fix)) {}

  /// The same error seen from one level up: `context: message`.
  Error in(const std::string& context) && { return Error(kind, context + ": " + message, std::move(hint)); }
  Error in(const std::string& context) const& { return Error(kind, context + ": " + message, hint); }
};

/// A T or an Error. Reading the wrong side is a bug and aborts.
template<class T> class [[nodiscard]] Result {
public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return ok() ? *std::get_if<0>(&state_) : (std::abort(), *std::get_if<0>(&state_)); }
  const T& value() const& {
    return ok() ? *std::get_if<0>(&state_) : (std::abort(), *std::get_if<0>(&state_));
  }
  T&& value() && { return std::move(value()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Error& error() & { return !ok() ? *std::get_if<1>(&state_) : (std::abort(), *std::get_if<1>(&state_)); }
  const Error& error() const& {
    return !ok() ? *std::get_if<1>(&state_) : (std::abort(), *std::get_if<1>(&state_));
  }
  Error&& error() && { return std::move(error()); }
  T value_or(T other) const& { return ok() ? value() : std::move(other); }

private:
  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template<> class [[nodiscard]] Result<void> {
public:
  using value_type = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok(); }
  void value() const {
    if (!ok_)
      std::abort();
  }
  Error& error() & { return !ok_ ? error_ : (std::abort(), error_); }
  const Error& error() const& { return !ok_ ? error_ : (std::abort(), error_); }
  Error&& error() && { return std::move(error()); }

private:
  Error error_;
  bool ok_ = true;
};

} // namespace podstep

/// Early return of the error of a Result: `PODSTEP_TRY(auto fd, open_read(path));` needs a fresh name per
/// line.
#define PODSTEP_CONCAT2(a, b) a##b
#define PODSTEP_CONCAT(a, b) PODSTEP_CONCAT2(a, b)
#define PODSTEP_TRY_AS(result, decl, expr, ret)                                                              \
  auto result = (expr);                                                                                      \
  if (!result)                                                                                               \
    ret std::move(result).error();                                                                           \
  decl = *std::move(result)
#define PODSTEP_TRY(decl, expr) PODSTEP_TRY_AS(PODSTEP_CONCAT(try_, __LINE__), decl, expr, return )
#define PODSTEP_CHECK(expr)                                                                                  \
  if (auto check_result = (expr); !check_result)                                                             \
  return std::move(check_result).error()
/// The same inside a coroutine.
#define PODSTEP_CO_TRY(decl, expr) PODSTEP_TRY_AS(PODSTEP_CONCAT(try_, __LINE__), decl, expr, co_return )
#define PODSTEP_CO_CHECK(expr)                                                                               \
  if (auto check_result = (expr); !check_result)                                                             \
  co_return std::move(check_result).error()
