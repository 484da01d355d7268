// A meeting of all ranks in rounds: each shows a blob, and gets everybody's, proven.
#pragma once
#include "libfabric-transport/rendezvous/place.h"
#include "libfabric-transport/settings.h"

namespace podstep::fabric {

class Rendezvous {
public:
  struct Options {
    std::string where;      ///< `pmix`, `file:DIRECTORY`, `tcp:HOST:PORT`; empty: the caller's carrier
    std::string name;       ///< letters, digits, `-`, `_` and `.`; two meetings at one place differ in it
    std::optional<Who> who; ///< nullopt: what the place knows
    Duration timeout{0};    ///< of each round
    Key key{};
    uint64_t job = 0;
    std::optional<Carrier> carrier;
  };
  static Result<std::unique_ptr<Rendezvous>> open(Options options, Clock& clock);

  uint32_t rank() const { return who_.rank; }
  uint32_t ranks() const { return who_.ranks; }
  /// What fence() shows; at most `blob_bytes`.
  Result<void> put(std::string blob);
  /// Waits until all ranks have called it as often. Error: timeout, naming who is missing.
  Result<void> fence();
  /// What `rank` had put before the last fence(). Error: invalid.
  Result<std::string_view> get(uint32_t rank) const;

private:
  Rendezvous(std::unique_ptr<Place> place, Who who, const Options& options, Clock& clock);

  std::unique_ptr<Place> place_;
  Who who_;
  Meeting meeting_;
  Duration timeout_;
  Clock& clock_;
  std::string blob_;
  std::vector<std::string> all_;
};

} // namespace podstep::fabric
