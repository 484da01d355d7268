// What the user and the site may set, read once from the environment. Pure: the environment is a value.
#pragma once
#include "common/clock.h"
#include "common/slingshot.h"
#include "libfabric-transport/siphash.h"
#include <optional>
#include <span>
#include <string>

namespace podstep::fabric {

struct Settings {
  std::string provider;   ///< empty: the best that is there
  std::string device;     ///< empty: all
  std::string interface;  ///< of the side channel; empty: the device's own
  std::string statistics; ///< directory of the statistics pages; empty: none
  Duration timeout = std::chrono::seconds(30);
  Duration connect_timeout = std::chrono::seconds(60);
  std::string key_file, key_text; ///< one of them at most
  std::string rendezvous;         ///< where ranks meet; empty: PMIx where the step has it
  VniScope vni = VniScope::step;
  uint16_t explicit_vni = 0; ///< each instead of what the environment says; C API only
  uint32_t explicit_service = 0;
  bool allow_default_service = false;
  std::optional<bool> dmabuf; ///< whether the provider takes memory by dma-buf; empty: as is known of it
  uint64_t job = 0;           ///< made of SLURM_JOB_ID; a handle of another number is refused
};

/// The names of all variables that are read; podstep-fabric(3) explains each.
std::span<const char* const> variables();

/// Error: invalid, naming the variable.
Result<Settings> read_settings(const Lookup& lookup);
/// The key of the job: 32 hexadecimal digits in a file that nobody else may write and others may not read, or
/// made of a text in the environment. Zeros where the settings name none.
Result<Key> read_key(const Settings& settings);

} // namespace podstep::fabric
