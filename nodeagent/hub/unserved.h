// What the hub of a job does not do for a client of Kubernetes, said in Kubernetes' own way and with what to
// use instead. Pure.
#pragma once
#include "nodeagent/k8s/codec.h"
#include <optional>
#include <string>
#include <string_view>

namespace podstep::hub {

/// Parts of a metav1.Status.
struct Unserved {
  int code = 0;
  const char* reason = "";
  std::string message;
};

/// A form that is not spoken: an answer in anything but JSON (`accept`), a body in protobuf, YAML or CBOR
/// (`content_type`), a dry run. The values of headers and query; empty where they are absent.
std::optional<Unserved> unserved_form(std::string_view accept, std::string_view content_type,
                                      std::string_view dry_run);

/// A subresource that is not there: 405 with Podstep's word for it where there is one, else 404.
Unserved unserved_subresource(const k8s::KindInfo& kind, std::string_view subresource);

/// `application/json` of `application/json; charset=utf-8`.
std::string media_type(std::string_view content_type);

} // namespace podstep::hub
