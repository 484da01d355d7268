#!/bin/bash
# Threat T9: whatever processes of a pod do (setsid, double fork, forking away from every kill), they stay below the step's cgroup, and all end.
# timeout: 300
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

# Daemons that leave session and parent, and hoppers: each lives for a moment and has started the next by then.
file=$(manifest_pod t09 "  terminationGracePeriodSeconds: 0
  restartPolicy: Always
  containers:
  - name: c
    image: static-server
    command:
    - /bin/busybox
    - sh
    - -c
    - |
      export hop='busybox usleep 50000; busybox setsid sh -c \"\$hop\" & exit'
      for i in 1 2 3 4; do busybox setsid sh -c \"\$hop\" & done
      for i in 1 2 3 4 5 6 7 8; do (busybox setsid sh -c '(exec busybox sleep 4321) &') & done
      exec busybox sleep 9876")
job=$(serve "$file" -N1 --nodelist=n1)
uid=$(as alice id -u)
# all: every process of alice's in the node's network, whatever its cgroup. Pods share that network, and other clusters have the same uids.
network=$(on n1 readlink /proc/self/ns/net)
all() { local pid; for pid in $(ps -o pid= -U "$uid"); do [ "$(readlink "/proc/$pid/ns/net" 2>/dev/null)" != "$network" ] || echo "$pid"; done; }
sleepers() { local pid; for pid in $(all); do [ "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)" != "busybox sleep $1 " ] || echo "$pid"; done; }
count() { sleepers "$1" | wc -l; }
daemons_are() { [ "$(count 4321)" = 8 ] && [ "$(count 9876)" = 1 ]; }
ok 'the pod has its daemons and hoppers' wait_until 60 daemons_are ||
  { diag "$(output "$job") $(cat "$(record "$job")/events.jsonl")"; scancel "$job"; done_testing; }

# escaped: processes of the user's that are not below a step of the job. Those that end while we look are gone, not away.
escaped() {
  local pid where
  for pid in $(all); do
    where=$(cat "/proc/$pid/cgroup" 2>/dev/null) || continue
    grep -qE "/job_$job/step_[0-9a-z]+(/|\$)" <<<"$where" || [ ! -e "/proc/$pid" ] || echo "$pid $(cat "/proc/$pid/comm" 2>/dev/null): $where"
  done
}
like "$(all | wc -l)" '^[0-9]{2,}$' 'there are processes of the job to look at'
is "$(for i in 1 2 3 4 5; do escaped; done)" '' 'every one of them is below a step of the job'
# Where the step has limits of its own, a container is in the group that has them.
pid=$(sleepers 9876)
is "$(grep -E 'memory|^0::' "/proc/$pid/cgroup")" "$(grep -E 'memory|^0::' "/proc/$(supervisor_of "$job" n1 podstepd)/cgroup")" \
  "a container is in the step's own cgroup, so its limits are the step's"

kill -9 "$pid"
fresh() { daemons_are && [ "$(sleepers 9876)" != "$pid" ]; }
ok 'a container that ends takes all of its processes with it, before the next one starts' wait_until 60 fresh
is "$(escaped)" '' 'and the new ones are below the step too'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
none_left() { [ -z "$(all)" ]; }
ok 'no process of its user is left, hoppers included' wait_until 20 none_left || diag "$(ps -f -U "$uid")"
audit_clean "$job"
done_testing
