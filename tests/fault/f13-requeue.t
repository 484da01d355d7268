#!/bin/bash
# Fault F13: a requeued job ends as a cancelled one does, and starts anew under names that carry the restart count.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

job=$(serve "$(manifest f13 2)" -N2 --requeue)
come_up "$job" 2
before=$(jq -r '.pods[].uid' "$(record "$job")/status.json" | sort)
ok 'the job is requeued' as alice scontrol requeue "$job"
ok 'and ends' wait_job "$job" PENDING 60
old_runs_gone() { ! on n1 ls -d /run/podstep/"$job".0.* && ! on n2 ls -d /run/podstep/"$job".0.*; }
ok 'no run directory of the first start is left' wait_until 20 old_runs_gone
ok 'its record says how it ended' test -s "$(record "$job")/end.json"
is "$(jq -r .state "$(record "$job")/endpoints.json")" withdrawn 'its endpoints are withdrawn'

# Slurm lets a requeued job wait for two minutes.
scontrol update JobId="$job" StartTime=now
ok 'it starts again' wait_job "$job" RUNNING 60
# The library looks at the newest start from here on.
record() { echo "$(home alice)/podstep-$1/r1"; }
come_up "$job" 2
is "$(jq -c '[.restart, ([.pods[].restarts] | add)]' "$(record "$job")/status.json")" '[1,0]' 'the record of the second start is its own'
is "$(comm -12 <(echo "$before") <(jq -r '.pods[].uid' "$(record "$job")/status.json" | sort))" '' 'its pods are new ones'
ok 'run directories carry the restart count' on "$(first_node "$job")" sh -c "ls -d /run/podstep/$job.1.*"
like "$(as alice podstep status "$job")" 'Ready, pods 2/2 ready' 'podstep status shows the second start'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing
