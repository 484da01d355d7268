#!/bin/bash
# Fault F2: when a shim is killed, its container ends as failed and is restarted by its policy; nothing of it is left, others are untouched.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

file=$(manifest f02 2)
job=$(serve "$file" -N1)
come_up "$job" 2
node=$(first_node "$job")
before=$(restarts "$job") servers=$(containers "$job" "$node")
victim=${servers%% *} other=${servers##* }
# shim_of PID: the shim that a container's process belongs to.
shim_of() {
  local pid=$1
  while [ "$pid" -gt 1 ]; do
    [[ $(cat "/proc/$pid/comm") != containerd-shim* ]] || { echo "$pid"; return 0; }
    pid=$(awk '/^PPid/ { print $2 }' "/proc/$pid/status")
  done
  return 1
}
ok 'each container has a shim of its own' test "$(shim_of "$victim")" != "$(shim_of "$other")"
watch_traffic "$(for url in $(urls "$job"); do port=${url##*:}; on "$node" ss -Hltnp "sport = :$port" | grep -q "pid=$other," && echo "$url"; done)"
shim=$(shim_of "$victim")
kill -9 "$shim"
dead() { [ ! -e "/proc/$victim" ] && [ ! -e "/proc/$shim" ]; }
ok 'the container of a shim that was killed ends, nothing of it is left' wait_until 20 dead
ok 'it is restarted by its policy' wait_until 30 status_is "$job" '.phase == "Ready" and ([.pods[].restarts] | add == 1)'
ok 'and answers' wait_until 20 answers "$job" 2
is "$(containers "$job" "$node" | tr ' ' '\n' | grep -cx "$other")" 1 'the other container is the same process'
is "$(missed)" 0 'and answered all the time'
is "$(restarts "$job" | jq -c 'map([.[0], .[2]])')" "$(jq -c 'map([.[0], .[2]])' <<<"$before")" 'the pods are the same'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"

# Never: it stays ended, and the Pod has failed.
file=$(manifest_pod once $'  restartPolicy: Never\n  terminationGracePeriodSeconds: 1\n  containers: [{name: once, image: static-server, command: [/bin/sleep, "1000"]}]')
job=$(serve "$file" -N1)
runs() { status_is "$job" '.pods[0].phase == "Running"'; }
ok 'a pod that is never restarted runs' wait_until 40 runs
node=$(first_node "$job")
victim=$(job_pids "$job" "$node" sleep | head -n 1)
kill -9 "$(shim_of "$victim")"
ok 'its Pod has failed when the shim is killed' wait_until 30 status_is "$job" '.pods[0] | .phase == "Failed" and .restarts == 0'
ok 'and with it the service' wait_over "$job" 40
is "$(job_state "$job")" FAILED 'the job has failed'
audit_clean "$job"
done_testing
