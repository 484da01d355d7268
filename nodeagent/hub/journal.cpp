// The hub's journal in the record.
#include "nodeagent/hub/journal.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include <boost/json.hpp>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace podstep::hub {

namespace json = boost::json;

namespace {
/// Revisions that are written down as given out at once, so that a lease's renewal writes nothing.
constexpr uint64_t reserve_step = 1000;
/// After a compaction for which there was no room, the next one waits for this much more.
constexpr size_t compact_pause = 1 << 20;
/// Room for snapshots that are themselves large: the file may be this much larger than the bound.
constexpr size_t read_limit = 4 * limits::journal_bytes;

bool is_kept(const k8s::Object& object) {
  const auto kind = k8s::kind_of(object);
  return kind != k8s::KindId::lease && kind != k8s::KindId::event;
}

std::string put_line(const k8s::Object& object, uint64_t revision) {
  return cat("{\"rev\":", revision, ",\"put\":", k8s::encode_text(object), "}\n");
}

std::string delete_line(const Change& change) {
  const Key key = key_of(*change.object);
  const auto& kind = k8s::info(key.kind);
  const json::object what{
      {"apiVersion", kind.api_version}, {"kind", kind.kind}, {"ns", key.ns}, {"name", key.name}};
  return cat("{\"rev\":", change.revision, ",\"del\":", json::serialize(what), "}\n");
}

std::string_view text_of(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

/// Applies one line; returns its revision.
Result<uint64_t> apply(std::string_view line, Store& store) {
  PODSTEP_TRY(auto value, k8s::parse_json(line, limits::watch_line_bytes));
  const auto* object = value.if_object();
  const auto* revision = object ? object->if_contains("rev") : nullptr;
  if (!revision || !revision->is_int64() || revision->get_int64() < 0)
    return Error(Kind::invalid, "no revision");
  if (const auto* put = object->if_contains("put")) {
    PODSTEP_TRY(auto decoded, k8s::decode(*put));
    store.restore(std::move(decoded));
  } else if (const auto* del = object->if_contains("del"); del && del->is_object()) {
    const auto& what = del->get_object();
    const auto* kind = k8s::find_kind(text_of(what, "apiVersion"), text_of(what, "kind"));
    if (!kind)
      return Error(Kind::invalid, "unknown kind");
    store.forget({kind->id, std::string(text_of(what, "ns")), std::string(text_of(what, "name"))});
  }
  return static_cast<uint64_t>(revision->get_int64());
}
} // namespace

Result<Journal> Journal::open(const std::string& path) {
  OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid())
    return errno_error(cat("open ", path));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) < 0)
    return errno_error(cat("lock ", path, " (does another hub of this job run?)"));
  Journal journal(std::move(fd), path);
  journal.compact_at_ = limits::journal_bytes;
  return journal;
}

Result<bool> Journal::replay(Store& store) {
  PODSTEP_TRY(const std::string text, read_file(path_, read_limit));
  const auto whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  if (whole < text.size() && ftruncate(fd_.get(), static_cast<off_t>(whole)) < 0)
    return errno_error(cat("cut the torn end of ", path_));
  uint64_t revision = 0, number = 0;
  for (size_t at = 0; at < whole;) {
    const size_t end = text.find('\n', at);
    ++number;
    auto applied = apply(std::string_view(text).substr(at, end - at), store);
    if (!applied)
      return std::move(applied).error().in(cat(path_, ":", number));
    revision = std::max(revision, *applied);
    at = end + 1;
  }
  bytes_ = whole;
  reserved_ = revision;
  store.resume_at(revision + 1);
  if (auto reserved = reserve(store.revision()); !reserved)
    behind_ = reserved.error().message;
  return number > 0;
}

Result<void> Journal::write(const std::string& lines) {
  // No fsync: a killed hub loses nothing that write() took, and a lost node ends the job (faults F8, F22).
  if (auto written = write_all(fd_.get(), lines, path_); !written) {
    // A half line would spoil the next one. Where it cannot be cut off, nothing follows it: the journal is
    // behind.
    (void)!ftruncate(fd_.get(), static_cast<off_t>(bytes_));
    return written;
  }
  bytes_ += lines.size();
  return {};
}

Result<void> Journal::reserve(uint64_t revision) {
  if (revision < reserved_)
    return {};
  PODSTEP_CHECK(write(cat("{\"rev\":", revision + reserve_step, "}\n")));
  reserved_ = revision + reserve_step;
  return {};
}

Result<void> Journal::write_change(const Change& change) {
  PODSTEP_CHECK(reserve(change.revision));
  if (!is_kept(*change.object))
    return {};
  if (change.type == Change::Type::deleted)
    return write(delete_line(change));
  return write(put_line(*change.object, change.revision));
}

void Journal::append(const Change& change) {
  if (!behind_.empty())
    return;
  if (auto written = write_change(change); !written)
    behind_ = written.error().message;
}

Result<void> Journal::rewrite(const Store& store) {
  const uint64_t reserved = std::max(reserved_, store.revision() + reserve_step);
  std::string snapshot = cat("{\"rev\":", reserved, "}\n");
  for (const auto& object : store.all())
    if (is_kept(object))
      snapshot += put_line(object, store.revision());
  PODSTEP_CHECK(write_file_atomic(path_, snapshot, 0600));
  auto fresh = open(path_);
  if (!fresh) {
    behind_ = fresh.error().message; // what is open now has no name any more
    return std::move(fresh).error();
  }
  fd_ = std::move(fresh->fd_);
  bytes_ = snapshot.size();
  reserved_ = reserved;
  compact_at_ = std::max(limits::journal_bytes, 2 * bytes_);
  return {};
}

Result<void> Journal::catch_up(const Store& store) {
  if (behind_.empty())
    return {};
  PODSTEP_CHECK(rewrite(store));
  behind_.clear();
  return {};
}

Result<void> Journal::compact_if_due(const Store& store) {
  if (!behind_.empty() || bytes_ < compact_at_)
    return {};
  auto rewritten = rewrite(store);
  if (!rewritten)
    compact_at_ = bytes_ + compact_pause;
  return rewritten;
}

} // namespace podstep::hub
