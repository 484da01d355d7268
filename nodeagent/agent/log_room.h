// The room that logs may take: a file system of their own, and what goes first when it gets short. A
// container that writes without end takes room from old logs, never from the runtime (threat T12).
#pragma once
#include "common/result.h"
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace podstep::agent {

/// What all logs of a step may take, of its memory in bytes: an eighth, at least 64 MiB and at most 2 GiB.
int64_t log_room_bytes(int64_t memory_bytes);

/// The files below `logs` that may go, in the order in which they do: those that have been turned over
/// (`*.log.N`), then logs that are not `in_use` (paths), the oldest first.
std::vector<std::string> disposable_logs(const std::string& logs, const std::set<std::string>& in_use);
/// Removes them one by one, while more than half of the file system of the directory `logs` is used.
void make_log_room(const std::string& logs, const std::set<std::string>& in_use);

/// Gives back what a file takes beyond its last `bytes`, where that is worth it; the file keeps its size and
/// a writer its place (fallocate(2), punching a hole). A missing file is success.
Result<void> keep_tail(const std::string& path, size_t bytes);

} // namespace podstep::agent
