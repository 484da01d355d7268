// The exported tables v6 to v11, whose functions turn their arguments into v12's.
#include "tests/fabric/reference/plugin.h"
#include <cstring>
#include <new>

namespace reference {
namespace {

/// Up to v10 there is one context for the process.
void* the_context = nullptr;

Slots<12>& v12() {
  return table().slots;
}

template<int V> struct Older {
  static int init_6(Log log) { return init_10(log, nullptr); }
  static int init_10(Log log, Profile profile) {
    Config config{-1};
    return v12().init(&the_context, 0, &config, log, profile);
  }
  static int init_11(void** context, uint64_t id, Config* config, Log log, Profile profile) {
    return v12().init(context, id, config, log, profile);
  }
  static int devices(int* count) { return v12().devices(count); }
  static int get_properties(int device, Properties<V>* p) {
    PropertiesV12 newest = {};
    if (int result = v12().get_properties(device, &newest); result != success)
      return result;
    *p = {};
    p->name = newest.name;
    p->pci_path = newest.pci_path;
    p->guid = newest.guid;
    p->ptr_support = newest.ptr_support;
    p->speed = newest.speed;
    p->port = newest.port;
    p->latency = newest.latency;
    p->max_comms = newest.max_comms;
    p->max_recvs = newest.max_recvs;
    if constexpr (V >= 8)
      p->reg_is_global = newest.reg_is_global;
    if constexpr (V >= 9) {
      p->virtual_devices = {1, {device}};
      p->max_p2p_bytes = newest.max_p2p_bytes;
      p->max_coll_bytes = newest.max_coll_bytes;
    }
    if constexpr (V >= 11)
      p->max_multi_request_size = newest.max_multi_request_size;
    return success;
  }
  static int listen_6(int device, void* handle, void** comm) {
    return v12().listen(the_context, device, handle, comm);
  }
  static int connect_6(int device, void* handle, void** comm) {
    DeviceHandle* none = nullptr;
    return connect_7(device, handle, comm, &none);
  }
  static int connect_7(int device, void* handle, void** comm, DeviceHandle** offload) {
    return v12().connect(the_context, device, handle, comm, offload);
  }
  static int connect_10(int device, Config*, void* handle, void** comm, DeviceHandle** offload) {
    return connect_7(device, handle, comm, offload);
  }
  static int listen_11(void* context, int device, void* handle, void** comm) {
    return v12().listen(context, device, handle, comm);
  }
  static int connect_11(void* context, int device, void* handle, void** comm, DeviceHandle** offload) {
    return v12().connect(context, device, handle, comm, offload);
  }
  static int accept_6(void* listener, void** comm) { return v12().accept(listener, comm, nullptr); }
  static int accept_7(void* listener, void** comm, DeviceHandle** offload) {
    return v12().accept(listener, comm, offload);
  }
  static int reg_mr(void* comm, void* data, RegisteredSize<V> size, int type, void** handle) {
    return v12().reg_mr(comm, data, static_cast<size_t>(size), type, handle);
  }
  static int reg_mr_dmabuf(void* comm, void* data, size_t size, int type, uint64_t offset, int fd,
                           void** handle) {
    return v12().reg_mr_dmabuf(comm, data, size, type, offset, fd, handle);
  }
  static int dereg_mr(void* comm, void* handle) { return v12().dereg_mr(comm, handle); }
  static int isend_6(void* comm, void* data, MessageSize<V> size, int tag, void* handle, void** request) {
    return v12().isend(comm, data, static_cast<size_t>(size), tag, handle, nullptr, request);
  }
  static int isend_10(void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                      void** request) {
    return v12().isend(comm, data, size, tag, handle, phandle, request);
  }
  static int irecv_6(void* comm, int n, void** data, MessageSize<V>* sizes, int* tags, void** handles,
                     void** request) {
    size_t wide[group_limit] = {};
    for (int i = 0; i < n && i < group_limit; i++)
      wide[i] = static_cast<size_t>(sizes[i]);
    return v12().irecv(comm, n, data, wide, tags, handles, nullptr, request);
  }
  static int irecv_10(void* comm, int n, void** data, size_t* sizes, int* tags, void** handles,
                      void** phandles, void** request) {
    return v12().irecv(comm, n, data, sizes, tags, handles, phandles, request);
  }
  static int iflush(void* comm, int n, void** data, int* sizes, void** handles, void** request) {
    return v12().iflush(comm, n, data, sizes, handles, request);
  }
  static int test(void* request, int* done, int* sizes) { return v12().test(request, done, sizes); }
  static int close_send(void* comm) { return v12().close_send(comm); }
  static int close_recv(void* comm) { return v12().close_recv(comm); }
  static int close_listen(void* comm) { return v12().close_listen(comm); }
  static int finalize(void* context) { return table().finalize(context); }
  static int set_attributes(void* context, Attributes* hints) {
    return table().set_attributes(context, hints);
  }

  static Table<V> make() {
    Table<V> made = {};
    Slots<V>& s = made.slots;
    s.name = "reference";
    s.devices = devices;
    s.get_properties = get_properties;
    s.reg_mr = reg_mr;
    s.reg_mr_dmabuf = reg_mr_dmabuf;
    s.dereg_mr = dereg_mr;
    s.iflush = iflush;
    s.test = test;
    s.close_send = close_send;
    s.close_recv = close_recv;
    s.close_listen = close_listen;
    if constexpr (V >= 11)
      s.init = init_11, s.listen = listen_11, s.connect = connect_11;
    else if constexpr (V == 10)
      s.init = init_10, s.listen = listen_6, s.connect = connect_10;
    else if constexpr (V >= 7)
      s.init = init_6, s.listen = listen_6, s.connect = connect_7;
    else
      s.init = init_6, s.listen = listen_6, s.connect = connect_6;
    if constexpr (V >= 10)
      s.isend = isend_10, s.irecv = irecv_10;
    else
      s.isend = isend_6, s.irecv = irecv_6;
    if constexpr (V >= 7)
      s.accept = accept_7;
    else
      s.accept = accept_6;
    if constexpr (V >= 11)
      made.finalize = finalize, made.set_attributes = set_attributes;
    return made;
  }
};

} // namespace
} // namespace reference

EXPORTED ncclabi::Table<6> ncclNetPlugin_v6;
ncclabi::Table<6> ncclNetPlugin_v6 = reference::Older<6>::make();
EXPORTED ncclabi::Table<7> ncclNetPlugin_v7;
ncclabi::Table<7> ncclNetPlugin_v7 = reference::Older<7>::make();
EXPORTED ncclabi::Table<8> ncclNetPlugin_v8;
ncclabi::Table<8> ncclNetPlugin_v8 = reference::Older<8>::make();
EXPORTED ncclabi::Table<9> ncclNetPlugin_v9;
ncclabi::Table<9> ncclNetPlugin_v9 = reference::Older<9>::make();
EXPORTED ncclabi::Table<10> ncclNetPlugin_v10;
ncclabi::Table<10> ncclNetPlugin_v10 = reference::Older<10>::make();
EXPORTED ncclabi::Table<11> ncclNetPlugin_v11;
ncclabi::Table<11> ncclNetPlugin_v11 = reference::Older<11>::make();
