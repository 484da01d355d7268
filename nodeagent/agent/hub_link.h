// How the agent finds its hub and proves who it is: a key pair in memory, the hub's address and pinned
// certificate, and the one exchange of lines over the step's streams (design: trust; wire_boot.h). Kept by
// the supervisor for a restarted worker.
#pragma once
#include "nodeagent/agent/settings.h"
#include "nodeagent/http/server.h"
#include "nodeagent/k8s/client.h"
#include "nodeagent/supervise/supervise.h"

namespace podstep::agent {

struct HubAddress {
  std::string address, fingerprint;
  uint16_t port = 0;
  bool operator==(const HubAddress&) const = default;
};

/// What a later worker needs of this one: as text for the supervisor.
struct KeptState {
  http::TlsIdentity identity;
  HubAddress hub; ///< port 0: not told yet
};
std::string pack_state(const KeptState& state);
Result<KeptState> unpack_state(const std::string& text);

/// The present connection to the job's hub. Changes when boot has started another hub: users ask for api()
/// before each call.
class HubLink {
public:
  HubLink(loop::Loop& loop, supervise::Lifeline* lifeline);
  /// Takes the kept identity, or makes one and prints `agent NODE RANK FINGERPRINT`; then reads the hub's
  /// line from stdin where it is not known yet. Error names what is wrong with the streams.
  loop::Task<Result<void>> open(const Settings& settings);
  /// Goes over to another hub (POST /podstep/hub of the local socket); calls under way fail and are made
  /// again.
  Result<void> move(const HubAddress& hub);
  k8s::Client& api() { return *client_; }
  /// Counts moves: a watch that notices a change starts anew.
  uint64_t generation() const { return generation_; }

private:
  loop::Task<Result<std::string>> read_hub_line();
  Result<void> save();
  void connect();

  loop::Loop& loop_;
  supervise::Lifeline* lifeline_; ///< null in tests
  KeptState state_;
  uint64_t generation_ = 0;
  std::unique_ptr<http::Client> http_;
  std::shared_ptr<k8s::Client> client_;
  std::vector<std::shared_ptr<k8s::Client>> retired_; ///< coroutines may still return through them
};

/// `hub ADDRESS PORT FINGERPRINT` as values. Error: invalid.
Result<HubAddress> parse_hub_line(std::string_view line);
/// The body of POST /podstep/hub: {"address","port","fingerprint"}. Error: invalid.
Result<HubAddress> parse_hub_json(std::string_view body);

} // namespace podstep::agent
