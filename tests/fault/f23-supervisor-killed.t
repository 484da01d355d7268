#!/bin/bash
# Fault F23: when one agent's supervisor is killed, that node's pods end and come back by their own rules; other nodes are untouched.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

file=$(manifest f23 2)
cat >>"$file" <<'END'
---
apiVersion: v1
kind: Pod
metadata: {name: once}
spec:
  restartPolicy: Never
  nodeSelector: {kubernetes.io/hostname: NODE}
  containers: [{name: once, image: static-server, command: [/bin/sleep, "1000"], resources: {requests: {cpu: 100m}}}]
END
sed -i 's/NODE/n2/' "$file"
job=$(serve "$file" -N2 --nodelist=n1,n2)
come_up "$job" 2
ok 'a pod that is never restarted runs on n2' wait_until 20 status_is "$job" '.pods[] | select(.name == "once") | .phase == "Running" and .node == "n2"'
there=$(containers "$job" n1) gone=$(job_pids "$job" n2 podstepd)
watch_traffic $(jq -r '.endpoints[] | select(.node == "n1") | .url' "$(record "$job")/endpoints.json")
kept=$(record "$job")/daemon/containerd.n2
ok "while the service runs, the runtime's log is kept in the record" wait_until 20 grep -q 'StartContainer' "$kept.log"

supervisor=$(supervisor_of "$job" n2 podstepd)
kill -9 "$supervisor"
ok 'a replacement is started on that node' wait_until 30 another supervisor_of "$supervisor" "$job" n2 podstepd
ok "the node's replica is started again and answers" wait_until 40 eval 'status_is "$job" "[.pods[] | select(.name != \"once\") | .restarts] | add >= 1" && answers "$job" 2'
ok 'the pod with restartPolicy Never stays ended' wait_until 20 status_is "$job" '.pods[] | select(.name == "once") | .phase == "Failed" and .restarts == 0'
is "$(containers "$job" n1)" "$there" 'the other node'\''s server is the same process'
is "$(missed)" 0 'and answered all the time'
is "$(for pid in $gone; do [ ! -e "/proc/$pid" ] || echo "$pid"; done)" '' 'nothing of the killed agent is left'
like "$(cat "$(record "$job")/daemon/boot.log")" 'the agent of node n2 is lost \(.*\); it is started again' 'the record says which agent was lost'
like "$(cat "$kept.before.log")" 'StartContainer' "what the killed agent's runtime had said is in the record"
is "$(job_state "$job")" RUNNING 'the job lives on'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing
