// Container logs: see logs.h.
#include "nodeagent/agent/logs.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/agent/log_room.h"
#include "nodeagent/record/record.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::agent {

namespace {
std::string turned_over(const std::string& path) {
  return cat(path, ".1");
}

struct Tail {
  std::string text;
  bool whole; ///< the file has no more than this
};

Result<Tail> tail_of(const std::string& path, size_t bytes) {
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid())
    return errno_error(cat("open ", path));
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode))
    return Error(cat(path, " is not a regular file"));
  off_t from = st.st_size > off_t(bytes) ? st.st_size - off_t(bytes) : 0;
  std::string text(size_t(st.st_size - from), '\0');
  ssize_t n = ::pread(fd.get(), text.data(), text.size(), from);
  if (n < 0)
    return errno_error(cat("read ", path));
  text.resize(size_t(n));
  if (from > 0)
    text.erase(0, text.find('\n') == text.npos ? text.size() : text.find('\n') + 1);
  return Tail{std::move(text), from == 0};
}
} // namespace

std::string log_directory(const std::string& logs, const k8s::ObjectMeta& pod) {
  return cat(logs, "/", pod.ns, "_", pod.name, "_", pod.uid);
}

std::string log_file_name(const std::string& container, uint32_t attempt) {
  return cat(container, "/", attempt, ".log");
}

std::string log_path(const std::string& logs, const k8s::ObjectMeta& pod, const std::string& container,
                     uint32_t attempt) {
  return cat(log_directory(logs, pod), "/", log_file_name(container, attempt));
}

std::optional<LogLine> parse_log_line(std::string_view line) {
  size_t a = line.find(' ');
  size_t b = a == line.npos ? a : line.find(' ', a + 1);
  size_t c = b == line.npos ? b : line.find(' ', b + 1);
  if (c == line.npos)
    return std::nullopt;
  std::string_view stream = line.substr(a + 1, b - a - 1), tag = line.substr(b + 1, c - b - 1);
  if ((stream != "stdout" && stream != "stderr") || (!tag.starts_with('P') && !tag.starts_with('F')))
    return std::nullopt;
  return LogLine{line.substr(0, a), line.substr(c + 1), tag.starts_with('P')};
}

std::string plain(std::string_view text, bool timestamps) {
  std::string out;
  bool fresh = true; // at the start of a line of the container's
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    auto parsed = parse_log_line(line);
    if (parsed && timestamps && fresh)
      out += cat(parsed->time, " ");
    out += parsed ? parsed->text : line;
    fresh = !parsed || !parsed->partial;
    if (fresh)
      out += '\n';
  }
  return out;
}

Result<std::string> read_tail(const std::string& path, size_t bytes) {
  PODSTEP_TRY(Tail tail, tail_of(path, bytes));
  return std::move(tail.text);
}

Result<std::string> read_end(const std::string& path, size_t bytes) {
  auto now = tail_of(path, bytes);
  if (!now && now.error().kind != Kind::not_found)
    return std::move(now).error();
  if (now && !now->whole)
    return std::move(now->text);
  auto before = read_tail(turned_over(path), bytes - (now ? now->text.size() : 0));
  if (!now && !before)
    return std::move(now).error();
  return cat(before ? *before : "", now ? now->text : "");
}

std::string_view last_lines(std::string_view text, size_t lines) {
  if (lines == 0)
    return {};
  size_t end = text.ends_with('\n') ? text.size() - 1 : text.size();
  for (size_t at = end; at > 0; --at)
    if (text[at - 1] == '\n' && --lines == 0)
      return text.substr(at);
  return text;
}

Result<bool> rotate(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0 || size_t(st.st_size) < rotate_bytes)
    return false;
  for (int i = rotated_files; i > 1; --i)
    ::rename(cat(path, ".", i - 1).c_str(), cat(path, ".", i).c_str()); // absent ones: nothing
  if (::rename(path.c_str(), turned_over(path).c_str()) != 0)
    return errno_error(cat("rotate ", path));
  PODSTEP_CHECK(keep_tail(turned_over(path), rotate_bytes));
  return true;
}

Result<void> keep(const std::string& path, const std::string& record, const std::string& pod,
                  const std::string& container, uint32_t attempt) {
  PODSTEP_TRY(std::string text, read_end(path, limits::record_log_bytes));
  std::string directory = cat(record, "/", record::logs_dir, "/", pod);
  PODSTEP_CHECK(make_directories(directory, 0700));
  return write_file_atomic(cat(directory, "/", container, ".", attempt, ".log"), plain(text, false), 0600);
}

} // namespace podstep::agent
