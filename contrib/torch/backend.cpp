// The backend `podstep` of torch.distributed: c10d's calls on host tensors, as operations of a group.
// torch_podstep.py registers it.
#include "contrib/torch/tensors.h"
#include "contrib/torch/work.h"
#include <pybind11/chrono.h>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <torch/python.h>

namespace podstep::collective {

namespace {

using Tensors = std::vector<at::Tensor>;
using WorkPtr = c10::intrusive_ptr<c10d::Work>;

/// Torch's own store as the place where ranks meet.
int put_in_store(void* store, const char* key, const void* data, size_t bytes) {
  try {
    auto at = static_cast<const uint8_t*>(data);
    static_cast<c10d::Store*>(store)->set(key, std::vector<uint8_t>(at, at + bytes));
    return 0;
  } catch (const std::exception&) {
    return -1;
  }
}
int get_from_store(void* raw, const char* key, void* data, size_t room, size_t* bytes, uint32_t timeout_ms) {
  auto* store = static_cast<c10d::Store*>(raw);
  try {
    store->wait({key}, std::chrono::milliseconds(timeout_ms));
  } catch (const std::exception&) {
    return 1;
  }
  try {
    std::vector<uint8_t> value = store->get(key);
    if (value.size() > room)
      return -1;
    std::copy(value.begin(), value.end(), static_cast<uint8_t*>(data));
    *bytes = value.size();
    return 0;
  } catch (const std::exception&) {
    return -1;
  }
}

class PodstepBackend : public c10d::Backend {
public:
  PodstepBackend(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                 std::chrono::milliseconds timeout)
      : Backend(rank, size), here_{rank, size}, timeout_(timeout) {
    podstep_fabric_carrier carrier{store.get(), put_in_store, get_from_store};
    podstep_fabric_rendezvous_options meeting{};
    meeting.size = sizeof meeting;
    meeting.carrier = &carrier;
    try {
      group_ =
          std::make_shared<Group>(Mesh::Options{here_, "torch", timeout, nullptr, nullptr, false, &meeting});
    } catch (const Broken& broken) {
      TORCH_CHECK_WITH(DistBackendError, false, "podstep: ", broken.what());
    }
  }
  ~PodstepBackend() override { let_go(group_); }
  const std::string getBackendName() const override { return "podstep"; }

  WorkPtr broadcast(Tensors& tensors, const c10d::BroadcastOptions& opts) override {
    Job job("broadcast", c10d::OpType::BROADCAST, opts.timeout, tensors);
    Block data = job.in_out(only(tensors, "broadcast"));
    return begin(job, collective::broadcast(here_, data, int(opts.rootRank)));
  }

  WorkPtr allreduce(Tensors& tensors, const c10d::AllreduceOptions& opts) override {
    Job job("all_reduce", c10d::OpType::ALLREDUCE, opts.timeout, tensors);
    only(tensors, "all_reduce");
    return reduce_all(job, tensors, opts.reduceOp);
  }
  WorkPtr allreduce_coalesced(Tensors& tensors, const c10d::AllreduceCoalescedOptions& opts) override {
    Job job("all_reduce", c10d::OpType::COALESCED, opts.timeout, tensors);
    return reduce_all(job, tensors, opts.reduceOp);
  }

  /// As an all_reduce, of a copy where the result is not wanted.
  WorkPtr reduce(Tensors& tensors, const c10d::ReduceOptions& opts) override {
    Job job("reduce", c10d::OpType::REDUCE, opts.timeout, tensors);
    Tensors data{only(tensors, "reduce")};
    if (opts.rootRank != rank_)
      data[0] = data[0].clone();
    return reduce_all(job, data, opts.reduceOp);
  }

