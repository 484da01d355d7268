// F-CT-27, F-CT-32: memory of a GPU, which the CPU cannot touch: sent, received, and there once iflush is
// done. The GPU is tests/support/cuda.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/alloc.h"
#include "tests/fabric/host/session.h"
#include "tests/gpu/memory.h"
#include <dlfcn.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace cases {
using namespace harness;

namespace {

using gpu::Memory;

/// Of a GPU, if there is one.
Memory some_memory(size_t bytes) {
  auto found = gpu::Gpu::open();
  if (!found && found.error().kind == podstep::Kind::not_found)
    throw Skipped(found.error().message);
  return Memory(gpu::must(std::move(found)), bytes);
}

/// As NCCL does: by the dma-buf where that is advertised, whose descriptor is closed at once.
void* register_gpu(Session& session, void* comm, const Memory& gpu) {
  void *mhandle = nullptr, *data = gpu.data();
  size_t bytes = gpu.size();
  if (!(session.properties.ptr_support & ncclabi::ptr_dmabuf)) {
    must(session.net->reg_mr(comm, data, bytes, ncclabi::ptr_cuda, &mhandle), "regMr of GPU memory");
    return mhandle;
  }
  using Export = int (*)(void*, uint64_t, size_t, int, unsigned long long);
  auto handle_of = reinterpret_cast<Export>(
      dlsym(dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD), "cuMemGetHandleForAddressRange"));
  int fd = -1;
  expect(handle_of && handle_of(&fd, reinterpret_cast<uint64_t>(data), bytes, 1, 0) == 0 && fd >= 0,
         "no dma-buf of GPU memory");
  must(session.net->reg_mr_dmabuf(comm, data, bytes, ncclabi::ptr_cuda, fd, &mhandle), "regMrDmaBuf");
  close(fd);
  return mhandle;
}

void wait_for(Net& net, void* request, const char* what) {
  int done = 0, size = 0;
  for (Instant until = in_seconds(20); !done; expect(now() < until, what, " is not done after 20 s"))
    must(net.test(request, &done, &size), "test");
}

/// Calls isend or irecv until it gives a request.
template<class Call> void* requested(Call call) {
  void* request = nullptr;
  for (Instant until = in_seconds(20); !request; expect(now() < until, "no request after 20 s"))
    must(call(&request), "isend or irecv");
  return request;
}

struct Flushes {
  int count = 0;                 ///< messages that had to be flushed
  uint64_t late_allocations = 0; ///< by iflush and its tests, after the first ten
};

/// One message through the GPUs.
void one_message(Session& session, bool sender, void* comm, Memory& gpu, void* mhandle, size_t size,
                 char mark, Flushes& flushes) {
  void *data = gpu.data(), *phandle = nullptr;
  int tag = 7, got = int(size);
  gpu.write(std::vector<char>(size, sender ? mark : '\0'));
  void* request = requested([&](void** out) {
    return sender ? session.net->isend(comm, data, size, tag, mhandle, nullptr, out)
                  : session.net->irecv(comm, 1, &data, &size, &tag, &mhandle, &phandle, out);
  });
  wait_for(*session.net, request, "the message");
  if (sender)
    return;
  uint64_t before = thread_allocations();
  must(session.net->iflush(comm, 1, &data, &got, &mhandle, &request), "iflush");
  if (request) {
    flushes.count++;
    wait_for(*session.net, request, "the flush");
  }
  if (flushes.count > 10)
    flushes.late_allocations += thread_allocations() - before;
  std::vector<char> seen = gpu.read(size);
  for (size_t i = 0; i < size; i++)
    expect(seen[i] == mark, "after iflush byte ", i, " of ", size, " is not there yet");
}

/// What the sender of F-CT-32 puts at byte `i` of its message.
char letter(int message, size_t i) {
  return char(message * 31 + int(i % 97) + 1);
}
constexpr size_t host_room = 4096;
constexpr int host_messages = 20, gpu_messages = 30, gpu_window = 10;
/// Of GPU memory: the first needs none of it.
size_t gpu_size(int message) {
  return size_t(message) * 130;
}

/// Small messages out of host memory: what a plugin may have learned to send unasked.
void send_all(Session& session, void* comm, char* host, void* mhandle) {
  for (int message = 0; message < host_messages + gpu_messages; ++message) {
    size_t size = message < host_messages ? 64 : gpu_size(message - host_messages);
    for (size_t i = 0; i < size; ++i)
      host[i] = letter(message, i);
    wait_for(*session.net, requested([&](void** out) {
      return session.net->isend(comm, host, size, 7, mhandle, nullptr, out);
    }),
             "the send");
  }
}

