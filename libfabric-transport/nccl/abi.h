// The binary interface between NCCL and a net plugin, versions 8 to 12 (NCCL 2.20 to 2.30), on 64-bit Linux.
// Written from NCCL's published headers (plugins/net/example/nccl/net_vN.h); offsets are checked below.
#pragma once
#include <cstddef>
#include <cstdint>

namespace podstep::nccl {

/// ncclResult_t
enum Code : int { success = 0, system_error = 2, internal_error = 3, invalid_usage = 5, remote_error = 6 };
enum Level : int { log_warn = 2, log_info = 3 };
inline constexpr unsigned long subsystem_init = 0x1, subsystem_net = 0x10;
inline constexpr int pointer_host = 1, pointer_cuda = 2, pointer_dmabuf = 4;
inline constexpr int handle_size = 128;

using Logger = void (*)(int level, unsigned long subsystem, const char* file, int line, const char* format,
                        ...);
/// type 0: start, writes *event; 1: stop.
using Profiler = int (*)(void** event, int type, void* parent, int64_t plugin, void* data);

struct Config {
  int traffic_class; ///< -1: not set
};

struct PropertiesV8 {
  const char *name, *pci_path;
  uint64_t guid;
  int pointers, reg_is_global, speed, port;
  float latency;
  int most_comms, most_receives, device_type, device_version;
};
static_assert(offsetof(PropertiesV8, reg_is_global) == 28 && offsetof(PropertiesV8, latency) == 40);
static_assert(offsetof(PropertiesV8, device_version) == 56 && sizeof(PropertiesV8) == 64);

template<int N> struct VirtualDevice { int count, devices[N]; };

/// Versions 9 and 10.
struct PropertiesV9 {
  const char *name, *pci_path;
  uint64_t guid;
  int pointers, reg_is_global, force_flush, speed, port;
  float latency;
  int most_comms, most_receives, device_type, device_version;
  VirtualDevice<4> device;
  size_t most_p2p_bytes, most_coll_bytes;
};
static_assert(offsetof(PropertiesV9, speed) == 36 && offsetof(PropertiesV9, device_type) == 56);
static_assert(offsetof(PropertiesV9, device) == 64 && offsetof(PropertiesV9, most_p2p_bytes) == 88);
static_assert(sizeof(PropertiesV9) == 104);

struct PropertiesV11 : PropertiesV9 {
  int most_multi_request;
};
static_assert(sizeof(PropertiesV11) == 112);

struct PropertiesV12 {
  const char *name, *pci_path;
  uint64_t guid;
  int pointers, reg_is_global, force_flush, speed, port;
  float latency;
  int most_comms, most_receives, device_type, device_version;
  VirtualDevice<8> device;
  size_t most_p2p_bytes, most_coll_bytes;
  int most_multi_request;
  int16_t rail, plane;
};
static_assert(offsetof(PropertiesV12, device) == 64 && offsetof(PropertiesV12, most_p2p_bytes) == 104);
static_assert(offsetof(PropertiesV12, rail) == 124 && sizeof(PropertiesV12) == 128);

/// The function table: slots that differ between versions are types of it.
template<class Properties, class Init, class Listen, class Connect, class Send, class Receive>
struct TableV8 {
  const char* name;
  Init init;
  int (*devices)(int*);
  int (*get_properties)(int, Properties*);
  Listen listen;
  Connect connect;
  int (*accept)(void* listen, void** receive, void** device_handle);
  int (*reg_mr)(void* comm, void* data, size_t bytes, int type, void** handle);
  int (*reg_mr_dmabuf)(void* comm, void* data, size_t bytes, int type, uint64_t offset, int fd,
                       void** handle);
  int (*dereg_mr)(void* comm, void* handle);
  Send isend;
  Receive irecv;
  int (*iflush)(void* receive, int n, void** data, int* sizes, void** handles, void** request);
  int (*test)(void* request, int* done, int* sizes);
  int (*close_send)(void*);
  int (*close_receive)(void*);
  int (*close_listen)(void*);
  int (*get_device_mr)(void* comm, void* handle, void** device);
  int (*irecv_consumed)(void* receive, int n, void* request);
};
template<class V, class... Rest> struct TableV9 : TableV8<Rest...> {
  int (*make_virtual_device)(int* device, V* members);
};
template<class V, class... Rest> struct TableV11 : TableV9<V, Rest...> {
  int (*finalize)(void* context);
  int (*set_attributes)(void* context, void* attributes);
};

using InitV8 = int (*)(Logger);
using InitV10 = int (*)(Logger, Profiler);
using InitV11 = int (*)(void** context, uint64_t id, Config*, Logger, Profiler);
using ListenV8 = int (*)(int device, void* handle, void** listen);
using ListenV11 = int (*)(void* context, int device, void* handle, void** listen);
using ConnectV8 = int (*)(int device, void* handle, void** send, void** device_handle);
using ConnectV10 = int (*)(int device, Config*, void* handle, void** send, void** device_handle);
using ConnectV11 = int (*)(void* context, int device, void* handle, void** send, void** device_handle);
using SendV8 = int (*)(void* send, void* data, int bytes, int tag, void* handle, void** request);
using SendV9 = int (*)(void* send, void* data, size_t bytes, int tag, void* handle, void** request);
using SendV10 = int (*)(void* send, void* data, size_t bytes, int tag, void* handle, void* parent,
                        void** request);
using ReceiveV8 = int (*)(void* receive, int n, void** data, int* sizes, int* tags, void** handles,
                          void** request);
using ReceiveV9 = int (*)(void* receive, int n, void** data, size_t* sizes, int* tags, void** handles,
                          void** request);
using ReceiveV10 = int (*)(void* receive, int n, void** data, size_t* sizes, int* tags, void** handles,
                           void** parents, void** request);

using NetV8 = TableV8<PropertiesV8, InitV8, ListenV8, ConnectV8, SendV8, ReceiveV8>;
using NetV9 = TableV9<VirtualDevice<4>, PropertiesV9, InitV8, ListenV8, ConnectV8, SendV9, ReceiveV9>;
using NetV10 = TableV9<VirtualDevice<4>, PropertiesV9, InitV10, ListenV8, ConnectV10, SendV10, ReceiveV10>;
using NetV11 = TableV11<VirtualDevice<4>, PropertiesV11, InitV11, ListenV11, ConnectV11, SendV10, ReceiveV10>;
using NetV12 = TableV11<VirtualDevice<8>, PropertiesV12, InitV11, ListenV11, ConnectV11, SendV10, ReceiveV10>;
static_assert(sizeof(NetV8) == 152 && sizeof(NetV9) == 160 && sizeof(NetV10) == 160);
static_assert(sizeof(NetV11) == 176 && sizeof(NetV12) == 176);
static_assert(offsetof(NetV8, isend) == 80 && offsetof(NetV8, irecv_consumed) == 144);

} // namespace podstep::nccl
