// The hub's objects, their revisions, and the log of changes for watchers.
#include "nodeagent/hub/store.h"
#include "common/text.h"
#include <algorithm>

namespace podstep::hub {

Key key_of(const k8s::Object& object) {
  const auto& meta = k8s::meta_of(object);
  return {k8s::kind_of(object), meta.ns, meta.name};
}

Store::Store(Sink sink) : sink_(std::move(sink)) {}

ObjectPtr Store::get(const Key& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second;
}

std::vector<ObjectPtr> Store::list(k8s::KindId kind, const std::string& ns) const {
  std::vector<ObjectPtr> found;
  for (auto at = objects_.lower_bound(Key{kind, ns, {}}); at != objects_.end() && at->first.kind == kind;
       ++at) {
    if (!ns.empty() && at->first.ns != ns)
      break;
    found.push_back(at->second);
  }
  return found;
}

std::vector<k8s::Object> Store::all() const {
  std::vector<k8s::Object> found;
  found.reserve(objects_.size());
  for (const auto& [key, object] : objects_)
    found.push_back(*object);
  return found;
}

Result<ObjectPtr> Store::put(k8s::Object object) {
  const Key key = key_of(object);
  const uint64_t revision = revision_ + 1;
  k8s::meta_of(object).resource_version = std::to_string(revision);
  auto now = std::make_shared<const k8s::Object>(std::move(object));
  auto before = get(key);
  const auto type = before ? Change::Type::modified : Change::Type::added;
  PODSTEP_CHECK(commit({type, revision, now, before}));
  objects_[key] = now;
  return now;
}

Result<ObjectPtr> Store::remove(const Key& key) {
  auto before = get(key);
  if (!before)
    return Error(Kind::not_found, cat(k8s::info(key.kind).plural, " \"", key.name, "\" not found"));
  const uint64_t revision = revision_ + 1;
  k8s::Object last = *before;
  k8s::meta_of(last).resource_version = std::to_string(revision);
  auto now = std::make_shared<const k8s::Object>(std::move(last));
  PODSTEP_CHECK(commit({Change::Type::deleted, revision, now, before}));
  objects_.erase(key);
  return now;
}

Result<void> Store::commit(Change change) {
  PODSTEP_CHECK(sink_(change));
  revision_ = change.revision;
  log_.push_back(std::move(change));
  if (log_.size() > changes_kept) {
    oldest_ = log_.front().revision;
    log_.pop_front();
  }
  std::erase_if(watchers_, [](const auto& watcher) { return watcher.expired(); });
  for (const auto& watcher : std::vector(watchers_))
    if (auto wake = watcher.lock())
      (*wake)(); // wakes only: nobody reads the store from in here
  return {};
}

Result<std::vector<Change>> Store::since(uint64_t revision) const {
  if (revision < oldest_ || revision > revision_)
    return Error(Kind::gone, cat("too old resource version: ", revision, " (", oldest_, ")"));
  const auto first =
      std::upper_bound(log_.begin(), log_.end(), revision,
                       [](uint64_t wanted, const Change& change) { return wanted < change.revision; });
  return std::vector<Change>(first, log_.end());
}

std::shared_ptr<void> Store::subscribe(std::function<void()> wake) const {
  auto handle = std::make_shared<std::function<void()>>(std::move(wake));
  watchers_.push_back(handle);
  return handle;
}

void Store::restore(k8s::Object object) {
  const Key key = key_of(object);
  objects_[key] = std::make_shared<const k8s::Object>(std::move(object));
}

void Store::forget(const Key& key) {
  objects_.erase(key);
}

void Store::resume_at(uint64_t revision) {
  revision_ = oldest_ = std::max<uint64_t>(1, revision);
  log_.clear();
}

} // namespace podstep::hub
