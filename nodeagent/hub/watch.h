// The stream of a watch: what was there, what changes, bookmarks between (Kubernetes API: "Efficient
// detection of changes").
#pragma once
#include "nodeagent/http/server.h"
#include "nodeagent/hub/store.h"
#include "nodeagent/hub/table.h"

namespace podstep::hub {

struct WatchRequest {
  k8s::KindId kind{};
  std::string ns;
  std::function<bool(const k8s::Object&)> selects;
  std::optional<RowObject> table; ///< each event's object is a Table of one row
  std::optional<uint64_t> from;   ///< nothing: begin with an ADDED for everything that is there
  bool bookmarks = false;
  Duration length{}; ///< the stream ends after this long; the client goes on with its last revision
};

/// resourceVersion, allowWatchBookmarks, timeoutSeconds. Error: invalid.
Result<WatchRequest> parse_watch(const std::map<std::string, std::string>& query);

loop::Task<void> stream_watch(loop::Loop& loop, const Clock& clock, const Store& store, WatchRequest request,
                              http::Stream& to);

} // namespace podstep::hub
