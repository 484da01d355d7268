#!/bin/bash
# Fault F3: when containerd is killed, containers and traffic go on; it is started again, and what it knew is as before.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

job=$(serve "$(manifest f03 2)" -N1)
come_up "$job" 2
node=$(first_node "$job")
before=$(restarts "$job") servers=$(containers "$job" "$node")
watch_traffic $(urls "$job")

runtime=$(job_pids "$job" "$node" containerd)
ok 'there is one containerd' test -n "$runtime" -a "$runtime" = "${runtime% *}"
kill -9 "$runtime"
ok 'containerd that was killed is started again' wait_until 10 another job_pids "$runtime" "$job" "$node" containerd
kept=$(record "$job")/daemon/containerd.$node.log
ok 'the end of its log is in the record' wait_until 10 grep -q 'containerd successfully booted' "$kept"
ok 'a command runs in a container of it' wait_until 20 as alice podstep exec -j "$job" "$(jq -r '.pods[0].name' "$(record "$job")/status.json")" -- /bin/echo lives
ok 'the service is ready' wait_until 15 status_is "$job" '.phase == "Ready"'
is "$(containers "$job" "$node")" "$servers" 'the same processes serve'
is "$(restarts "$job")" "$before" 'no pod and no container was restarted'
is "$(missed)" 0 'every request was answered all the time'

# In the gap: a container ends while no containerd is there to see it.
runtime=$(job_pids "$job" "$node" containerd)
kill -9 "$runtime" "${servers%% *}"
ok 'a container that ended in the gap is started again' wait_until 30 status_is "$job" '[.pods[].restarts] | add == 1'
ok 'and answers' wait_until 20 answers "$job" 2
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
like "$(cat "$kept")" 'successfully booted.*successfully booted.*successfully booted.*StopContainer' "at the job's end it is kept whole, over all of its starts"
audit_clean "$job"
done_testing
