// Kubernetes' resource.Quantity: `500m`, `2`, `1.5Gi`, `100M`. Source: Kubernetes API, "Quantity".
#pragma once
#include "common/result.h"
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace podstep::k8s {

/// An exact amount in thousandths of the base unit (milli-CPU for cpu, milli-bytes for memory), with the text
/// as the user wrote it.
struct Quantity {
  int64_t milli = 0;
  std::string text = "0";

  /// Whole units, rounded up (bytes for memory, cores for cpu).
  int64_t units() const { return milli / 1000 + (milli % 1000 > 0 ? 1 : 0); }
  /// Amount only: `1` equals `1000m`.
  std::strong_ordering operator<=>(const Quantity& other) const { return milli <=> other.milli; }
  bool operator==(const Quantity& other) const { return milli == other.milli; }

  static Quantity of_milli(int64_t milli); ///< text in canonical form (`1500m`, `2`)
  static Quantity of_units(int64_t units);
  static Quantity of_bytes(int64_t bytes); ///< text with the largest exact binary suffix (`512Mi`)
};

/// Parses a quantity. Error: invalid (empty, unknown suffix, negative, or beyond 2^63 thousandths).
Result<Quantity> parse_quantity(std::string_view text);

/// Resource name (`cpu`, `memory`, `ephemeral-storage`, `nvidia.com/gpu`) to amount.
using ResourceList = std::map<std::string, Quantity>;

} // namespace podstep::k8s
