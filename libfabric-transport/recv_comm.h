// The receiving end of a communicator: see comms.h.
#pragma once
#include "libfabric-transport/comms.h"
#include "libfabric-transport/covers.h"
#include "libfabric-transport/saving.h"

namespace podstep::fabric {

struct RecvGroup;

/// One buffer of a grouped receive.
struct RecvSlot : Op {
  RecvGroup* group;
  void* data;
  const Registration* memory;
  uint32_t capacity, received;
  int32_t tag;
  bool posted;        ///< the provider has it
  bool filled;        ///< its message has come, or is on its last way (`landing`)
  PacketOut* landing; ///< while a small message is written to a GPU's memory: where it lies
};

/// One receive: the request that the caller waits for.
struct RecvGroup : Request {
  RecvComm* comm;
  uint32_t sequence;
  uint8_t count, filled;
  bool in_use, granted;
};

/// One flush: it is done when what was received into `memory` before can be seen there.
struct FlushRequest : Op, Request {
  RecvComm* comm;
  void* data;
  const Registration* memory; ///< held while it is under way
  Duration since;             ///< active time when it was asked for
  FlushRequest* next;         ///< in the list of free ones, or of those that are not posted yet
};

struct RecvBuffer {
  void* data;
  size_t bytes;
  int tag;
  const Registration* memory;
};

class RecvComm : public Talker, public Creditor {
public:
  RecvComm(Endpoint& endpoint, Link& link);
  ~RecvComm() override;

  /// nullptr: try again, or `fault()` says why never.
  RecvGroup* receive(std::span<const RecvBuffer> buffers);
  /// The caller found `group` not done: whoever waits here needs the sender.
  void waiting() {
    polled_.store(true, std::memory_order_relaxed);
    if (open_ == 0 && mode_ == Mode::granting)
      maybe_grant(true);
  }
  /// Likewise a flush: it has the deadline of a transfer.
  void waiting(const FlushRequest& flush);
  void release(RecvGroup* group) {
    group->in_use = false;
    polled_.store(true, std::memory_order_relaxed);
  }
  /// For memory of a GPU: the NIC has written the data, and whoever looks by another way may not see them
  /// yet; a read by the NIC itself comes after its writes (PCIe). nullptr: as many are under way as receives
  /// may be, or `fault()`.
  FlushRequest* flush(void* data, const Registration* memory);
  void release(FlushRequest* flush);
  uint32_t received(const RecvGroup& group, int i) const { return slot(group, i).received; }
  const Error* fault() { return fault_ || link_.fault || peer_closed ? find_fault() : nullptr; }
  /// Takes back what was posted. False: the provider still holds some of the caller's memory after a second.
  bool withdraw();
  /// Whether the sender may still send into receives that are no longer wanted.
  bool expecting() const;
  /// The sender is gone, and all that it sent into granted receives has come.
  bool has_everything() const { return peer_closed && granted_received_ == announced_; }
  void stop_expecting();

  bool speak() override;
  // --- what the peer says ---
  bool take_eager(const PacketHeader& header, const uint8_t* payload);
  /// It waits for grants from now on; `sequence`: the first promised receive that it has not sent into.
  bool take_leave(uint32_t sequence);
  void take_too_large(int32_t tag, const uint32_t sizes[2]);
  bool take_notice(uint64_t value);
  void take_want();
  void sender_closed(uint32_t sent);
  void complete(RecvSlot& slot, size_t bytes);
  void discarded(RecvSlot& slot);
  void cancelled(RecvSlot& slot);
  void flushed(FlushRequest& flush);
  void landed(RecvSlot& slot);
  void covered(Cover& cover, size_t bytes);
  /// `why`: empty where it was cancelled.
  void uncovered(Cover& cover, const std::string& why);
  /// Now and then while receives are promised. False: none are any more.
  bool watched();
  [[gnu::cold]] void fail(Error error);
  /// The oldest notice of a one-sided operation that is complete; false when there is none.
  bool notice(uint64_t& value);

  Endpoint& endpoint() { return endpoint_; }
  Link& link() { return link_; }
  uint32_t id() const { return id_; }
  void* user = nullptr; ///< the owner's own
  bool peer_closed = false;
  bool closing = false;
  RecvComm* next_watched = nullptr; ///< of the endpoint's list

private:
  enum class Mode : uint8_t {
    granting,
    eager,   ///< small messages come unasked
    ahead,   ///< receives are promised
    leaving, ///< out of these two, until the sender says so
  };
  /// A message that came before its receive.
  struct Stashed {
    int32_t tag;
    uint32_t bytes;
    uint8_t* apart; ///< where its data lie that came into a cover; nullptr: a small one, in its place
    uint16_t place; ///< in stash_memory_; each has its own for ever
    bool used;
  };
  static constexpr uint32_t most_notices = 64;