void* receive(Session& session, void* comm, void* data, size_t size, void* mhandle) {
  int tag = 7;
  void* phandle = nullptr;
  return requested(
      [&](void** out) { return session.net->irecv(comm, 1, &data, &size, &tag, &mhandle, &phandle, out); });
}

void expect_message(const std::vector<char>& seen, int message) {
  for (size_t i = 0; i < seen.size(); ++i)
    expect(seen[i] == letter(message, i), "byte ", i, " of ", seen.size(), " of message ", message,
           " is not there");
}

/// Several receives at once, each with its own place in GPU memory.
void receive_window(Session& session, void* comm, int first, Memory& gpu, void* handle) {
  void* requests[gpu_window];
  gpu.write(std::vector<char>(gpu.size()));
  for (int i = 0; i < gpu_window; ++i)
    requests[i] = receive(session, comm, gpu.data(size_t(i) * host_room), gpu_size(first + i), handle);
  for (int i = 0; i < gpu_window; ++i) {
    wait_for(*session.net, requests[i], "the receive");
    size_t size = gpu_size(first + i), offset = size_t(i) * host_room;
    void *data = gpu.data(offset), *flush = nullptr;
    int got = int(size);
    if (size > 0)
      must(session.net->iflush(comm, 1, &data, &got, &handle, &flush), "iflush");
    if (flush)
      wait_for(*session.net, flush, "the flush");
    expect_message(gpu.read(size, offset), host_messages + first + i);
  }
}

void receive_all(Session& session, void* comm, std::vector<char>& host, void* host_handle, Memory& gpu,
                 void* gpu_handle) {
  for (int message = 0; message < host_messages; ++message) {
    // So that the sender is ahead, and what comes after the last of these is there before its receive.
    if (message == host_messages - 1)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    wait_for(*session.net, receive(session, comm, host.data(), 64, host_handle), "the receive");
    expect_message({host.begin(), host.begin() + 64}, message);
  }
  for (int first = 0; first < gpu_messages; first += gpu_window)
    receive_window(session, comm, first, gpu, gpu_handle);
}

} // namespace

void gpu_late_receives(Rank& rank) {
  Memory gpu = some_memory(host_room * gpu_window);
  Session session(*rank.options);
  if (!(session.properties.ptr_support & ncclabi::ptr_cuda))
    throw Skipped("it does not take GPU memory here");
  OneWay way(session, rank);
  std::vector<char> host(host_room);
  void *host_handle = nullptr, *gpu_handle = nullptr;
  session.service.run([&] {
    must(session.net->reg_mr(way.comm(), host.data(), host.size(), ncclabi::ptr_host, &host_handle), "regMr");
    gpu_handle = register_gpu(session, way.comm(), gpu);
  });
  session.progress.run([&] {
    gpu.use();
    if (way.sender)
      send_all(session, way.comm(), host.data(), host_handle);
    else
      receive_all(session, way.comm(), host, host_handle, gpu, gpu_handle);
  });
  session.dereg(way.comm(), host_handle);
  session.dereg(way.comm(), gpu_handle);
  rank.to.begin()->second.barrier();
  way.close(session);
  session.end();
}

void gpu_memory(Rank& rank) {
  constexpr size_t bytes = 1 << 20;
  Memory gpu = some_memory(bytes);
  Session session(*rank.options);
  if (!(session.properties.ptr_support & ncclabi::ptr_cuda))
    throw Skipped("it does not take GPU memory here");
  OneWay way(session, rank);
  void* mhandle = nullptr;
  session.service.run([&] { mhandle = register_gpu(session, way.comm(), gpu); });
  int messages = 0;
  Flushes flushes;
  session.progress.run([&] {
    gpu.use();
    for (size_t size : {size_t(8), size_t(1000), size_t(5000), bytes})
      for (int i = 0; i < 10; i++)
        one_message(session, way.sender, way.comm(), gpu, mhandle, size, char(++messages), flushes);
  });
  // The first ones may: whatever is made at first use.
  expect(flushes.late_allocations == 0, "iflush and its tests allocated ", flushes.late_allocations,
         " times");
  rank.note(text("flushed=", flushes.count,
                 " dmabuf=", (session.properties.ptr_support & ncclabi::ptr_dmabuf) != 0));
  session.dereg(way.comm(), mhandle);
  rank.to.begin()->second.barrier();
  way.close(session);
  session.end();
}

} // namespace cases
