// F-CT-27: memory of a GPU, which the CPU cannot touch: sent, received, and there once iflush is done. The
// GPU is tests/support/cuda.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/alloc.h"
#include "tests/fabric/host/session.h"
#include <cstring>
#include <dlfcn.h>
#include <unistd.h>

namespace cases {
using namespace harness;

namespace {

/// The GPU's memory as it lies, and as who checks it sees it.
struct Gpu {
  char *device = nullptr, *view = nullptr;
};

Gpu allocate(size_t bytes) {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW);
  auto make = driver ? reinterpret_cast<void* (*)(size_t)>(dlsym(driver, "fake_cuda_allocate")) : nullptr;
  auto see = driver ? reinterpret_cast<void* (*)(const void*)>(dlsym(driver, "fake_cuda_view")) : nullptr;
  if (!make || !see)
    throw Skipped("no GPU whose memory can be looked at: no libcuda.so.1 of tests/support");
  Gpu out;
  out.device = static_cast<char*>(make(bytes));
  expect(out.device != nullptr, "no GPU memory");
  out.view = static_cast<char*>(see(out.device));
  return out;
}

/// As NCCL does: by the dma-buf where that is advertised, whose descriptor is closed at once.
void* register_gpu(Session& session, void* comm, Gpu gpu, size_t bytes) {
  void* mhandle = nullptr;
  if (!(session.properties.ptr_support & ncclabi::ptr_dmabuf)) {
    must(session.net->reg_mr(comm, gpu.device, bytes, ncclabi::ptr_cuda, &mhandle), "regMr of GPU memory");
    return mhandle;
  }
  using Export = int (*)(void*, uint64_t, size_t, int, unsigned long long);
  auto handle_of = reinterpret_cast<Export>(
      dlsym(dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD), "cuMemGetHandleForAddressRange"));
  int fd = -1;
  expect(handle_of && handle_of(&fd, reinterpret_cast<uint64_t>(gpu.device), bytes, 1, 0) == 0 && fd >= 0,
         "no dma-buf of GPU memory");
  must(session.net->reg_mr_dmabuf(comm, gpu.device, bytes, ncclabi::ptr_cuda, fd, &mhandle), "regMrDmaBuf");
  close(fd);
  return mhandle;
}

void wait_for(Net& net, void* request, const char* what) {
  int done = 0, size = 0;
  for (Instant until = in_seconds(20); !done; expect(now() < until, what, " is not done after 20 s"))
    must(net.test(request, &done, &size), "test");
}

struct Flushes {
  int count = 0;                 ///< messages that had to be flushed
  uint64_t late_allocations = 0; ///< by iflush and its tests, after the first ten
};

/// One message through the GPUs.
void one_message(Session& session, bool sender, void* comm, Gpu gpu, void* mhandle, size_t size, char mark,
                 Flushes& flushes) {
  void *request = nullptr, *data = gpu.device, *phandle = nullptr;
  int tag = 7, got = int(size);
  std::memset(gpu.view, sender ? mark : 0, size);
  for (Instant until = in_seconds(20); !request; expect(now() < until, "no request after 20 s"))
    must(sender ? session.net->isend(comm, data, size, tag, mhandle, nullptr, &request)
                : session.net->irecv(comm, 1, &data, &size, &tag, &mhandle, &phandle, &request),
         "isend or irecv of GPU memory");
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
  for (size_t i = 0; i < size; i++)
    expect(gpu.view[i] == mark, "after iflush byte ", i, " of ", size, " is not there yet");
}

} // namespace

void gpu_memory(Rank& rank) {
  constexpr size_t bytes = 1 << 20;
  Gpu gpu = allocate(bytes);
  Session session(*rank.options);
  if (!(session.properties.ptr_support & ncclabi::ptr_cuda))
    throw Skipped("it does not take GPU memory here");
  OneWay way(session, rank);
  void* mhandle = nullptr;
  session.service.run([&] { mhandle = register_gpu(session, way.comm(), gpu, bytes); });
  int messages = 0;
  Flushes flushes;
  session.progress.run([&] {
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
