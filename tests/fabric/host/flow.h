// The two loops of NCCL's progress thread over one comm: posts into every free slot, tests the oldest, checks
// every byte, and gives a slot free once it is consumed (F-PXY-3).
#pragma once
#include "tests/fabric/host/memory.h"
#include "tests/fabric/host/session.h"
#include <deque>

namespace harness {

/// What both loops are about: one comm, its slots and how far it has come.
struct Stream {
  std::vector<size_t> sizes; ///< of each message, in order
  size_t slot_bytes = 0;     ///< of each receive; at least the largest message
  uint64_t comm_id = 0;      ///< of the pattern
  int tag = 7;
  int slots = 8;
};

class Flow {
public:
  Flow(Session&, void* comm, Stream);
  virtual ~Flow();
  Flow(const Flow&) = delete;
  /// One turn: posts what it can, tests the oldest; whether anything moved. Called on the progress thread.
  bool step();
  bool done() const { return finished_ == stream_.sizes.size(); }
  size_t finished() const { return finished_; }
  size_t posted() const { return posted_; }
  /// Steps until it is done; throws Failed when nothing has moved for `patience` seconds.
  void run(double patience = 60);
  /// Of the test or post that failed; success while none did. Only with tolerate().
  int error() const { return error_; }
  /// Errors of isend, irecv and test are kept instead of thrown.
  void tolerate() { tolerant_ = true; }
  /// Registrations are given back, whatever is in flight: as NCCL does before it closes an aborted comm.
  void deregister();
  /// Likewise, and the buffers go too; no request may be in flight.
  void release();

protected:
  struct Slot {
    std::unique_ptr<Buffer> buffer;
    void* mhandle = nullptr;
    void* request = nullptr;
  };
  /// Posts message `n` from this slot; a NULL request means later.
  virtual int post(Slot&, size_t n) = 0;
  virtual int finish(Slot&, size_t n, int* done) = 0;
  /// What NCCL still says of a request that is done, once the GPU has the data.
  virtual int consume(void* /*request*/) { return ncclabi::success; }
  virtual bool sends() const = 0;
  Session& session_;
  void* comm_;
  Stream stream_;

private:
  bool failed(int result, const char* call);
  void consume_oldest();
  std::vector<Slot> slots_;
  size_t posted_ = 0, finished_ = 0, consumed_ = 0;
  int error_ = ncclabi::success;
  bool tolerant_ = false, hinted_ = false;
};

class SendFlow : public Flow {
public:
  using Flow::Flow;

protected:
  int post(Slot&, size_t n) override;
  int finish(Slot&, size_t n, int* done) override;
  bool sends() const override { return true; }

private:
  size_t filled_ = 0; ///< the message after the last that lies in its slot
};

class RecvFlow : public Flow {
public:
  using Flow::Flow;

protected:
  int post(Slot&, size_t n) override;
  int finish(Slot&, size_t n, int* done) override;
  int consume(void* request) override;
  bool sends() const override { return false; }
};

/// The flow of this rank's side.
std::unique_ptr<Flow> make_flow(bool sender, Session&, void* comm, Stream);
/// Runs it to its end on the progress thread and releases it.
void transfer(Session&, bool sender, void* comm, Stream);
/// Steps all of them in turn until all are done.
void run_all(std::vector<Flow*>, double patience = 60);
/// `n` messages of `bytes`.
Stream same_sizes(size_t n, size_t bytes);

} // namespace harness
