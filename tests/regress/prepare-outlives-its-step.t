#!/bin/bash
# podstep-prepare was started before slurmstepd had put the task into the step's cgroups: it was in none of them, so that a step that was
# cancelled then did not end it, and its cgroups stayed.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
. "$top_srcdir/tests/lib/stand_in.sh"
need_service
cluster plugstack

# One that first writes down which cgroups it is in lies over the real one, on one node.
seen=/run/podstep-test-cgroups
at_exit "on n2 rm -f '$seen.hub' '$seen.agent'"
cat >"$tmp/noting.c" <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(int count, char **arguments) {
  char text[4096], path[256];
  int from = open("/proc/self/cgroup", O_RDONLY);
  ssize_t size = read(from, text, sizeof text);
  snprintf(path, sizeof path, "%s.%s", SEEN, count < 2 ? "" : arguments[1]);
  int to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (size < 0 || write(to, text, (size_t)size) != size || close(from) != 0 || close(to) != 0)
    return 90;
  return execv(REAL_PROGRAM, arguments);
}
END
build_stand_in noting "$tmp/noting.c" -DSEEN="\"$seen\""
put_stand_in

job=$(serve "$(manifest web 1)" -N1 -w n2)
come_up "$job" 1
# cgroups_of NAME: those of the node's process of that name, as the node sees them.
cgroups_of() {
  local pid
  for pid in $(cluster node pids n2); do
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != "$1" ] || { on n2 cat "/proc/$pid/cgroup"; return; }
  done
}
for pair in hub:podstep-hub agent:podstepd; do
  cgroups=$(cgroups_of "${pair#*:}")
  is "$(on n2 cat "$seen.${pair%:*}")" "$cgroups" "podstep-prepare of the ${pair%:*} begins in the cgroups of its task"
  like "$cgroups" "job_$job/step_" 'which are the step'"'s"
done
scancel "$job"
wait_over "$job" 40
take_stand_in
audit_clean "$job"
done_testing
