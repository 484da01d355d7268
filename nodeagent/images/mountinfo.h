// Reading /proc/PID/mountinfo (proc_pid_mountinfo(5)).
#pragma once
#include <string>
#include <string_view>

namespace podstep::images {

/// The file system type of what is mounted last, so on top, at exactly `path`; empty when nothing is. Octal
/// escapes (a blank is \040) are undone.
std::string top_mount_type(std::string_view mountinfo, std::string_view path);

} // namespace podstep::images
