// Owners of libfabric's objects: each closes what it owns, once. The order of closing is that of the members
// of whoever holds them.
#pragma once
#include <memory>
#include <rdma/fabric.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_errno.h>

namespace podstep::fabric {

struct CloseFid {
  template<class T> void operator()(T* object) const { fi_close(&object->fid); }
};
struct FreeInfo {
  void operator()(fi_info* info) const { fi_freeinfo(info); }
};

using FabricFid = std::unique_ptr<fid_fabric, CloseFid>;
using DomainFid = std::unique_ptr<fid_domain, CloseFid>;
using EndpointFid = std::unique_ptr<fid_ep, CloseFid>;
using QueueFid = std::unique_ptr<fid_cq, CloseFid>;
using RegionFid = std::unique_ptr<fid_mr, CloseFid>;
using AddressesFid = std::unique_ptr<fid_av, CloseFid>;
using Info = std::unique_ptr<fi_info, FreeInfo>;

} // namespace podstep::fabric
