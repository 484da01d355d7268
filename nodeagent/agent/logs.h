// Log files of containers in CRI's format: rotation, the last part of them, plain text for readers. Contract:
// K-LOG-1 to K-LOG-3.
#pragma once
#include "common/result.h"
#include "nodeagent/k8s/types.h"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace podstep::agent {

/// `<logs>/<ns>_<pod>_<uid>`: CRI's log_directory of a pod's sandboxes; `logs` is the agent's
/// (Settings::logs).
std::string log_directory(const std::string& logs, const k8s::ObjectMeta& pod);
/// `<container>/<restart>.log`, relative to it: CRI's log_path of a container.
std::string log_file_name(const std::string& container, uint32_t attempt);
/// The two joined: where the log of a container is.
std::string log_path(const std::string& logs, const k8s::ObjectMeta& pod, const std::string& container,
                     uint32_t attempt);

/// One line of a CRI log, `2026-11-24T12:00:00.1Z stdout F text`: time and text; `partial` lines go on in the
/// next.
struct LogLine {
  std::string_view time, text;
  bool partial = false;
};
std::optional<LogLine> parse_log_line(std::string_view line);
/// Plain text of CRI lines (times in front where asked for); a line that is no CRI line is kept as it is.
std::string plain(std::string_view cri_text, bool timestamps);

/// The last `bytes` of a file, from the start of a line on. Error: not_found, failed.
Result<std::string> read_tail(const std::string& path, size_t bytes);
/// The last `bytes` of a log, those among them that are in `<path>.1` since it was turned over: where it was
/// just now, the file itself is empty or missing. Errors as read_tail.
Result<std::string> read_end(const std::string& path, size_t bytes);
/// The last `lines` lines of text.
std::string_view last_lines(std::string_view text, size_t lines);

/// When `path` has reached rotate_bytes: `.1` to `.4` move up by one, the file becomes `.1`, of which at
/// most twice rotate_bytes stay. True: the runtime must reopen it.
Result<bool> rotate(const std::string& path);
/// Writes the last part of a log as plain text into the record at a container's exit.
Result<void> keep(const std::string& path, const std::string& record, const std::string& pod,
                  const std::string& container, uint32_t attempt);

inline constexpr size_t rotate_bytes = 10 << 20;
inline constexpr int rotated_files = 4;
/// terminationMessagePolicy: FallbackToLogsOnError.
inline constexpr size_t fallback_bytes = 2048, fallback_lines = 80;

} // namespace podstep::agent
