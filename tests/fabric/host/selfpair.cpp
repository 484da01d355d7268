// Self-connection and registered buffers.
#include "tests/fabric/host/selfpair.h"

namespace harness {

void SelfPair::close(Net& net, bool listen_too) {
  must(net.close_send(send), "closeSend");
  must(net.close_recv(recv), "closeRecv");
  if (listen_too)
    must(net.close_listen(listen), "closeListen");
}

SelfPair self_connect(Net& net, void* context, Order order, bool null_offload, void* listener,
                      const Handle* given) {
  SelfPair pair;
  Handle handle{};
  pair.listen = listener;
  if (given)
    handle = *given;
  else
    must(net.listen(context, 0, handle.data(), &pair.listen), "listen");
  ncclabi::DeviceHandle** offload = null_offload ? nullptr : no_offload();
  if (order == Order::accept_first)
    for (int i = 0; i < 3; i++) {
      must(net.accept(pair.listen, &pair.recv, offload), "accept");
      expect(!pair.recv, "accept succeeded before anybody connected");
    }
  for (Instant until = in_seconds(20); !pair.send || !pair.recv;) {
    if (!pair.send)
      must(try_connect(net, context, handle.data(), &pair.send, offload), "connect");
    if (!pair.recv)
      must(net.accept(pair.listen, &pair.recv, offload), "accept");
    expect(now() < until, "self-connection is not there after 20 s: connect ", pair.send ? "done" : "pending",
           ", accept ", pair.recv ? "done" : "pending");
    std::this_thread::yield();
  }
  return pair;
}

void self_message(Net& net, const SelfPair& pair, size_t bytes) {
  Buffer from(bytes ? bytes : 1), into(bytes ? bytes : 1);
  void *from_handle = nullptr, *into_handle = nullptr;
  must(net.reg_mr(pair.send, from.data(), from.size(), ncclabi::ptr_host, &from_handle), "regMr");
  must(net.reg_mr(pair.recv, into.data(), into.size(), ncclabi::ptr_host, &into_handle), "regMr");
  from.fill(42, bytes);
  void *send = nullptr, *recv = nullptr, *data = into.data(), *phandle = nullptr;
  size_t size = into.size();
  int tag = 3, send_done = 0, recv_done = 0, received = -1, sent = -1;
  for (Instant until = in_seconds(20); !send_done || !recv_done;) {
    if (!recv)
      must(net.irecv(pair.recv, 1, &data, &size, &tag, &into_handle, &phandle, &recv), "irecv");
    if (!send)
      must(net.isend(pair.send, from.data(), bytes, tag, from_handle, nullptr, &send), "isend");
    if (send && !send_done)
      must(net.test(send, &send_done, &sent), "test");
    if (recv && !recv_done)
      must(net.test(recv, &recv_done, &received), "test");
    expect(now() < until, "a message of ", bytes, " bytes to itself is not there after 20 s");
  }
  expect(size_t(received) == bytes, "a message of ", bytes, " bytes to itself came with ", received);
  expect(into.mismatch(42, bytes) < 0 && into.intact(), "a message of ", bytes,
         " bytes to itself came damaged");
  must(net.dereg_mr(pair.send, from_handle), "deregMr");
  must(net.dereg_mr(pair.recv, into_handle), "deregMr");
}

Pool::Pool(Session& session, void* comm, size_t count, size_t bytes) : session_(session), comm_(comm) {
  for (size_t i = 0; i < count; i++) {
    buffers_.push_back(std::make_unique<Buffer>(bytes));
    mhandles_.push_back(session.reg(comm, buffers_[i]->data(), bytes));
  }
}

void Pool::release() {
  for (void* handle : mhandles_)
    session_.dereg(comm_, handle);
  mhandles_.clear();
}

int finish(Net& net, void* request, double patience) {
  int done = 0, size = -1;
  for (Instant until = in_seconds(patience); !done;) {
    must(net.test(request, &done, &size), "test");
    expect(done || now() < until, "a request is not done after ", patience, " s", LastWords{});
    if (!done)
      std::this_thread::yield();
  }
  return size;
}

} // namespace harness
