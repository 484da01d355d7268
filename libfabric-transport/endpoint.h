// One libfabric endpoint with its queue, its peers and its communicators: what a call of NCCL or of the C API
// works on. Starts no thread; whoever calls makes it progress.
#pragma once
#include "common/clock.h"
#include "libfabric-transport/comms.h"
#include "libfabric-transport/device.h"
#include "libfabric-transport/gate.h"
#include "libfabric-transport/link.h"
#include "libfabric-transport/memory.h"
#include <map>
#include <memory>
#include <vector>

namespace podstep::fabric {

class Introducer;
class StatisticsPage;

/// Everything but `gate` may be used only by who is inside it.
class Endpoint {
public:
  struct Options {
    Settings settings;
    Key job_key{};
    size_t idle_registrations = 0;
    int traffic_class = -1;     ///< a DSCP, 0..63; -1: the provider's own
    std::string label;          ///< of the statistics page: who this communicator is
    uint32_t traffic_label = 0; ///< instead of a DSCP the NIC's own name of a class (FI_TC_LOW_LATENCY)
    bool cuda_calls = true;     ///< the provider may call CUDA; without, only GpuMemory::alone is taken
  };
  static Result<std::unique_ptr<Endpoint>> open(const Device& device, Options options, Clock& clock);
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  Gate gate;

  /// Reads a bounded batch of completions and does what is due. True when something moved.
  bool progress();
  /// Only reads completions: for who is inside progress() already. True when something moved.
  bool turn();
  /// Off the data path: posts until the provider takes it, and makes room by reading completions meanwhile.
  /// -FI_EAGAIN: there is no room for more.
  template<class F> ssize_t insist(F post);
  /// Progress until `ready` or `limit` of time: for closing only.
  template<class F> bool progress_until(F ready, Duration limit);

  Introducer& introducer() { return *introducer_; }
  Memory& memory() { return *memory_; }
  /// The error of `what` when its memory was not registered, and the provider needs a descriptor of it.
  [[gnu::cold]] Error not_registered(const std::string& what) const;
  const Settings& settings() const { return options_.settings; }
  const Key& job_key() const { return options_.job_key; }
  const std::string& provider() const { return provider_; }
  /// The provider, with the VNI where there is one: both ends must have the same.
  const std::string& network() const { return network_; }
  const std::string& label() const { return options_.label; }
  size_t inject_bytes() const { return inject_bytes_; }
  /// The largest message that goes unasked. Where a packet of that size would still be injected, no larger
  /// one does: beyond inject size shm copies through the kernel.
  size_t eager_limit() const { return eager_limit_; }
  size_t packet_bytes() const { return sizeof(PacketHeader) + eager_limit_; }
  /// Of data: what is tagged, read and written.
  fid_ep* ep() { return ep_.get(); }
  Clock& clock() { return clock_; }
  /// Time during which somebody made progress: what deadlines count. A process that was stopped, or that
  /// did not call, has not waited.
  Duration active() const { return active_; }
  Counters& counters() { return counters_; }
  CommTable<SendComm>& senders() { return senders_; }
  CommTable<RecvComm>& receivers() { return receivers_; }
  std::string address() const; ///< fi_getname
  /// Where packets come in; empty where that is address().
  std::string packets_address() const;
  Result<fi_addr_t> self(); ///< our own, to read what a peer wrote to our memory

  // --- links ---
  /// Posts the packet buffers of a link, as many as the provider takes. Error: fewer than 8.
  Result<void> post_packets(Link& link);
  /// Error: invalid; unsupported when the peer's packets have an endpoint of their own and ours have not, or
  /// the other way round.
  Result<void> resolve(Link& link, const std::string& address, const std::string& packets_address);
  /// The end of a link that no communicator uses.
  void forget(Link& link);
  /// Completes `header` with what the link has to say. False: not now (no room with the peer or the
  /// provider). `reserve`: packets that must stay free. `lent`: whose payload it is, which stays as it is
  /// until the request is complete (only what lends() says); nullptr: the payload is copied.
  bool send_packet(Link& link, PacketHeader& header, const void* payload, uint16_t reserve,
                   SendRequest* lent = nullptr);
  /// Whether so large a payload is sent from where it lies: a copy costs more than to wait for its end.
  bool lends(size_t bytes) const { return bytes > lend_above_; }
  /// Gives the provider back the buffers of packets that were read, and their senders room for as many.
  void repost();
  /// A packet's buffer, registered with outs_descriptor(), until it is given back; nullptr: all are in use.
  PacketOut* take_out() {
    PacketOut* out = free_outs_;
    if (out)
      free_outs_ = out->next;
    return out;
  }
  void give_back(PacketOut& out) {
    out.next = free_outs_;
    free_outs_ = &out;
  }
  void* outs_descriptor() const { return outs_descriptor_; }
  /// Has `talker` speak, now or as soon as it can.
  void say(Link& link, Talker& talker) {
    if (!talker.speak())
      queue(link, talker);
  }
  /// Has it speak later, as soon as it can.
  void queue(Link& link, Talker& talker);
  void unqueue(Link& link, Talker& talker);
  [[gnu::cold]] void fail(Link& link, Error error);
  /// After an answer of the provider to a post on this link. False: not posted; `-FI_EAGAIN` counts as a
  /// stall since `stalled_since`.
  bool posted(Link& link, Duration& stalled_since, ssize_t rc, const char* what) {
    if (rc != 0)
      return refused(link, stalled_since, rc, what);
    stalled_since = Duration::max();
    return true;
  }

