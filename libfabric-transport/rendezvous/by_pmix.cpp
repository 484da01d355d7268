// Meeting through the PMIx server of the step (srun --mpi=pmix). The library is loaded when it is asked for:
// a node without it loses nothing else.
#include "common/text.h"
#include "libfabric-transport/rendezvous/place.h"
#include <condition_variable>
#include <dlfcn.h>
#include <mutex>
#include <pmix.h>

namespace podstep::fabric {

namespace {

/// After a fence that was too late: so long for a rank to show that it had come.
constexpr Duration probe_time = std::chrono::seconds(2);

/// The few calls that are used, by name, from libpmix.so.2 (PMIx 3 to 6).
struct Library {
  decltype(&PMIx_Init) init = nullptr;
  decltype(&PMIx_Finalize) finalize = nullptr;
  decltype(&PMIx_Put) put = nullptr;
  decltype(&PMIx_Commit) commit = nullptr;
  decltype(&PMIx_Fence_nb) fence = nullptr;
  decltype(&PMIx_Get) get = nullptr;
  decltype(&PMIx_Get_nb) get_nb = nullptr;
  decltype(&PMIx_Error_string) text = nullptr;
};

Result<Library> load() {
  void* object =
      dlopen("libpmix.so.2", RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE); // its components look for its symbols
  if (!object)
    return Error(Kind::unsupported, cat("PMIx: ", dlerror()),
                 "install libpmix2, or use another PODSTEP_FABRIC_RENDEZVOUS");
  Library out;
  bool all = true;
  auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(object, name));
    all = all && function;
  };
  find(out.init, "PMIx_Init"), find(out.finalize, "PMIx_Finalize");
  find(out.put, "PMIx_Put"), find(out.commit, "PMIx_Commit"), find(out.fence, "PMIx_Fence_nb");
  find(out.get, "PMIx_Get"), find(out.get_nb, "PMIx_Get_nb"), find(out.text, "PMIx_Error_string");
  if (!all)
    return Error(Kind::unsupported, "PMIx: libpmix.so.2 lacks calls that are needed");
  return out;
}

/// What a callback of PMIx's thread brings; it may come when nobody waits any more.
struct Arrival {
  std::mutex mutex;
  std::condition_variable changed;
  bool here = false;
  pmix_status_t status = PMIX_ERROR;
  std::string bytes;
};
using Shared = std::shared_ptr<Arrival>;

void arrive(void* data, pmix_status_t status, const pmix_value_t* value) {
  std::unique_ptr<Shared> owner(static_cast<Shared*>(data));
  Arrival& arrival = **owner;
  std::lock_guard lock(arrival.mutex);
  arrival.here = true;
  arrival.status = status;
  if (value && value->type == PMIX_BYTE_OBJECT && value->data.bo.size <= card_head_bytes + blob_bytes)
    arrival.bytes.assign(value->data.bo.bytes, value->data.bo.size);
  else if (value)
    arrival.status = PMIX_ERR_TYPE_MISMATCH;
  arrival.changed.notify_all();
}
void fenced(pmix_status_t status, void* data) {
  arrive(data, status, nullptr);
}
void got(pmix_status_t status, pmix_value_t* value, void* data) {
  arrive(data, status, status == PMIX_SUCCESS ? value : nullptr);
}

class Server : public Place {
public:
  Server(Library library, std::string name, Clock& clock)
      : pmix_(library), name_(std::move(name)), clock_(clock) {}
  ~Server() override {
    if (joined_)
      pmix_.finalize(nullptr, 0);
  }

  Result<void> join() {
    pmix_status_t rc = pmix_.init(&me_, nullptr, 0);
    if (rc != PMIX_SUCCESS)
      return Error(Kind::unavailable, cat("PMIx_Init: ", pmix_.text(rc)),
                   "start the step with srun --mpi=pmix");
    joined_ = true;
    pmix_proc_t job = proc(PMIX_RANK_WILDCARD);
    pmix_value_t* value = nullptr;
    rc = pmix_.get(&job, PMIX_JOB_SIZE, nullptr, 0, &value);
    if (rc != PMIX_SUCCESS)
      return Error(Kind::unavailable, cat("PMIx_Get of the number of ranks: ", pmix_.text(rc)));
    who_ = {me_.rank, value->type == PMIX_UINT32 ? value->data.uint32 : 0};
    free(value);
    return {};
  }

