// NCCL, opened at run time: the few functions of its interface that collectives on communicators need.
#pragma once
#include "tests/gpu/cuda.h"

namespace gpu {

/// As in nccl.h of NCCL 2.
struct UniqueId {
  char bytes[128];
};
using Comm = void*;
constexpr int float32 = 7, sum = 0;

class Nccl {
public:
  /// Error: not_found (with a hint where one gets it), unsupported (it is no NCCL 2.14 or later).
  static Result<Nccl> open(const std::string& path);

  /// 22703
  int number() const;
  /// `2.27.3`
  std::string version() const;
  Result<UniqueId> unique_id() const;
  Result<Comm> init(int ranks, const UniqueId& id, int rank) const;
  /// All in one part, its ranks in the order of `key`. Error: unsupported before NCCL 2.18.
  Result<Comm> split(Comm comm, int key) const;
  Result<void> destroy(Comm comm) const { return checked(destroy_(comm), "ncclCommDestroy", nullptr); }
  Result<void> abort(Comm comm) const { return checked(abort_(comm), "ncclCommAbort", nullptr); }
  /// What went wrong behind the caller's back; none: success.
  Result<void> async(Comm comm) const;

  Result<void> all_reduce(Address in, Address out, size_t count, Comm comm, Stream stream) const {
    return checked(all_reduce_(in, out, count, float32, sum, comm, stream), "ncclAllReduce", comm);
  }
  Result<void> all_gather(Address in, Address out, size_t count, Comm comm, Stream stream) const {
    return checked(all_gather_(in, out, count, float32, comm, stream), "ncclAllGather", comm);
  }
  Result<void> reduce_scatter(Address in, Address out, size_t count, Comm comm, Stream stream) const {
    return checked(reduce_scatter_(in, out, count, float32, sum, comm, stream), "ncclReduceScatter", comm);
  }
  Result<void> broadcast(Address in, Address out, size_t count, int root, Comm comm, Stream stream) const {
    return checked(broadcast_(in, out, count, float32, root, comm, stream), "ncclBroadcast", comm);
  }
  Result<void> send(Address data, size_t count, int peer, Comm comm, Stream stream) const {
    return checked(send_(data, count, float32, peer, comm, stream), "ncclSend", comm);
  }
  Result<void> receive(Address data, size_t count, int peer, Comm comm, Stream stream) const {
    return checked(receive_(data, count, float32, peer, comm, stream), "ncclRecv", comm);
  }
  Result<void> begin() const { return checked(group_start_(), "ncclGroupStart", nullptr); }
  Result<void> end() const { return checked(group_end_(), "ncclGroupEnd", nullptr); }

private:
  explicit Nccl(Library library) : library_(std::move(library)) {}
  Result<void> load();
  Result<void> checked(int code, const char* call, Comm comm) const;

  Library library_;
  int (*version_)(int*) = nullptr;
  int (*unique_id_)(UniqueId*) = nullptr;
  int (*init_)(Comm*, int, UniqueId, int) = nullptr;
  int (*split_)(Comm, int, int, Comm*, void*) = nullptr; ///< since 2.18
  int (*destroy_)(Comm) = nullptr;
  int (*abort_)(Comm) = nullptr;
  int (*async_)(Comm, int*) = nullptr;
  int (*all_reduce_)(Address, Address, size_t, int, int, Comm, Stream) = nullptr;
  int (*all_gather_)(Address, Address, size_t, int, Comm, Stream) = nullptr;
  int (*reduce_scatter_)(Address, Address, size_t, int, int, Comm, Stream) = nullptr;
  int (*broadcast_)(Address, Address, size_t, int, int, Comm, Stream) = nullptr;
  int (*send_)(Address, size_t, int, int, Comm, Stream) = nullptr;
  int (*receive_)(Address, size_t, int, int, Comm, Stream) = nullptr;
  int (*group_start_)() = nullptr;
  int (*group_end_)() = nullptr;
  const char* (*error_string_)(int) = nullptr;
  const char* (*last_error_)(Comm) = nullptr;
};

} // namespace gpu
