// What the supervisor keeps in memory for a restarted worker: the hub's TLS identity and port, and who the
// agents are.
#pragma once
#include "nodeagent/http/server.h"
#include <map>

namespace podstep::hub {

struct Kept {
  http::TlsIdentity identity;
  uint16_t port = 0;
  int64_t expected = 0;                    ///< agents; 0 until boot has said it
  std::map<std::string, std::string> pins; ///< Slurm's node name to fingerprint
};
std::string to_text(const Kept& kept);
Result<Kept> parse_kept(const std::string& text);

} // namespace podstep::hub
