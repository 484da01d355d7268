// What a rank does with a plugin: a loaded plugin with one context and NCCL's two threads, and the calls that
// must succeed.
#pragma once
#include "tests/fabric/host/case.h"
#include "tests/fabric/host/net.h"
#include "tests/fabric/host/recorder.h"
#include "tests/fabric/host/verdict.h"
#include "tests/fabric/host/worker.h"
#include <array>
#include <chrono>
#include <memory>

namespace harness {

using Handle = std::array<char, ncclabi::handle_bytes>;
using Instant = std::chrono::steady_clock::time_point;
inline Instant now() {
  return std::chrono::steady_clock::now();
}
inline Instant in_seconds(double s) {
  return now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(s));
}

/// What NCCL passes for the device handle: the address of a NULL pointer.
inline ncclabi::DeviceHandle** no_offload() {
  thread_local ncclabi::DeviceHandle* none = nullptr;
  return &none;
}
/// Throws Failed naming the call, the result and the plugin's last line of log.
[[noreturn]] void fail_call(int result, const char* call);
/// Does so unless `result` is success: inline, for benches count what it costs.
inline void must(int result, const char* call) {
  if (result != ncclabi::success)
    fail_call(result, call);
}
/// One call of connect. What an error leaves in *comm NCCL closes (F-NET-17), and so does this.
int try_connect(Net&, void* context, void* handle, void** comm,
                ncclabi::DeviceHandle** offload = no_offload());

struct Listener {
  void* comm = nullptr;
  Handle handle{};
};

class Session {
public:
  /// Loads the plugin and makes one context.
  explicit Session(const Options&);
  Session(const Options&, Library);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Options& options;
  Library library;
  std::unique_ptr<Net> net;
  void* context = nullptr;
  Properties properties{};
  Worker service, progress;

  // On the service thread, each polled until it succeeds; two polled in turn where NCCL polls many.
  Listener listen();
  void* connect(Handle);
  void* accept(Listener&);
  std::vector<void*> connect_all(const std::vector<Handle>&);
  std::vector<void*> accept_all(std::vector<Listener>&);
  /// Asks accept until the other rank speaks; fails with `otherwise` when a sender comes.
  void accept_nobody(const Listener&, const Channel& other, const char* otherwise);
  void close_listen(Listener&);
  void* reg(void* comm, void* data, size_t size);
  void dereg(void* comm, void* mhandle);
  void close_send(void* comm);
  void close_recv(void* comm);
  /// What NCCL tells of a pattern: before a connect or accept how many comms there will be, before the first
  /// post (0) which operation. On the caller's thread.
  void hint(bool sends, size_t flows = 0);
  /// finalize; nothing can be called afterwards.
  void end();

private:
  size_t connects_ = 0, accepts_ = 0; ///< asked for so far
};

/// The plugin as the options ask for it. Throws Failed.
Library open_library(const Options&);
std::unique_ptr<Net> open_net(const Options&, const Library&);

/// `n` comms from rank 0 to rank 1, listen comms left open until close(); handles travel over the ranks'
/// channel.
struct OneWay {
  std::vector<void*> comms; ///< send comms in rank 0, receive comms in rank 1
  std::vector<Listener> listeners;
  bool sender = false;
  OneWay(Session&, Rank&, size_t n = 1);
  void* comm() const { return comms.front(); }
  /// Closes everything, one side's comms and the other's.
  void close(Session&);
};

} // namespace harness
