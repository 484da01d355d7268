#!/bin/bash
# Fault F5: when the slurmstepd of a node's agent is killed, the agent sees it, ends its pods and leaves; a replacement takes over. A slurmd
# that dies and comes back is not noticed at all.
# timeout: 150
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

job=$(serve "$(manifest f05 2)" -N2 --nodelist=n1,n2)
come_up "$job" 2
servers=$(containers "$job" n1 n2) before=$(restarts "$job")
watch_traffic $(urls "$job")

cluster node kill-slurmd n2
cluster node start-slurmd n2
usable() { sinfo -h -n n2 -o %T | grep -qxE 'mixed|allocated'; }
ok 'slurmd is back' wait_until 30 usable
is "$(containers "$job" n1 n2)" "$servers" 'after a restart of slurmd the same processes serve'
is "$(restarts "$job")" "$before" 'no pod and no container was restarted'
is "$(missed)" 0 'every request was answered'

kill "$traffic"
watch_traffic $(jq -r '.endpoints[] | select(.node == "n1") | .url' "$(record "$job")/endpoints.json")
supervisor=$(supervisor_of "$job" n2 podstepd)
stepd=$(awk '/^PPid/ { print $2 }' "/proc/$supervisor/status")
is "$(cat "/proc/$stepd/comm")" slurmstepd "the agent's parent is its slurmstepd"
gone=$(job_pids "$job" n2)
kill -9 "$stepd"
left() { for pid in $gone; do [ ! -e "/proc/$pid" ] || [ "$pid" = "$stepd" ] || grep -q '^State:.*Z' "/proc/$pid/status" || echo "$pid"; done; }
none_left() { [ -z "$(left)" ]; }
ok 'agent, containerd and pods of that step are gone' wait_until 15 none_left || diag "$(left | xargs -r ps -o pid,args -p)"
ok 'a replacement is started on that node' wait_until 60 another supervisor_of "$supervisor" "$job" n2 podstepd
ok "and the node's pod is back" wait_until 40 eval 'status_is "$job" ".phase == \"Ready\"" && answers "$job" 2'
is "$(containers "$job" n1 | tr ' ' '\n' | grep -cxF "$(tr ' ' '\n' <<<"$servers")")" 1 'the other node'\''s server is the same process'
is "$(missed)" 0 'and answered all the time'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 60
# Slurm's own PMIx files and cgroups: who would have removed them was killed. A cgroup in which something still runs does not go.
on n2 sh -c "rm -rf /tmp/spmix_appdir_*_$job.* '$PODSTEP_CLUSTER_DIR/nodes/n2/spool'/*pmix.$job.*"
find /sys/fs/cgroup -depth -type d -path "*/podstep-cluster-$PODSTEP_CLUSTER/n2/*/job_$job*" -exec rmdir {} + 2>/dev/null
audit_clean "$job"
done_testing
