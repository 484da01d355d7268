// Where the ranks of a job meet to show each other their addresses: PMIx, a directory, a socket of rank 0, or
// what the caller brings.
#pragma once
#include "common/clock.h"
#include "libfabric-transport/rendezvous/card.h"
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace podstep::fabric {

/// Whom a place takes its caller for.
struct Who {
  uint32_t rank = 0, ranks = 1;
};

class Place {
public:
  virtual ~Place() = default;
  /// Shows `card` (sealed) and returns the sealed cards of all ranks, of the caller's own too; what they say
  /// is for the caller to prove. Error: timeout, naming the ranks that have not come; forbidden, conflict.
  virtual Result<std::vector<std::string>> exchange(const Meeting& meeting, uint32_t rank,
                                                    const std::string& card, Deadline deadline) = 0;
  /// For errors: `the rendezvous in /home/alice/meet`.
  virtual std::string describe() const = 0;
  /// What the place itself knows of the caller (PMIx does).
  virtual std::optional<Who> who() const { return std::nullopt; }
};

/// What a caller brings: a store of keys and values that all ranks reach. Both return 0, `get` 1 when the key
/// is not there within the time.
struct Carrier {
  std::function<int(const std::string& key, const std::string& value)> put;
  std::function<int(const std::string& key, std::string& value, uint32_t timeout_ms)> get;
};

/// `name`: of the meeting, part of the names of what is written. Errors name the input.
Result<std::unique_ptr<Place>> place_in_directory(const std::string& directory, const std::string& name,
                                                  Clock& clock);
/// Rank 0 listens on `host:port`, the others connect. The key must not be zeros: a socket knows nobody.
Result<std::unique_ptr<Place>> place_at_socket(const std::string& address, const Key& key, Clock& clock);
/// Error: unsupported where the library was built without PMIx, unavailable where the step has none.
Result<std::unique_ptr<Place>> place_of_pmix(const std::string& name, Clock& clock);
std::unique_ptr<Place> place_of_caller(Carrier carrier, const std::string& name, Clock& clock);

/// The error that ends a wait: who is missing, where, since when.
Error too_late(const Place& place, const std::vector<uint32_t>& missing, Duration waited);
/// Sleeps a little, longer the more often it was called: `turn` is the caller's count.
void rest(unsigned& turn);

} // namespace podstep::fabric
