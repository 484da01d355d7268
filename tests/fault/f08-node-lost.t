#!/bin/bash
# Fault F8: when a node dies under a job that may go on without it (--no-kill), its Node goes on Slurm's word alone, its pods are made again
# on what is left; without --no-kill Slurm ends the job. No ghost stays either way.
# timeout: 300
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service
at_exit 'cluster node boot n3'

# die NODE: the machine is gone at once; Slurm is told what it would find out itself after SlurmdTimeout.
die() {
  cluster node kill9 "$1"
  scontrol update nodename="$1" state=down reason=test
}
is_idle() { [ "$(sinfo -h -n "$1" -o %T)" = idle ]; }
back() {
  cluster node boot "$1"
  scontrol update nodename="$1" state=resume 2>/dev/null
  wait_until 60 is_idle "$1"
}

job=$(serve "$(manifest f08 3)" -N3 --no-kill)
come_up "$job" 3
lost=$(jq -c '[.pods[] | select(.node == "n3") | .uid]' "$(record "$job")/status.json")
ok 'each node has a pod' status_is "$job" '[.pods[].node] | unique | length == 3'
watch_traffic $(jq -r '.endpoints[] | select(.node != "n3") | .url' "$(record "$job")/endpoints.json")
die n3
ok 'the dead node is first not ready' wait_until 40 status_is "$job" '.nodes[] | select(.name == "n3") | .ready | not'
ok 'on the word of Slurm its Node goes' wait_until 90 status_is "$job" '[.nodes[].name] | index("n3") | not'
ok 'an event says why' event "$job" RemovingNode '^n3 is (DOWN|.*no longer)'
ok 'and its pod is made again elsewhere' wait_until 60 status_is "$job" '.phase == "Ready" and ([.pods[].node] | index("n3") | not) and (.pods | length == 3)'
nok 'under another name' status_is "$job" "[.pods[].uid] | index($lost[0])"
ok 'three endpoints answer' wait_until 30 answers "$job" 3
is "$(missed)" 0 'the others answered all the time'
is "$(job_state "$job")" RUNNING 'the job lives on'
kill "$traffic"
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 90
ok 'the node comes back' back n3
audit_clean "$job" 60

job=$(serve "$(manifest f08 2)" -N2 --nodelist=n1,n3 --no-requeue)
come_up "$job" 2
die n3
ok 'without --no-kill Slurm ends the job' wait_until 90 job_is "$job" NODE_FAIL
ok 'the node comes back again' back n3
audit_clean "$job" 60
done_testing
