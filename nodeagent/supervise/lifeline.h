// Frames on the line between supervisor and worker: a type byte, a 32-bit length, the bytes.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <optional>
#include <string>

namespace podstep::supervise {

/// The descriptor's number in the worker, by environment: unset before anything else is started.
inline constexpr const char* env_lifeline = "PODSTEP_LIFELINE";

inline constexpr char frame_state = 'S'; ///< the whole state
inline constexpr char frame_beat = 'B';  ///< empty
inline constexpr char frame_start = 'N'; ///< decimal count of earlier starts

struct Frame {
  char type = 0;
  std::string body;
};

/// The frame as bytes.
std::string pack(char type, const std::string& body);
/// Takes the first whole frame off `buffer`; nothing while it is incomplete. Error: invalid (unknown type,
/// too long).
Result<std::optional<Frame>> unpack(std::string& buffer);

} // namespace podstep::supervise
