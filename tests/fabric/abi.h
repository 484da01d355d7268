// NCCL's network plugin ABI, v6 to v12: constants, properties and function tables, each offset pinned.
// Written from the published headers' layout for LP64 Linux and independent of the transport's own copy: the
// harness is the second reading.
#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace ncclabi {

enum : int {
  success = 0,
  unhandled_cuda_error = 1,
  system_error = 2,
  internal_error = 3,
  invalid_argument = 4,
  invalid_usage = 5,
  remote_error = 6,
  in_progress = 7,
  timeout = 8
};
enum : int { log_none = 0, log_version = 1, log_warn = 2, log_info = 3, log_abort = 4, log_trace = 5 };
enum : int { ptr_host = 1, ptr_cuda = 2, ptr_dmabuf = 4 };
enum : int { profile_start = 0, profile_stop = 1, profile_update = 2, profile_update_and_stop = 3 };
inline constexpr size_t handle_bytes = 128;
inline constexpr int max_requests = 32;
inline constexpr int oldest = 6, newest = 12;

using Log = void (*)(int level, unsigned long mask, const char* file, int line, const char* format, ...);
using Profile = int (*)(void** event, int type, void* phandle, int64_t plugin, void* data);

struct DeviceHandle {
  int type, version;
  void* handle;
  size_t size;
  int needs_proxy_progress;
};
static_assert(sizeof(DeviceHandle) == 32);

struct Config {
  int traffic_class; // -1: unset
};

struct Attributes { // v11 and v12
  struct Side {
    int32_t max_peers, min_peers, max_flows, min_flows;
  } send, receive;
  uint32_t op, algo, proto; ///< bit masks
};
static_assert(sizeof(Attributes) == 44);
inline constexpr Attributes no_hints = {
    {-1, -1, -1, -1}, {-1, -1, -1, -1}, UINT32_MAX, UINT32_MAX, UINT32_MAX};

template<int N> struct VirtualDevices {
  int count;
  int devices[N];
};

struct PropertiesV6 {
  char *name, *pci_path;
  uint64_t guid;
  int ptr_support, speed, port;
  float latency;
  int max_comms, max_recvs;
};
struct PropertiesV7 {
  char *name, *pci_path;
  uint64_t guid;
  int ptr_support, speed, port;
  float latency;
  int max_comms, max_recvs, device_type, device_version;
};
struct PropertiesV8 {
  char *name, *pci_path;
  uint64_t guid;
  int ptr_support, reg_is_global, speed, port;
  float latency;
  int max_comms, max_recvs, device_type, device_version;
};
struct PropertiesV9 {
  char *name, *pci_path;
  uint64_t guid;
  int ptr_support, reg_is_global, force_flush, speed, port;
  float latency;
  int max_comms, max_recvs, device_type, device_version;
  VirtualDevices<4> virtual_devices;
  size_t max_p2p_bytes, max_coll_bytes;
};
struct PropertiesV11 {
  char *name, *pci_path;
  uint64_t guid;
  int ptr_support, reg_is_global, force_flush, speed, port;
  float latency;
  int max_comms, max_recvs, device_type, device_version;
  VirtualDevices<4> virtual_devices;
  size_t max_p2p_bytes, max_coll_bytes;
  int max_multi_request_size;
};
struct PropertiesV12 {
  char *name, *pci_path;
  uint64_t guid;
  int ptr_support, reg_is_global, force_flush, speed, port;
  float latency;
  int max_comms, max_recvs, device_type, device_version;
  VirtualDevices<8> virtual_devices;
  size_t max_p2p_bytes, max_coll_bytes;
  int max_multi_request_size;
  int16_t rail, plane;
};
#define AT(type, field, offset) static_assert(offsetof(type, field) == (offset))
static_assert(sizeof(PropertiesV6) == 48);
AT(PropertiesV6, guid, 16);
AT(PropertiesV6, speed, 28);
AT(PropertiesV6, latency, 36);
AT(PropertiesV6, max_recvs, 44);
static_assert(sizeof(PropertiesV7) == 56);
AT(PropertiesV7, device_version, 52);
static_assert(sizeof(PropertiesV8) == 64);
AT(PropertiesV8, reg_is_global, 28);
AT(PropertiesV8, latency, 40);
AT(PropertiesV8, device_version, 56);
static_assert(sizeof(PropertiesV9) == 104);
AT(PropertiesV9, force_flush, 32);
AT(PropertiesV9, max_recvs, 52);
AT(PropertiesV9, virtual_devices, 64);
AT(PropertiesV9, max_p2p_bytes, 88);
AT(PropertiesV9, max_coll_bytes, 96);
static_assert(sizeof(PropertiesV11) == 112);
AT(PropertiesV11, max_multi_request_size, 104);
static_assert(sizeof(PropertiesV12) == 128);
AT(PropertiesV12, virtual_devices, 64);
AT(PropertiesV12, max_p2p_bytes, 104);
AT(PropertiesV12, max_multi_request_size, 120);
AT(PropertiesV12, rail, 124);
AT(PropertiesV12, plane, 126);

