// One adapter per ABI version: turns the interface's calls into those of a vN table, as NCCL 2.30's shims do
// (nccl/src/plugin/net/net_vN.cc).
#pragma once
#include "tests/fabric/host/net.h"
#include <mutex>

namespace harness {

template<int V> class Adapter : public Net {
public:
  explicit Adapter(const ncclabi::Table<V>* table) : table_(table), slots_(table->slots) {}
  int version() const override { return V; }
  const char* name() const override { return slots_.name; }

  int init(void** context, uint64_t id, int traffic_class, ncclabi::Log log,
           ncclabi::Profile profile) override {
    ncclabi::Config config{traffic_class};
    if constexpr (V >= 11)
      return slots_.init(context, id, &config, log, profile);
    std::lock_guard guard(lock_);
    config_ = config;
    *context = this; // NCCL keeps one static shim per version
    int result = ncclabi::success;
    if (living_ == 0) {
      if constexpr (V == 10)
        result = slots_.init(log, profile);
      else if constexpr (V < 10)
        result = slots_.init(log);
    }
    living_ += result == ncclabi::success;
    return result;
  }
  int finalize(void* context) override {
    if constexpr (V >= 11)
      return table_->finalize(context);
    std::lock_guard guard(lock_);
    living_--;
    return ncclabi::success;
  }
  int devices(int* count) override { return slots_.devices(count); }

  int get_properties(int device, Properties* p) override {
    ncclabi::Properties<V> theirs = {};
    int result = slots_.get_properties(device, &theirs);
    *p = {};
    p->name = theirs.name;
    p->pci_path = theirs.pci_path;
    p->guid = theirs.guid;
    p->ptr_support = theirs.ptr_support;
    p->speed = theirs.speed;
    p->port = theirs.port;
    p->latency = theirs.latency;
    p->max_comms = theirs.max_comms;
    p->max_recvs = theirs.max_recvs;
    p->virtual_devices = {1, {device}};
    p->max_p2p_bytes = size_t{1} << 30;
    p->max_coll_bytes = size_t{1} << 29;
    p->max_multi_request_size = 1;
    p->rail = p->plane = -1;
    if constexpr (V >= 7)
      p->device_type = theirs.device_type, p->device_version = theirs.device_version;
    if constexpr (V >= 8)
      p->reg_is_global = theirs.reg_is_global;
    if constexpr (V >= 9) {
      p->force_flush = theirs.force_flush;
      p->virtual_devices.count = theirs.virtual_devices.count;
      for (int i = 0; i < (V >= 12 ? 8 : 4); i++)
        p->virtual_devices.devices[i] = theirs.virtual_devices.devices[i];
      p->max_p2p_bytes = theirs.max_p2p_bytes;
      p->max_coll_bytes = theirs.max_coll_bytes;
    }
    if constexpr (V >= 11)
      p->max_multi_request_size = theirs.max_multi_request_size;
    if constexpr (V >= 12)
      p->rail = theirs.rail, p->plane = theirs.plane;
    return result;
  }

  int listen(void* context, int device, void* handle, void** comm) override {
    if constexpr (V >= 11)
      return slots_.listen(context, device, handle, comm);
    else
      return slots_.listen(device, handle, comm);
  }
  int connect(void* context, int device, void* handle, void** comm,
              ncclabi::DeviceHandle** offload) override {
    if constexpr (V >= 11)
      return slots_.connect(context, device, handle, comm, offload);
    else if constexpr (V == 10)
      return slots_.connect(device, &config_, handle, comm, offload);
    else if constexpr (V >= 7)
      return slots_.connect(device, handle, comm, offload);
    else
      return slots_.connect(device, handle, comm);
  }
  int accept(void* listener, void** comm, ncclabi::DeviceHandle** offload) override {
    if constexpr (V >= 7)
      return slots_.accept(listener, comm, offload);
    else
      return slots_.accept(listener, comm);
  }
  int reg_mr(void* comm, void* data, size_t size, int type, void** mhandle) override {
    if (V <= 7 && size >= size_t{1} << 31)
      return ncclabi::internal_error;
    return slots_.reg_mr(comm, data, static_cast<ncclabi::RegisteredSize<V>>(size), type, mhandle);
  }
  int reg_mr_dmabuf(void* comm, void* data, size_t size, int type, int fd, void** mhandle) override {
    return slots_.reg_mr_dmabuf(comm, data, size, type, 0, fd, mhandle);
  }
  int dereg_mr(void* comm, void* mhandle) override { return slots_.dereg_mr(comm, mhandle); }

  int isend(void* comm, void* data, size_t size, int tag, void* mhandle, void* phandle,
            void** request) override {
    if constexpr (V >= 10)
      return slots_.isend(comm, data, size, tag, mhandle, phandle, request);
    if (V <= 8 && size > size_t{1} << 30)
      return ncclabi::internal_error;
    if constexpr (V < 10)
      return slots_.isend(comm, data, static_cast<ncclabi::MessageSize<V>>(size), tag, mhandle, request);
  }
  int irecv(void* comm, int n, void** data, size_t* sizes, int* tags, void** mhandles, void** phandles,
            void** request) override {
    if constexpr (V >= 10)
      return slots_.irecv(comm, n, data, sizes, tags, mhandles, phandles, request);
    if constexpr (V == 9)
      return slots_.irecv(comm, n, data, sizes, tags, mhandles, request);
    if constexpr (V <= 8) {
      int narrow[8];
      if (*request == reinterpret_cast<void*>(1))
        *request = nullptr;
      for (int i = 0; i < n; i++) {
        if (sizes[i] > size_t{1} << 30)
          return ncclabi::internal_error;
        narrow[i] = static_cast<int>(sizes[i]);
      }
      return slots_.irecv(comm, n, data, narrow, tags, mhandles, request);
    }
  }
  int iflush(void* comm, int n, void** data, int* sizes, void** mhandles, void** request) override {
    return slots_.iflush(comm, n, data, sizes, mhandles, request);
  }
  int test(void* request, int* done, int* sizes) override { return slots_.test(request, done, sizes); }
  int close_send(void* comm) override { return slots_.close_send(comm); }
  int close_recv(void* comm) override { return slots_.close_recv(comm); }
  int close_listen(void* comm) override { return slots_.close_listen(comm); }
  int irecv_consumed(void* comm, int n, void* request) override {
    if constexpr (V >= 7)
      if (table_->irecv_consumed)
        return table_->irecv_consumed(comm, n, request);
    return ncclabi::success;
  }
  void set_attributes(void* context, ncclabi::Attributes* hints) override {
    if constexpr (V >= 11)
      if (table_->set_attributes)
        table_->set_attributes(context, hints);
  }

  std::vector<std::string> missing() override {
    static const char* const names[] = {"name",      "init",       "devices", "getProperties", "listen",
                                        "connect",   "accept",     "regMr",   "regMrDmaBuf",   "deregMr",
                                        "isend",     "irecv",      "iflush",  "test",          "closeSend",
                                        "closeRecv", "closeListen"};
    std::vector<std::string> found;
    auto* slot = reinterpret_cast<void* const*>(table_);
    for (size_t i = 0; i < std::size(names); i++)
      if (!slot[i] && i != 8)
        found.push_back(names[i]);
    int count = 0;
    Properties p = {};
    if (!slots_.reg_mr_dmabuf && found.empty() && slots_.devices(&count) == ncclabi::success && count > 0 &&
        get_properties(0, &p) == ncclabi::success && (p.ptr_support & ncclabi::ptr_dmabuf))
      found.push_back("regMrDmaBuf, although DMABUF is advertised");
    if constexpr (V >= 11)
      if (!table_->finalize)
        found.push_back("finalize");
    return found;
  }

private:
  const ncclabi::Table<V>* table_;
  const ncclabi::Slots<V>& slots_;
  std::mutex lock_;
  int living_ = 0;
  ncclabi::Config config_{-1};
};

} // namespace harness
