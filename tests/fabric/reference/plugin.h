// The reference plugin: the simplest NCCL network plugin that keeps the whole contract, over plain TCP on the
// loop-back interface. It is for tests only: the harness is tried on it, and the broken plugins are it with
// one function replaced.
//
// One socket per comm. The receiver announces every posted receive (a credit: group, tags, sizes); the sender
// sends only what fits the oldest announced group, so nothing unexpected ever lies in a socket. Environment:
// REFERENCE_DEVICES (default 1), REFERENCE_PORT (default: any), REFERENCE_TIMEOUT (seconds until a connect
// gives up, default 10), REFERENCE_JOB (a handle of another one is refused), REFERENCE_GLOBAL (1:
// regIsGlobal, and a send that is larger than its receive is cut), REFERENCE_GPU (1: it takes a GPU's memory,
// by dma-buf).
#pragma once
#include "tests/fabric/abi.h"
#include <string>

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace reference {

using namespace ncclabi;

/// The functions, as v12 names them: ncclNetPlugin_v12 itself. Every older table calls through it.
TableV12& table();

/// One per communicator; what its comms need of init.
struct Context {
  Log log = nullptr;
  Profile profile = nullptr;
};

void say(const Context&, int level, const char* format, ...) __attribute__((format(printf, 3, 4)));
/// The seconds in an environment variable, or the default.
int setting(const char* name, int otherwise);

/// Credit, from receiver to sender: these receives are posted, as one group.
struct Credit {
  uint32_t group, count;
  struct Entry {
    int32_t tag;
    uint32_t pad;
    uint64_t size;
  } entries[8];
};
/// In front of each message, from sender to receiver.
struct Header {
  uint32_t group, entry;
  uint64_t size;
  uint32_t refused, pad; ///< refused: larger than the receive; no payload follows
};
inline constexpr int group_limit = 8;

/// What both ends of a comm have: a connected, non-blocking socket; once something went wrong, the error for
/// ever.
struct Comm {
  Context* context = nullptr;
  int fd = -1;
  int error = success;
  std::string peer;
  /// Remembers the error and says it once, naming the peer.
  int fail(int code, const char* why);
};

/// What a memory handle is.
struct Registered {
  char* data;
  size_t size;
  char *view = nullptr, *arrived = nullptr; ///< of a GPU's memory: itself, and what iflush has not put there
};
/// Where a send finds its bytes, and a receive leaves them.
const char* sent_from(const void* handle, const void* data);
char* received_at(const void* handle, void* data);

int open_send_comm(Context*, int fd, std::string peer, void** comm);
int open_recv_comm(Context*, int fd, std::string peer, void** comm);

int listen(void*, int, void*, void**);
int connect(void*, int, void*, void**, DeviceHandle**);
int accept(void*, void**, DeviceHandle**);
int close_listen(void*);
int reg_mr(void*, void*, size_t, int, void**);
int reg_mr_dmabuf(void*, void*, size_t, int, uint64_t, int, void**);
int dereg_mr(void*, void*);
int isend(void*, void*, size_t, int, void*, void*, void**);
int irecv(void*, int, void**, size_t*, int*, void**, void**, void**);
int iflush(void*, int, void**, int*, void**, void**);
int test(void*, int*, int*);
int close_send(void*);
int close_recv(void*);
/// Ends the connects of a context that were never finished.
void forget_connects(Context*);

/// Whether a connection must show the secret of the listen comm that it was meant for (a broken plugin
/// switches it off).
extern bool checks_instance;
/// Whether a handle of another job is refused (likewise).
extern bool checks_job;
/// regIsGlobal.
bool cuts();
/// It takes a GPU's memory.
bool takes_gpu();
/// Whether it must begin as this plugin's connections do (likewise).
extern bool checks_hello;

} // namespace reference
