// A typed client of the Kubernetes API (the job's hub or a cluster's server): what the agent, boot's helper
// and the CLI need of it.
#pragma once
#include "nodeagent/http/client.h"
#include "nodeagent/k8s/codec.h"

namespace podstep::k8s {

struct ListOptions {
  std::string ns;             ///< empty: all namespaces (or a cluster-scoped kind)
  std::string field_selector; ///< `spec.nodeName=n1`
  std::string label_selector;
};
struct ListResult {
  std::vector<Object> items;
  std::string resource_version;
};
struct WatchEvent {
  enum class Type { added, modified, deleted, bookmark } type{};
  Object object;                ///< empty Pod for a bookmark
  std::string resource_version; ///< of the object, or of the bookmark
};

class Client {
public:
  /// `http` outlives this client.
  explicit Client(http::Client& http);

  loop::Task<Result<Object>> get(KindId kind, const std::string& ns, const std::string& name);
  loop::Task<Result<ListResult>> list(KindId kind, ListOptions options);
  /// Runs until the stream ends (server timeout: success), breaks (unavailable) or is too old (gone: list
  /// again). `event` returning false ends it.
  loop::Task<Result<void>> watch(KindId kind, ListOptions options, std::string resource_version,
                                 std::function<bool(WatchEvent)> event);
  loop::Task<Result<Object>> create(const Object& object);
  loop::Task<Result<Object>> update(const Object& object);
  /// `subresource`: "" or "status". Content type as for apply_patch.
  loop::Task<Result<Object>> patch(KindId kind, const std::string& ns, const std::string& name,
                                   const std::string& subresource, const std::string& content_type,
                                   std::string body);
  /// With `uid` as precondition where not empty; grace < 0: the object's own.
  loop::Task<Result<void>> remove(KindId kind, const std::string& ns, const std::string& name,
                                  const std::string& uid, int64_t grace_seconds);

private:
  http::Client& http_;
};

} // namespace podstep::k8s
