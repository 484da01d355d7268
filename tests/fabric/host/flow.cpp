// Send and receive loops over one comm.
#include "tests/fabric/host/flow.h"
#include <algorithm>
#include <utility>

namespace harness {
namespace {

/// The fake phandle is known to the profiler callback during the call, and until the request is done where
/// there is one.
class Profiled {
public:
  explicit Profiled(void* phandle) : phandle_(phandle) {
    if (events().enabled)
      events().running.insert(phandle);
  }
  ~Profiled() {
    if (events().enabled && !kept_)
      events().running.erase(phandle_);
  }
  void keep(bool on) { kept_ = on; }

private:
  void* phandle_;
  bool kept_ = false;
};

} // namespace

Flow::Flow(Session& session, void* comm, Stream stream)
    : session_(session), comm_(comm), stream_(std::move(stream)) {
  for (size_t size : stream_.sizes)
    stream_.slot_bytes = std::max(stream_.slot_bytes, size);
  slots_.resize(static_cast<size_t>(stream_.slots));
  for (Slot& slot : slots_) {
    slot.buffer = std::make_unique<Buffer>(std::max<size_t>(stream_.slot_bytes, 1));
    slot.mhandle = session_.reg(comm_, slot.buffer->data(), slot.buffer->size());
  }
}

Flow::~Flow() = default;

void Flow::deregister() {
  for (Slot& slot : slots_)
    session_.dereg(comm_, slot.mhandle);
}

void Flow::release() {
  deregister();
  slots_.clear();
}

bool Flow::failed(int result, const char* call) {
  if (result == ncclabi::success)
    return false;
  if (!tolerant_)
    must(result, call);
  error_ = result;
  return true;
}

void Flow::consume_oldest() {
  Slot& slot = slots_[consumed_++ % slots_.size()];
  failed(consume(std::exchange(slot.request, nullptr)), "irecvConsumed");
}

bool Flow::step() {
  bool moved = false;
  if (!std::exchange(hinted_, true))
    session_.hint(sends());
  while (error_ == ncclabi::success && posted_ < stream_.sizes.size() &&
         posted_ < consumed_ + slots_.size()) {
    Slot& slot = slots_[posted_ % slots_.size()];
    slot.request = nullptr;
    if (failed(post(slot, posted_), "isend or irecv") || !slot.request)
      break;
    posted_++;
    moved = true;
  }
  if (error_ != ncclabi::success || finished_ == posted_)
    return moved;
  Slot& oldest = slots_[finished_ % slots_.size()];
  int done = -1;
  if (failed(finish(oldest, finished_, &done), "test"))
    return moved;
  expect(done == 0 || done == 1, "test wrote ", done, " into done");
  if (done) {
    Profiled ended(&oldest);
    finished_++;
  }
  // The GPU is a message behind, and done with all of them at the end.
  while (consumed_ + 1 < finished_ || (consumed_ < finished_ && finished_ == posted_))
    consume_oldest();
  return moved || done;
}

void Flow::run(double patience) {
  run_all({this}, patience);
}

int SendFlow::post(Slot& slot, size_t n) {
  size_t size = stream_.sizes[n];
  if (filled_ != n + 1) {
    slot.buffer->fill(seed_of(stream_.comm_id, n), size);
    filled_ = n + 1;
  }
  Profiled profiled(&slot);
  int result =
      session_.net->isend(comm_, slot.buffer->data(), size, stream_.tag, slot.mhandle, &slot, &slot.request);
  profiled.keep(slot.request != nullptr);
  return result;
}

int SendFlow::finish(Slot& slot, size_t n, int* done) {
  int size = -1;
  int result = session_.net->test(slot.request, done, &size);
  if (result != ncclabi::success || *done != 1)
    return result;
  expect(size_t(size) == stream_.sizes[n], "test of send ", n, " of ", stream_.sizes[n], " bytes says ",
         size);
  return result;
}

int RecvFlow::post(Slot& slot, size_t) {
  void* data = slot.buffer->data();
  size_t size = stream_.slot_bytes;
  int tag = stream_.tag;
  void* phandle = &slot;
  Profiled profiled(phandle);
  int result = session_.net->irecv(comm_, 1, &data, &size, &tag, &slot.mhandle, &phandle, &slot.request);
  profiled.keep(slot.request != nullptr);
  return result;
}

int RecvFlow::finish(Slot& slot, size_t n, int* done) {
  int size = -1;
  int result = session_.net->test(slot.request, done, &size);
  if (result != ncclabi::success || *done != 1)
    return result;
  size_t want = stream_.sizes[n];
  expect(size_t(size) == want, "receive ", n, " of ", want, " bytes says ", size);
  int64_t bad = slot.buffer->mismatch(seed_of(stream_.comm_id, n), want);
  expect(bad < 0, "message ", n, " of ", want, " bytes is wrong from byte ", bad);
  expect(slot.buffer->intact(), "message ", n, " of ", want, " bytes wrote outside of its buffer");
  return result;
}

int RecvFlow::consume(void* request) {
  return session_.net->irecv_consumed(comm_, 1, request);
}

std::unique_ptr<Flow> make_flow(bool sender, Session& session, void* comm, Stream stream) {
  if (sender)
    return std::make_unique<SendFlow>(session, comm, std::move(stream));
  return std::make_unique<RecvFlow>(session, comm, std::move(stream));
}

void transfer(Session& session, bool sender, void* comm, Stream stream) {
  std::unique_ptr<Flow> flow = make_flow(sender, session, comm, std::move(stream));
  session.progress.run([&] { flow->run(); });
  flow->release();
}

void run_all(std::vector<Flow*> flows, double patience) {
  Instant until = in_seconds(patience);
  for (bool all = false; !all;) {
    bool moved = false;
    all = true;
    for (Flow* flow : flows) {
      moved = flow->step() || moved;
      all = all && (flow->done() || flow->error() != ncclabi::success);
    }
    if (moved)
      until = in_seconds(patience);
    else
      std::this_thread::yield();
    expect(now() < until, "nothing has moved for ", patience, " s after ", flows.front()->finished(),
           " messages", LastWords{});
  }
}

Stream same_sizes(size_t n, size_t bytes) {
  Stream stream;
  stream.sizes.assign(n, bytes);
  return stream;
}

} // namespace harness
