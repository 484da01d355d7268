#!/bin/bash
# Fault F13: a service that Slurm preempts has its pods end in peace, gives back its nodes, and comes again where Slurm lets it: requeued,
# cancelled, or suspended and resumed.
# timeout: 300
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
[ "$(id -u)" = 0 ] || skip_all 'a test cluster needs root'

# A cluster of its own: jobs in `high` take nodes from jobs in the other partitions, each in its way.
PODSTEP_CLUSTER=$PODSTEP_CLUSTER-preempt
at_exit "$top_srcdir/contrib/cluster down --purge"
eval "$(cluster env)"
grace=15
cat >"$tmp/more.conf" <<END
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=requeue Nodes=ALL PriorityTier=1 PreemptMode=REQUEUE GraceTime=$grace
PartitionName=cancel Nodes=ALL PriorityTier=1 PreemptMode=CANCEL GraceTime=$grace
PartitionName=high Nodes=ALL PriorityTier=9 PreemptMode=OFF
END
cluster up --conf "$tmp/more.conf" 2>"$tmp/up.log" || { diag "$(cat "$tmp/up.log")"; fail 'the cluster comes up'; done_testing; }
need_service

# Beside the servers a pod that takes 3 seconds to end, and one whose probe is nearly always under way and must not fail once.
file=$(manifest f13p 2)
cat >>"$file" <<'END'
---
apiVersion: v1
kind: Pod
metadata: {name: tidy}
spec:
  terminationGracePeriodSeconds: 10
  containers:
  - name: tidy
    image: static-server
    command: [/bin/sh, -c, "trap 'echo got SIGTERM; sleep 3; echo tidied up; exit 0' TERM; while :; do sleep 0.2; done"]
    resources: {requests: {cpu: 100m}}
    livenessProbe: {exec: {command: [/bin/sleep, "0.6"]}, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 1}
END

# preempt SECONDS: a job of another user's on all CPUs of all nodes for so long; sets high.
preempt() { high=$(submit bob -p high -N3 -n12 --mem=1000 --wrap "sleep $1"); }
# tidied JOB: what the pod said at its end.
tidied() { sed -n '/SIGTERM/p;/tidied/p' "$(record "$1" 0)/logs/tidy/tidy.0.log" | xargs; }
has_ended() { [ -s "$(record "$1" 0)/end.json" ]; }
seconds() { date -d "$(job_field "$1" "$2")" +%s; }

# --- requeued
job=$(serve "$file" -N2 -p requeue --requeue)
come_up "$job" 2
before=$(jq -r '.pods[].uid' "$(record "$job")/status.json" | sort)
preempt 5
ok 'a service that is to be requeued ends when a job of a higher partition comes' wait_until 60 has_ended "$job"
is "$(tidied "$job")" 'got SIGTERM tidied up' 'its pods have had SIGTERM and time'
is "$(end_of "$job") $(exit_of "$job") $(jq -r .requeue "$(record "$job")/end.json")" 'the job is preempted 0 true' 'the record says what happened, and that it may come again'
is "$(jq -r .state "$(record "$job")/endpoints.json") $(jq -r .phase "$(record "$job")/status.json")" 'withdrawn Ended' 'its endpoints are withdrawn'
ok 'Slurm requeues it when the grace time is over: its script has waited for that' wait_job "$job" PENDING 60
is "$(job_field "$job" Restarts)" 1 'it is the same job'
like "$(output "$job")" 'the service has ended: the job is preempted' 'its output says why'
ok 'and nothing of its first start is left on any node' wait_until 20 audit_nodes "$job"
ok 'the other job has run' wait_job "$high" COMPLETED 60
as alice podstep wait --timeout=1 "$job" >"$tmp/wait" 2>&1
like "$? $(cat "$tmp/wait")" '^124 .*PENDING' 'podstep wait waits for the second start'
# Slurm lets a requeued job wait for two minutes.
scontrol update JobId="$job" StartTime=now
ok 'it starts again' wait_job "$job" RUNNING 60
record() { echo "$(home alice)/podstep-$1/r${2:-1}"; } # come_up looks at the second start
come_up "$job" 2
is "$(jq -c '[.restart, ([.pods[].restarts] | add)]' "$(record "$job")/status.json")" '[1,0]' 'the record of the second start is its own'
is "$(comm -12 <(echo "$before") <(jq -r '.pods[].uid' "$(record "$job")/status.json" | sort))" '' 'its pods are new ones'
ok 'run directories carry the restart count' on "$(first_node "$job")" sh -c "ls -d /run/podstep/$job.1.*"
scancel "$job"
wait_over "$job" 40
audit_clean "$job"
record() { echo "$(home alice)/podstep-$1/r${2:-0}"; }

# --- cancelled
job=$(serve "$file" -N2 -p cancel --requeue)
come_up "$job" 2
preempt 5
ok 'a service that is to be cancelled ends' wait_over "$job" 60
is "$(tidied "$job")" 'got SIGTERM tidied up' 'its pods have had SIGTERM and time'
is "$(end_of "$job") $(exit_of "$job") $(jq -r .requeue "$(record "$job")/end.json")" 'the job is preempted 0 false' 'the record says what happened'
is "$(job_state "$job") $(job_field "$job" Restarts)" 'COMPLETED 0' 'its script has ended by itself'
took=$(($(seconds "$job" EndTime) - $(seconds "$job" PreemptTime)))
ok 'and nodes are given back before the grace time is over' test "$took" -lt "$grace" || diag "$took s"
ok 'the other job has run' wait_job "$high" COMPLETED 60
audit_clean "$job"

# --- suspended, for longer than any watchdog or lease of ours: as gang scheduling does it (P-138)
job=$(serve "$file" -N2)
come_up "$job" 2
before=$(restarts "$job")
pids() { containers "$job" n1 n2; worker_of "$job" n1 podstepd; worker_of "$job" n2 podstepd; worker_of "$job" "$(first_node "$job")" podstep-hub; }
processes=$(pids)
is "$(wc -w <<<"$processes")" 5 'two containers, two agents and a hub run'
ok 'the job is suspended' scontrol suspend "$job"
ok 'and Slurm says so' wait_job "$job" SUSPENDED 30
silent() { ! answers "$job" 1; }
ok 'it does not answer' wait_until 10 silent
sleep 42
ok 'it is resumed' scontrol resume "$job"
ok 'and runs on' wait_job "$job" RUNNING 30
ok 'and answers' wait_until 10 answers "$job" 2
# A probe, a lease, a watchdog that took the stop for a failure would have acted by now.
sleep 12
is "$(restarts "$job")" "$before" 'no container was restarted'
is "$(pids)" "$processes" 'its containers, agents and hub are the same processes'
ok 'it is ready' wait_until 10 status_is "$job" '.phase == "Ready"'
scancel "$job"
wait_over "$job" 40
audit_clean "$job"
done_testing
