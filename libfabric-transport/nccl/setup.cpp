// Contexts, devices and connections of the NCCL plugin: see plugin.h.
#include "common/environment.h"
#include "common/text.h"
#include "libfabric-transport/blame.h"
#include "libfabric-transport/nccl/plugin.h"
#include <mutex>

namespace podstep::nccl {

namespace {

/// What the process knows: NCCL's interface has no object for it before version 11.
struct Process {
  std::mutex lock; ///< set-up only
  std::vector<fabric::Device> devices;
  fabric::Settings settings;
  fabric::Key key{};
  bool ready = false;
  Context shared;
};

Process& process() {
  static Process one;
  return one;
}

/// Reads settings and devices once per process; after a failure the next init tries again.
Result<void> prepare(Process& p) {
  if (p.ready)
    return {};
  PODSTEP_TRY(p.settings, fabric::read_settings(variable_if_set));
  PODSTEP_TRY(p.key, fabric::read_key(p.settings));
  PODSTEP_TRY(p.devices, fabric::find_devices(p.settings, variable_if_set));
  p.ready = true;
  return {};
}

/// Runs `f`, which returns a code or a Result of one; whatever it throws becomes a code.
template<class F> int guarded(const Context* context, F f) noexcept {
  try {
    Result<int> code = f();
    return code ? *code : report(context, code.error());
  } catch (const std::exception& e) {
    return report(context, Error(cat("net plugin: ", e.what())));
  }
}

const char* gpu_words(const fabric::Device& d) {
  switch (d.gpu) {
  case fabric::GpuMemory::alone:
    return ", GPU memory";
  case fabric::GpuMemory::by_cuda:
    return d.provider == "cxi" ? ", no GPU memory: cxi does without CUDA only where GDRCopy is"
                               : ", no GPU memory: the provider would call CUDA";
  case fabric::GpuMemory::none:
    break;
  }
  return "";
}

Result<int> start(Context& context, Logger log, Profiler profiler) {
  Process& p = process();
  std::lock_guard<std::mutex> held(p.lock);
  context.log = log;
  context.profiler = profiler;
  PODSTEP_CHECK(prepare(p));
  if (log)
    for (const fabric::Device& d : p.devices)
      log(log_info, subsystem_init | subsystem_net, __FILE__, __LINE__, "NET/%s : provider %s device %s%s",
          plugin_name, d.provider.c_str(), d.name.c_str(), gpu_words(d));
  return int(success);
}

/// The endpoint of this device, made at its first use.
Result<fabric::Endpoint*> endpoint_of(Context& context, Place place) {
  Process& p = process();
  std::lock_guard<std::mutex> held(p.lock);
  if (place.device < 0 || size_t(place.device) >= p.devices.size())
    return Error(Kind::invalid, cat("net plugin: there is no device ", place.device));
  auto& endpoint = context.endpoints[place];
  if (!endpoint) {
    fabric::Endpoint::Options options{p.settings, p.key, 0, place.traffic_class, cat("nccl ", context.id)};
    options.cuda_calls = false;
    PODSTEP_TRY(endpoint,
                fabric::Endpoint::open(p.devices[size_t(place.device)], std::move(options), system_clock()));
  }
  ++context.users[place];
  return endpoint.get();
}

void leave_endpoint(Context& context, Place place) {
  std::lock_guard<std::mutex> held(process().lock);
  // Between two calls of connect() nothing is counted, but the connection is under way.
  if (--context.users[place] == 0 && context.shared && !context.endpoints[place]->introducer().connecting())
    context.endpoints.erase(place);
}

std::unique_ptr<End> make_end(Context& context, fabric::Endpoint& endpoint, Place place) {
  auto end = std::make_unique<End>();
  end->context = &context;
  end->endpoint = &endpoint;
  end->place = place;
  return end;
}

} // namespace

int report(const Context* context, const Error& error) noexcept {
  if (context && context->log)
    context->log(log_warn, subsystem_net, __FILE__, __LINE__, "NET/%s : %s%s%s", plugin_name,
                 error.message.c_str(), error.hint.empty() ? "" : ". Hint: ", error.hint.c_str());
  switch (fabric::blame(error.kind)) {
  case fabric::Blame::peer:
    return remote_error;
  case fabric::Blame::caller:
    return invalid_usage;
  case fabric::Blame::system:
    break;
  }
  return system_error;
}

Context* shared_context() noexcept {
  return &process().shared;
}

int init_shared(Logger log, Profiler profiler) noexcept {
  Context& shared = process().shared;
  shared.shared = true;
  return guarded(&shared, [&] { return start(shared, log, profiler); });
}

int init_context(void** out, uint64_t id, Config* config, Logger log, Profiler profiler) noexcept {
  Context first;
  first.log = log;
  return guarded(&first, [&]() -> Result<int> {
    auto context = std::make_unique<Context>();
    context->id = id;
    context->traffic_class = config ? config->traffic_class : -1;
    PODSTEP_TRY(int code, start(*context, log, profiler));
    *out = context.release();
    return code;
  });
}

int finalize(void* context) noexcept {
  std::unique_ptr<Context> owned(static_cast<Context*>(context));
  return success;
}

int set_attributes(void*, void*) noexcept {
  return success;
}

int devices(int* count) noexcept {
  *count = int(process().devices.size());
  return success;
}

const fabric::Device* device(int number) noexcept {
  const auto& all = process().devices;
  return number >= 0 && size_t(number) < all.size() ? &all[size_t(number)] : nullptr;
}

int listen(void* raw, int device, void* handle, void** out) noexcept {
  auto& context = *static_cast<Context*>(raw);
  return guarded(&context, [&]() -> Result<int> {
    Place place{device, context.traffic_class};
    PODSTEP_TRY(fabric::Endpoint * endpoint, endpoint_of(context, place));
    auto end = make_end(context, *endpoint, place);
    fabric::Inside inside(endpoint->gate);
    end->listener = endpoint->introducer().listen(static_cast<uint8_t*>(handle));
    *out = end.release();
    return int(success);
  });
}

int connect(void* raw, int device, void* handle, void** out, void**) noexcept {
  auto& context = *static_cast<Context*>(raw);
  return connect_from(context, {device, context.traffic_class}, handle, out);
}

int connect_from(Context& context, Place place, void* handle, void** out) noexcept {
  *out = nullptr;
  return guarded(&context, [&]() -> Result<int> {
    PODSTEP_TRY(fabric::Endpoint * endpoint, endpoint_of(context, place));
    Result<fabric::SendComm*> comm = static_cast<fabric::SendComm*>(nullptr);
    {
      fabric::Inside inside(endpoint->gate);
      comm = endpoint->introducer().connect(static_cast<uint8_t*>(handle));
    }
    if (!comm || !*comm) {
      leave_endpoint(context, place);
      return comm ? Result<int>(int(success)) : Result<int>(comm.error());
    }
    auto end = make_end(context, *endpoint, place);
    end->send = *comm;
    if (context.profiler)
      end->events = std::make_unique<Event[]>(fabric::most_sends);
    end->send->user = end.get();
    *out = end.release();
    return int(success);
  });
}

int accept(void* raw, void** out, void**) noexcept {
  auto& listening = *static_cast<End*>(raw);
  *out = nullptr;
  return guarded(listening.context, [&]() -> Result<int> {
    Result<fabric::RecvComm*> comm = static_cast<fabric::RecvComm*>(nullptr);
    {
      fabric::Inside inside(listening.endpoint->gate);
      comm = listening.endpoint->introducer().accept(*listening.listener);
    }
    if (!comm)
      return comm.error();
    if (!*comm)
      return int(success);
    PODSTEP_CHECK(endpoint_of(*listening.context, listening.place));
    auto end = make_end(*listening.context, *listening.endpoint, listening.place);
    end->receive = *comm;
    if (end->context->profiler)
      end->events = std::make_unique<Event[]>(fabric::most_receives * fabric::most_grouped);
    end->receive->user = end.get();
    *out = end.release();
    return int(success);
  });
}

int reg_mr(void* raw, void* data, size_t bytes, int, void** handle) noexcept {
  auto& end = *static_cast<End*>(raw);
  *handle = nullptr;
  return guarded(end.context, [&]() -> Result<int> {
    fabric::Inside inside(end.endpoint->gate);
    PODSTEP_TRY(const fabric::Registration* r, end.endpoint->memory().acquire(data, bytes));
    *handle = const_cast<fabric::Registration*>(r);
    return int(success);
  });
}

/// NCCL has no second way once it was told of dma-bufs, and closes the file right after: a provider that
/// refuses this one may still take the memory by its address.
int reg_mr_dmabuf(void* raw, void* data, size_t bytes, int type, uint64_t offset, int fd,
                  void** handle) noexcept {
  auto& end = *static_cast<End*>(raw);
  *handle = nullptr;
  std::optional<Error> refused;
  int code = guarded(end.context, [&]() -> Result<int> {
    fabric::Inside inside(end.endpoint->gate);
    fabric::Dmabuf file{fd, offset};
    auto r = end.endpoint->memory().acquire(data, bytes, &file);
    if (r)
      *handle = const_cast<fabric::Registration*>(*r);
    else
      refused = std::move(r).error();
    return int(success);
  });
  if (!refused)
    return code;
  if (end.context->log)
    end.context->log(log_info, subsystem_net, __FILE__, __LINE__, "NET/%s : %s; by its address instead",
                     plugin_name, refused->message.c_str());
  return reg_mr(raw, data, bytes, type, handle);
}

int dereg_mr(void* raw, void* handle) noexcept {
  auto& end = *static_cast<End*>(raw);
  return guarded(end.context, [&]() -> Result<int> {
    fabric::Inside inside(end.endpoint->gate);
    if (handle)
      end.endpoint->memory().release(static_cast<const fabric::Registration*>(handle));
    return int(success);
  });
}

int close_end(void* raw) noexcept {
  std::unique_ptr<End> end(static_cast<End*>(raw));
  if (!end)
    return success;
  return guarded(end->context, [&]() -> Result<int> {
    {
      fabric::Inside inside(end->endpoint->gate);
      fabric::Introducer& introducer = end->endpoint->introducer();
      if (end->listener)
        introducer.close(end->listener);
      if (end->send)
        introducer.close(end->send);
      if (end->receive)
        introducer.close(end->receive);
    }
    leave_endpoint(*end->context, end->place);
    return int(success);
  });
}

} // namespace podstep::nccl
