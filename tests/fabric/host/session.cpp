// A rank's plugin, context and threads; connecting as NCCL does, many at once and in turn.
#include "tests/fabric/host/session.h"

namespace harness {

void fail_call(int result, const char* call) {
  fail(call, " answered ", result_name(result), "", LastWords{});
}

int try_connect(Net& net, void* context, void* handle, void** comm, ncclabi::DeviceHandle** offload) {
  int result = net.connect(context, 0, handle, comm, offload);
  if (result != ncclabi::success && *comm) {
    net.close_send(*comm);
    *comm = nullptr;
  }
  return result;
}

Library open_library(const Options& options) {
  podstep::Result<Library> opened = Library::open(options.plugin);
  if (!opened)
    fail(opened.error().message);
  return std::move(*opened);
}

std::unique_ptr<Net> open_net(const Options& options, const Library& library) {
  podstep::Result<std::unique_ptr<Net>> net = library.net(options.abi);
  if (!net)
    fail(net.error().message);
  return std::move(*net);
}

Session::Session(const Options& o, Library l)
    : options(o), library(std::move(l)), net(open_net(o, library)), service(!o.one_thread),
      progress(!o.one_thread) {
  must(net->init(&context, 1, -1, logger(), events().enabled ? profiler() : nullptr), "init");
  int count = 0;
  must(net->devices(&count), "devices");
  expect(count >= 1, "init succeeded without a device");
  must(net->get_properties(0, &properties), "getProperties");
}

Session::Session(const Options& o) : Session(o, open_library(o)) {}

Session::~Session() = default;

void Session::end() {
  must(net->finalize(context), "finalize");
  context = nullptr;
}

Listener Session::listen() {
  Listener made;
  service.run([&] {
    must(net->listen(context, 0, made.handle.data(), &made.comm), "listen");
    expect(made.comm != nullptr, "listen succeeded with a NULL comm");
  });
  return made;
}

std::vector<void*> Session::connect_all(const std::vector<Handle>& given) {
  std::vector<Handle> handles = given; // each connect owns a copy, which may hold its progress
  std::vector<void*> comms(handles.size());
  service.run([&] {
    hint(true, connects_ += handles.size());
    size_t left = comms.size();
    for (Instant until = in_seconds(options.limit); left > 0;) {
      expect(now() < until, left, " of ", comms.size(), " connects never completed", LastWords{});
      for (size_t i = 0; i < comms.size(); i++) {
        if (comms[i])
          continue;
        must(try_connect(*net, context, handles[i].data(), &comms[i]), "connect");
        left -= comms[i] != nullptr;
      }
      std::this_thread::yield();
    }
  });
  return comms;
}

std::vector<void*> Session::accept_all(std::vector<Listener>& listeners) {
  std::vector<void*> comms(listeners.size());
  service.run([&] {
    hint(false, accepts_ += listeners.size());
    size_t left = comms.size();
    for (Instant until = in_seconds(options.limit); left > 0;) {
      expect(now() < until, left, " of ", comms.size(), " accepts never completed", LastWords{});
      for (size_t i = 0; i < comms.size(); i++) {
        if (comms[i])
          continue;
        must(net->accept(listeners[i].comm, &comms[i], no_offload()), "accept");
        left -= comms[i] != nullptr;
      }
      std::this_thread::yield();
    }
  });
  return comms;
}

void* Session::connect(Handle handle) {
  return connect_all({handle}).front();
}

void* Session::accept(Listener& listener) {
  std::vector<Listener> one = {listener};
  return accept_all(one).front();
}

void Session::accept_nobody(const Listener& listener, const Channel& other, const char* otherwise) {
  service.run([&] {
    for (void* comm = nullptr; !other.readable();) {
      must(net->accept(listener.comm, &comm, no_offload()), "accept");
      expect(!comm, otherwise);
    }
  });
}

void Session::close_listen(Listener& listener) {
  service.run([&] { must(net->close_listen(listener.comm), "closeListen"); });
  listener.comm = nullptr;
}

void* Session::reg(void* comm, void* data, size_t size) {
  void* handle = nullptr;
  service.run([&] { must(net->reg_mr(comm, data, size, ncclabi::ptr_host, &handle), "regMr"); });
  return handle;
}

void Session::dereg(void* comm, void* handle) {
  service.run([&] { must(net->dereg_mr(comm, handle), "deregMr"); });
}
void Session::close_send(void* comm) {
  service.run([&] { must(net->close_send(comm), "closeSend"); });
}
void Session::close_recv(void* comm) {
  service.run([&] { must(net->close_recv(comm), "closeRecv"); });
}

void Session::hint(bool sends, size_t flows) {
  constexpr uint32_t all_reduce = 1 << 4, ring = 1 << 1, simple = 1 << 2; // bits of NCCL's enums
  ncclabi::Attributes hints = ncclabi::no_hints;
  auto& of = sends ? hints.send : hints.receive;
  of = {1, 1, flows ? int32_t(flows) : -1, -1};
  if (flows == 0)
    hints.op = all_reduce, hints.algo = ring, hints.proto = simple;
  net->set_attributes(context, &hints);
}

OneWay::OneWay(Session& s, Rank& rank, size_t n) : sender(rank.rank == 0) {
  if (sender) {
    std::vector<Handle> handles(n);
    for (Handle& handle : handles)
      handle = rank.to.at(1).take_value<Handle>();
    comms = s.connect_all(handles);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    listeners.push_back(s.listen());
    rank.to.at(0).put_value(listeners.back().handle);
  }
  comms = s.accept_all(listeners);
}

void OneWay::close(Session& s) {
  for (void* comm : comms)
    sender ? s.close_send(comm) : s.close_recv(comm);
  for (Listener& listener : listeners)
    s.close_listen(listener);
}

} // namespace harness