  Result<std::vector<std::string>> exchange(const Meeting& meeting, uint32_t rank, const std::string& card,
                                            Deadline deadline) override {
    Instant begun = clock_.now();
    std::string key = cat("podstep.", name_, ".", meeting.round);
    pmix_value_t value{};
    value.type = PMIX_BYTE_OBJECT;
    value.data.bo = {const_cast<char*>(card.data()), card.size()};
    if (pmix_status_t rc = pmix_.put(PMIX_GLOBAL, key.c_str(), &value); rc != PMIX_SUCCESS)
      return Error(Kind::unavailable, cat(describe(), ": PMIx_Put: ", pmix_.text(rc)));
    if (pmix_status_t rc = pmix_.commit(); rc != PMIX_SUCCESS)
      return Error(Kind::unavailable, cat(describe(), ": PMIx_Commit: ", pmix_.text(rc)));
    bool late = !fence(deadline);
    if (late)
      deadline = Deadline::after(clock_, probe_time);
    std::vector<Shared> asked;
    for (uint32_t of = 0; of < meeting.ranks; ++of)
      asked.push_back(ask(of, key));
    std::vector<std::string> out(meeting.ranks);
    std::vector<uint32_t> missing;
    for (uint32_t of = 0; of < meeting.ranks; ++of) {
      if (of == rank)
        out[of] = card;
      else if (wait(*asked[of], deadline) && asked[of]->status == PMIX_SUCCESS)
        out[of] = asked[of]->bytes;
      else
        missing.push_back(of);
    }
    if (!missing.empty())
      return too_late(*this, missing, clock_.now() - begun);
    return out;
  }
  std::string describe() const override { return "the rendezvous by PMIx"; }
  std::optional<Who> who() const override { return who_; }

private:
  pmix_proc_t proc(pmix_rank_t rank) const {
    pmix_proc_t out = me_;
    out.rank = rank;
    return out;
  }

  /// False: not all ranks came in time, or the server says that one is gone.
  bool fence(Deadline deadline) {
    pmix_proc_t all = proc(PMIX_RANK_WILDCARD);
    pmix_info_t collect{};
    strncpy(collect.key, PMIX_COLLECT_DATA, sizeof collect.key - 1);
    collect.value.type = PMIX_BOOL;
    collect.value.data.flag = true;
    auto arrival = std::make_shared<Arrival>();
    auto owner = std::make_unique<Shared>(arrival);
    if (pmix_.fence(&all, 1, &collect, 1, fenced, owner.get()) != PMIX_SUCCESS)
      return false;
    owner.release(); // now the callback's
    return wait(*arrival, deadline) && arrival->status == PMIX_SUCCESS;
  }

  Shared ask(uint32_t rank, const std::string& key) {
    pmix_proc_t of = proc(rank);
    auto arrival = std::make_shared<Arrival>();
    auto owner = std::make_unique<Shared>(arrival);
    pmix_status_t rc = pmix_.get_nb(&of, key.c_str(), nullptr, 0, got, owner.get());
    if (rc == PMIX_SUCCESS)
      owner.release();
    else
      arrival->here = true, arrival->status = rc;
    return arrival;
  }

  bool wait(Arrival& arrival, Deadline deadline) {
    std::unique_lock lock(arrival.mutex);
    return arrival.changed.wait_for(lock, std::min<Duration>(deadline.left(clock_), std::chrono::hours(24)),
                                    [&] { return arrival.here; });
  }

  Library pmix_;
  std::string name_;
  Clock& clock_;
  pmix_proc_t me_{};
  Who who_{0, 0};
  bool joined_ = false;
};

} // namespace

Result<std::unique_ptr<Place>> place_of_pmix(const std::string& name, Clock& clock) {
  if (!getenv("PMIX_NAMESPACE") || !getenv("PMIX_RANK"))
    return Error(Kind::unavailable, "the step has no PMIx: PMIX_NAMESPACE and PMIX_RANK are not set",
                 "start the step with srun --mpi=pmix, or use another PODSTEP_FABRIC_RENDEZVOUS");
  PODSTEP_TRY(Library library, load());
  auto server = std::make_unique<Server>(library, name, clock);
  PODSTEP_CHECK(server->join());
  return std::unique_ptr<Place>(std::move(server));
}

} // namespace podstep::fabric
