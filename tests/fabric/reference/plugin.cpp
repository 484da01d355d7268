// The reference plugin's life: devices, contexts, properties, and the v12 table.
#include "tests/fabric/reference/plugin.h"
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace reference {
namespace {

int init(void** context, uint64_t, Config*, Log log, Profile profile) {
  auto* made = new (std::nothrow) Context{log, profile};
  if (!made)
    return system_error;
  if (setting("REFERENCE_DEVICES", 1) <= 0) {
    say(*made, log_warn, "reference: no device: REFERENCE_DEVICES is 0");
    delete made;
    return system_error;
  }
  *context = made;
  return success;
}

int finalize(void* context) {
  forget_connects(static_cast<Context*>(context));
  delete static_cast<Context*>(context);
  return success;
}

int devices(int* count) {
  *count = setting("REFERENCE_DEVICES", 1);
  return success;
}

int get_properties(int device, PropertiesV12* p) {
  static char name[] = "lo";
  if (device < 0 || device >= setting("REFERENCE_DEVICES", 1))
    return internal_error;
  *p = {};
  p->name = name;
  p->guid = static_cast<uint64_t>(device);
  p->ptr_support = takes_gpu() ? ptr_host | ptr_cuda | ptr_dmabuf : ptr_host;
  p->reg_is_global = cuts();
  p->speed = 10000;
  p->port = 1;
  p->max_comms = 65536;
  p->max_recvs = group_limit;
  p->virtual_devices = {1, {device}};
  p->max_p2p_bytes = p->max_coll_bytes = size_t{1} << 30;
  p->max_multi_request_size = 1;
  p->rail = p->plane = -1;
  return success;
}

int set_attributes(void*, Attributes*) {
  return success;
}

} // namespace

void say(const Context& context, int level, const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (context.log)
    context.log(level, 0x10, __FILE__, __LINE__, "%s", text);
}

bool cuts() {
  static const bool on = setting("REFERENCE_GLOBAL", 0) != 0;
  return on;
}

bool takes_gpu() {
  static const bool on = setting("REFERENCE_GPU", 0) != 0;
  return on;
}

int setting(const char* name, int otherwise) {
  const char* value = getenv(name);
  return value && *value ? atoi(value) : otherwise;
}

} // namespace reference

using namespace reference;
EXPORTED ncclabi::TableV12 ncclNetPlugin_v12;
ncclabi::TableV12 ncclNetPlugin_v12 = {{"reference", init, devices, get_properties, listen, connect, accept,
                                        reg_mr, reg_mr_dmabuf, dereg_mr, isend, irecv, iflush, test,
                                        close_send, close_recv, close_listen},
                                       nullptr,
                                       nullptr,
                                       nullptr,
                                       finalize,
                                       set_attributes};
ncclabi::TableV12& reference::table() {
  return ncclNetPlugin_v12;
}
