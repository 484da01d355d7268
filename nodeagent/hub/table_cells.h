// The columns of each kind and an object's words for them, as kube-apiserver prints them (kubernetes,
// pkg/printers/internalversion). Private to hub/table.
#pragma once
#include "common/clock.h"
#include "nodeagent/k8s/codec.h"
#include <boost/json.hpp>
#include <vector>

namespace podstep::hub {

struct Column {
  const char* name;
  bool wide = false; ///< shown by `-o wide` only
  bool number = false;
};

std::vector<Column> columns_of(k8s::KindId kind);
/// As many as its kind has columns, in their order.
boost::json::array cells_of(const k8s::Object& object, WallTime now);

} // namespace podstep::hub
