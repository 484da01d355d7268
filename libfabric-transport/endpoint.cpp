// An endpoint's life, and the memory that it lends: see endpoint.h.
#include "libfabric-transport/endpoint.h"
#include "common/text.h"
#include "libfabric-transport/introduce.h"
#include "libfabric-transport/statistics.h"
#include "libfabric-transport/traffic.h"
#include <algorithm>
#include <rdma/fi_cm.h>
#include <sys/mman.h>

namespace podstep::fabric {

namespace {

/// Completions that may lie unread between two calls. Not deeper: the provider walks through the whole ring,
/// and one that leaves the cache costs half a microsecond for each message (seen: 65536 entries, shm, 7 % at
/// 64 KiB).
constexpr size_t queue_entries = 4096;
constexpr size_t packets_out = 64;

Error provider_error(const std::string& what, int rc) {
  return Error(cat(what, ": ", fi_strerror(-rc)));
}

} // namespace

Endpoint::Endpoint(Options options, Clock& clock) : options_(std::move(options)), clock_(clock) {}

Result<std::unique_ptr<Endpoint>> Endpoint::open(const Device& device, Options options, Clock& clock) {
  std::unique_ptr<Endpoint> out(new Endpoint(std::move(options), clock));
  if (auto created = out->create(device); !created)
    return std::move(created).error().in(cat(device.provider, " ", device.name));
  PODSTEP_TRY(out->introducer_, Introducer::open(*out, device));
  out->page_ = StatisticsPage::open(*out, device.name);
  out->last_tick_ = clock.now();
  return out;
}

void Endpoint::choose_sizes(const fi_info& info, bool packets_apart) {
  inject_bytes_ = info.tx_attr->inject_size;
  eager_limit_ = packets_apart          ? tcp_eager_bytes
                 : inject_bytes_ < 1024 ? eager_bytes
                                        : std::min(eager_bytes, inject_bytes_ - sizeof(PacketHeader));
  receive_depth_ = info.rx_attr->size;
  if (packets_apart && info.tx_attr->iov_limit >= 2 && !(info.domain_attr->mr_mode & FI_MR_LOCAL))
    lend_above_ = eager_bytes;
}

Result<void> Endpoint::create(const Device& device) {
  Info own(fi_dupinfo(device.info.get()));
  if (!own)
    return Error(Kind::exhausted, "fi_dupinfo");
  fi_info& info = *own;
  if (auto dscp = uint8_t(options_.traffic_class); options_.traffic_class >= 0 && options_.traffic_class < 64)
    info.tx_attr->tclass =
        device.traffic_labels ? traffic_label(dscp, device.traffic_labels) : fi_tc_dscp_set(dscp);
  if (options_.traffic_label != 0)
    info.tx_attr->tclass = options_.traffic_label;
  provider_ = device.provider;
  network_ = device.network;
  choose_sizes(info, device.packets_apart);
  // Each object goes to its owner at once: a failure below closes what there is.
  fid_fabric* fabric = nullptr;
  if (int rc = fi_fabric(info.fabric_attr, &fabric, nullptr))
    return provider_error("fi_fabric", rc);
  fabric_.reset(fabric);
  fid_domain* domain = nullptr;
  if (int rc = fi_domain(fabric, &info, &domain, nullptr))
    return provider_error("fi_domain", rc);
  domain_.reset(domain);
  fi_av_attr av{};
  av.type = FI_AV_TABLE;
  fid_av* addresses = nullptr;
  if (int rc = fi_av_open(domain, &av, &addresses, nullptr))
    return provider_error("fi_av_open", rc);
  addresses_.reset(addresses);
  fi_cq_attr cq{};
  cq.size = queue_entries;
  cq.format = FI_CQ_FORMAT_MSG;
  cq.wait_obj = FI_WAIT_NONE;
  fid_cq* queue = nullptr;
  if (int rc = fi_cq_open(domain, &cq, &queue, nullptr))
    return provider_error("fi_cq_open", rc);
  queue_.reset(queue);
  bool gpu = device.gpu == GpuMemory::alone || (device.gpu == GpuMemory::by_cuda && options_.cuda_calls);
  options_.cuda_calls = options_.cuda_calls || !gpu; // nothing to forbid
  promises_ = device.promises && !gpu && !(info.domain_attr->mr_mode & FI_MR_LOCAL);
  PODSTEP_CHECK(enable(info, ep_));
  if (device.packets_apart)
    PODSTEP_CHECK(enable(info, packets_ep_));
  memory_ =
      std::make_unique<Memory>(domain, ep_.get(), MemoryRules{info.domain_attr->mr_mode, gpu, device.dmabuf},
                               options_.idle_registrations);
  outs_ = std::make_unique<PacketOut[]>(packets_out);
  outs_memory_ = std::make_unique_for_overwrite<uint8_t[]>(packets_out * packet_bytes());
  PODSTEP_TRY(outs_descriptor_, memory_->keep(outs_memory_.get(), packets_out * packet_bytes()));
  PODSTEP_TRY(landing_descriptor_, memory_->keep(&landing_, sizeof landing_));
  for (size_t i = 0; i < packets_out; ++i) {
    outs_[i].kind = OpKind::packet_out;
    outs_[i].bytes = &outs_memory_[i * packet_bytes()];
    outs_[i].next = free_outs_;
    free_outs_ = &outs_[i];
  }
  return {};
}

/// shm names an endpoint by process id and number: a dead process of the same id may have left that name.
Result<void> Endpoint::enable(fi_info& info, EndpointFid& out) {
  int rc = 0;
  for (int attempt = 0; attempt < 8; ++attempt)
    if ((rc = try_enable(info, out)) != -FI_EBUSY)
      break;
  if (rc != 0)
    return provider_error("fi_enable", rc);
  return {};
}

int Endpoint::try_enable(fi_info& info, EndpointFid& out) {
  fid_ep* ep = nullptr;
  out.reset();
  int rc = fi_endpoint(domain_.get(), &info, &ep, nullptr);
  out.reset(ep);
  if (rc == 0 && !options_.cuda_calls)
    rc = forbid_cuda(ep, provider_);
  if (rc == 0)
    rc = fi_ep_bind(ep, &queue_->fid, FI_TRANSMIT | FI_RECV);
  if (rc == 0)
    rc = fi_ep_bind(ep, &addresses_->fid, 0);
  return rc == 0 ? fi_enable(ep) : rc;
}

Endpoint::~Endpoint() {
  page_.reset();
  // The provider must let go of every buffer before its owner goes.
  memory_.reset();
  packets_ep_.reset();
  ep_.reset();
  abandoned_senders_.clear();
  abandoned_receivers_.clear();
  introducer_.reset();
  for (auto [data, bytes] : discards_)
    munmap(data, bytes);
}

namespace {
std::string address_of(const EndpointFid& ep) {
  char name[address_bytes];
  size_t length = sizeof name;
  return ep && fi_getname(&ep->fid, name, &length) == 0 ? std::string(name, length) : std::string();
}
} // namespace

std::string Endpoint::address() const {
  return address_of(ep_);
}

std::string Endpoint::packets_address() const {
  return address_of(packets_ep_);
}

Result<fi_addr_t> Endpoint::self() {
  if (self_ != FI_ADDR_NOTAVAIL)
    return self_;
  std::string name = address();
  if (fi_av_insert(addresses_.get(), name.data(), 1, &self_, 0, nullptr) != 1)
    return Error("the provider refuses its own address");
  return self_;
}

void Endpoint::hold(const Registration* memory) {
  if (memory)
    memory_->hold(memory);
}

void Endpoint::let_go(const Registration*& memory) {
  if (memory && memory_) // it goes before the communicators when the endpoint is closed
    memory_->release(memory);
  memory = nullptr;
}

Error Endpoint::not_registered(const std::string& what) const {
  return Error(Kind::invalid, cat(what, ": provider ", provider_, " demands registered memory (FI_MR_LOCAL)"),
               "podstep_fabric_demands_memory() says so; podstep_fabric_register()");
}

Endpoint::Sink Endpoint::discard_buffer(size_t bytes) {
  if (!discards_.empty() && bytes <= discards_.back().second)
    return discard_;
  void* fresh =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (fresh == MAP_FAILED)
    return {};
  auto descriptor = memory_->keep(fresh, bytes);
  if (!descriptor) {
    munmap(fresh, bytes);
    return {};
  }
  discards_.emplace_back(fresh, bytes);
  return discard_ = {fresh, *descriptor};
}

} // namespace podstep::fabric
