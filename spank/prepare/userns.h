// The user namespace of the task: checked, then mapped by root.
#pragma once
#include "common/fd.h"
#include <sys/types.h>

namespace podstep::prepare {

/// The /proc directory of the process that started us, opened before it can do anything else.
Result<OwnedFd> open_parent();
/// The user namespace the task has made: another than ours, and owned by `uid`. Errors: forbidden.
Result<OwnedFd> task_userns(int process, uid_t uid);
/// `deny` to setgroups first (with it allowed the user could drop a group and open what denies by group),
/// then `0 gid 1` and `0 uid 1` (user_namespaces(7)).
Result<void> write_maps(int process, uid_t uid, gid_t gid);

} // namespace podstep::prepare
