// What the supervisor keeps in memory for a restarted worker.
#include "nodeagent/hub/kept.h"
#include "nodeagent/k8s/codec.h"
#include "nodeagent/supervise/supervise.h"
#include <boost/json.hpp>

namespace podstep::hub {

namespace json = boost::json;

std::string to_text(const Kept& kept) {
  json::object pins;
  for (const auto& [node, sha256] : kept.pins)
    pins[node] = sha256;
  return json::serialize(json::object{{"certificate", kept.identity.certificate_pem},
                                      {"key", kept.identity.key_pem},
                                      {"sha256", kept.identity.sha256},
                                      {"port", kept.port},
                                      {"expected", kept.expected},
                                      {"pins", std::move(pins)}});
}

Result<Kept> parse_kept(const std::string& text) {
  PODSTEP_TRY(auto document, k8s::parse_json(text, supervise::state_bytes));
  const auto* object = document.if_object();
  const auto string_of = [&](const char* name) {
    const auto* value = object->if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  const auto number_of = [&](const char* name) {
    const auto* value = object->if_contains(name);
    return value && value->is_int64() ? value->get_int64() : 0;
  };
  if (!object)
    return Error(Kind::invalid, "the state of an earlier worker is no object");
  Kept kept;
  kept.identity = {string_of("certificate"), string_of("key"), string_of("sha256")};
  kept.port = static_cast<uint16_t>(number_of("port"));
  kept.expected = number_of("expected");
  if (const auto* pins = object->if_contains("pins"); pins && pins->is_object())
    for (const auto& pin : pins->get_object())
      if (pin.value().is_string())
        kept.pins[std::string(pin.key())] = std::string(pin.value().get_string());
  return kept;
}

} // namespace podstep::hub
