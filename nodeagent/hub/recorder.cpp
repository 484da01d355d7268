// Writes the record for the hub: see recorder.h.
#include "nodeagent/hub/recorder.h"
#include "common/log.h"
#include "common/text.h"
#include "nodeagent/record/reserve.h"
#include <utility>

namespace podstep::hub {

void Recorder::write(Service& service) {
  auto written = write_parts(service);
  if (!written && service.trouble.empty())
    begin_trouble(service, written.error());
  else if (written && !service.trouble.empty() && clock_.now() - tried_ >= record_retry)
    try_to_end_trouble(service);
}

void Recorder::begin_trouble(Service& service, const Error& error) {
  service.trouble = cat("the record cannot be written (", error.message,
                        "): the service goes on, but what changes now is lost if its hub is started again. "
                        "Fix: make room on that file system");
  log::error(service.trouble);
  tell("Warning", "RecordNotWritable", service.trouble);
  write_into_reserve(service);
}

/// Only when everything can be written while the reserve is held: just given up, it is room by itself.
void Recorder::try_to_end_trouble(Service& service) {
  tried_ = clock_.now();
  if (!record::hold_reserve(record_))
    return;
  const std::string trouble = std::exchange(service.trouble, "");
  if (write_parts(service)) {
    log::info("the record can be written again");
    return tell("Normal", "RecordWritable", "the record can be written again");
  }
  service.trouble = trouble;
  write_into_reserve(service);
}

void Recorder::write_into_reserve(const Service& service) {
  record::release_reserve(record_);
  tried_ = {};
  if (auto written = write_parts(service); !written)
    log::error(written.error().message);
  tried_ = clock_.now();
}

void Recorder::end(Service& service, const std::string& cause, int exit_code, bool requeue) {
  write(service);
  publisher_.publish_end(service, cause, exit_code, requeue);
}

Result<void> Recorder::write_parts(const Service& service) {
  Result<void> kept;
  if (!journal_.behind().empty()) {
    kept = Error(journal_.behind());
    if (tried_ == Instant{} || clock_.now() - tried_ >= record_retry) {
      tried_ = clock_.now();
      kept = journal_.catch_up(store_);
    }
  }
  auto status = publisher_.publish(service, store_);
  auto events = publisher_.publish_events(store_);
  return !status ? status : !events ? events : kept;
}

/// About what the user knows best: the first of the job's workloads.
void Recorder::tell(const char* type, const char* reason, const std::string& message) {
  for (auto kind : {k8s::KindId::deployment, k8s::KindId::pod})
    if (const auto objects = store_.list(kind); !objects.empty())
      return controllers_.record(*objects.front(), type, reason, message, "podstep-hub");
}

} // namespace podstep::hub
