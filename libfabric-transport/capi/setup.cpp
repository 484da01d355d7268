// Opening, connecting and registering, in C: see podstep/fabric.h and podstep-fabric(3).
#include "common/environment.h"
#include "common/text.h"
#include "libfabric-transport/blame.h"
#include "libfabric-transport/capi/objects.h"
#include "libfabric-transport/traffic.h"
#include <cstdio>

using namespace podstep;
using namespace podstep::capi;
using podstep::fabric::Endpoint;
using podstep::fabric::Inside;

namespace podstep::capi {

int code_of(const Error& error) noexcept {
  switch (fabric::blame(error.kind)) {
  case fabric::Blame::peer:
    return PODSTEP_FABRIC_PEER;
  case fabric::Blame::caller:
    return PODSTEP_FABRIC_INVALID;
  case fabric::Blame::system:
    break;
  }
  return PODSTEP_FABRIC_SYSTEM;
}

int report(const podstep_fabric& fabric, const Error& error) noexcept {
  snprintf(fabric.error, sizeof fabric.error, "%s%s%s", error.message.c_str(),
           error.hint.empty() ? "" : ". Hint: ", error.hint.c_str());
  return code_of(error);
}

} // namespace podstep::capi

namespace {

/// One class for all that the endpoint sends: by the NIC's name for it, or by a DSCP where the network knows
/// no names.
Result<void> set_class(Endpoint::Options& options, const fabric::Device& device, uint32_t wanted) {
  if (wanted == 0)
    return {};
  const fabric::TrafficClass* known = fabric::find_class(wanted);
  if (!known)
    return Error(Kind::invalid, cat("traffic_class ", wanted, " is none"), "one of PODSTEP_FABRIC_TC_*");
  if (device.traffic_labels == 0)
    options.traffic_class = known->dscp;
  else if (device.traffic_labels & wanted)
    options.traffic_label = known->label;
  else
    return Error(Kind::forbidden, cat("the step may not use traffic class ", known->name, " (SLINGSHOT_TCS)"),
                 cat("srun --network=tcs=", known->name, ", where the site allows it"));
  return {};
}

Result<std::unique_ptr<Endpoint>> open_endpoint(const podstep_fabric_options& given) {
  PODSTEP_TRY(fabric::Settings settings, fabric::read_settings(variable_if_set));
  if (given.provider)
    settings.provider = given.provider;
  if (given.device)
    settings.device = given.device;
  if (given.timeout_ms > 0)
    settings.timeout = std::chrono::milliseconds(given.timeout_ms);
  settings.explicit_vni = given.vni;
  settings.explicit_service = given.service;
  PODSTEP_TRY(fabric::Key key, fabric::read_key(settings));
  PODSTEP_TRY(std::vector<fabric::Device> devices, fabric::find_devices(settings, variable_if_set));
  Endpoint::Options options{settings, key, given.idle_registrations, -1, given.label ? given.label : ""};
  PODSTEP_CHECK(set_class(options, devices.front(), given.traffic_class));
  return Endpoint::open(devices.front(), std::move(options), system_clock());
}

} // namespace

PODSTEP_API int podstep_fabric_open(const podstep_fabric_options* options, podstep_fabric** out, char* error,
                                    size_t error_bytes) {
  *out = nullptr;
  podstep_fabric first;
  int code = guarded(first, [&]() -> Result<int> {
    podstep_fabric_options given{};
    if (options)
      std::memcpy(&given, options, std::min(options->size, sizeof given));
    auto fabric = std::make_unique<podstep_fabric>();
    PODSTEP_TRY(fabric->endpoint, open_endpoint(given));
    *out = fabric.release();
    return PODSTEP_FABRIC_OK;
  });
  if (error && error_bytes > 0)
    snprintf(error, error_bytes, "%s", first.error);
  return code;
}

PODSTEP_API void podstep_fabric_close(podstep_fabric* fabric) {
  delete fabric;
}
PODSTEP_API const char* podstep_fabric_error(const podstep_fabric* fabric) {
  return fabric->error;
}
PODSTEP_API const char* podstep_fabric_provider(const podstep_fabric* fabric) {
  return fabric->endpoint->provider().c_str();
}

PODSTEP_API int podstep_fabric_listen(podstep_fabric* fabric, unsigned char* address,
                                      podstep_fabric_listener** out) {
  return guarded(*fabric, [&]() -> Result<int> {
    auto listener = std::make_unique<podstep_fabric_listener>();
    Inside inside(fabric->endpoint->gate);
    *listener = {fabric, fabric->endpoint->introducer().listen(address)};
    *out = listener.release();
    return PODSTEP_FABRIC_OK;
  });
}

