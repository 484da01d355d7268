#!/bin/bash
# Fault F12: ahead of the time limit endpoints are withdrawn and pods get SIGTERM, with time to end; a limit that was moved is followed.
# timeout: 300
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

file=$(manifest f12 1)
cat >>"$file" <<'END'
---
apiVersion: v1
kind: Pod
metadata: {name: tidy}
spec:
  terminationGracePeriodSeconds: 5
  containers:
  - name: tidy
    image: static-server
    command: [/bin/sh, -c, "trap 'echo tidied up; exit 0' TERM; while :; do sleep 0.2; done"]
    resources: {requests: {cpu: 100m}}
END
# Two minutes: it drains 12 s before their end. The other job's limit is moved away at once.
job=$(serve "$file" -N1 --nodelist=n1 --time=2)
moved=$(serve "$file" -N1 --nodelist=n2 --time=2)
come_up "$job" 1
come_up "$moved" 1
scontrol update JobId="$moved" TimeLimit=5
ending() { status_is "$1" '.phase == "Ending" or .phase == "Ended"'; }
ok 'the service begins to end' wait_until 130 ending "$job"
is "$(job_state "$job")" RUNNING 'before Slurm has ended the job'
is "$(jq -r .state "$(record "$job")/endpoints.json") $(urls "$job")" 'withdrawn ' 'its endpoints are withdrawn'
ok 'the job ends' wait_over "$job" 40
is "$(job_state "$job")" COMPLETED 'by itself: its time was not used up'
like "$(end_of "$job") $(exit_of "$job")" "time limit is near 0" 'the record says why'
like "$(cat "$(record "$job")"/logs/tidy/tidy.0.log)" 'tidied up' 'a pod had the time to tidy up'
is "$(jq -c '[.phase, (.pods[] | select(.phase == "Running" or .phase == "Pending") | .name)]' "$(record "$job")/status.json")" '["Ended"]' \
  'no pod ran any more at the end'

# Ten seconds after the old limit nothing has happened to the other one.
old_end=$(($(date -d "$(job_field "$moved" StartTime)" +%s) + 130))
wait_until 60 eval '[ "$(date +%s)" -ge $old_end ]'
ok 'a limit that was moved is followed: the other service is ready after the old one' status_is "$moved" '.phase == "Ready"'
ok 'and answers' answers "$moved" 1
scancel "$moved"
ok 'the cancelled job ends' wait_over "$moved" 40
audit_clean "$job"
audit_clean "$moved"
done_testing
