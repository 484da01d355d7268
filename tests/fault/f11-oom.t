#!/bin/bash
# Fault F11: when the step's memory runs out, a pod dies before agent, hub and containerd do, and its container says OOMKilled; its
# neighbours run on, and it is restarted by its policy.
# timeout: 150
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service
grep -q '^ConstrainRAMSpace=yes' "$(dirname "$SLURM_CONF")/cgroup.conf" 2>/dev/null ||
  skip_all 'this host gives Slurm no memory cgroup: a step has no bound that it could reach'

file=$(manifest f11 1)
cat >>"$file" <<'END'
---
apiVersion: v1
kind: Pod
metadata: {name: hungry}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: glutton
    image: static-server
    command: [/bin/busybox, awk, 'BEGIN { system("/bin/sleep 3"); s = "0123456789abcdef"; while (1) s = s s }']
    resources: {requests: {cpu: 100m, memory: 32Mi}}
END
job=$(serve "$file" -N1 --mem=400)
come_up "$job" 1
node=$(first_node "$job")
servers=$(containers "$job" "$node")
daemons=$(for name in podstepd podstep-hub containerd; do job_pids "$job" "$node" "$name"; done)
is "$(for pid in $daemons; do cat "/proc/$pid/oom_score_adj"; done | sort -un | xargs)" 0 'agent, hub and containerd have the score 0'
ok 'the server has a higher one' test "$(cat "/proc/$servers/oom_score_adj")" -gt 100
watch_traffic $(urls "$job")

hungry() { status_is "$job" ".pods[] | select(.name == \"hungry\") | $1"; }
ok 'the container that wants it all says OOMKilled' wait_until 40 hungry '.containers[0] | [.reason, .lastReason] | any(test("OOMKilled, exit code 137"))' ||
  diag "$(jq -c '.pods[] | select(.name == "hungry")' "$(record "$job")/status.json")"
ok 'an event says what to do' wait_until 10 event "$job" OOMKilling 'Container glutton was killed: the memory of the job.s step .*Fix: more memory \(sbatch --mem\)'
ok 'it is restarted by its policy, and waits longer each time' wait_until 60 hungry '.restarts >= 1 and (.containers[0].reason | test("CrashLoopBackOff"))'
like "$(as alice podstep status "$job")" 'CrashLoopBackOff: .*; last: OOMKilled, exit code 137' 'podstep status shows both'
is "$(for pid in $daemons; do [ -e "/proc/$pid" ] || echo "$pid"; done)" '' 'agent, hub and containerd are the same processes'
is "$(containers "$job" "$node")" "$servers" 'the neighbour is the same process'
is "$(missed)" 0 'and answered all the time'

# An end by SIGKILL that the kernel did not cause is none.
kill "$traffic"
kill -9 "$servers"
ok 'a server that somebody killed is started again' wait_until 20 status_is "$job" '.pods[] | select(.name | startswith("f11")) | .restarts == 1'
nok 'and is not said to have been killed for memory' event "$job" OOMKilling 'Container httpd'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing
