// A libnccl.so.2 for machines without a GPU: real messages over the network plugin that NCCL's variables
// name, sums by the CPU. FAKE_NCCL makes it lie, for whoever must notice: `wrong` (a sum is off by one),
// `hang` (an all_reduce never ends), `shm` (the log names another way). Beside it libcuda.so.1 of
// tests/support.
#include "tests/fabric/host/verdict.h"
#include "tests/support/nccl/mesh.h"
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>
#include <functional>
#include <unistd.h>

namespace {

using fakenccl::Mesh;
using fakenccl::Part;

struct Id {
  char directory[128];
};
constexpr int success = 0, system_error = 2, version = 22703;

std::string last_words;
/// Between ncclGroupStart and its end.
int depth = 0;
struct Group {
  Mesh* mesh = nullptr;
  std::vector<Part> sends, receives;
} group;

bool lies(const char* how) {
  const char* told = getenv("FAKE_NCCL");
  return told && strcmp(told, how) == 0;
}

/// GPU memory as the CPU can touch it.
float* view(const void* device) {
  using View = void* (*)(const void*);
  static View see = reinterpret_cast<View>(dlsym(dlopen("libcuda.so.1", RTLD_NOW), "fake_cuda_view"));
  return static_cast<float*>(see(device));
}

template<class F> int guarded(F f) {
  try {
    f();
    return success;
  } catch (const std::exception& e) {
    last_words = e.what();
    return system_error;
  }
}

/// What every rank has put in, by rank; rank 0 has made the directory of this meeting, and takes it away.
std::vector<std::vector<float>> gather(Mesh& mesh, const float* mine, size_t count) {
  std::vector<std::vector<float>> out(size_t(mesh.ranks), std::vector<float>(count));
  std::vector<Part> sends, receives;
  for (int peer = 0; peer < mesh.ranks; ++peer) {
    sends.push_back({peer, const_cast<float*>(mine), count * sizeof(float)});
    receives.push_back({peer, out[size_t(peer)].data(), count * sizeof(float)});
  }
  mesh.exchange(sends, receives);
  return out;
}

Mesh* join(const Id& id, int ranks, int rank) {
  auto mesh = std::make_unique<Mesh>(id.directory, ranks, rank);
  float here = 1;
  gather(*mesh, &here, 1); // all have met
  if (rank == 0)
    std::filesystem::remove_all(id.directory);
  return mesh.release();
}

Id fresh_id() {
  Id id{};
  strcpy(id.directory, "/dev/shm/fakenccl.XXXXXX");
  if (!mkdtemp(id.directory))
    harness::fail("/dev/shm cannot be written");
  return id;
}

std::vector<float> sums(Mesh& mesh, const void* in, size_t count) {
  auto all = gather(mesh, view(in), count);
  std::vector<float> out(count);
  for (const auto& one : all)
    for (size_t i = 0; i < count; ++i)
      out[i] += one[i];
  if (lies("wrong"))
    out[count / 2] += 1;
  return out;
}

} // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int ncclGetVersion(int* out) {
  *out = version;
  return success;
}
EXPORT const char* ncclGetErrorString(int code) {
  return code == success ? "no error" : "unhandled system error";
}
EXPORT const char* ncclGetLastError(void*) {
  return last_words.c_str();
}
EXPORT int ncclGetUniqueId(Id* out) {
  return guarded([&] { *out = fresh_id(); });
}
EXPORT int ncclCommInitRank(Mesh** out, int ranks, Id id, int rank) {
  return guarded([&] { *out = join(id, ranks, rank); });
}
EXPORT int ncclCommSplit(Mesh* mesh, int, int key, Mesh** out, void*) {
  return guarded([&] {
    auto mine = float(key);
    auto keys = gather(*mesh, &mine, 1);
    int rank = 0;
    for (int peer = 0; peer < mesh->ranks; ++peer)
      rank += keys[size_t(peer)][0] < mine;
    Id id = mesh->rank == 0 ? fresh_id() : Id{};
    float words[sizeof id / sizeof(float)];
    memcpy(words, &id, sizeof id);
    auto told = gather(*mesh, words, std::size(words));
    memcpy(&id, told[0].data(), sizeof id);
    *out = join(id, mesh->ranks, rank);
  });
}
EXPORT int ncclCommDestroy(Mesh* mesh) {
  delete mesh;
  return success;
}
EXPORT int ncclCommAbort(Mesh* mesh) {
  delete mesh;
  return success;
}
EXPORT int ncclCommGetAsyncError(Mesh*, int* out) {
  *out = success;
  return success;
}

EXPORT int ncclAllReduce(const void* in, void* out, size_t count, int, int, Mesh* mesh, void*) {
  using Busy = void (*)(bool);
  if (lies("hang"))
    reinterpret_cast<Busy>(dlsym(dlopen("libcuda.so.1", RTLD_NOW), "fake_cuda_busy"))(true);
  return guarded([&] {
    auto all = sums(*mesh, in, count);
    std::copy(all.begin(), all.end(), view(out));
  });
}
EXPORT int ncclAllGather(const void* in, void* out, size_t count, int, Mesh* mesh, void*) {
  return guarded([&] {
    float* to = view(out);
    for (const auto& one : gather(*mesh, view(in), count))
      to = std::copy(one.begin(), one.end(), to);
  });
}
EXPORT int ncclReduceScatter(const void* in, void* out, size_t count, int, int, Mesh* mesh, void*) {
  return guarded([&] {
    auto all = sums(*mesh, in, count * size_t(mesh->ranks));
    std::copy_n(all.begin() + ptrdiff_t(count) * mesh->rank, count, view(out));
  });
}
EXPORT int ncclBroadcast(const void* in, void* out, size_t count, int, int root, Mesh* mesh, void*) {
  return guarded([&] {
    auto all = gather(*mesh, view(in), count);
    std::copy_n(all[size_t(root)].begin(), count, view(out));
  });
}
EXPORT int ncclGroupStart() {
  ++depth;
  return success;
}
EXPORT int ncclGroupEnd() {
  if (--depth > 0 || !group.mesh)
    return success;
  Group all = std::exchange(group, {});
  return guarded([&] { all.mesh->exchange(all.sends, all.receives); });
}
EXPORT int ncclSend(const void* data, size_t count, int, int peer, Mesh* mesh, void*) {
  ncclGroupStart();
  group.mesh = mesh;
  group.sends.push_back({peer, view(data), count * sizeof(float)});
  return ncclGroupEnd();
}
EXPORT int ncclRecv(void* data, size_t count, int, int peer, Mesh* mesh, void*) {
  ncclGroupStart();
  group.mesh = mesh;
  group.receives.push_back({peer, view(data), count * sizeof(float)});
  return ncclGroupEnd();
}
