// The hub's objects: one revision counter, one bounded log of changes for watchers, every change written down
// before anybody sees it.
#pragma once
#include "nodeagent/k8s/codec.h"
#include <compare>
#include <deque>
#include <functional>
#include <memory>

namespace podstep::hub {

struct Key {
  k8s::KindId kind{};
  std::string ns, name;
  auto operator<=>(const Key&) const = default;
};
Key key_of(const k8s::Object& object);

/// Objects are shared and never changed in place.
using ObjectPtr = std::shared_ptr<const k8s::Object>;

struct Change {
  enum class Type { added, modified, deleted } type{};
  uint64_t revision = 0;
  ObjectPtr object; ///< as it is now; of a deletion the last state, with the revision of the deletion
  ObjectPtr before; ///< nothing for an addition
};

class Store {
public:
  /// Called with each change before it counts; an error refuses the change (the journal could not be
  /// written).
  using Sink = std::function<Result<void>(const Change&)>;
  explicit Store(Sink sink);

  ObjectPtr get(const Key& key) const;
  /// In the order of namespace and name; all namespaces when `ns` is empty.
  std::vector<ObjectPtr> list(k8s::KindId kind, const std::string& ns = {}) const;
  std::vector<k8s::Object> all() const;
  size_t size() const { return objects_.size(); }

  /// Adds or replaces; the stored object carries its new resourceVersion. Error: what the sink said.
  Result<ObjectPtr> put(k8s::Object object);
  /// Removes; the returned object carries the revision of the removal. Error: not_found, or what the sink
  /// said.
  Result<ObjectPtr> remove(const Key& key);

  uint64_t revision() const { return revision_; }
  /// Changes after `revision`. Error: gone when they are no longer in the log (HTTP 410: list again).
  Result<std::vector<Change>> since(uint64_t revision) const;
  /// Calls `wake` after each change until the returned handle goes.
  std::shared_ptr<void> subscribe(std::function<void()> wake) const;

  /// Replay: as it was written, without sink, log or revision of its own.
  void restore(k8s::Object object);
  void forget(const Key& key);
  /// The revision to go on from after a replay; watchers from before are told to list again.
  void resume_at(uint64_t revision);

private:
  Result<void> commit(Change change);

  Sink sink_;
  std::map<Key, ObjectPtr> objects_;
  std::deque<Change> log_;
  mutable std::vector<std::weak_ptr<std::function<void()>>>
      watchers_;                       ///< who looks on is no part of the state
  uint64_t revision_ = 1, oldest_ = 1; ///< `oldest_`: changes after it are in the log
};

/// Changes kept for watchers that are late; beyond it they list again.
inline constexpr size_t changes_kept = 4096;

} // namespace podstep::hub
