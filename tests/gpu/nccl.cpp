// NCCL by dlopen: see nccl.h. Names, numbers and signatures are those of its nccl.h; pointers to GPU memory
// go as addresses, which the calling convention does not tell apart.
#include "tests/gpu/nccl.h"

namespace gpu {

namespace {
constexpr int success = 0, in_progress = 7;
constexpr const char* where =
    "--nccl PATH or NCCL_LIBRARY names a libnccl.so.2; tests/gpu/README.md says where one gets it";
} // namespace

Result<Nccl> Nccl::open(const std::string& path) {
  auto library = Library::open(path);
  if (!library)
    return Error(Kind::not_found, podstep::cat("no NCCL: ", library.error().message), where);
  Nccl out(std::move(*library));
  if (auto loaded = out.load(); !loaded)
    return Error(Kind::unsupported, podstep::cat(loaded.error().message, ": it is no NCCL 2.14 or later"),
                 where);
  return out;
}

Result<void> Nccl::load() {
  PODSTEP_CHECK(library_.find(version_, "ncclGetVersion"));
  PODSTEP_CHECK(library_.find(unique_id_, "ncclGetUniqueId"));
  PODSTEP_CHECK(library_.find(init_, "ncclCommInitRank"));
  PODSTEP_CHECK(library_.find(destroy_, "ncclCommDestroy"));
  PODSTEP_CHECK(library_.find(abort_, "ncclCommAbort"));
  PODSTEP_CHECK(library_.find(async_, "ncclCommGetAsyncError"));
  PODSTEP_CHECK(library_.find(all_reduce_, "ncclAllReduce"));
  PODSTEP_CHECK(library_.find(all_gather_, "ncclAllGather"));
  PODSTEP_CHECK(library_.find(reduce_scatter_, "ncclReduceScatter"));
  PODSTEP_CHECK(library_.find(broadcast_, "ncclBroadcast"));
  PODSTEP_CHECK(library_.find(send_, "ncclSend"));
  PODSTEP_CHECK(library_.find(receive_, "ncclRecv"));
  PODSTEP_CHECK(library_.find(group_start_, "ncclGroupStart"));
  PODSTEP_CHECK(library_.find(group_end_, "ncclGroupEnd"));
  PODSTEP_CHECK(library_.find(error_string_, "ncclGetErrorString"));
  if (!library_.find(split_, "ncclCommSplit"))
    split_ = nullptr;
  return library_.find(last_error_, "ncclGetLastError");
}

Result<void> Nccl::checked(int code, const char* call, Comm comm) const {
  if (code == success || code == in_progress)
    return {};
  const char* last = last_error_(comm);
  return Error(podstep::cat(call, ": ", error_string_(code), last && *last ? ": " : "", last ? last : ""));
}

int Nccl::number() const {
  int v = 0;
  version_(&v);
  return v;
}

std::string Nccl::version() const {
  int v = number();
  return podstep::cat(v / 10000, ".", v / 100 % 100, ".", v % 100);
}

Result<UniqueId> Nccl::unique_id() const {
  UniqueId out{};
  PODSTEP_CHECK(checked(unique_id_(&out), "ncclGetUniqueId", nullptr));
  return out;
}

Result<Comm> Nccl::init(int ranks, const UniqueId& id, int rank) const {
  Comm out = nullptr;
  PODSTEP_CHECK(checked(init_(&out, ranks, id, rank), "ncclCommInitRank", nullptr));
  return out;
}

Result<Comm> Nccl::split(Comm comm, int key) const {
  if (!split_)
    return Error(Kind::unsupported, "NCCL before 2.18 splits nothing");
  Comm out = nullptr;
  PODSTEP_CHECK(checked(split_(comm, 0, key, &out, nullptr), "ncclCommSplit", comm));
  return out;
}

Result<void> Nccl::async(Comm comm) const {
  int code = success;
  PODSTEP_CHECK(checked(async_(comm, &code), "ncclCommGetAsyncError", comm));
  return checked(code, "NCCL", comm);
}

} // namespace gpu
