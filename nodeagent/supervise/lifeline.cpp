// The worker's end of the line to its supervisor, and its frames: see supervise.h and lifeline.h.
#include "nodeagent/supervise/lifeline.h"
#include "common/text.h"
#include "nodeagent/supervise/supervise.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace podstep::supervise {

std::string pack(char type, const std::string& body) {
  uint32_t size = uint32_t(body.size());
  std::string out(1, type);
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  return out + body;
}

Result<std::optional<Frame>> unpack(std::string& buffer) {
  constexpr size_t head = 1 + sizeof(uint32_t);
  if (buffer.size() < head)
    return std::optional<Frame>();
  uint32_t size;
  std::memcpy(&size, buffer.data() + 1, sizeof size);
  char type = buffer[0];
  if ((type != frame_state && type != frame_beat && type != frame_start) || size > state_bytes)
    return Error(Kind::invalid, "a frame between supervisor and worker is malformed");
  if (buffer.size() < head + size)
    return std::optional<Frame>();
  Frame frame{type, buffer.substr(head, size)};
  buffer.erase(0, head + size);
  return std::optional<Frame>(std::move(frame));
}

// One whole frame from a blocking descriptor.
static Result<Frame> read_frame(int fd, std::string& buffer) {
  for (;;) {
    PODSTEP_TRY(std::optional<Frame> frame, unpack(buffer));
    if (frame)
      return std::move(*frame);
    char chunk[4096];
    ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno_error("read from the supervisor");
    if (n == 0)
      return Error(Kind::unavailable, "the supervisor is gone");
    buffer.append(chunk, size_t(n));
  }
}

Result<Lifeline> Lifeline::inherit() {
  const char* text = ::getenv(env_lifeline);
  if (!text)
    return Error(Kind::invalid, cat(env_lifeline, " is not set: a worker is started by its supervisor only"));
  PODSTEP_TRY(int64_t number, parse_int(text, 3, 1 << 20));
  ::unsetenv(env_lifeline);
  if (::fcntl(int(number), F_SETFD, FD_CLOEXEC) != 0)
    return errno_error("the line to the supervisor");
  Lifeline line;
  line.line_ = OwnedFd(int(number));
  std::string buffer;
  PODSTEP_TRY(Frame start, read_frame(line.line_.get(), buffer));
  PODSTEP_TRY(Frame state, read_frame(line.line_.get(), buffer));
  PODSTEP_TRY(int64_t restarts, parse_int(start.body, 0, 1 << 30));
  line.restarts_ = int(restarts);
  line.state_ = std::move(state.body);
  return line;
}

Result<void> Lifeline::save(const std::string& state) {
  if (state.size() > state_bytes)
    return Error(Kind::exhausted, cat("state of ", state.size(), " bytes is more than ", state_bytes));
  state_ = state;
  return write_all(line_.get(), pack(frame_state, state), "the line to the supervisor");
}

Result<void> Lifeline::beat() {
  return write_all(line_.get(), pack(frame_beat, ""), "the line to the supervisor");
}

} // namespace podstep::supervise
