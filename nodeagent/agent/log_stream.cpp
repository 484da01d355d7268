// Streaming a log: see log_stream.h.
#include "nodeagent/agent/log_stream.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/agent/logs.h"
#include <algorithm>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::agent {

namespace {
constexpr size_t chunk_bytes = 64 << 10;
// How often a followed file is looked at; a log has no reader that needs it sooner.
constexpr Duration follow_period = std::chrono::milliseconds(300);

Result<bool> flag(const std::map<std::string, std::string>& query, const char* name) {
  auto it = query.find(name);
  if (it == query.end() || it->second == "false" || it->second == "0")
    return false;
  if (it->second == "true" || it->second == "1" || it->second.empty())
    return true;
  return Error(Kind::invalid, cat(name, "=", printable(it->second, 40), " is neither true nor false"));
}

http::ServerResponse refuse(int status, std::string message) {
  http::ServerResponse out;
  out.status = status;
  out.content_type = "text/plain";
  out.body = message + "\n";
  return out;
}

bool still_runs(const PodLife& life, const std::string& id) {
  for (const pods::ContainerView& v : life.views())
    if (v.id == id)
      return v.state == pods::RunState::running;
  return false;
}

// Whole lines from `offset` on and before `end`, at most a chunk; the offset moves behind them. Of a log that
// was turned over the beginning may be gone (log_room.h): then from the first whole line of what is there.
Result<std::string> read_lines(int fd, off_t& offset, off_t end) {
  bool jumped = false;
  if (off_t data = ::lseek(fd, offset, SEEK_DATA); data > offset) {
    offset = data;
    jumped = true;
  }
  std::string text(size_t(std::clamp<off_t>(end - offset, 0, chunk_bytes)), '\0');
  ssize_t n = ::pread(fd, text.data(), text.size(), offset);
  if (n < 0)
    return errno_error("read a log");
  text.resize(size_t(n));
  size_t last = text.rfind('\n');
  if (last == text.npos) {
    if (text.size() < chunk_bytes)
      text.clear();
  } else {
    text.resize(last + 1);
  }
  offset += off_t(text.size());
  if (jumped)
    text.erase(0, text.find('\n') + 1);
  return text;
}

// Where the last `lines` lines begin.
off_t tail_offset(const std::string& path, off_t size, int64_t lines) {
  auto text = read_tail(path, limits::record_stream_bytes);
  return text ? size - off_t(last_lines(*text, size_t(lines)).size()) : 0;
}

// True when the file behind `path` is another one by now: it has been rotated.
bool turned_over(const std::string& path, int fd) {
  struct stat named {
  }, open{};
  return ::stat(path.c_str(), &named) == 0 && ::fstat(fd, &open) == 0 && named.st_ino != open.st_ino;
}

loop::Task<void> pump(std::shared_ptr<PodLife> life, std::string id, std::string path, LogQuery query,
                      http::Stream& out) {
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat st {};
  if (!fd.valid() || ::fstat(fd.get(), &st) != 0)
    co_return;
  off_t offset = query.tail_lines ? tail_offset(path, st.st_size, *query.tail_lines) : 0;
  // A reader who does not follow gets what is there now, however fast more is written.
  const off_t end = query.follow ? std::numeric_limits<off_t>::max() : st.st_size;
  while (query.limit_bytes > 0) {
    bool ended = !still_runs(*life, id); // asked before the read: what it wrote last is still sent
    auto text = read_lines(fd.get(), offset, end);
    if (!text)
      co_return;
    if (!text->empty()) {
      std::string shown = plain(*text, query.timestamps);
      shown.resize(std::min<size_t>(shown.size(), size_t(query.limit_bytes)));
      query.limit_bytes -= int64_t(shown.size());
      if (auto written = co_await out.write(std::move(shown)); !written)
        co_return;
      continue;
    }
    if (query.follow && turned_over(path, fd.get())) {
      fd.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
      offset = 0;
      if (!fd.valid())
        co_return;
      continue;
    }
    if (!query.follow || ended)
      co_return;
    co_await loop::sleep(follow_period);
  }
}
} // namespace

Result<LogQuery> parse_log_query(const std::map<std::string, std::string>& query) {
  LogQuery out;
  PODSTEP_TRY(out.follow, flag(query, "follow"));
  PODSTEP_TRY(out.previous, flag(query, "previous"));
  PODSTEP_TRY(out.timestamps, flag(query, "timestamps"));
  for (const char* name : {"tail", "tailLines"})
    if (auto it = query.find(name); it != query.end() && it->second != "all") {
      auto lines = parse_int(it->second, 0, INT32_MAX);
      if (!lines)
        return std::move(lines).error().in(name);
      out.tail_lines = *lines;
    }
  if (auto it = query.find("limitBytes"); it != query.end()) {
    auto bytes = parse_int(it->second, 1, INT64_MAX);
    if (!bytes)
      return std::move(bytes).error().in("limitBytes");
    out.limit_bytes = *bytes;
  }
  return out;
}

http::ServerResponse stream_log(Context& context, std::shared_ptr<PodLife> life,
                                pods::ContainerView container, LogQuery query) {
  const k8s::ObjectMeta& meta = life->pod().metadata;
  int64_t attempt = container.restart_count - (query.previous ? 1 : 0);
  if (query.previous && (attempt < 0 || !container.previous))
    return refuse(400, cat("previous terminated container \"", container.name, "\" in pod \"", meta.name,
                           "\" not found"));
  std::string path = log_path(context.settings.logs(), meta, container.name, uint32_t(attempt));
  if (!container.ever_started() || ::access(path.c_str(), R_OK) != 0)
    return refuse(400,
                  cat("container \"", container.name, "\" in pod \"", meta.name, "\" is waiting to start"));
  http::ServerResponse out;
  out.content_type = "text/plain";
  out.stream = [life, id = query.previous ? std::string() : container.id, path, query](http::Stream& stream) {
    return pump(life, id, path, query, stream);
  };
  return out;
}

} // namespace podstep::agent
