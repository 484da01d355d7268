// The data calls of the NCCL plugin: see plugin.h. No allocation, no lock that is waited for but by iflush,
// no log but of an error.
#include "libfabric-transport/calls.h"
#include "libfabric-transport/nccl/plugin.h"

namespace podstep::nccl {

namespace {

using fabric::FlushRequest;
using fabric::RecvBuffer;
using fabric::RecvGroup;
using fabric::Registration;
using fabric::Request;
using fabric::SendRequest;

/// Of this request's parts, of which a send has one.
std::span<Event> events_of(End& end, const Request& request) {
  if (!end.events || request.type == Request::Type::flush)
    return {};
  size_t parts = end.send ? 1 : fabric::most_grouped;
  return {&end.events[request.index * parts], parts};
}

void stop_events(End& end, const Request& request) {
  for (Event& event : events_of(end, request))
    event.stop();
}

/// What is the same for all parts; each has its own tag and size.
EventData about(const End& end, uint16_t parts) {
  const fabric::Link& link = end.send ? end.send->link() : end.receive->link();
  return {
      1, uint8_t(end.send ? 0 : 1), parts, end.send ? end.send->id() : end.receive->id(), link.instance, 0,
      0};
}

End& end_of(const Request& request) {
  const fabric::RecvComm* receiver = fabric::receiver_of(request);
  return *static_cast<End*>(receiver ? receiver->user : static_cast<const SendRequest&>(request).comm->user);
}

/// Hands a finished request back.
int finish(Request& request, int* done, int* sizes) {
  End& end = end_of(request);
  if (request.type == Request::Type::flush) {
    auto& flush = static_cast<FlushRequest&>(request);
    flush.comm->release(&flush);
    *done = 1;
    return success;
  }
  stop_events(end, request);
  if (request.type == Request::Type::receive) {
    auto& group = static_cast<RecvGroup&>(request);
    for (int i = 0; sizes && i < group.count; ++i)
      sizes[i] = int(group.comm->received(group, i));
    group.comm->release(&group);
  } else {
    auto& send = static_cast<SendRequest&>(request);
    if (sizes)
      *sizes = int(send.bytes);
    send.comm->release(&send);
  }
  *done = 1;
  return success;
}

} // namespace

int isend(void* raw, void* data, size_t bytes, int tag, void* handle, void* parent, void** request) noexcept {
  auto& end = *static_cast<End*>(raw);
  *request = nullptr;
  if (!end.send)
    return internal_error;
  auto posted = fabric::post_on(
      *end.send, [&] { return end.send->send(data, bytes, tag, static_cast<const Registration*>(handle)); });
  if (posted.fault)
    return report(end.context, *posted.fault);
  if (posted.request && end.events) {
    EventData what = about(end, 1);
    what.tag = uint32_t(tag);
    what.bytes = bytes;
    events_of(end, *posted.request).front().start(end.context->profiler, parent, what);
  }
  *request = static_cast<Request*>(posted.request);
  return success;
}

int irecv(void* raw, int n, void** data, size_t* sizes, int* tags, void** handles, void** parents,
          void** request) noexcept {
  auto& end = *static_cast<End*>(raw);
  *request = nullptr;
  if (!end.receive || n < 1 || n > fabric::most_grouped)
    return internal_error;
  RecvBuffer buffers[fabric::most_grouped];
  for (int i = 0; i < n; ++i)
    buffers[i] = {data[i], sizes[i], tags[i],
                  static_cast<const Registration*>(handles ? handles[i] : nullptr)};
  auto posted = fabric::post_on(*end.receive, [&] { return end.receive->receive({buffers, size_t(n)}); });
  if (posted.fault)
    return report(end.context, *posted.fault);
  if (posted.request && end.events && parents) {
    std::span<Event> events = events_of(end, *posted.request);
    EventData what = about(end, uint16_t(n));
    for (int i = 0; i < n; ++i) {
      what.tag = uint32_t(tags[i]);
      what.bytes = sizes[i];
      events[size_t(i)].start(end.context->profiler, parents[i], what);
    }
  }
  *request = static_cast<Request*>(posted.request);
  return success;
}

/// One flush is enough for all buffers: it comes after every write of the NIC before it. NULL says that there
/// is nothing to wait for, so a gate that is taken is waited for here, and a flush that finds no room is
/// posted later.
int iflush(void* raw, int n, void** data, int* sizes, void** handles, void** request) noexcept {
  auto& end = *static_cast<End*>(raw);
  *request = nullptr;
  if (!end.receive || n < 1 || n > fabric::most_grouped)
    return internal_error;
  for (int i = n - 1; i >= 0; --i) {
    auto* memory = static_cast<const Registration*>(handles ? handles[i] : nullptr);
    if (sizes[i] == 0 || fabric::Memory::on_host(memory))
      continue;
    fabric::Inside inside(end.endpoint->gate);
    FlushRequest* flush = end.receive->flush(data[i], memory);
    if (!flush)
      return end.receive->fault() ? report(end.context, *end.receive->fault()) : int(internal_error);
    *request = static_cast<Request*>(flush);
    return success;
  }
  return success;
}

int test(void* raw, int* done, int* sizes) noexcept {
  auto& request = *static_cast<Request*>(raw);
  *done = 0;
  const Error* fault = nullptr;
  if (fabric::is_done(request, fault))
    return finish(request, done, sizes);
  if (!fault)
    return success;
  End& end = end_of(request);
  stop_events(end, request); // nobody asks for it again
  return report(end.context, *fault);
}

} // namespace podstep::nccl
