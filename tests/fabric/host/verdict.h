// How a case ends early: with what it expected and did not see, or with the reason why it cannot run.
#pragma once
#include <sstream>
#include <stdexcept>
#include <string>

namespace harness {

struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Skipped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template<class... Parts> std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}
template<class... Parts> [[noreturn]] void fail(const Parts&... parts) {
  throw Failed(text(parts...));
}
/// `parts` say what was seen instead.
template<class... Parts> void expect(bool condition, const Parts&... parts) {
  if (!condition)
    fail(parts...);
}

} // namespace harness
