// Runs the controllers of control/ over the store until they want nothing more, and writes down what they
// decide.
#pragma once
#include "nodeagent/control/changes.h"
#include "nodeagent/hub/api.h"

namespace podstep::hub {

class Controllers {
public:
  Controllers(const Clock& clock, Store& store, Api& api) : clock_(clock), store_(store), api_(api) {}
  /// One pass to a fixed point. Returns when to run again although nothing changes, if at all.
  std::optional<Duration> run();
  /// Pods are placed from now on: the nodes of the allocation are there, so that replicas spread over all of
  /// them.
  void open_placement() { placing_ = true; }
  /// From now on nothing is created or placed: the service is ending.
  void close() { closed_ = true; }
  /// An Event about an object, as the controllers of Kubernetes write them; equal ones are counted, not
  /// repeated.
  void record(const k8s::Object& about, const std::string& type, const std::string& reason,
              const std::string& message, const std::string& source);

private:
  control::Changes decide() const;
  bool apply(const control::Changes& changes);
  bool place();
  void trim_events();
  void bind(const k8s::Pod& pod, const std::string& node);
  bool mark_unplaced(const k8s::Pod& pod, const std::string& message);

  const Clock& clock_;
  Store& store_;
  Api& api_;
  bool closed_ = false, placing_ = false;
};

} // namespace podstep::hub
