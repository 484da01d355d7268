// Replicas as a Scale: see scale.h.
#include "nodeagent/hub/scale.h"
#include "common/text.h"
#include "nodeagent/hub/selector.h"
#include <boost/json.hpp>

namespace podstep::hub {

namespace json = boost::json;

namespace {
json::object scale_object(const auto& object) {
  const k8s::ObjectMeta& meta = object.metadata;
  return {{"kind", "Scale"},
          {"apiVersion", "autoscaling/v1"},
          {"metadata", json::object{{"name", meta.name},
                                    {"namespace", meta.ns},
                                    {"uid", meta.uid},
                                    {"resourceVersion", meta.resource_version},
                                    {"creationTimestamp", meta.creation_timestamp}}},
          {"spec", json::object{{"replicas", object.spec.replicas}}},
          {"status", json::object{{"replicas", object.status.replicas},
                                  {"selector", selector_text(object.spec.selector.match_labels)}}}};
}

const json::value* member(const json::value& value, const char* name) {
  const json::object* object = value.if_object();
  return object ? object->if_contains(name) : nullptr;
}
} // namespace

bool has_scale(k8s::KindId kind) {
  return kind == k8s::KindId::deployment || kind == k8s::KindId::replica_set;
}

json::value scale_of(const k8s::Object& object) {
  if (const auto* deployment = std::get_if<k8s::Deployment>(&object))
    return scale_object(*deployment);
  if (const auto* set = std::get_if<k8s::ReplicaSet>(&object))
    return scale_object(*set);
  return nullptr;
}

Result<k8s::Object> rescaled(const k8s::Object& object, const json::value& scale) {
  const json::value *kind = member(scale, "kind"), *spec = member(scale, "spec");
  if (!kind || !kind->is_string() || kind->get_string() != "Scale")
    return Error(Kind::invalid, "the object is not a Scale");
  // As the API has it, an absent number is 0: nobody means that here.
  const json::value* replicas = spec ? member(*spec, "replicas") : nullptr;
  const int64_t* wanted = replicas ? replicas->if_int64() : nullptr;
  if (!wanted || *wanted < 0 || *wanted > INT32_MAX)
    return Error(Kind::invalid, "spec.replicas: must be a number from 0 to 2147483647");
  k8s::Object after = object;
  if (const json::value* meta = member(scale, "metadata"))
    if (const json::value* version = member(*meta, "resourceVersion"); version && version->is_string())
      k8s::meta_of(after).resource_version = std::string(version->get_string());
  if (auto* deployment = std::get_if<k8s::Deployment>(&after))
    deployment->spec.replicas = static_cast<int32_t>(*wanted);
  else if (auto* set = std::get_if<k8s::ReplicaSet>(&after))
    set->spec.replicas = static_cast<int32_t>(*wanted);
  return after;
}

} // namespace podstep::hub
