// The Slingshot credentials of a step, as Slurm's switch/hpe_slingshot puts them into the environment of its
// tasks. Pure: the environment is a value.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace podstep::fabric {

/// One NIC that the step may use.
struct CxiDevice {
  std::string name;     ///< `cxi0`
  uint32_t service = 0; ///< the CXI service that restricts who may use it; the default service 1, which
                        ///< restricts nobody, only where the site allows it
  bool operator==(const CxiDevice&) const = default;
};

/// What the step got. Without any SLINGSHOT_* variable there is none (a single-node step, unless the site
/// sets single_node_vni).
struct Slingshot {
  uint16_t step_vni = 0;
  std::optional<uint16_t>
      job_vni; ///< shared by all steps of the job: needed between a pod and a later step's pod
  std::vector<CxiDevice> devices;
  uint32_t traffic_classes = 0; ///< bit mask of allowed classes; 0 when not given
  bool operator==(const Slingshot&) const = default;
};

/// `cxi` and a number up to 255 without leading zeros.
bool is_cxi_device(std::string_view name);

/// NAME=VALUE of what the switch plugin gave the step's tasks, unchanged: SLINGSHOT_* and FI_CXI_COLL_*, at
/// most limits::fabric_variables of them. `environment` as environ(7).
std::vector<std::string> step_credentials(const char* const* environment);

/// Looks a variable up; nullopt when it is not set.
using Lookup = std::function<std::optional<std::string>(const char* name)>;

/// Says to Podstep's transport whether the unrestricted service 1 is acceptable: 1 or 0.
inline constexpr const char* env_allow_default = "PODSTEP_FABRIC_ALLOW_DEFAULT_SERVICE";

/// Reads SLINGSHOT_VNIS, _SVC_IDS, _DEVICES and _TCS strictly. nullopt: none of them is set. Error (invalid):
/// one is missing, malformed, out of range or does not match the others; it names the variable and the fix.
/// `allow_default_service`: the site accepts the unrestricted service 1 (threat T13). Source: Slurm,
/// src/plugins/switch/hpe_slingshot; clause F-CXI-3 in doc/contracts/fabric.md.
Result<std::optional<Slingshot>> parse_slingshot(const Lookup& lookup, bool allow_default_service);

enum class VniScope { step, job };
/// The VNI for a communicator. Error (not_found) when the job has no VNI of its own, with srun's option as
/// hint.
Result<uint16_t> choose_vni(const Slingshot& slingshot, VniScope scope);

} // namespace podstep::fabric
