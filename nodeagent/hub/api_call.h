// One request to the API while it is served. Private to hub/api.
#pragma once
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/hub/api.h"

namespace podstep::hub {

/// Objects of one job; a runaway controller or client stops here.
inline constexpr size_t objects_kept = 20'000;

struct Api::Call {
  http::ServerRequest request;
  Identity identity;
  Route route;
  ObjectPtr present; ///< the stored object that the path names
  Selector labels, fields;

  bool flag(const char* name) const {
    const auto found = request.query.find(name);
    return found != request.query.end() && (found->second == "true" || found->second == "1");
  }
  bool selects(const k8s::Object& object) const {
    return labels.matches_labels(object) && fields.matches_fields(object);
  }
  Attempt attempt(std::string verb) const {
    return {std::move(verb),
            route.kind,
            route.ns,
            route.name,
            route.subresource,
            fields.required("metadata.name"),
            fields.required("spec.nodeName"),
            present.get(),
            nullptr};
  }
  /// The object in the body; it must be of the kind that the path names.
  Result<k8s::Object> decode_body() const {
    if (request.body.size() > limits::object_bytes)
      return Error(Kind::exhausted, cat("the object is larger than ", limits::object_bytes, " bytes"));
    PODSTEP_TRY(auto object, k8s::decode_text(request.body));
    if (k8s::kind_of(object) != route.kind->id)
      return Error(Kind::invalid, cat("the object is not a ", route.kind->kind));
    return object;
  }
};

} // namespace podstep::hub