template<bool Condition, class A, class B> using If = std::conditional_t<Condition, A, B>;
template<int V>
using Properties =
    If<V == 6, PropertiesV6,
       If<V == 7, PropertiesV7,
          If<V == 8, PropertiesV8, If<V <= 10, PropertiesV9, If<V == 11, PropertiesV11, PropertiesV12>>>>>;
template<int V>
using Init = If<V >= 11, int (*)(void**, uint64_t, Config*, Log, Profile),
                If<V == 10, int (*)(Log, Profile), int (*)(Log)>>;
template<int V> using Listen = If<V >= 11, int (*)(void*, int, void*, void**), int (*)(int, void*, void**)>;
template<int V>
using Connect = If<V >= 11, int (*)(void*, int, void*, void**, DeviceHandle**),
                   If<V == 10, int (*)(int, Config*, void*, void**, DeviceHandle**),
                      If<V == 6, int (*)(int, void*, void**), int (*)(int, void*, void**, DeviceHandle**)>>>;
template<int V> using Accept = If<V == 6, int (*)(void*, void**), int (*)(void*, void**, DeviceHandle**)>;
template<int V> using RegisteredSize = If<V <= 7, int, size_t>;
template<int V> using MessageSize = If<V <= 8, int, size_t>;
template<int V>
using Isend = If<V >= 10, int (*)(void*, void*, size_t, int, void*, void*, void**),
                 int (*)(void*, void*, MessageSize<V>, int, void*, void**)>;
template<int V>
using Irecv = If<V >= 10, int (*)(void*, int, void**, size_t*, int*, void**, void**, void**),
                 int (*)(void*, int, void**, MessageSize<V>*, int*, void**, void**)>;
template<int V> using MakeVirtual = int (*)(int*, VirtualDevices<(V >= 12 ? 8 : 4)>*);

/// Slots 0 to 16, which every version has in this order.
template<int V> struct Slots {
  const char* name;
  Init<V> init;
  int (*devices)(int*);
  int (*get_properties)(int, Properties<V>*);
  Listen<V> listen;
  Connect<V> connect;
  Accept<V> accept;
  int (*reg_mr)(void* comm, void* data, RegisteredSize<V>, int type, void** mhandle);
  int (*reg_mr_dmabuf)(void* comm, void* data, size_t, int type, uint64_t offset, int fd, void** mhandle);
  int (*dereg_mr)(void* comm, void* mhandle);
  Isend<V> isend;
  Irecv<V> irecv;
  int (*iflush)(void* comm, int n, void** data, int* sizes, void** mhandles, void** request);
  int (*test)(void* request, int* done, int* sizes);
  int (*close_send)(void*);
  int (*close_recv)(void*);
  int (*close_listen)(void*);
};

template<int V> struct Table {
  Slots<V> slots;
  int (*get_device_mr)(void* comm, void* mhandle, void** device);
  int (*irecv_consumed)(void* comm, int n, void* request);
  MakeVirtual<V> make_virtual;
  int (*finalize)(void* context);
  int (*set_attributes)(void* context, Attributes*);
};
template<int V>
requires(V == 6) struct Table<V> {
  Slots<V> slots;
};
template<int V>
requires(V == 7 || V == 8) struct Table<V> {
  Slots<V> slots;
  int (*get_device_mr)(void* comm, void* mhandle, void** device);
  int (*irecv_consumed)(void* comm, int n, void* request);
};
template<int V>
requires(V == 9 || V == 10) struct Table<V> {
  Slots<V> slots;
  int (*get_device_mr)(void* comm, void* mhandle, void** device);
  int (*irecv_consumed)(void* comm, int n, void* request);
  MakeVirtual<V> make_virtual;
};
using TableV12 = Table<12>;
static_assert(sizeof(Table<6>) == 136 && sizeof(Table<7>) == 152 && sizeof(Table<8>) == 152);
static_assert(sizeof(Table<9>) == 160 && sizeof(Table<10>) == 160 && sizeof(Table<11>) == 176);
static_assert(sizeof(TableV12) == 176);
AT(Slots<12>, reg_mr, 7 * 8);
AT(Slots<12>, isend, 10 * 8);
AT(Slots<12>, test, 13 * 8);
AT(Slots<12>, close_listen, 16 * 8);
AT(TableV12, get_device_mr, 17 * 8);
AT(TableV12, make_virtual, 19 * 8);
AT(TableV12, finalize, 20 * 8);
AT(TableV12, set_attributes, 21 * 8);
#undef AT

} // namespace ncclabi
