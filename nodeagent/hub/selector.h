// Label and field selectors of list and watch requests (Kubernetes API: "Labels and Selectors", "Field
// Selectors").
#pragma once
#include "nodeagent/k8s/codec.h"

namespace podstep::hub {

struct Requirement {
  std::string name;
  enum class Op { in, not_in, exists, not_exists } op{};
  std::vector<std::string> values;
};

/// Labels as the selector that asks for all of them: `a=b,c=d`.
std::string selector_text(const k8s::Labels& labels);

class Selector {
public:
  /// `a=b,c!=d,e in (f,g),h,!i`. Error: invalid, with the part.
  static Result<Selector> labels(std::string_view text);
  /// `metadata.name=x,spec.nodeName!=y`; only fields that the kind has. Error: invalid, as Kubernetes says
  /// it.
  static Result<Selector> fields(const k8s::KindInfo& kind, std::string_view text);
  bool matches_labels(const k8s::Object& object) const;
  bool matches_fields(const k8s::Object& object) const;
  /// The one value that field `name` must have; empty when there is none.
  std::string required(std::string_view name) const;

private:
  std::vector<Requirement> all_;
};

} // namespace podstep::hub