  WorkPtr allgather(std::vector<Tensors>& outputs, Tensors& inputs,
                    const c10d::AllgatherOptions& opts) override {
    Job job("all_gather", c10d::OpType::ALLGATHER, opts.timeout, only(outputs, "all_gather"));
    Block in = job.in(only(inputs, "all_gather"));
    std::vector<Block> out = job.out_each(outputs[0], size_, "all_gather");
    same_bytes(in, out[size_t(rank_)], "all_gather");
    return begin(job, all_gather(here_, in, out));
  }
  WorkPtr _allgather_base(at::Tensor& output, at::Tensor& input,
                          const c10d::AllgatherOptions& opts) override {
    Tensors out{output}, in{input};
    return allgather_into_tensor_coalesced(out, in, opts);
  }
  WorkPtr allgather_into_tensor_coalesced(Tensors& outputs, Tensors& inputs,
                                          const c10d::AllgatherOptions& opts) override {
    Job job("all_gather", c10d::OpType::_ALLGATHER_BASE, opts.timeout, outputs);
    TORCH_CHECK(outputs.size() == inputs.size(), "podstep: all_gather of ", inputs.size(), " into ",
                outputs.size(), " tensors");
    Plan plan;
    for (size_t i = 0; i < inputs.size(); ++i) {
      Block in = job.in(inputs[i]);
      std::vector<Block> out = equal_parts(job.out(outputs[i]), size_, "all_gather");
      same_bytes(in, out[size_t(rank_)], "all_gather");
      append(plan, all_gather(here_, in, out));
    }
    return begin(job, std::move(plan));
  }

  WorkPtr reduce_scatter(Tensors& outputs, std::vector<Tensors>& inputs,
                         const c10d::ReduceScatterOptions& opts) override {
    Job job("reduce_scatter", c10d::OpType::REDUCE_SCATTER, opts.timeout, outputs);
    Reduction r(only(outputs, "reduce_scatter"), opts.reduceOp, "reduce_scatter");
    std::vector<Block> in = job.in_each(only(inputs, "reduce_scatter"), size_, r.scalar, "reduce_scatter");
    Block out = job.out(outputs[0]);
    for (const Block& one : in)
      same_bytes(one, out, "reduce_scatter");
    average(job, r, out);
    return begin(job, collective::reduce_scatter(here_, r.type, r.op, in, out));
  }
  WorkPtr _reduce_scatter_base(at::Tensor& output, at::Tensor& input,
                               const c10d::ReduceScatterOptions& opts) override {
    Tensors out{output}, in{input};
    return reduce_scatter_tensor_coalesced(out, in, opts);
  }
  WorkPtr reduce_scatter_tensor_coalesced(Tensors& outputs, Tensors& inputs,
                                          const c10d::ReduceScatterOptions& opts) override {
    Job job("reduce_scatter", c10d::OpType::_REDUCE_SCATTER_BASE, opts.timeout, outputs);
    TORCH_CHECK(!outputs.empty() && outputs.size() == inputs.size(), "podstep: reduce_scatter of ",
                inputs.size(), " into ", outputs.size(), " tensors");
    Reduction r(outputs[0], opts.reduceOp, "reduce_scatter");
    Plan plan;
    for (size_t i = 0; i < inputs.size(); ++i) {
      TORCH_CHECK(inputs[i].scalar_type() == r.scalar && outputs[i].scalar_type() == r.scalar,
                  "podstep: reduce_scatter of tensors of different types");
      Block out = job.out(outputs[i]);
      std::vector<Block> in = equal_parts(job.in(inputs[i]), size_, "reduce_scatter");
      same_bytes(in[0], out, "reduce_scatter");
      average(job, r, out);
      append(plan, collective::reduce_scatter(here_, r.type, r.op, in, out));
    }
    return begin(job, std::move(plan));
  }

  WorkPtr alltoall_base(at::Tensor& output, at::Tensor& input, std::vector<int64_t>& output_splits,
                        std::vector<int64_t>& input_splits, const c10d::AllToAllOptions& opts) override {
    Job job("all_to_all", c10d::OpType::ALLTOALL_BASE, opts.timeout, {output});
    std::vector<Block> in = split_rows(job.in(input), input, input_splits, size_);
    return begin(job, all_to_all(here_, in, split_rows(job.out(output), output, output_splits, size_)));
  }
  WorkPtr alltoall(Tensors& outputs, Tensors& inputs, const c10d::AllToAllOptions& opts) override {
    Job job("all_to_all", c10d::OpType::ALLTOALL, opts.timeout, outputs);
    std::vector<Block> in = job.in_each(inputs, size_, std::nullopt, "all_to_all");
    return begin(job, all_to_all(here_, in, job.out_each(outputs, size_, "all_to_all")));
  }

