// What stands behind the C interface's pointers, and how errors leave it.
#pragma once
#include "libfabric-transport/calls.h"
#include "libfabric-transport/introduce.h"
#include "libfabric-transport/podstep/fabric.h"

struct podstep_fabric {
  std::unique_ptr<podstep::fabric::Endpoint> endpoint;
  mutable char error[512] = "";
};
struct podstep_fabric_listener {
  podstep_fabric* fabric;
  podstep::fabric::Listener* listener;
};

namespace podstep::capi {

/// Keeps the sentence where podstep_fabric_error() finds it, and says which code it is.
int report(const podstep_fabric& fabric, const Error& error) noexcept;
int code_of(const Error& error) noexcept;

/// Runs `f`, which returns a Result of a code; what it throws becomes one.
template<class F> int guarded(const podstep_fabric& fabric, F f) noexcept {
  try {
    Result<int> code = f();
    return code ? *code : report(fabric, code.error());
  } catch (const std::exception& e) {
    return report(fabric, Error(e.what()));
  }
}

// A communicator, a registration and a request are the engine's own objects under another name.
inline podstep::fabric::SendComm& comm(podstep_fabric_sender* s) {
  return *reinterpret_cast<podstep::fabric::SendComm*>(s);
}
inline podstep::fabric::RecvComm& comm(podstep_fabric_receiver* r) {
  return *reinterpret_cast<podstep::fabric::RecvComm*>(r);
}
inline const podstep::fabric::Registration* registration(podstep_fabric_memory* m) {
  return reinterpret_cast<const podstep::fabric::Registration*>(m);
}
template<class Comm> podstep_fabric& fabric_of(const Comm& c) {
  return *static_cast<podstep_fabric*>(c.user);
}

} // namespace podstep::capi

#define PODSTEP_API extern "C" __attribute__((visibility("default")))
