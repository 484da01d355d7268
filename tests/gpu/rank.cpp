// One rank of a launch, from its GPU to its last word: see rank.h.
#include "tests/gpu/rank.h"
#include "common/nccl_plugin.h"
#include "tests/bench/fabric/figures.h"
#include <algorithm>
#include <functional>
#include <unistd.h>

namespace gpu {

namespace {

using podstep::cat;

/// Before 2.22 NCCL takes no path of a plugin, only the X of libnccl-net-X.so, which it has the loader find:
/// one that is loaded already is found by its own name.
Result<void> name_plugin(const Nccl& nccl) {
  constexpr int takes_path = 22200;
  std::string path = getenv("NCCL_NET_PLUGIN"), name = podstep::short_plugin_name(path);
  if (nccl.number() >= takes_path || name.empty())
    return {};
  PODSTEP_CHECK(Library::open(path));
  setenv("NCCL_NET_PLUGIN", name.c_str(), 1);
  return {};
}

class Rank {
public:
  Rank(const Job& job, int rank, Wires wires)
      : job_(job), place_{rank, job.ranks}, wires_(std::move(wires)) {}

  Result<void> run() {
    PODSTEP_TRY(Gpu opened, Gpu::open());
    gpu_ = std::make_unique<Gpu>(std::move(opened));
    PODSTEP_TRY(Nccl loaded, Nccl::open(job_.nccl));
    nccl_ = std::make_unique<Nccl>(std::move(loaded));
    PODSTEP_CHECK(name_plugin(*nccl_));
    say("about", cat(gpu_->name(), '\t', gpu_->version(), '\t', nccl_->version()));
    size_t bytes = job_.most * size_t(job_.ranks);
    PODSTEP_TRY(in_, gpu_->allocate(bytes));
    PODSTEP_TRY(out_, gpu_->allocate(bytes));
    PODSTEP_TRY(Comm comm, meet());
    return job_.repeats > 0 ? time_all(comm) : check_all(comm);
  }

  void report(const std::string& words) {
    std::string line = words + "\n";
    (void)!write(wires_.report.get(), line.data(), std::min(line.size(), size_t(4000)));
  }

private:
  void say(const char* what, const std::string& words) {
    if (place_.rank == 0)
      report(cat(what, '\t', words));
  }

  /// A communicator of all ranks.
  Result<Comm> meet() {
    UniqueId id{};
    if (place_.rank > 0) {
      if (read(wires_.told.get(), &id, sizeof id) != sizeof id)
        return Error("rank 0 has ended");
      return nccl_->init(job_.ranks, id, place_.rank);
    }
    PODSTEP_TRY(id, nccl_->unique_id());
    for (const podstep::OwnedFd& other : wires_.tell)
      if (write(other.get(), &id, sizeof id) != sizeof id)
        return Error("another rank has ended");
    return nccl_->init(job_.ranks, id, 0);
  }

  /// Bytes, sixteenfold from `first` on, and the most.
  std::vector<size_t> sizes(size_t first) const {
    std::vector<size_t> out;
    for (; first < job_.most; first *= 16)
      out.push_back(first);
    out.push_back(job_.most);
    return out;
  }

  Result<void> once(const Operation& operation, Place place, size_t count, Comm comm) {
    PODSTEP_CHECK(operation.start(*nccl_, place, count, in_, out_, comm, gpu_->stream()));
    return gpu_->wait(job_.limit, [&] { return nccl_->async(comm); });
  }

  Result<void> check(const Operation& operation, Place place, size_t count, Comm comm) {
    std::vector<float> in(operation.in(place, count)), out(operation.out(place, count), -1.0f);
    for (size_t i = 0; i < in.size(); ++i)
      in[i] = element(place.rank, i);
    PODSTEP_CHECK(gpu_->upload(in_, in.data(), in.size() * sizeof(float)));
    PODSTEP_CHECK(gpu_->upload(out_, out.data(), out.size() * sizeof(float)));
    PODSTEP_CHECK(once(operation, place, count, comm));
    PODSTEP_CHECK(gpu_->download(out.data(), out_, out.size() * sizeof(float)));
    std::string wrong = difference(operation, place, count, out);
    return wrong.empty() ? Result<void>() : Error(wrong);
  }

  /// With its name and size in front of whatever goes wrong.
  Result<void> named(const Operation& operation, size_t bytes, Result<void> result, const char* where = "") {
    if (!result)
      return result.error().in(cat(operation.name, " of ", bytes, " bytes", where));
    return {};
  }

  Result<void> check_all(Comm comm) {
    for (const Operation& operation : operations())
      for (size_t bytes : sizes(4))
        PODSTEP_CHECK(named(operation, bytes, check(operation, place_, bytes / 4, comm)));
    size_t some = std::min(size_t(65536), job_.most);
    auto part = nccl_->split(comm, job_.ranks - place_.rank);
    if (part) {
      Place reversed{job_.ranks - 1 - place_.rank, job_.ranks};
      PODSTEP_CHECK(
          named(all_reduce(), some, check(all_reduce(), reversed, some / 4, *part), " after a split"));
      PODSTEP_CHECK(nccl_->destroy(*part));
    } else if (part.error().kind == Kind::unsupported)
      say("note", part.error().message);
    else
      return std::move(part).error();
    PODSTEP_CHECK(nccl_->abort(comm));
    PODSTEP_TRY(Comm fresh, meet());
    PODSTEP_CHECK(named(all_reduce(), some, check(all_reduce(), place_, some / 4, fresh), " after an abort"));
    return nccl_->destroy(fresh);
  }

  Result<void> time_all(Comm comm) {
    constexpr int warm_up = 20; // memory is touched for the first time, eager ways are found
    for (const Operation& operation : operations())
      for (size_t bytes : sizes(std::min(size_t(4096), job_.most))) {
        bench::Values times;
        for (int i = -warm_up; i < job_.repeats; ++i) {
          auto begun = std::chrono::steady_clock::now();
          PODSTEP_CHECK(named(operation, bytes, once(operation, place_, bytes / 4, comm)));
          std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - begun;
          if (i >= 0)
            times.push_back(taken.count());
        }
        report(cat("time\t", operation.name, '\t', bytes, '\t', bench::median(times)));
      }
    return nccl_->destroy(comm);
  }

  const Job& job_;
  Place place_;
  Wires wires_;
  std::unique_ptr<Gpu> gpu_;
  std::unique_ptr<Nccl> nccl_;
  Address in_ = 0, out_ = 0;
};

} // namespace

bool run_rank(const Job& job, int rank, Wires wires) {
  Rank one(job, rank, std::move(wires));
  Result<void> result = one.run();
  if (result)
    return true;
  const Error& error = result.error();
  std::string hint = error.hint.empty() ? "" : cat(". Hint: ", error.hint);
  one.report(error.kind == Kind::not_found ? cat("skip\t", error.message, hint)
                                           : cat("fail\trank ", rank, ": ", error.message, hint));
  return false;
}

} // namespace gpu
