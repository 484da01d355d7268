// The stream of a watch.
#include "nodeagent/hub/watch.h"
#include "common/text.h"
#include "nodeagent/hub/answer.h"

namespace podstep::hub {

namespace {
/// As kube-apiserver: half an hour where the client does not say.
constexpr std::chrono::seconds default_length{1800};
constexpr int64_t longest_seconds = 24 * 3600;
/// kube-apiserver sends one about every minute.
constexpr std::chrono::seconds bookmark_period{60};

std::string event_line(const char* type, const std::string& object) {
  return cat("{\"type\":\"", type, "\",\"object\":", object, "}\n");
}

std::string text_of(const k8s::Object& object, const WatchRequest& request, WallTime now) {
  if (!request.table)
    return k8s::encode_text(object);
  return table_text(k8s::info(request.kind), {&object}, k8s::meta_of(object).resource_version, *request.table,
                    now);
}

std::string bookmark(const WatchRequest& request, uint64_t revision, WallTime now) {
  const auto& kind = k8s::info(request.kind);
  if (request.table)
    return event_line("BOOKMARK", table_text(kind, {}, std::to_string(revision), *request.table, now));
  return event_line("BOOKMARK", cat("{\"kind\":\"", kind.kind, "\",\"apiVersion\":\"", kind.api_version,
                                    "\",\"metadata\":{\"resourceVersion\":\"", revision, "\"}}"));
}

/// How one change looks through the selectors: an object that no longer matches was deleted for this watcher.
std::string line_of(const Change& change, const WatchRequest& request, WallTime now) {
  const Key key = key_of(*change.object);
  if (key.kind != request.kind || (!request.ns.empty() && key.ns != request.ns))
    return {};
  const bool was = change.before && request.selects(*change.before);
  const bool is = change.type != Change::Type::deleted && request.selects(*change.object);
  if (!was && !is)
    return {};
  const char* type = was && is ? "MODIFIED" : is ? "ADDED" : "DELETED";
  return event_line(type, text_of(*change.object, request, now));
}
} // namespace

Result<WatchRequest> parse_watch(const std::map<std::string, std::string>& query) {
  WatchRequest request;
  request.length = default_length;
  if (const auto found = query.find("timeoutSeconds"); found != query.end()) {
    PODSTEP_TRY(const auto seconds, parse_int(found->second, 0, longest_seconds));
    if (seconds > 0)
      request.length = std::chrono::seconds(seconds);
  }
  if (const auto found = query.find("allowWatchBookmarks"); found != query.end())
    request.bookmarks = found->second == "true" || found->second == "1";
  if (const auto found = query.find("resourceVersion"); found != query.end() && !found->second.empty()) {
    PODSTEP_TRY(const auto revision, parse_int(found->second, 0, INT64_MAX));
    if (revision > 0) // 0: any state will do, so the present one
      request.from = static_cast<uint64_t>(revision);
  }
  return request;
}

loop::Task<void> stream_watch(loop::Loop& loop, const Clock& clock, const Store& store, WatchRequest request,
                              http::Stream& to) {
  loop::Signal changed(loop);
  const auto subscription = store.subscribe([&changed] { changed.notify(); });
  const Deadline end = Deadline::after(clock, request.length);
  uint64_t at = request.from.value_or(store.revision());
  std::string lines;
  if (!request.from)
    for (const auto& object : store.list(request.kind, request.ns))
      if (request.selects(*object))
        lines += event_line("ADDED", text_of(*object, request, clock.wall()));
  while (true) {
    auto changes = store.since(at);
    if (!changes) {
      (void)co_await to.write(event_line("ERROR", status_json(410, "Expired", changes.error().message)));
      co_return;
    }
    for (const auto& change : *changes) {
      lines += line_of(change, request, clock.wall());
      at = change.revision;
    }
    if (!lines.empty())
      if (auto sent = co_await to.write(std::exchange(lines, {})); !sent)
        co_return;
    if (store.revision() != at)
      continue;
    const Duration left = end.left(clock);
    if (left == Duration::zero())
      co_return;
    const bool woken = co_await changed.wait_for(std::min<Duration>(left, bookmark_period));
    if (!woken && request.bookmarks)
      lines = bookmark(request, at, clock.wall());
  }
}

} // namespace podstep::hub
