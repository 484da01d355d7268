// The communicators of an endpoint: a sending and a receiving end, one direction each. A receiver grants its
// buffers to the sender (so that a late one stalls nobody else's data), promises it those that will be like
// the last ones, or, while messages are small, lets them come unasked within a credit.
#pragma once
#include "libfabric-transport/link.h"
#include "libfabric-transport/memory.h"
#include "libfabric-transport/tag.h"
#include <span>
#include <vector>

namespace podstep::fabric {

/// Buffers of a grouped receive.
inline constexpr int most_grouped = 8;
inline constexpr uint32_t most_sends = most_receives * most_grouped;
/// The largest message: `test` reports sizes as int.
inline constexpr size_t most_bytes = size_t(1) << 30;

/// Sums over an endpoint, for the statistics page and podstep_fabric_statistics().
struct Counters {
  uint64_t bytes_sent = 0, bytes_received = 0, messages_sent = 0, messages_received = 0;
  uint64_t eager_sent = 0, grants_sent = 0, packets_sent = 0, again = 0, errors = 0, connections = 0;
};

/// Ids of 24 bits: 16 of place, 8 of generation, so that a late packet for a closed one finds nobody.
template<class T> class CommTable {
public:
  /// The new one's id; UINT32_MAX when 65,536 are in use.
  uint32_t insert(T* comm) {
    if (free_.empty()) {
      if (places_.size() > 0xffff)
        return UINT32_MAX;
      free_.push_back(uint32_t(places_.size()));
      places_.push_back({});
    }
    uint32_t place = free_.back();
    free_.pop_back();
    places_[place].comm = comm;
    ++size_;
    return uint32_t(places_[place].generation) << 16 | place;
  }
  void erase(uint32_t id) {
    if (find(id) == nullptr)
      return;
    --size_;
    Place& place = places_[id & 0xffff];
    place = {nullptr, uint8_t(place.generation + 1)};
    free_.push_back(id & 0xffff);
  }
  T* find(uint32_t id) const {
    uint32_t place = id & 0xffff;
    return place < places_.size() && places_[place].generation == id >> 16 ? places_[place].comm : nullptr;
  }
  uint32_t size() const { return size_; }

private:
  struct Place {
    T* comm = nullptr;
    uint8_t generation = 0;
  };
  std::vector<Place> places_;
  std::vector<uint32_t> free_;
  uint32_t size_ = 0;
};

class SendComm;
class RecvComm;

/// Op first: the provider's completion points to it.
struct SendRequest : Op, Request {
  SendComm* comm;
  uint32_t bytes;
  int32_t tag;
  const Registration* memory; ///< held while it is in flight
  Duration since;             ///< active time when it was handed to the provider
  SendRequest *older, *newer;
  bool tracked;
  bool promised; ///< into a receive that may not be posted yet
  bool notifies; ///< a one-sided operation after which the peer is told `notice`
  uint64_t notice;
  SendRequest* next; ///< in the list of free ones, or of those whose notice is due
};

/// A read from, or a write to, memory that the receiving end gave away the key of.
struct OneSided {
  bool write = true;
  void* local = nullptr;
  const Registration* memory = nullptr;
  size_t bytes = 0;
  RemoteMemory remote;
  size_t offset = 0; ///< into `remote`
  bool notify = false;
  uint64_t notice = 0;
};

/// What send() and receive() answer besides a request: nothing (try again), or the communicator's fault.
class SendComm : public Talker {
public:
  SendComm(Endpoint& endpoint, Link& link);
  ~SendComm() override;

  /// nullptr: try again, or `fault()` says why never.
  SendRequest* send(const void* data, size_t bytes, int tag, const Registration* memory);
  /// The same for a one-sided operation; a range outside `remote` is the comm's fault before anything moves.
  SendRequest* one_sided(const OneSided& what);
  void release(SendRequest* request);
  /// Why nothing more comes of it; nullptr: nothing is wrong, or what is in flight may yet end well. Its
  /// completion may be unread when the receiver that has got it closes, or its process ends.
  const Error* fault() { return fault_ || link_.fault || deserted() ? find_fault() : nullptr; }
  /// False: the provider still holds some of the caller's memory after a second; the comm was abandoned.
  bool drain();

  bool speak() override;
  // --- what the peer says ---
  bool take_grant(const PacketHeader& header, const uint8_t* payload);
  bool take_promise(const PacketHeader& header, const uint8_t* payload);
  void take_eager_on(int32_t tag);
  void take_recall();
  /// Whether `request` may wait for a receive that is not posted, for as long as the receiver lives.
  bool unposted(const SendRequest& request) const {
    return request.promised && (ahead_ || unheard_) && !deserted();
  }
  bool take_credits(uint16_t credits);
  void receiver_closed();
  void complete(SendRequest& request);
  [[gnu::cold]] void fail(Error error);

  Endpoint& endpoint() { return endpoint_; }
  Link& link() { return link_; }
  uint32_t id() const { return id_; }
  void* user = nullptr; ///< the owner's own
  uint32_t peer_id = 0;
  bool accepted = false;
  bool peer_closed = false;
  uint32_t in_flight = 0;    ///< handed to the provider
  uint32_t granted_sent = 0; ///< messages into granted receives, modulo 2^32

private:
  struct Grant {
    uint32_t sequence;
    uint8_t count, used; ///< used: bit per entry
    bool promised;       ///< its receive is not posted yet
    GrantEntry entries[most_grouped];
  };

  Grant* fresh_grant(uint32_t sequence, bool promised);
  SendRequest* send_granted(const void* data, size_t bytes, int tag, const Registration* memory);
  /// The receiver is gone: nothing new is sent.
  bool deserted() const { return peer_closed || link_.dying_since != Duration::max(); }
  const Error* find_fault();
  void starve();
  void leave();
  SendRequest* send_eager(const void* data, size_t bytes, int tag, const Registration* memory);
  void launch(SendRequest& request, const Registration* memory);
  void count(const SendRequest& request);
  SendRequest* allocate(size_t bytes, int tag);
  SendRequest* start(SendRequest* request, ssize_t rc, const Registration* memory);
  bool say_notices();
  void pop_used();

  Endpoint& endpoint_;
  Link& link_;
  uint32_t id_;
  Grant grants_[most_receives];
  uint32_t first_grant_ = 0, end_grant_ = 0;
  uint32_t next_sequence_ = 0; ///< after the last that was granted, or promised and not given up
  bool ahead_ = false;         ///< receives are promised
  bool unheard_ = false;       ///< they were, and the receiver has said nothing since
  bool eager_ = false, say_leave_ = false, say_too_large_ = false, say_drained_ = false, say_want_ = false;
  bool asked_ = false; ///< for grants, and none has come since
  Duration ask_at_{};  ///< not before that active time
  int32_t eager_tag_ = 0;
  uint16_t credits_ = eager_credits;
  uint32_t too_large_[2] = {0, 0};
  SendRequest* requests_; ///< most_sends of them, touched only when used
  uint32_t fresh_ = 0;    ///< how many were ever used
  SendRequest* free_ = nullptr;
  SendRequest *first_notice_ = nullptr, *last_notice_ = nullptr;
  std::optional<Error> fault_;
};

} // namespace podstep::fabric

#include "libfabric-transport/recv_comm.h"
