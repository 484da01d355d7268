// Meeting in a store that the caller brings (PyTorch's, for one): a key for each rank and round.
#include "common/text.h"
#include "libfabric-transport/rendezvous/place.h"
#include <algorithm>

namespace podstep::fabric {

namespace {

class Brought : public Place {
public:
  Brought(Carrier carrier, std::string name, Clock& clock)
      : carrier_(std::move(carrier)), name_(std::move(name)), clock_(clock) {}

  Result<std::vector<std::string>> exchange(const Meeting& meeting, uint32_t rank, const std::string& card,
                                            Deadline deadline) override {
    Instant begun = clock_.now();
    auto key = [&](uint32_t of) { return cat("podstep/", name_, "/", meeting.round, "/", of); };
    if (carrier_.put(key(rank), card) != 0)
      return Error(Kind::unavailable, cat(describe(), ": it does not take ", key(rank)));
    std::vector<std::string> out(meeting.ranks);
    std::vector<uint32_t> missing;
    for (uint32_t of = 0; of < meeting.ranks; ++of) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline.left(clock_)).count();
      // Once the time is over the others are still asked, to name all who are missing.
      int rc = carrier_.get(key(of), out[of], uint32_t(std::clamp<int64_t>(left, 1, INT32_MAX)));
      if (rc == 1)
        missing.push_back(of);
      else if (rc != 0)
        return Error(Kind::unavailable, cat(describe(), ": it does not give ", key(of)));
    }
    if (!missing.empty())
      return too_late(*this, missing, clock_.now() - begun);
    return out;
  }
  std::string describe() const override { return cat("the rendezvous '", name_, "' in the caller's store"); }

private:
  Carrier carrier_;
  std::string name_;
  Clock& clock_;
};

} // namespace

std::unique_ptr<Place> place_of_caller(Carrier carrier, const std::string& name, Clock& clock) {
  return std::make_unique<Brought>(std::move(carrier), name, clock);
}

} // namespace podstep::fabric
