// Wire W1: what travels from a submission to the nodes, by which names. Page: podstep-spec(7).
#pragma once
#include "common/result.h"
#include <string>
#include <string_view>
#include <vector>

namespace podstep::wire {

// --- environment variables (only SLURM_* arrive under --export=NONE) ---
/// `sha256:<hex>` of the rendered spec; set by init_post_opt of sbatch, salloc and srun.
inline constexpr const char* env_spec = "SLURM_PODSTEP_SPEC";
/// Comma-separated `sha256:<hex>` of the site-store images that root mounts before the agent starts.
inline constexpr const char* env_images = "SLURM_PODSTEP_IMAGES";
/// Absolute path of the record directory of this job and restart count.
inline constexpr const char* env_record = "SLURM_PODSTEP_RECORD";
/// Set by boot for its two steps: `hub` or `agent`. Grants nothing (a user can set it).
inline constexpr const char* env_role = "SLURM_PODSTEP_ROLE";
/// `ADDRESS:PORT` of the job's hub, for the script and its steps once the hub is up.
inline constexpr const char* env_hub = "SLURM_PODSTEP_HUB";
/// Absolute path of the run directory; set by the plugin in the hub's and the agents' steps.
inline constexpr const char* env_run_dir = "SLURM_PODSTEP_RUN";
/// Absolute path of the site's image store as plugstack.conf names it; set by the plugin in the hub's and
/// agents' steps.
inline constexpr const char* env_store = "SLURM_PODSTEP_STORE";
/// Absolute path of the site's fabric.conf, which the plugin has proven to be root's alone before the agent
/// entered its user namespace; set by the plugin in the agents' step, absent where there is no such file.
inline constexpr const char* env_fabric = "SLURM_PODSTEP_FABRIC";

/// Where the submitting user's specs and images lie, if not in the usual places, which ports pods get, and
/// how registries are reached: each variable travels under a name of ours, for only SLURM_* arrives under
/// --export=NONE, and gets its own back in boot's two steps; or in the hub's alone, which imports images: an
/// agent's probes must see no proxy.
struct Carried {
  const char* name;
  const char* as;
  bool hub_only = false;
};
inline constexpr Carried carried[] = {{"XDG_STATE_HOME", "SLURM_PODSTEP_STATE_HOME"},
                                      {"PODSTEP_STORE", "SLURM_PODSTEP_USER_STORE"},
                                      {"PODSTEP_PORT_RANGE", "SLURM_PODSTEP_PORT_RANGE"},
                                      {"REGISTRY_AUTH_FILE", "SLURM_PODSTEP_AUTH_FILE", true},
                                      {"https_proxy", "SLURM_PODSTEP_HTTPS_PROXY", true},
                                      {"http_proxy", "SLURM_PODSTEP_HTTP_PROXY", true},
                                      {"no_proxy", "SLURM_PODSTEP_NO_PROXY", true}};

/// Of the spec's form; a hub reads no other.
inline constexpr int spec_version = 1;

inline constexpr std::string_view role_hub = "hub";
inline constexpr std::string_view role_agent = "agent";

/// The option's name as the user writes it, and Slurm's two variables that carry it (spank(8)).
inline constexpr const char* option_name = "ai-service";
inline constexpr const char* option_env_inner = "SLURM_SPANK__SLURM_SPANK_OPTION_podstep_ai_service";
inline constexpr const char* option_env = "_SLURM_SPANK_OPTION_podstep_ai_service";

// --- what `podstep render --spool FILE` prints for the plugin, one `key value` per line ---
inline constexpr std::string_view render_spec = "spec";     ///< `spec sha256:...`
inline constexpr std::string_view render_images = "images"; ///< `images sha256:...,sha256:...` (may be empty)
inline constexpr std::string_view render_added =
    "added"; ///< `added PATH`: the file that was not there before

struct Rendered {
  std::string spec;   ///< `sha256:...`
  std::string images; ///< as env_images carries it
  std::string added;  ///< the spec's file; empty when an earlier submission left it
};
/// What `podstep render --spool` printed. Error: invalid.
Result<Rendered> parse_rendered(std::string_view output);
/// Where it keeps a spec: `<state directory>/specs/<hex>.json`.
std::string spec_path(std::string_view state_directory, std::string_view digest);

// --- names below the run directory /run/podstep/<job>.<restart>.<step>.<node>/ ---
inline constexpr const char* run_root = "/run/podstep";
inline constexpr const char* run_sock = "sock"; ///< local HTTP socket of the hub or the agent
inline constexpr const char* run_lock = "lock"; ///< held (flock) by the living supervisor
inline constexpr const char* run_img = "img";   ///< one mount point per image: img/<hex of the digest>
inline constexpr const char* run_tmp = "t";     ///< private tmpfs: containerd, logs, emptyDir

/// `sha256:` and 64 lower-case hexadecimal digits.
bool is_digest(std::string_view text);
/// The 64 digits of a digest that passed is_digest.
std::string_view digest_hex(std::string_view digest);
/// Parses env_images: at most limits::images_per_job digests. Error: invalid, naming the bad part.
Result<std::vector<std::string>> parse_images(std::string_view value);

/// Identity of one job start on one node; names the run directory.
struct RunName {
  uint32_t job = 0;
  uint32_t restart = 0;
  uint32_t step = 0;
  std::string node; ///< Slurm's NodeName: several slurmd may share one host
};
/// `4459.0.2.nid001101`. Error: invalid when the node's name is not a plain host name.
Result<std::string> run_name(const RunName& name);

} // namespace podstep::wire
