// What the record says of the service: status.json, endpoints.json and events.jsonl as podstep-record(7)
// defines them.
#pragma once
#include "nodeagent/control/endpoints.h"
#include "nodeagent/hub/store.h"

namespace podstep::hub {

/// An image that the job brings, in the words of podstep-record(7).
struct ImageRow {
  std::string name, state, phase;
  uint64_t bytes = 0, total = 0;
  std::string digest, reason;
};

/// The service as a whole, in the words of podstep-record(7).
struct Service {
  int64_t job = 0, restart = 0;
  std::string phase = "Starting", reason, key;
  std::vector<ImageRow> images;
  std::string trouble;    ///< why the record lacks something; shown after the reason
  bool withdrawn = false; ///< the endpoints are no longer offered
};

/// Without the member `updated`, which is added when the text has changed.
std::string status_json(const Service& service, const std::vector<k8s::Object>& all);
std::string endpoints_json(const Service& service, const std::vector<control::Endpoint>& endpoints);
std::string event_json(const k8s::Event& event);

/// Writes what has changed since the last call that wrote it. An error is the first of several: the others
/// are tried.
class Publisher {
public:
  Publisher(std::string record, const Clock& clock) : record_(std::move(record)), clock_(clock) {}
  Result<void> publish(const Service& service, const Store& store);
  /// Appends the Events that are new since the last call.
  Result<void> publish_events(const Store& store);
  /// end.json: why and how the service ended; the first cause stays.
  void publish_end(const Service& service, const std::string& cause, int exit_code, bool requeue);

private:
  Result<void> write(const char* file, const std::string& text, std::string& last);
  std::string record_;
  const Clock& clock_;
  std::string last_status_, last_endpoints_;
  uint64_t events_at_ = 0;
};

} // namespace podstep::hub
