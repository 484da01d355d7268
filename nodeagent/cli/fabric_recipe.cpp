// Both sites' recipes as one table, so that where they disagree is seen: see fabric_recipe.h.
#include "nodeagent/cli/fabric_recipe.h"
#include "common/text.h"

namespace podstep::cli {

namespace {

struct Row {
  const char *name, *hpe, *cscs; ///< nullptr: that recipe leaves it alone
};

constexpr Row rows[] = {
    {"FI_PROVIDER", "cxi", "cxi"},
    {"FI_CXI_RDZV_PROTO", "alt_read", "alt_read"},
    {"FI_CXI_RDZV_EAGER_SIZE", "0", "0"},
    {"FI_CXI_RDZV_THRESHOLD", "0", "0"},
    {"FI_CXI_RDZV_GET_MIN", "0", "0"},
    {"FI_MR_CACHE_MONITOR", "userfaultfd", nullptr},
    {"FI_MR_CACHE_MAX_SIZE", nullptr, "-1"},
    {"FI_MR_CACHE_MAX_COUNT", nullptr, "524288"},
    {"FI_CXI_DISABLE_HOST_REGISTER", "1", nullptr},
    {"FI_CXI_DEFAULT_CQ_SIZE", "131072", nullptr},
    {"FI_CXI_DEFAULT_TX_SIZE", "2048", "16384"},
    {"FI_CXI_RX_MATCH_MODE", "hybrid", "software"},
    {"FI_CXI_SAFE_DEVMEM_COPY_THRESHOLD", nullptr, "16777216"},
    {"NCCL_CROSS_NIC", "1", "0"},
    {"NCCL_PROTO", nullptr, "^LL128"},
    {"NCCL_NCHANNELS_PER_NET_PEER", nullptr, "4"},
    {"NCCL_NET_GDR_LEVEL", "PHB", nullptr},
    {"NCCL_NET_GDR_C2C", nullptr, "1"},
    {"NCCL_NET_GDR_READ", nullptr, "1"},
    {"NCCL_PXN_DISABLE", nullptr, "1"},
    {"NCCL_P2P_LEVEL", nullptr, "NVL"},
    {"NCCL_SOCKET_IFNAME", "hsn0,hsn1,hsn2,hsn3", nullptr},
};

} // namespace

Result<Recipe> find_recipe(const std::string& name) {
  bool hpe = name == "hpe";
  if (!hpe && name != "cscs")
    return Error(Kind::invalid, cat("there is no recipe '", printable(name, 40), "'"), "hpe or cscs");
  Recipe out;
  if (hpe)
    out.srun = "--network=disable_rdzv_get";
  for (const Row& row : rows)
    if (const char* value = hpe ? row.hpe : row.cscs)
      out.variables.emplace_back(row.name, value);
  return out;
}

std::string shell_lines(const Recipe& recipe) {
  std::string out;
  if (!recipe.srun.empty())
    out += cat("# and: srun ", recipe.srun, "\n");
  for (const auto& [name, value] : recipe.variables)
    out += value.find('^') == value.npos ? cat("export ", name, "=", value, "\n")
                                         : cat("export ", name, "='", value, "'\n");
  return out;
}

} // namespace podstep::cli
