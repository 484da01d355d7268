// Writes the record for the hub: journal, status, endpoints, events, end; where there is no room, the service
// goes on and says so.
#pragma once
#include "nodeagent/hub/controllers.h"
#include "nodeagent/hub/journal.h"
#include "nodeagent/hub/publish.h"

namespace podstep::hub {

/// A record that could not be written is tried again this often; a journal that is behind is rewritten then.
inline constexpr Duration record_retry = std::chrono::seconds(5);

class Recorder {
public:
  Recorder(const Clock& clock, std::string record, Journal& journal, Store& store, Controllers& controllers)
      : clock_(clock), record_(record), journal_(journal), store_(store), controllers_(controllers),
        publisher_(std::move(record), clock) {}

  /// Writes what has changed since the last call. What fails for the first time becomes `service.trouble`, an
  /// Event and a line in the log, and is written into the room of the record's reserve; when all of it can be
  /// written and the reserve be held again, the trouble is over.
  void write(Service& service);
  /// The same, and why and how the service ended (record::End).
  void end(Service& service, const std::string& cause, int exit_code, bool requeue = false);

private:
  Result<void> write_parts(const Service& service);
  void begin_trouble(Service& service, const Error& error);
  void try_to_end_trouble(Service& service);
  void write_into_reserve(const Service& service);
  void tell(const char* type, const char* reason, const std::string& message);

  const Clock& clock_;
  std::string record_;
  Journal& journal_;
  Store& store_;
  Controllers& controllers_;
  Publisher publisher_;
  Instant tried_{}; ///< to catch up with the journal, to end the trouble
};

} // namespace podstep::hub
