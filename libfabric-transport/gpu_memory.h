// What a provider can do with the memory of a GPU, found out by trying.
#pragma once
#include <rdma/fi_endpoint.h>
#include <string>

namespace podstep::fabric {

enum class GpuMemory {
  none,    ///< it cannot be registered
  by_cuda, ///< the provider copies by calls of CUDA's
  alone,   ///< it moves without a call of CUDA's
};

/// Whether this libfabric registers a GPU's memory. One that was built without CUDA grants FI_HMEM all the
/// same, and then refuses each registration; cxi looks by itself what memory it is, and asks for no
/// FI_MR_HMEM.
bool registers_gpu(const fi_info& info);

/// Opens an endpoint and asks. `info` must be one that a domain can be opened with: cxi's has its key.
GpuMemory gpu_memory_of(const std::string& provider, const fi_info& info);

/// Has an endpoint that is not enabled yet do without CUDA: a call of CUDA's may wait for a kernel, and the
/// kernel for the data (F-GPU-1). 0; -FI_EOPNOTSUPP, -FI_ENOPROTOOPT: it cannot.
int forbid_cuda(fid_ep* endpoint, const std::string& provider);

} // namespace podstep::fabric
