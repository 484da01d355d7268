// Objects as rows of a metav1.Table, the form in which kubectl asks for what it shows to people: the columns
// and words are kube-apiserver's own (Kubernetes API: "Receiving resources as Tables"). Pure.
#pragma once
#include "common/clock.h"
#include "nodeagent/k8s/codec.h"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace podstep::hub {

/// How much of the object stands beside its row.
enum class RowObject { none, metadata, whole };

/// What a client wants: `accept` is its header, `include` the query's includeObject. Nothing where it takes
/// plain objects. Error: invalid, for an includeObject that is none.
Result<std::optional<RowObject>> wanted_table(std::string_view accept, std::string_view include);

/// One row per object, all of `kind`; `revision` is the list's. Ages are as of `now`.
std::string table_text(const k8s::KindInfo& kind, const std::vector<const k8s::Object*>& objects,
                       const std::string& revision, RowObject beside, WallTime now);

/// An age as Kubernetes writes it: 45s, 3m5s, 27h, 12d.
std::string age_text(Duration age);

} // namespace podstep::hub
