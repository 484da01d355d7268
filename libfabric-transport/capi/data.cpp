// Sending, receiving, one-sided operations and completion, in C: see podstep/fabric.h and podstep-fabric(3).
#include "common/text.h"
#include "libfabric-transport/capi/objects.h"
#include "libfabric-transport/statistics.h"
#include <sched.h>

using namespace podstep;
using namespace podstep::capi;
using podstep::fabric::Endpoint;
using podstep::fabric::Request;

namespace {

/// A turn of the endpoint's result as a code and a request.
template<class Comm, class R>
int answer(const Comm& comm, const fabric::Posted<R>& posted, podstep_fabric_request** request) {
  *request = posted.request ? reinterpret_cast<podstep_fabric_request*>(static_cast<Request*>(posted.request))
                            : nullptr;
  if (posted.fault)
    return report(fabric_of(comm), *posted.fault);
  return posted.request ? PODSTEP_FABRIC_OK : PODSTEP_FABRIC_AGAIN;
}

int one_sided(podstep_fabric_sender* sender, fabric::OneSided what, const unsigned char* region,
              const uint64_t* notice, podstep_fabric_request** request) {
  std::memcpy(&what.remote, region, sizeof what.remote);
  what.notify = notice != nullptr;
  what.notice = notice ? *notice : 0;
  auto& c = comm(sender);
  return answer(c, fabric::post_on(c, [&] { return c.one_sided(what); }), request);
}

} // namespace

PODSTEP_API int podstep_fabric_send(podstep_fabric_sender* sender, const void* data, size_t bytes, int tag,
                                    podstep_fabric_memory* memory, podstep_fabric_request** request) {
  auto& c = comm(sender);
  return answer(c, fabric::post_on(c, [&] { return c.send(data, bytes, tag, registration(memory)); }),
                request);
}

PODSTEP_API int podstep_fabric_receive(podstep_fabric_receiver* receiver, int count,
                                       const podstep_fabric_buffer* buffers,
                                       podstep_fabric_request** request) {
  auto& c = comm(receiver);
  *request = nullptr;
  if (count < 1 || count > PODSTEP_FABRIC_GROUP)
    return report(fabric_of(c), Error(Kind::invalid, cat("a receive of ", count, " buffers")));
  fabric::RecvBuffer wanted[PODSTEP_FABRIC_GROUP];
  for (int i = 0; i < count; ++i)
    wanted[i] = {buffers[i].data, buffers[i].bytes, buffers[i].tag, registration(buffers[i].memory)};
  return answer(c, fabric::post_on(c, [&] { return c.receive({wanted, size_t(count)}); }), request);
}

PODSTEP_API int podstep_fabric_flush(podstep_fabric_receiver* receiver, void* data,
                                     podstep_fabric_memory* memory, podstep_fabric_request** request) {
  auto& c = comm(receiver);
  *request = nullptr;
  if (fabric::Memory::on_host(registration(memory)))
    return PODSTEP_FABRIC_OK;
  return answer(c, fabric::post_on(c, [&] { return c.flush(data, registration(memory)); }), request);
}

PODSTEP_API int podstep_fabric_write(podstep_fabric_sender* sender, const void* data, size_t bytes,
                                     podstep_fabric_memory* memory, const unsigned char* region,
                                     uint64_t offset, const uint64_t* notice,
                                     podstep_fabric_request** request) {
  fabric::OneSided what{true, const_cast<void*>(data), registration(memory), bytes, {}, offset, false, 0};
  return one_sided(sender, what, region, notice, request);
}

PODSTEP_API int podstep_fabric_read(podstep_fabric_sender* sender, void* data, size_t bytes,
                                    podstep_fabric_memory* memory, const unsigned char* region,
                                    uint64_t offset, const uint64_t* notice,
                                    podstep_fabric_request** request) {
  fabric::OneSided what{false, data, registration(memory), bytes, {}, offset, false, 0};
  return one_sided(sender, what, region, notice, request);
}

PODSTEP_API int podstep_fabric_notice(podstep_fabric_receiver* receiver, uint64_t* notice) {
  auto& c = comm(receiver);
  Endpoint& endpoint = c.endpoint();
  if (!endpoint.gate.try_enter())
    return PODSTEP_FABRIC_AGAIN;
  bool found = c.notice(*notice) || (endpoint.progress() && c.notice(*notice));
  const Error* fault = found ? nullptr : c.fault();
  endpoint.gate.leave();
  if (fault)
    return report(fabric_of(c), *fault);
  return found ? PODSTEP_FABRIC_OK : PODSTEP_FABRIC_AGAIN;
}

PODSTEP_API int podstep_fabric_test(podstep_fabric_request* raw, int* done, size_t* sizes) {
  auto& request = *reinterpret_cast<Request*>(raw);
  const Error* fault = nullptr;
  *done = fabric::is_done(request, fault);
  if (request.type == Request::Type::receive) {
    auto& group = static_cast<fabric::RecvGroup&>(request);
    fabric::RecvComm& c = *group.comm;
    if (fault)
      return report(fabric_of(c), *fault);
    for (int i = 0; *done && sizes && i < group.count; ++i)
      sizes[i] = c.received(group, i);
    if (*done)
      c.release(&group);
    return PODSTEP_FABRIC_OK;
  }
  if (request.type == Request::Type::flush) {
    auto& flush = static_cast<fabric::FlushRequest&>(request);
    if (fault)
      return report(fabric_of(*flush.comm), *fault);
    if (*done)
      flush.comm->release(&flush);
    return PODSTEP_FABRIC_OK;
  }
  auto& send = static_cast<fabric::SendRequest&>(request);
  fabric::SendComm& c = *send.comm;
  if (fault)
    return report(fabric_of(c), *fault);
  if (*done && sizes)
    *sizes = send.bytes;
  if (*done)
    c.release(&send);
  return PODSTEP_FABRIC_OK;
}

PODSTEP_API int podstep_fabric_wait(podstep_fabric_request* request, int timeout_ms, size_t* sizes) {
  constexpr int turns = 1000;
  Clock& clock = system_clock();
  Instant begun = clock.now();
  for (;;) {
    for (int i = 0; i < turns; ++i) {
      int done = 0;
      int code = podstep_fabric_test(request, &done, sizes);
      if (code != PODSTEP_FABRIC_OK || done)
        return code;
    }
    if (timeout_ms >= 0 && clock.now() - begun > std::chrono::milliseconds(timeout_ms))
      return PODSTEP_FABRIC_AGAIN;
    sched_yield();
  }
}

PODSTEP_API int podstep_fabric_progress(podstep_fabric* fabric) {
  Endpoint& endpoint = *fabric->endpoint;
  if (!endpoint.gate.try_enter())
    return 0;
  bool moved = endpoint.progress();
  endpoint.gate.leave();
  return moved;
}

PODSTEP_API int podstep_fabric_statistics(podstep_fabric* fabric, podstep_fabric_counters* out) {
  Endpoint& endpoint = *fabric->endpoint;
  fabric::Inside inside(endpoint.gate);
  const fabric::MrCache& cache = endpoint.memory().cache();
  podstep_fabric_counters all{};
  all.size = out->size;
  fabric::copy_counters(endpoint.counters(), all);
  all.registrations = cache.entries();
  all.registration_hits = cache.statistics().hits, all.registration_misses = cache.statistics().misses;
  std::memcpy(out, &all, std::min(out->size, sizeof all));
  return PODSTEP_FABRIC_OK;
}
