// A loaded NCCL network plugin behind one interface, whatever version of the ABI it speaks, with what NCCL's
// own shims do to an older one.
#pragma once
#include "common/result.h"
#include "tests/fabric/abi.h"
#include <memory>
#include <string>
#include <vector>

namespace harness {

using Properties = ncclabi::PropertiesV12;

/// NCCL's view of a plugin: v12's calls. Results are ncclResult_t. Comms, requests and memory handles are the
/// plugin's own.
class Net {
public:
  virtual ~Net() = default;
  virtual int version() const = 0;
  virtual const char* name() const = 0;
  /// Up to v10 the plugin's init runs only for the first of the living contexts, and its finalize does not
  /// exist.
  virtual int init(void** context, uint64_t comm_id, int traffic_class, ncclabi::Log, ncclabi::Profile) = 0;
  virtual int finalize(void* context) = 0;
  virtual int devices(int* count) = 0;
  virtual int get_properties(int device, Properties*) = 0;
  virtual int listen(void* context, int device, void* handle, void** comm) = 0;
  virtual int connect(void* context, int device, void* handle, void** comm, ncclabi::DeviceHandle**) = 0;
  virtual int accept(void* listener, void** comm, ncclabi::DeviceHandle**) = 0;
  virtual int reg_mr(void* comm, void* data, size_t, int type, void** mhandle) = 0;
  /// As NCCL gives GPU memory where DMABUF is advertised; the descriptor is closed afterwards.
  virtual int reg_mr_dmabuf(void* comm, void* data, size_t, int type, int fd, void** mhandle) = 0;
  virtual int dereg_mr(void* comm, void* mhandle) = 0;
  virtual int isend(void* comm, void* data, size_t, int tag, void* mhandle, void* phandle,
                    void** request) = 0;
  virtual int irecv(void* comm, int n, void** data, size_t* sizes, int* tags, void** mhandles,
                    void** phandles, void** request) = 0;
  virtual int iflush(void* comm, int n, void** data, int* sizes, void** mhandles, void** request) = 0;
  virtual int test(void* request, int* done, int* sizes) = 0;
  virtual int close_send(void*) = 0;
  virtual int close_recv(void*) = 0;
  virtual int close_listen(void*) = 0;
  /// As NCCL does for each receive that is done, with the request that test has freed by then; nothing where
  /// the plugin has no such function.
  virtual int irecv_consumed(void* comm, int n, void* request) = 0;
  /// A hint, whose result NCCL does not look at; nothing before v11, or where the plugin has no such
  /// function.
  virtual void set_attributes(void* context, ncclabi::Attributes*) = 0;
  /// Names of slots that are NULL and must not be.
  virtual std::vector<std::string> missing() = 0;
};

/// An open plugin library; closes it. Drop every Net of it first.
class Library {
public:
  /// As NCCL does by NCCL_NET_PLUGIN: the name itself, then libnccl-net-NAME.so, unless it holds a slash or
  /// is lib*.so already (F-NET-1).
  static podstep::Result<Library> open(const std::string& name);
  Library(Library&&) noexcept;
  Library& operator=(Library&&) = delete;
  ~Library();
  /// Versions that it exports, newest first.
  std::vector<int> versions() const;
  /// The newest one, or that asked for. Error: not_found.
  podstep::Result<std::unique_ptr<Net>> net(int version = 0) const;
  /// What it exports under this name; nullptr: nothing.
  const void* symbol(const std::string& name) const;

private:
  explicit Library(void* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  void* handle_;
  std::string path_;
};

/// `ncclRemoteError`, ... for messages.
std::string result_name(int result);

} // namespace harness
