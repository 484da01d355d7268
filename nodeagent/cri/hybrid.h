// Hosts with cgroup v1 whose cgroup2 mount at /sys/fs/cgroup/unified holds controllers: crun before 1.27.1
// refuses them even when it shall not touch cgroups. Clause S-TEST-1 of doc/contracts/shim.md.
#pragma once
#include "common/result.h"
#include <string>
#include <string_view>

namespace podstep::cri {

/// Pure: `crun version 1.8.1` on the first line of `crun --version`, compared with 1.27.1. Unknown counts as
/// old.
bool refuses_hybrid(std::string_view version_text);
/// Lays an empty tmpfs over the unified directory of this mount namespace where crun would refuse it.
Result<void> hide_unified(const std::string& crun);

} // namespace podstep::cri
