// Runs a plan over a wire, a step at a time: nothing here waits.
#pragma once
#include "contrib/torch/plan.h"
#include <stdexcept>
#include <string>

namespace podstep::collective {

/// A transfer cannot be: the peer is gone, or does not agree. The sentence names it.
struct Broken : std::runtime_error {
  using runtime_error::runtime_error;
};

/// What moves messages; each peer is a pair of ordered streams. Throws Broken.
class Wire {
public:
  using Ticket = void*;
  virtual ~Wire() = default;
  /// nullptr: not now. The memory must stay until the ticket is done.
  virtual Ticket send(int peer, const void* data, size_t bytes, int tag) = 0;
  virtual Ticket receive(int peer, void* data, size_t bytes, int tag) = 0;
  /// A ticket that is done is gone; `bytes` of a receive.
  virtual bool done(int peer, Ticket ticket, size_t& bytes) = 0;
  /// Memory that tickets will name, for a wire that must know it first.
  virtual void* enter(void* data, size_t bytes) = 0;
  virtual void leave(void* entered) = 0;
};

/// Where pieces that are to be combined arrive; kept between runs.
class Stage {
public:
  unsigned char* room(Wire& wire, size_t bytes);
  void clear(Wire& wire);

private:
  std::unique_ptr<unsigned char[]> data_;
  size_t bytes_ = 0;
  void* entered_ = nullptr;
};

class Run {
public:
  /// `wire` and `stage` live longer. `memory`: what the plan's tickets will name, beside its own rooms.
  Run(Plan plan, std::vector<Block> memory, Wire& wire, Stage& stage);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// True when something moved.
  bool step();
  bool done() const { return finished_ == plan_.arrivals.size() && sent_ == plan_.sends.size(); }
  /// Peers that it waits for.
  std::vector<int> waiting_for() const;

private:
  /// Receives that lie ready for each peer; fewer where they are combined, so that what has come is still in
  /// the cache then.
  static constexpr size_t window = 8, staged_window = 2;

  /// The messages of one direction with one peer.
  struct Lane {
    int peer;
    std::vector<int> items;
    size_t posted = 0, finished = 0;
    std::vector<Wire::Ticket> tickets; ///< of items [finished, posted), by place modulo the size
    unsigned char* stage = nullptr;    ///< `window` slots of `slot` bytes
    size_t window = Run::window;
    size_t slot = 0;
    bool landed = false; ///< the oldest has come and waits for another arrival before it is combined
  };
  static Lane& lane_of(std::vector<Lane>& lanes, std::vector<int>& index, int peer);
  bool post_receives(Lane& lane);
  bool take(Lane& lane);
  bool push(Lane& lane);

  Plan plan_;
  Wire& wire_;
  std::vector<void*> entered_;
  std::vector<Lane> in_, out_;
  std::vector<bool> here_; ///< which arrivals are finished
  size_t finished_ = 0, sent_ = 0;
};

} // namespace podstep::collective
