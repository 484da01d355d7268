// The CXI services of a NIC, as slurmstepd makes them in the driver, and whom each lets in.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace fakecxi {

/// As struct cxi_auth_key in rdma/fi_cxi_ext.h.
struct AuthKey {
  uint32_t svc_id;
  uint16_t vni;
};

struct Service {
  uint32_t id = 0;
  bool anybody = false;
  uint32_t uid = 0;
  std::vector<uint16_t> vnis; ///< empty: any
};

/// Of FAKE_CXI_SERVICES; what cannot be read ends the process, for it is the test that is wrong.
std::vector<Service> services();
/// 0; -FI_EINVAL where the service is not there or has another VNI; -FI_ENODEV where this process is no
/// member.
int check_key(const AuthKey& key);
/// The key for a domain that was given none (F-CXI-4). 0, or -FI_ENOSYS.
int default_key(const std::string& device, AuthKey& out);

} // namespace fakecxi
