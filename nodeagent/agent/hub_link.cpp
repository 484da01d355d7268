// The link to the hub: see hub_link.h.
#include "nodeagent/agent/hub_link.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/text.h"
#include "common/wire_boot.h"
#include <boost/json.hpp>
#include <unistd.h>

namespace podstep::agent {

namespace {
// A job's time limit is at most a year (slurm.conf(5), MaxTime); a certificate dies with its key at the job's
// end anyway.
constexpr Duration lifetime = std::chrono::hours(24 * 366);

// `length:bytes` pieces, so that PEM text needs no escaping.
std::string piece(const std::string& text) {
  return cat(text.size(), ":", text);
}

Result<std::string> take(std::string_view& text) {
  size_t colon = text.find(':');
  auto length = parse_int(text.substr(0, colon), 0, 1 << 20);
  if (!length || colon == text.npos || text.size() - colon - 1 < size_t(*length))
    return Error(Kind::invalid, "the state that the supervisor kept is cut");
  std::string out(text.substr(colon + 1, size_t(*length)));
  text.remove_prefix(colon + 1 + out.size());
  return out;
}

std::string bare_fingerprint(std::string_view text) {
  return std::string(text.starts_with("sha256:") ? text.substr(7) : text);
}

Result<HubAddress> checked(std::string address, int64_t port, std::string_view fingerprint) {
  HubAddress out{std::move(address), bare_fingerprint(fingerprint), uint16_t(port)};
  if (!is_lower_hex(out.fingerprint, 64))
    return Error(Kind::invalid, "the hub's fingerprint is not the hex of a SHA-256");
  if (out.address.empty() || out.address.find_first_of("/@ ?#") != out.address.npos)
    return Error(Kind::invalid, cat("the hub's address '", printable(out.address, 80), "' is no host"));
  return out;
}
} // namespace

std::string pack_state(const KeptState& s) {
  return piece(s.identity.certificate_pem) + piece(s.identity.key_pem) + piece(s.identity.sha256) +
         piece(s.hub.address) + piece(std::to_string(s.hub.port)) + piece(s.hub.fingerprint);
}

Result<KeptState> unpack_state(const std::string& text) {
  KeptState out;
  std::string_view rest = text;
  std::string port;
  for (std::string* field : {&out.identity.certificate_pem, &out.identity.key_pem, &out.identity.sha256,
                             &out.hub.address, &port, &out.hub.fingerprint}) {
    PODSTEP_TRY(std::string value, take(rest));
    *field = std::move(value);
  }
  PODSTEP_TRY(int64_t number, parse_int(port, 0, 65535));
  out.hub.port = uint16_t(number);
  return out;
}

Result<HubAddress> parse_hub_line(std::string_view text) {
  PODSTEP_TRY(wire::Line line, wire::parse_line(trim(text)));
  if (line.word != wire::Word::hub)
    return Error(Kind::invalid, cat("expected the hub's line, got '", printable(text, 80), "'"));
  PODSTEP_TRY(int64_t port, parse_int(line.args[1], 1, 65535));
  return checked(line.args[0], port, line.args[2]);
}

Result<HubAddress> parse_hub_json(std::string_view body) {
  PODSTEP_TRY(boost::json::value json, k8s::parse_json(body, 4096));
  const boost::json::object* object = json.if_object();
  auto text = [&](const char* key) {
    const boost::json::value* v = object ? object->if_contains(key) : nullptr;
    return v && v->is_string() ? std::string(v->get_string()) : std::string();
  };
  const boost::json::value* port = object ? object->if_contains("port") : nullptr;
  if (!port || !port->is_int64() || port->get_int64() < 1 || port->get_int64() > 65535)
    return Error(Kind::invalid, "port is not a number from 1 to 65535");
  return checked(text("address"), port->get_int64(), text("fingerprint"));
}

HubLink::HubLink(loop::Loop& loop, supervise::Lifeline* lifeline) : loop_(loop), lifeline_(lifeline) {}

loop::Task<Result<void>> HubLink::open(const Settings& settings) {
  if (lifeline_ && !lifeline_->state().empty()) {
    PODSTEP_CO_TRY(KeptState kept, unpack_state(lifeline_->state()));
    state_ = std::move(kept);
  } else {
    PODSTEP_CO_TRY(http::TlsIdentity identity,
                   http::make_identity(node::node_name(settings.identity), lifetime));
    state_.identity = std::move(identity);
    PODSTEP_CO_CHECK(save());
    std::string line = wire::format_line(
        {wire::Word::agent,
         {settings.identity.slurm_node, std::to_string(settings.rank), state_.identity.sha256}});
    PODSTEP_CO_CHECK(write_all(STDOUT_FILENO, line, "stdout"));
  }
  if (state_.hub.port == 0) {
    PODSTEP_CO_TRY(std::string line, co_await read_hub_line());
    PODSTEP_CO_TRY(HubAddress hub, parse_hub_line(line));
    state_.hub = hub;
    PODSTEP_CO_CHECK(save());
  }
  connect();
  co_return Result<void>();
}

// Byte by byte: nothing behind the newline is ours. The stream is not used again afterwards.
loop::Task<Result<std::string>> HubLink::read_hub_line() {
  std::string line;
  while (line.size() < limits::boot_line_bytes) {
    PODSTEP_CO_CHECK(co_await loop::readable(STDIN_FILENO));
    char c;
    ssize_t n = ::read(STDIN_FILENO, &c, 1);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (n < 0)
      co_return errno_error("read the hub's line from stdin");
    if (n == 0)
      co_return Error("stdin ended before the hub's line came: podstep-boot is gone");
    if (c == '\n')
      co_return line;
    line += c;
  }
  co_return Error(Kind::invalid, "the hub's line is too long");
}

Result<void> HubLink::save() {
  return lifeline_ ? lifeline_->save(pack_state(state_)) : Result<void>();
}

Result<void> HubLink::move(const HubAddress& hub) {
  if (hub == state_.hub)
    return {};
  log::info(cat("the hub is now at ", hub.address, ":", hub.port));
  state_.hub = hub;
  connect();
  return save();
}

void HubLink::connect() {
  http::Endpoint endpoint;
  endpoint.base_url = cat("https://", state_.hub.address, ":", state_.hub.port);
  endpoint.pinned_sha256 = state_.hub.fingerprint;
  endpoint.certificate_pem = state_.identity.certificate_pem;
  endpoint.key_pem = state_.identity.key_pem;
  ++generation_;
  if (client_)
    retired_.push_back(std::move(client_));
  http_ = std::make_unique<http::Client>(loop_, std::move(endpoint));
  client_ = std::make_shared<k8s::Client>(*http_);
}

} // namespace podstep::agent
