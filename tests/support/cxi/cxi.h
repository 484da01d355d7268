// The fake cxi provider's objects: each is a libfabric object of its own on top of shm's. See README.md.
#pragma once
#include "tests/support/cxi/board.h"
#include "tests/support/cxi/service.h"
#include <atomic>
#include <deque>
#include <rdma/fabric.h>
#include <rdma/fi_cm.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_eq.h>
#include <rdma/fi_errno.h>
#include <rdma/fi_rma.h>
#include <rdma/fi_tagged.h>
#include <string>
#include <vector>

namespace fakecxi {

inline constexpr int tag_bits = 48;
inline constexpr size_t inject_bytes = 192, depth = 1024, most_bytes = (size_t(1) << 32) - 1;
inline constexpr uint64_t client_key_limit = uint64_t(1) << 32, provider_key = uint64_t(1) << 63;
/// Reads of the queue after which a write that was only transmitted becomes visible.
inline constexpr unsigned late_reads = 64;

/// What the NIC says of a failure; fi_cq_strerror spells it.
enum class Reason : int { none, vni_not_found, no_endpoint, no_entry, truncated, canceled, lost, lower };

/// A rule was broken: one line that names the clause. Returns `rc`, the error that the NIC gives.
int breaks(const char* clause, const std::string& what, int rc);

/// An operation that is not imitated.
template<class F> struct None;
template<class R, class... A> struct None<R (*)(A...)> {
  static R call(A...) { return R(-FI_ENOSYS); }
};
template<class F> inline constexpr F none = None<F>::call;

struct Fabric : fid_fabric {
  fi_info* lower_info = nullptr;
  fid_fabric* lower = nullptr;
  int children = 0;
};

struct Domain : fid_domain {
  Fabric* fabric = nullptr;
  fid_domain* lower = nullptr;
  uint32_t nic = 0;
  AuthKey key{};
  bool provider_keys = false, one_thread = false, writedata = false, local = false;
  std::atomic<bool> entered{false};
  std::vector<uint64_t> client_keys;
  std::vector<struct Region*> regions;
  int children = 0;
};

/// Inside a domain for the time of a call; in one of FI_THREAD_DOMAIN only one thread may be.
class Entry {
public:
  explicit Entry(Domain& domain) : domain_(domain), first_(!domain.entered.exchange(true)) {}
  ~Entry() {
    if (first_)
      domain_.entered.store(false);
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  /// 0, or the error of whoever came second.
  int check() const;

private:
  Domain& domain_;
  bool first_;
};

struct Av : fid_av {
  Domain* domain = nullptr;
  fid_av* lower = nullptr;
  struct Peer {
    Address address{};
    bool used = false, reached = false;
    fi_addr_t lower = FI_ADDR_NOTAVAIL;
    PeerBoard board;
  };
  std::vector<Peer> peers; ///< by fi_addr_t
  /// Looks whether it is there now, and then has shm know it.
  bool reach(Peer& peer);
};

/// One post; what the lower provider sees as context.
struct Op {
  fi_context2 lower;
  void* user;
  char* target;             ///< where a receive into GPU memory goes; nullptr: it is the CPU's
  std::vector<char> bounce; ///< what shm sends or receives in place of GPU memory
  struct Endpoint* endpoint;
  uint64_t flags;
  bool busy;
  Op* next;
};

/// A completion that did not come from the lower provider, or that waits for room.
struct Done {
  void* context;
  uint64_t flags;
  size_t bytes;
  uint64_t tag;
  int error; ///< 0: none
  Reason reason;
};

/// What the NIC has yet to fetch: it was matched, and is complete later.
struct Fetched {
  Done done;
  uint64_t complete_at; ///< the queue's `reads` then
};

struct Queue : fid_cq {
  Domain* domain = nullptr;
  fid_cq* lower = nullptr;
  fi_cq_format format = FI_CQ_FORMAT_CONTEXT;
  std::vector<struct Endpoint*> endpoints;
  std::vector<Done> done; ///< ring: [first, end) modulo its size
  size_t first = 0, end = 0;
  std::deque<Done> failed;
  std::vector<Fetched> fetched;
  uint64_t reads = 0;
  size_t rendezvous = SIZE_MAX; ///< receives of more bytes are fetched
  void add(const Done& one) { done[end++ % done.size()] = one; }
};

/// A write that the target's NIC has, and its process does not see yet.
struct LateWrite {
  fi_addr_t to;
  uint64_t offset, key;
  std::vector<char> bytes;
  uint64_t visible_at; ///< the endpoint's `reads` then
};

/// A message that the NIC has written to a GPU, and that is not seen there yet.
struct Landing {
  char* target;
  std::vector<char> bytes;
  uint64_t visible_at;
};

struct Endpoint : fid_ep {
  Domain* domain = nullptr;
  fid_ep* lower = nullptr;
  Av* av = nullptr;
  Queue *transmit = nullptr, *receive = nullptr;
  Board board;
  Address self{};
  bool enabled = false;
  bool full = false; ///< the command queue, until the completion queue is read
  uint32_t posts = 0, again_every = 0;
  uint32_t messages = 0, lost = 0; ///< sent so far; the number of the one that is lost, 0: none is
  uint64_t op_flags = 0;
  size_t tx_used = 0, rx_used = 0, tx_depth = depth, rx_depth = depth;
  std::vector<Op> pool;
  Op* free_ops = nullptr;
  std::deque<LateWrite> late;
  std::deque<Landing> landings;
  uint64_t reads = 0; ///< of its queue
  int regions = 0;
};

struct Region : fid_mr {
  Domain* domain = nullptr;
  Endpoint* endpoint = nullptr;
  uint64_t base = 0, bytes = 0, access = 0; ///< as the NIC sees it
  uint64_t address = 0;                     ///< as the process does
  void* mapping = nullptr;                  ///< of a dma-buf, whole pages
  size_t mapped = 0;
  bool enabled = false;
  uint32_t slot = 0;
};

// --- info.cpp ---
int get_info(uint32_t version, const char* node, const char* service, uint64_t flags, const fi_info* hints,
             fi_info** out);
/// 0, or the refusal of what fi_domain and fi_endpoint are given.
int check_info(const fi_info& info);
/// Number of a NIC by its name, `cxi0`; -1.
int device_number(const char* name);

// --- one open call each ---
int open_fabric(fi_fabric_attr* attr, fid_fabric** out, void* context);
int open_domain(fid_fabric* fabric, fi_info* info, fid_domain** out, void* context);
int open_av(fid_domain* domain, fi_av_attr* attr, fid_av** out, void* context);
int open_cq(fid_domain* domain, fi_cq_attr* attr, fid_cq** out, void* context);
int open_endpoint(fid_domain* domain, fi_info* info, fid_ep** out, void* context);
extern fi_ops_mr mr_ops;
extern fi_ops_msg msg_ops;
extern fi_ops_tagged tagged_ops;
extern fi_ops_rma rma_ops;

// --- shared by the transfers ---
/// 0, or why a post is refused before it is looked at; `in`: the depth that it would use.
int admit(Endpoint& ep, size_t& used, size_t most);
/// Whether `to` can be reached in this VNI; fills `why` where it cannot.
bool reaches(Endpoint& ep, fi_addr_t to, Reason& why);
Op* take_op(Endpoint& ep, void* user, uint64_t flags);
void give_op(Op* op);
/// Puts an error on the queue for a post that was taken.
void fail(Queue& queue, void* context, uint64_t flags, size_t bytes, Reason reason);
int error_of(Reason reason);
const char* name_of(Reason reason);
/// Whether that memory may be sent from, or received into: where FAKE_CXI_MR_LOCAL demands it, `descriptor`
/// is that of a region which is enabled on this endpoint and holds it. 0, or the refusal.
int check_local(const Endpoint& ep, const void* data, size_t bytes, const void* descriptor);
/// Whether FAKE_CXI_MR_LOCAL makes a rule of FI_MR_LOCAL, which the NIC itself does not ask for.
bool demands_local();
/// By which of its two names GPU memory may be registered (FAKE_CXI_GPU).
bool gpu_by_address();
bool gpu_by_dmabuf();
/// The driver's view of GPU memory; nullptr: it is the CPU's.
char* driver_view(const void* at);
/// The NIC's: by a dma-buf that is registered, or as the driver's.
char* gpu_view(const Domain& domain, const void* at);
/// A receive of so many bytes into GPU memory is complete.
void receive_to_gpu(Op& op, size_t bytes);
/// Makes what was received into GPU memory visible there, when its time has come or `now`.
void land(Endpoint& ep, bool now);
/// Makes late writes visible whose time has come; all of them with `now`.
void settle(Endpoint& ep, bool now);

} // namespace fakecxi
