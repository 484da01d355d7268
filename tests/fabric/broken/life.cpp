// Broken in init, properties, errors and log.
#include "tests/fabric/broken/broken.h"
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <pthread.h>
#include <unistd.h>

namespace broken {

namespace {
/// getProperties answers as it should, and then `change` has its way with the answer.
template<auto change> void with_properties(TableV12& t) {
  t.slots.get_properties = [](int device, PropertiesV12* p) {
    int result = good().slots.get_properties(device, p);
    change(p);
    return result;
  };
}
} // namespace

/// The 51st context is refused.
void context_limit(TableV12& t) {
  static int living = 0;
  t.slots.init = [](void** context, uint64_t id, Config* config, Log log, Profile profile) {
    if (living >= 50)
      return int(system_error);
    living++;
    return good().slots.init(context, id, config, log, profile);
  };
  t.finalize = [](void* context) { return living--, good().finalize(context); };
}

/// init succeeds although there is no device.
void no_device_accepted(TableV12& t) {
  t.slots.init = [](void** context, uint64_t id, Config* config, Log log, Profile profile) {
    if (good().slots.init(context, id, config, log, profile) != success)
      *context = new reference::Context{log, profile};
    return int(success);
  };
}

/// Each init starts a thread that nobody ends.
void leaves_thread(TableV12& t) {
  t.slots.init = [](void** context, uint64_t id, Config* config, Log log, Profile profile) {
    pthread_t thread;
    pthread_create(&thread, nullptr, reinterpret_cast<void* (*)(void*)>(reinterpret_cast<void*>(&pause)),
                   nullptr);
    pthread_detach(thread);
    return good().slots.init(context, id, config, log, profile);
  };
}

/// Its tables do not agree on a name.
void another_name(TableV12& t) {
  t.slots.name = "other";
}

/// All threads' answers share one buffer.
void volatile_strings(TableV12& t) {
  with_properties<[](PropertiesV12* p) {
    static char name[32];
    static std::atomic<int> threads{0};
    thread_local int mine = threads++;
    snprintf(name, sizeof name, "lo.%d", mine);
    p->name = name;
  }>(t);
}

void slow_properties(TableV12& t) {
  t.slots.get_properties = [](int device, PropertiesV12* p) {
    usleep(1500);
    return good().slots.get_properties(device, p);
  };
}

/// A directory, but of no PCI function.
void path_of_no_function(TableV12& t) {
  static char path[] = "/sys/devices";
  with_properties<[](PropertiesV12* p) { p->pci_path = path; }>(t);
}

void parts_of_microseconds(TableV12& t) {
  with_properties<[](PropertiesV12* p) { p->latency = 0.7f; }>(t);
}

/// regIsGlobal is promised, and a send that is too large is an error all the same.
void promises_to_cut(TableV12& t) {
  with_properties<[](PropertiesV12* p) { p->reg_is_global = 1; }>(t);
}

/// It has more to say than its logger hears.
void writes_to_stderr(TableV12& t) {
  t.slots.init = [](void** context, uint64_t id, Config* config, Log log, Profile profile) {
    fprintf(stderr, "broken: here I am\n");
    return good().slots.init(context, id, config, log, profile);
  };
}

/// Only the thread that made the first context may end one.
void same_creator(TableV12& t) {
  static std::atomic<pid_t> creator;
  t.slots.init = [](void** context, uint64_t id, Config* config, Log log, Profile profile) {
    pid_t none = 0;
    creator.compare_exchange_strong(none, gettid());
    return good().slots.init(context, id, config, log, profile);
  };
  t.finalize = [](void* context) {
    return creator == gettid() ? good().finalize(context) : int(internal_error);
  };
}

/// A traffic class that it does not know is refused.
void no_traffic_class(TableV12& t) {
  t.slots.init = [](void** context, uint64_t id, Config* config, Log log, Profile profile) {
    return config->traffic_class > 0 ? int(invalid_usage)
                                     : good().slots.init(context, id, config, log, profile);
  };
}

/// Advertises DMABUF, but has no regMrDmaBuf.
void dmabuf_without_function(TableV12& t) {
  t.slots.reg_mr_dmabuf = nullptr;
  with_properties<[](PropertiesV12* p) { p->ptr_support |= ptr_dmabuf; }>(t);
}

void no_message_size(TableV12& t) {
  with_properties<[](PropertiesV12* p) { p->max_p2p_bytes = 0; }>(t);
}

/// maxRecvs says 8, but only one is taken.
void single_receives_only(TableV12& t) {
  t.slots.irecv = [](void* comm, int n, void** data, size_t* sizes, int* tags, void** handles,
                     void** phandles, void** request) {
    if (n > 1)
      return int(internal_error);
    return good().slots.irecv(comm, n, data, sizes, tags, handles, phandles, request);
  };
}

namespace {
int disguised(int result) {
  return result == remote_error ? invalid_argument : result;
}
} // namespace

/// A peer that is gone is reported as ncclInvalidArgument.
void wrong_code(TableV12& t) {
  t.slots.connect = [](void* context, int device, void* handle, void** comm, DeviceHandle** offload) {
    return disguised(good().slots.connect(context, device, handle, comm, offload));
  };
  t.slots.isend = [](void* comm, void* data, size_t size, int tag, void* handle, void* phandle,
                     void** request) {
    return disguised(good().slots.isend(comm, data, size, tag, handle, phandle, request));
  };
  t.slots.irecv = [](void* comm, int n, void** data, size_t* sizes, int* tags, void** handles,
                     void** phandles, void** request) {
    return disguised(good().slots.irecv(comm, n, data, sizes, tags, handles, phandles, request));
  };
  t.slots.test = [](void* request, int* done, int* sizes) {
    return disguised(good().slots.test(request, done, sizes));
  };
}

namespace {
Log the_log = nullptr;
const char* instead = nullptr;
void quiet_log(int level, unsigned long mask, const char* file, int line, const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  bool of_peer = strstr(text, "peer ") && !strstr(text, " bytes");
  the_log(level, mask, file, line, "%s", of_peer ? instead : text);
}
void say_instead(TableV12& t, const char* words) {
  instead = words;
  t.slots.init = [](void** context, uint64_t id, Config* config, Log log, Profile profile) {
    the_log = log;
    return good().slots.init(context, id, config, quiet_log, profile);
  };
}
} // namespace

/// Errors come, but who is gone is not said.
void says_nothing(TableV12& t) {
  say_instead(t, "something went wrong");
}

/// Errors come, and name somebody else.
void names_another(TableV12& t) {
  say_instead(t, "reference: peer 127.0.0.1:9 (pid 1): it closed the connection");
}

} // namespace broken
