// One request to the API while it is served. Private to hub/api.
#pragma once
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/hub/api.h"
#include "nodeagent/hub/lost_fields.h"
#include "nodeagent/hub/table.h"
#include <boost/json.hpp>

namespace podstep::hub {

/// Objects of one job; a runaway controller or client stops here.
inline constexpr size_t objects_kept = 20'000;
/// So many of the fields that were not understood are named.
inline constexpr size_t lost_fields_told = 20;

struct Api::Call {
  http::ServerRequest request;
  Identity identity;
  Route route;
  ObjectPtr present; ///< the stored object that the path names
  Selector labels, fields;
  std::optional<RowObject> table; ///< the answer is to be a Table
  std::string warning;            ///< for the answer's header of that name

  std::string text(const char* name) const {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string() : found->second;
  }
  std::string header(const char* name) const {
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string() : found->second;
  }
  bool flag(const char* name) const {
    const std::string value = text(name);
    return value == "true" || value == "1";
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
  Result<k8s::Object> decode_body() {
    if (request.body.size() > limits::object_bytes)
      return Error(Kind::exhausted, cat("the object is larger than ", limits::object_bytes, " bytes"));
    PODSTEP_TRY(const auto sent, k8s::parse_json(request.body, limits::object_bytes));
    PODSTEP_TRY(auto object, k8s::decode(sent));
    if (k8s::kind_of(object) != route.kind->id)
      return Error(Kind::invalid, cat("the object is not a ", route.kind->kind));
    PODSTEP_CHECK(check_fields(sent, object));
    return object;
  }
  /// Fields that nobody understood are told to people, or refused where the query asks for that.
  Result<void> check_fields(const boost::json::value& sent, const k8s::Object& object) {
    if (identity.who != Identity::Who::owner)
      return {};
    PODSTEP_TRY(const FieldValidation validation, field_validation(request.query));
    if (validation == FieldValidation::ignore)
      return {};
    const auto lost = lost_fields(sent, k8s::encode(object), lost_fields_told);
    if (lost.empty())
      return {};
    if (validation == FieldValidation::strict)
      return Error(Kind::invalid, cat("strict decoding error: not supported: ", join(lost, ", ")));
    warning = warning_text(lost);
    return {};
  }
};

} // namespace podstep::hub