  WorkPtr gather(std::vector<Tensors>& outputs, Tensors& inputs, const c10d::GatherOptions& opts) override {
    bool root = opts.rootRank == rank_;
    Job job("gather", c10d::OpType::GATHER, opts.timeout, root ? only(outputs, "gather") : Tensors{});
    Block in = job.in(only(inputs, "gather"));
    std::vector<Block> out = root ? job.out_each(outputs[0], size_, "gather") : std::vector<Block>{};
    if (root)
      same_bytes(in, out[size_t(rank_)], "gather");
    return begin(job, collective::gather(here_, in, out, int(opts.rootRank)));
  }
  WorkPtr scatter(Tensors& outputs, std::vector<Tensors>& inputs, const c10d::ScatterOptions& opts) override {
    bool root = opts.rootRank == rank_;
    Job job("scatter", c10d::OpType::SCATTER, opts.timeout, outputs);
    Block out = job.out(only(outputs, "scatter"));
    std::vector<Block> in =
        root ? job.in_each(only(inputs, "scatter"), size_, std::nullopt, "scatter") : std::vector<Block>{};
    if (root)
      same_bytes(in[size_t(rank_)], out, "scatter");
    return begin(job, collective::scatter(here_, in, out, int(opts.rootRank)));
  }
  WorkPtr barrier(const c10d::BarrierOptions& opts) override {
    Job job("barrier", c10d::OpType::BARRIER, opts.timeout, {});
    return begin(job, collective::barrier(here_));
  }

  WorkPtr send(Tensors& tensors, int to, int tag) override {
    Job job("send", c10d::OpType::SEND, c10d::kUnsetTimeout, {});
    return begin(job, Operation::Message{peer(to, "send"), true, job.in(only(tensors, "send")), tag});
  }
  WorkPtr recv(Tensors& tensors, int from, int tag) override {
    Job job("recv", c10d::OpType::RECV, c10d::kUnsetTimeout, tensors);
    return begin(job, Operation::Message{peer(from, "recv"), false, job.out(only(tensors, "recv")), tag});
  }

private:
  template<class T> static T& only(std::vector<T>& one, const char* name) {
    TORCH_CHECK(one.size() == 1, "podstep: ", name, " takes one tensor or one list of them, not ",
                one.size());
    return one[0];
  }
  int peer(int rank, const char* name) const {
    TORCH_CHECK(rank >= 0 && rank < size_ && rank != rank_, "podstep: ", name, " between rank ", rank_,
                " and rank ", rank);
    return rank;
  }

  void average(Job& job, const Reduction& r, Block data) const {
    if (r.averages)
      job.finally([type = r.type, data, ranks = size_] {
        divide(type, data.data, data.bytes / bytes_of(type), size_t(ranks));
      });
  }

  WorkPtr reduce_all(Job& job, Tensors& tensors, const c10d::ReduceOp& op) {
    TORCH_CHECK(!tensors.empty(), "podstep: all_reduce of no tensor");
    Reduction r(tensors[0], op, job.name());
    Plan plan;
    for (at::Tensor& tensor : tensors) {
      TORCH_CHECK(tensor.scalar_type() == r.scalar, "podstep: all_reduce of tensors of different types");
      Block data = job.in_out(tensor);
      average(job, r, data);
      append(plan, collective::all_reduce(here_, r.type, r.op, data.data, data.bytes / bytes_of(r.type)));
    }
    return begin(job, std::move(plan));
  }

  template<class What> WorkPtr begin(Job& job, What what) {
    return job.begin(group_, std::move(what), timeout_);
  }

  Here here_;
  std::chrono::milliseconds timeout_;
  std::shared_ptr<Group> group_;
};

c10::intrusive_ptr<c10d::Backend> create(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                         const std::chrono::duration<float>& timeout) {
  return c10::make_intrusive<PodstepBackend>(store, rank, size,
                                             std::chrono::duration_cast<std::chrono::milliseconds>(timeout));
}

} // namespace

} // namespace podstep::collective

PYBIND11_MODULE(TORCH_EXTENSION_NAME, module) {
  module.def("create", &podstep::collective::create, pybind11::call_guard<pybind11::gil_scoped_release>());
}
