// The record: what stays of a service for its user, `podstep-<jobid>/r<restart>/` on the shared file system,
// 0700. Page: podstep-record(7).
//
//   status.json endpoints.json          rewritten by rename on every change (hub)
//   events.jsonl                        appended, bounded (hub)
//   spec.json                           the rendered spec (boot)
//   journal.jsonl                       the hub's objects (hub)
//   logs/<pod>/<container>.<restart>.log
//                                       the last part of a log at its exit (agent)
//   fabric/<node>.json                  the transport's statistics, rewritten by rename (agent)
//   daemon/<hub|agents|boot>.log        what the daemons said, bounded (boot)
//   daemon/containerd.<node>.log        the last part of the runtime's log at its end (agent)
//   end.json                            why and how the service ended (boot, hub)
//   key                                 the job's random key, 0600 (hub)
#pragma once
#include "common/result.h"
#include <cstdint>
#include <string>
#include <vector>

namespace podstep::record {

inline constexpr const char* status_file = "status.json";
inline constexpr const char* endpoints_file = "endpoints.json";
inline constexpr const char* events_file = "events.jsonl";
inline constexpr const char* spec_file = "spec.json";
inline constexpr const char* journal_file = "journal.jsonl";
inline constexpr const char* end_file = "end.json";
inline constexpr const char* key_file = "key";
inline constexpr const char* logs_dir = "logs";
inline constexpr const char* daemon_dir = "daemon";
inline constexpr const char* fabric_dir = "fabric";

/// Makes the record directory of a job start, with logs/ and daemon/, and the link jobs/<jobid> in the state
/// directory. Error names path and cause.
Result<void> create(const std::string& path, uint32_t job, const std::string& state_directory);

/// `${XDG_STATE_HOME:-~/.local/state}/podstep`, the home from passwd; made 0700 when missing. Subdirectories:
/// specs/, jobs/, images/.
Result<std::string> state_directory();

/// The newest record of a job: the link in the state directory, highest r<restart>. Error: not_found with a
/// hint.
Result<std::string> find(uint32_t job);
/// Jobs that have a link, newest first.
std::vector<uint32_t> jobs();

/// Appends one line to a bounded file (limits::record_stream_bytes; the older half goes when it is full), or
/// nothing of it.
Result<void> append_line(const std::string& path, const std::string& line);

} // namespace podstep::record
