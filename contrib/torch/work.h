// One call of torch's: the tensors that it needs, and the handle that torch waits by.
#pragma once
#include "contrib/torch/group.h"
#include "contrib/torch/tensors.h"
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/python.h>

namespace podstep::collective {

/// Whoever has the group last ends it, and waits for its thread. That one may want Python's lock for a
/// callback; or be the last itself, when a callback of its was what still had a handle: then another one
/// waits.
inline void let_go(std::shared_ptr<Group>& group) {
  if (group->is_on_own_thread())
    return std::thread([last = std::move(group)] {}).detach();
  if (group.use_count() > 1 || !PyGILState_Check())
    return group.reset();
  pybind11::gil_scoped_release others;
  group.reset();
}

/// A future is made only for who asks for one.
struct Outcome {
  std::mutex mutex;
  c10::intrusive_ptr<c10::ivalue::Future> future;
  bool over = false;
  std::string error;
  Tensors outputs;

  static void set(c10::ivalue::Future& future, const std::string& error, const Tensors& outputs) {
    if (error.empty())
      future.markCompleted(c10::IValue(outputs));
    else
      future.setError(std::make_exception_ptr(std::runtime_error(error)));
  }
  void tell(const std::string& why) {
    c10::intrusive_ptr<c10::ivalue::Future> asked;
    {
      std::lock_guard lock(mutex);
      over = true;
      error = why;
      asked = future;
    }
    if (asked)
      set(*asked, why, outputs);
  }
  c10::intrusive_ptr<c10::ivalue::Future> ask() {
    std::unique_lock lock(mutex);
    if (!future) {
      future = c10::make_intrusive<c10::ivalue::Future>(c10::ListType::create(c10::TensorType::get()));
      if (over) {
        lock.unlock();
        set(*future, error, outputs);
      }
    }
    return future;
  }
};

class PodstepWork : public c10d::Work {
public:
  PodstepWork(std::shared_ptr<Group> group, Pending operation, std::shared_ptr<Outcome> outcome, int rank,
              c10d::OpType type)
      : Work(rank, type), group_(std::move(group)), pending_(std::move(operation)),
        outcome_(std::move(outcome)) {}
  ~PodstepWork() override { let_go(group_); }

  bool isCompleted() override { return pending_->over; }
  bool isSuccess() const override { return pending_->over && pending_->error.empty(); }
  std::exception_ptr exception() const override {
    bool failed = pending_->over && !pending_->error.empty();
    return failed ? std::make_exception_ptr(std::runtime_error("podstep: " + pending_->error)) : nullptr;
  }
  int sourceRank() const override { return pending_->message ? pending_->message->peer : rank_; }
  std::vector<at::Tensor> result() override { return outcome_->outputs; }
  void synchronize() override { wait(c10d::kUnsetTimeout); }
  bool wait(std::chrono::milliseconds timeout) override {
    bool over = group_->wait(*pending_, timeout.count() <= 0 ? std::chrono::milliseconds(-1) : timeout);
    TORCH_CHECK_WITH(DistBackendError, over, "podstep: ", pending_->name, " is not over after ",
                     timeout.count(), " ms");
    TORCH_CHECK_WITH(DistBackendError, pending_->error.empty(), "podstep: ", pending_->error);
    return true;
  }
  void abort() override { group_->fail(pending_->name + " was aborted"); }
  c10::intrusive_ptr<c10::ivalue::Future> getFuture() override { return outcome_->ask(); }

private:
  std::shared_ptr<Group> group_;
  Pending pending_;
  std::shared_ptr<Outcome> outcome_;
};

/// Collects what a call needs, then begins it.
class Job {
public:
  Job(const char* name, c10d::OpType type, std::chrono::milliseconds timeout, Tensors outputs)
      : type_(type), pending_(std::make_shared<Operation>()), outcome_(std::make_shared<Outcome>()) {
    pending_->name = name;
    pending_->timeout = timeout;
    outcome_->outputs = std::move(outputs);
  }
  const std::string& name() const { return pending_->name; }

  /// Read, written, or both; a copy stands for what is not contiguous.
  Block in(const at::Tensor& tensor) { return keep(host(tensor).contiguous()); }
  Block out(const at::Tensor& tensor) {
    return stand_in(tensor, [&] { return at::empty(tensor.sizes(), tensor.options()); });
  }
  Block in_out(const at::Tensor& tensor) {
    return stand_in(tensor, [&] { return tensor.contiguous(); });
  }
  std::vector<Block> in_each(const Tensors& tensors, int ranks, std::optional<at::ScalarType> type,
                             const char* call) {
    return each(tensors, ranks, call, [&](const at::Tensor& t) {
      TORCH_CHECK(!type || t.scalar_type() == *type, "podstep: ", call, " of tensors of different types");
      return in(t);
    });
  }
  std::vector<Block> out_each(const Tensors& tensors, int ranks, const char* call) {
    return each(tensors, ranks, call, [&](const at::Tensor& t) { return out(t); });
  }
  /// Done after the transfers; the last one given first: dividing before copying back.
  void finally(std::function<void()> step) { steps_.push_back(std::move(step)); }

  c10::intrusive_ptr<c10d::Work> begin(const std::shared_ptr<Group>& group, Plan plan,
                                       std::chrono::milliseconds timeout) {
    pending_->plan = std::move(plan);
    return begin(group, timeout);
  }
  c10::intrusive_ptr<c10d::Work> begin(const std::shared_ptr<Group>& group, Operation::Message message,
                                       std::chrono::milliseconds timeout) {
    pending_->message = message;
    return begin(group, timeout);
  }

private:
  const at::Tensor& host(const at::Tensor& tensor) const {
    check_host(tensor, pending_->name);
    return tensor;
  }
  Block keep(const at::Tensor& tensor) {
    kept_.push_back(tensor);
    Block block = block_of(tensor);
    pending_->memory.push_back(block);
    return block;
  }
  template<class F> Block stand_in(const at::Tensor& tensor, F make) {
    if (host(tensor).is_contiguous())
      return keep(tensor);
    at::NoGradGuard no_grad;
    at::Tensor copy = make();
    finally([tensor, copy] {
      at::NoGradGuard plain;
      at::Tensor(tensor).copy_(copy);
    });
    return keep(copy);
  }
  template<class F> std::vector<Block> each(const Tensors& tensors, int ranks, const char* call, F f) {
    TORCH_CHECK(tensors.size() == size_t(ranks), "podstep: ", call, ": ", tensors.size(), " tensors for ",
                ranks, " ranks");
    std::vector<Block> out;
    for (const at::Tensor& tensor : tensors)
      out.push_back(f(tensor));
    return out;
  }

  c10::intrusive_ptr<c10d::Work> begin(const std::shared_ptr<Group>& group,
                                       std::chrono::milliseconds timeout) {
    if (pending_->timeout.count() <= 0)
      pending_->timeout = timeout;
    if (!steps_.empty())
      pending_->finish = [steps = std::move(steps_)] {
        for (auto step = steps.rbegin(); step != steps.rend(); ++step)
          (*step)();
      };
    // The tensors live as long as something may write to them.
    pending_->told = [outcome = outcome_, kept = std::move(kept_), operation = pending_.get()] {
      outcome->tell(operation->error);
    };
    auto work = c10::make_intrusive<PodstepWork>(group, pending_, outcome_, group->here().rank, type_);
    group->begin(pending_);
    return work;
  }

  c10d::OpType type_;
  Pending pending_;
  std::shared_ptr<Outcome> outcome_;
  Tensors kept_;
  std::vector<std::function<void()>> steps_;
};

} // namespace podstep::collective
