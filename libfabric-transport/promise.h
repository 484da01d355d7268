// When a receiver promises receives that its caller has not posted yet, and how many. Pure.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace podstep::fabric {

/// A sender that knows what will be posted need not be told of each receive: over TCP a packet of grants
/// costs it 2 us, of which most is the acknowledgement that Linux sends for it (seen: 64 KiB 0.95 of bare
/// libfabric with grants, 0.99 without). What was promised and not posted must be received all the same,
/// into memory of our own (covers.h): that is what bounds the number.
class Promise {
public:
  static constexpr uint32_t most = 24;
  static constexpr size_t memory = size_t(16) << 20;
  /// So many receives in a row that are like each other, before the next ones are taken for granted.
  static constexpr uint32_t first_after = 16, last_after = 4096;
  /// And of the one receiver alone.
  static constexpr uint32_t of_one = 4;
  /// A promise under which so much came was worth what it costs others when it is not kept: 1 ms.
  static constexpr size_t worth = size_t(16) << 20;

  /// What the receivers of one peer count together, so that all promise at once. NCCL's channels take turns,
  /// and one that is promised receives runs ahead of one that waits for grants, whose message then lies
  /// behind those on the wire (seen: a broadcast of 64 KiB on two channels took 1.5 times as long).
  struct Peer {
    uint32_t run = 0, after = first_after;
  };
  explicit Promise(Peer& peer) : peer_(peer) {}

  /// The caller posts a receive. `plain`: of one buffer, in memory of the host. `granted`: it needs a grant,
  /// or a promise; others are no business of the peer's other receivers.
  void posted(bool plain, int32_t tag, size_t capacity, bool granted) {
    bool like = plain && tag == tag_ && capacity == capacity_;
    run_ = like ? run_ + 1 : 0;
    if (granted)
      peer_.run = like ? peer_.run + 1 : 0;
    tag_ = tag, capacity_ = capacity;
  }
  /// Whether the last `waiting` receives and those before were all alike, for long enough.
  bool due(uint32_t waiting) const {
    return peer_.run >= peer_.after && run_ >= std::max(of_one, waiting) && ahead(capacity_) >= 2;
  }
  void begin() { kept_ = 0; }
  /// A promised receive was posted.
  void kept() { kept_ += capacity_; }
  /// What was promised came, and its receive was not posted for long: not again so soon.
  void was_late() {
    run_ = peer_.run = 0;
    peer_.after = kept_ >= worth ? first_after : std::min(peer_.after * 4, last_after);
  }

  /// Receives of `capacity` bytes that may be promised beyond those that are posted.
  static constexpr uint32_t ahead(size_t capacity) {
    return capacity == 0 ? most : uint32_t(std::min<size_t>(most, memory / capacity));
  }
  /// Whether the sender is told of more, which has `left` promised ones of `capacity` bytes beyond the
  /// posted. NCCL's may be 8 ahead of its receiver.
  static constexpr bool short_of(uint32_t left, size_t capacity) { return left * 2 <= ahead(capacity); }

private:
  Peer& peer_;
  uint32_t run_ = 0;
  int32_t tag_ = 0;
  size_t capacity_ = 0, kept_ = 0;
};

} // namespace podstep::fabric