  RecvSlot& slot(const RecvGroup& group, int i) const {
    uint32_t place = group.sequence % most_receives;
    return i == 0 ? first_slots_[place] : more_slots_[place * (most_grouped - 1) + uint32_t(i) - 1];
  }
  RecvGroup& group(uint32_t sequence) const { return groups_[sequence % most_receives]; }
  /// Whether its data may come unasked: one buffer, of the tag that was agreed on, in host memory.
  bool alike(const RecvGroup& g) const {
    const RecvSlot& s = slot(g, 0);
    return g.count == 1 && s.tag == eager_tag_ && Memory::on_host(s.memory);
  }
  bool may_be_eager(const RecvGroup& g);
  uint8_t* data_of(const Stashed& one) const;
  Stashed& stash(int32_t tag, uint32_t bytes);
  void fill(RecvSlot& slot, const uint8_t* data, uint32_t bytes);
  bool fits(const RecvSlot& slot, size_t bytes);
  bool land(RecvSlot& slot, const uint8_t* data, uint32_t bytes);
  /// Its message is there, of `received` bytes. True: and with it all of its group.
  bool filled(RecvSlot& slot);
  void fill_from_stash(RecvGroup& g);
  void match_stash();
  void finish(RecvGroup& g);
  void arrange(RecvGroup& g);
  void maybe_grant(bool idle);
  const Error* find_fault();
  bool may_promise();
  void begin_promise();
  void promise_more();
  bool send_promise();
  void keep_promise(RecvGroup& g);
  void recall();
  void cover(uint32_t end);
  void cancel_covers();
  void take_back(uint32_t sequence);
  bool end_promise(uint32_t sequence);
  void settle();
  void open(RecvGroup& g);
  /// The provider has a receive for the link's data, or has given it back; `posted` is its own mark.
  void mark_posted(bool& posted) {
    posted = true;
    ++link_.receives;
  }
  void mark_done(bool& posted) {
    posted = false;
    --link_.receives;
  }
  void came();
  bool post(RecvGroup& g);
  bool send_grants();
  void owe();
  bool post_flushes();

  Endpoint& endpoint_;
  Link& link_;
  uint32_t id_;
  Mode mode_ = Mode::granting;
  bool say_on_ = false, say_off_ = false, say_grant_ = false, say_credit_ = false;
  bool land_due_ = false; ///< the oldest that waits could not be written to its GPU yet
  int32_t eager_tag_ = 0;
  uint32_t next_ = 0;        ///< sequence of the next receive
  uint32_t granted_end_ = 0; ///< the first that was not granted
  uint32_t open_ = 0;        ///< granted and not yet filled
  uint32_t small_run_ = 0;   ///< small messages in a row
  Promise promise_;
  Covers covers_;
  uint32_t promised_end_ = 0;   ///< the first that the sender has not been promised
  uint32_t promised_bytes_ = 0; ///< of each promised one
  bool say_promise_ = false;    ///< of more receives
  bool promise_unsaid_ = false; ///< not even the first was said
  bool promised_ = false;       ///< until the sender says how far it came
  bool late_ = false;           ///< it took them back for it posted none for long
  bool left_ = false;           ///< the sender has
  uint32_t watched_end_ = 0;    ///< granted_end_ when that was looked at last
  uint32_t watched_in_ = 0;     ///< and the link's data_in
  int looks_ = 0;               ///< since these are the same, nothing open, and others wait
  uint32_t discards_ = 0;
  uint32_t granted_received_ = 0,
           announced_ = 0; ///< messages into granted receives, and as the sender counts
  bool wanted_ = false;    ///< the sender has asked for a grant
  Saving saving_;          ///< of grants
  /// The caller has tested since it last posted: said outside the gate, heard by whoever is inside.
  std::atomic<bool> polled_{true};
  uint16_t stashed_ = 0, stash_end_ = 0;
  Stashed stash_[eager_credits];
  std::unique_ptr<uint8_t[]> stash_memory_; ///< touched only where a message waits
  std::unique_ptr<RecvGroup[]> groups_;
  std::unique_ptr<RecvSlot[]> first_slots_;
  RecvSlot* more_slots_; ///< 7 for each group, touched only when used
  uint64_t notices_[most_notices];
  uint32_t notice_first_ = 0, notice_end_ = 0;
  FlushRequest* flushes_; ///< most_receives of them, touched only when used
  uint32_t fresh_flushes_ = 0, flushing_ = 0;
  FlushRequest *free_flush_ = nullptr, *first_flush_ = nullptr, *last_flush_ = nullptr;
  Duration closed_since_ = Duration::max();
  std::optional<Error> fault_;
};

} // namespace podstep::fabric
