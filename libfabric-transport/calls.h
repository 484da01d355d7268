// The turn of an endpoint that a data call makes, for the C interface and for NCCL's: try, never wait.
#pragma once
#include "libfabric-transport/endpoint.h"

namespace podstep::fabric {

/// What a data call found. `busy`: try again; `failed`: `fault` says why.
template<class R> struct Posted {
  R* request = nullptr;
  const Error* fault = nullptr;
};

/// Has `post` make a request on `comm`. A caller that gets nothing for ever would otherwise never turn the
/// queue, so it is tried again after progress.
template<class Comm, class F> auto post_on(Comm& comm, F post) {
  Posted<std::remove_pointer_t<decltype(post())>> out;
  Endpoint& endpoint = comm.endpoint();
  if (!endpoint.gate.try_enter())
    return out;
  out.request = post();
  if (!out.request && endpoint.progress())
    out.request = post();
  if (!out.request)
    out.fault = comm.fault();
  endpoint.gate.leave();
  return out;
}

/// Whose request it is; nullptr where it is a sender's.
inline RecvComm* receiver_of(const Request& request) {
  return request.type == Request::Type::receive ? static_cast<const RecvGroup&>(request).comm
         : request.type == Request::Type::flush ? static_cast<const FlushRequest&>(request).comm
                                                : nullptr;
}

/// Whether the request is done, after one turn of the queue if it was not; `fault` where it never will be.
inline bool is_done(Request& request, const Error*& fault) {
  if (request.done.load(std::memory_order_acquire))
    return true;
  RecvComm* receiver = receiver_of(request);
  SendComm* sender = receiver ? nullptr : static_cast<SendRequest&>(request).comm;
  Endpoint& endpoint = receiver ? receiver->endpoint() : sender->endpoint();
  if (!endpoint.gate.try_enter())
    return false;
  endpoint.progress();
  bool done = request.done.load(std::memory_order_acquire);
  if (!done && request.type == Request::Type::flush)
    receiver->waiting(static_cast<const FlushRequest&>(request));
  else if (!done && receiver)
    receiver->waiting();
  if (!done)
    fault = receiver ? receiver->fault() : sender->fault();
  endpoint.gate.leave();
  return done;
}

} // namespace podstep::fabric