  /// A message went to the peer that way.
  void sent_by(Link& link, Link::Way way) {
    new_way_ |= !(link.ways & way);
    link.ways |= way;
  }

  // --- requests in flight, oldest first ---
  void track(SendRequest& request);
  void untrack(SendRequest& request);

  /// What a request in flight uses stays registered; nullptr is nothing.
  void hold(const Registration* memory);
  void let_go(const Registration*& memory);

  /// Memory that swallows what nobody wants any more, at least `bytes`; `data` is nullptr where there is
  /// none.
  struct Sink {
    void *data = nullptr, *descriptor = nullptr;
  };
  Sink discard_buffer(size_t bytes);
  /// Eight bytes into which a flush reads what nobody looks at.
  Sink landing() { return {&landing_, landing_descriptor_}; }
  /// Whether receives may be promised: where a message that nobody has posted a receive for holds up nothing
  /// but data, into memory that the CPU can write.
  bool promises() const { return promises_; }
  /// Memory of ours was shown to others, or used of theirs: what they read and write there comes by the way
  /// of the data, and nobody can see it wait.
  bool one_sided() const { return one_sided_; }
  void becomes_one_sided() { one_sided_ = true; }
  /// Looks after a receiver that has promised receives, until it says that it has not.
  void watch(RecvComm& comm);
  void unwatch(RecvComm& comm);
  void adopt(std::unique_ptr<SendComm> comm) { abandoned_senders_.push_back(std::move(comm)); }
  void adopt(std::unique_ptr<RecvComm> comm) { abandoned_receivers_.push_back(std::move(comm)); }

private:
  Endpoint(Options options, Clock& clock);
  Result<void> create(const Device& device);
  void choose_sizes(const fi_info& info, bool packets_apart);
  Result<void> enable(fi_info& info, EndpointFid& out);
  int try_enable(fi_info& info, EndpointFid& out);
  fid_ep* packets_ep() { return packets_ep_ ? packets_ep_.get() : ep_.get(); }
  void complete(Op* op, size_t bytes);
  [[gnu::cold]] void complete_error();
  void undelivered(const PacketOut& packet, const std::string& why);
  void take_packet(PacketSlot& slot, size_t bytes);
  void hear(Link* link, PacketSlot& slot, const PacketHeader& header);
  void hear_later(Link& link, PacketSlot& slot, const PacketHeader& header);
  PacketSlot* take_early(Link& link);
  void ask_after_packets();
  void acknowledge(Link& link);
  bool refused(Link& link, Duration& stalled_since, ssize_t rc, const char* what);
  void dispatch(Link& link, const PacketHeader& header, const uint8_t* payload);
  void talk();
  void tick();
  void check_deadlines();
  /// Sees to the TCP connections of links within this host, once a message went by them.
  void unpace();
  static SocketAddress listens_at(fid_ep& ep);
  SocketAddress listens_at(fi_addr_t peer) const;

  Options options_;
  Clock& clock_;
  std::string provider_, network_;
  size_t inject_bytes_ = 0, eager_limit_ = 0, lend_above_ = SIZE_MAX;
  size_t receive_depth_ = 0;
  bool promises_ = false, one_sided_ = false;
  bool new_way_ = false;        ///< some link has sent by a way for the first time
  RecvComm* watched_ = nullptr; ///< the first of those that have promised receives
  fi_addr_t self_ = FI_ADDR_NOTAVAIL;
  // Closed from the last to the first.
  FabricFid fabric_;
  DomainFid domain_;
  AddressesFid addresses_;
  QueueFid queue_;
  EndpointFid ep_, packets_ep_; ///< the second is nullptr where packets go by the first
  std::unique_ptr<Memory> memory_;
  std::unique_ptr<PacketOut[]> outs_;
  std::unique_ptr<uint8_t[]> outs_memory_;
  void* outs_descriptor_ = nullptr;
  uint64_t landing_ = 0;
  void* landing_descriptor_ = nullptr;
  PacketOut* free_outs_ = nullptr;
  std::vector<PacketSlots> spare_;    ///< posted buffers of links that are gone
  size_t packet_slots_ = 0;           ///< of all links, past ones too
  std::vector<PacketSlot*> unposted_; ///< packet buffers that wait to be posted again
  std::vector<Link*> talking_;        ///< links with talkers
  SendRequest *oldest_ = nullptr, *newest_ = nullptr;
  CommTable<SendComm> senders_;
  CommTable<RecvComm> receivers_;
  std::unique_ptr<Introducer> introducer_;
  std::unique_ptr<StatisticsPage> page_;
  Counters counters_;
  uint32_t calls_ = 0;
  Instant last_tick_{};
  Duration active_{0}, deadlines_checked_{0};
  Sink discard_;
  /// Where that lies and what it superseded, which may still be written to; the newest last.
  std::vector<std::pair<void*, size_t>> discards_;
  std::vector<std::unique_ptr<SendComm>> abandoned_senders_;
  std::vector<std::unique_ptr<RecvComm>> abandoned_receivers_;
};

template<class F> ssize_t Endpoint::insist(F post) {
  constexpr int patience = 1000;
  ssize_t rc = post();
  for (int i = 0; i < patience && rc == -FI_EAGAIN; ++i) {
    turn();
    rc = post();
  }
  return rc;
}

template<class F> bool Endpoint::progress_until(F ready, Duration limit) {
  Instant end = clock_.now() + limit;
  while (!ready()) {
    progress();
    if (clock_.now() > end)
      return false;
  }
  return true;
}

} // namespace podstep::fabric