PODSTEP_API int podstep_fabric_accept(podstep_fabric_listener* listener, podstep_fabric_receiver** out) {
  podstep_fabric& fabric = *listener->fabric;
  *out = nullptr;
  return guarded(fabric, [&]() -> Result<int> {
    Inside inside(fabric.endpoint->gate);
    PODSTEP_TRY(fabric::RecvComm * comm, fabric.endpoint->introducer().accept(*listener->listener));
    if (!comm)
      return PODSTEP_FABRIC_AGAIN;
    comm->user = &fabric;
    *out = reinterpret_cast<podstep_fabric_receiver*>(comm);
    return PODSTEP_FABRIC_OK;
  });
}

PODSTEP_API void podstep_fabric_close_listener(podstep_fabric_listener* raw) {
  std::unique_ptr<podstep_fabric_listener> listener(raw);
  Inside inside(listener->fabric->endpoint->gate);
  listener->fabric->endpoint->introducer().close(listener->listener);
}

PODSTEP_API int podstep_fabric_connect(podstep_fabric* fabric, unsigned char* address,
                                       podstep_fabric_sender** out) {
  *out = nullptr;
  return guarded(*fabric, [&]() -> Result<int> {
    Inside inside(fabric->endpoint->gate);
    PODSTEP_TRY(fabric::SendComm * comm, fabric->endpoint->introducer().connect(address));
    if (!comm)
      return PODSTEP_FABRIC_AGAIN;
    comm->user = fabric;
    *out = reinterpret_cast<podstep_fabric_sender*>(comm);
    return PODSTEP_FABRIC_OK;
  });
}

PODSTEP_API void podstep_fabric_close_sender(podstep_fabric_sender* sender) {
  Endpoint& endpoint = comm(sender).endpoint();
  Inside inside(endpoint.gate);
  endpoint.introducer().close(&comm(sender));
}

PODSTEP_API void podstep_fabric_close_receiver(podstep_fabric_receiver* receiver) {
  Endpoint& endpoint = comm(receiver).endpoint();
  Inside inside(endpoint.gate);
  endpoint.introducer().close(&comm(receiver));
}

PODSTEP_API const char* podstep_fabric_sender_peer(const podstep_fabric_sender* sender) {
  return comm(const_cast<podstep_fabric_sender*>(sender)).link().peer.c_str();
}
PODSTEP_API const char* podstep_fabric_receiver_peer(const podstep_fabric_receiver* receiver) {
  return comm(const_cast<podstep_fabric_receiver*>(receiver)).link().peer.c_str();
}

PODSTEP_API int podstep_fabric_demands_memory(const podstep_fabric* fabric) {
  return fabric->endpoint->memory().demanded();
}

namespace {

int register_memory(podstep_fabric* fabric, void* data, size_t bytes, const fabric::Dmabuf* from,
                    podstep_fabric_memory** memory) {
  *memory = nullptr;
  return guarded(*fabric, [&]() -> Result<int> {
    Inside inside(fabric->endpoint->gate);
    PODSTEP_TRY(const fabric::Registration* r, fabric->endpoint->memory().acquire(data, bytes, from));
    *memory = reinterpret_cast<podstep_fabric_memory*>(const_cast<fabric::Registration*>(r));
    return PODSTEP_FABRIC_OK;
  });
}

} // namespace

PODSTEP_API int podstep_fabric_register(podstep_fabric* fabric, void* data, size_t bytes,
                                        podstep_fabric_memory** memory) {
  return register_memory(fabric, data, bytes, nullptr, memory);
}

PODSTEP_API int podstep_fabric_register_dmabuf(podstep_fabric* fabric, void* data, size_t bytes, int fd,
                                               uint64_t offset, podstep_fabric_memory** memory) {
  fabric::Dmabuf file{fd, offset};
  return register_memory(fabric, data, bytes, &file, memory);
}

PODSTEP_API void podstep_fabric_deregister(podstep_fabric* fabric, podstep_fabric_memory* memory) {
  if (!memory)
    return;
  Inside inside(fabric->endpoint->gate);
  fabric->endpoint->memory().release(registration(memory));
}

PODSTEP_API void podstep_fabric_forget(podstep_fabric* fabric, void* data, size_t bytes) {
  Inside inside(fabric->endpoint->gate);
  fabric->endpoint->memory().forget(data, bytes);
}

PODSTEP_API int podstep_fabric_export(podstep_fabric* fabric, podstep_fabric_memory* memory, void* data,
                                      size_t bytes, unsigned char* region) {
  Inside inside(fabric->endpoint->gate);
  const fabric::Registration& r = *registration(memory);
  auto at = reinterpret_cast<uintptr_t>(data);
  if (at < r.base || bytes > r.bytes || at - r.base > r.bytes - bytes)
    return report(*fabric,
                  Error(Kind::invalid, cat("export of ", bytes, " bytes that are not all registered")));
  fabric::RemoteMemory remote = fabric->endpoint->memory().remote(r, data, bytes);
  fabric->endpoint->becomes_one_sided();
  std::memset(region, 0, PODSTEP_FABRIC_REGION_BYTES);
  std::memcpy(region, &remote, sizeof remote);
  return PODSTEP_FABRIC_OK;
}
