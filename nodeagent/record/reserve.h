// Room that is held in a record while the service runs: with it, a service whose file system has filled up
// can still say so, and one that starts where there is no room is refused at once instead of going silent.
#pragma once
#include "common/result.h"
#include <cstddef>
#include <string>

namespace podstep::record {

inline constexpr const char* reserve_file = "reserve";
/// Enough for status, endpoints and journal of a service of some tens of pods (3 KiB each in all three), and
/// for its end.
inline constexpr size_t reserve_bytes = 512 << 10;

/// Allocates the file, if it is not there. Error: the cause, with a hint.
Result<void> hold_reserve(const std::string& record);
/// Gives the room back; without the file nothing.
void release_reserve(const std::string& record);

} // namespace podstep::record
