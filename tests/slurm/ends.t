#!/bin/bash
# The ordinary ends of a service: its script ends, its last container exits under restartPolicy Never, somebody cancels it.
# timeout: 240
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

file=$(manifest script 1)
until_ready='until podstep status $SLURM_JOB_ID | grep -q Ready; do sleep 0.5; done'
job=$(submit alice -N1 --ai-service="$file" --wrap "$until_ready; exit 3")
ok 'a script that ends takes the service with it' wait_over "$job" 90
is "$(job_state "$job") $(job_field "$job" ExitCode)" 'FAILED 3:0' "the job's exit code is the script's"
is "$(jq -r .phase "$(record "$job")/status.json") $(end_of "$job")" 'Ended the job is ending' 'the record says how it ended'
audit_clean "$job"

# Beside an srun, in an allocation of its own or in a salloc that goes on. Nobody's script ends there.
# interactive WHAT CMD...: as alice; the service of the job that CMD prints ends with the record closed.
interactive() {
  local what=$1
  as alice env "step=$step" "${@:2}" >"$tmp/interactive" 2>&1
  job=$(sed -n 's/^job=//p' "$tmp/interactive")
  ok "$what: the job ends" wait_over "$job" 60
  is "$(jq -r .phase "$(record "$job")/status.json") $(end_of "$job")" 'Ended the job is ending' "$what: the record says how its service ended"
  unlike "$(cat "$tmp/interactive")" 'error' "$what: nothing is told that does not concern the user"
  audit_clean "$job"
}
step="$until_ready; echo job=\$SLURM_JOB_ID"
interactive srun srun -N1 -n1 --ai-service="$file" bash -c "$step"
interactive salloc salloc -Q -N1 --ai-service="$file" bash -c 'srun -n1 bash -c "$step"; sleep 8'

# exits CODE: a pod that exits with it and is never restarted.
exits() {
  manifest_pod "exits$1" "  restartPolicy: Never
  containers: [{name: main, image: static-server, command: [/bin/sh, -c, 'echo last words; exit $1'], resources: {requests: {cpu: 100m}}}]"
}
for code in 0 7; do
  job=$(serve "$(exits $code)" -N1 --export=NONE)
  ok "a container that exits with $code and is not restarted ends the job, which has nothing of the submitter's environment" wait_over "$job" 60
  is "$(job_field "$job" ExitCode)" "$code:0" 'with its exit code'
  is "$(exit_of "$job")" "$code" 'the record has it too'
  like "$(cat "$(record "$job")/logs/exits$code/main.0.log")" 'last words' 'and the last of its log'
  audit_clean "$job"
done

job=$(serve "$file" -N1)
come_up "$job" 1
ok 'podstep stop cancels it' as alice podstep stop "$job"
ok 'the job ends' wait_over "$job" 40
is "$(job_state "$job") $(jq -r .phase "$(record "$job")/status.json")" 'CANCELLED Ended' 'Slurm and the record say so'
is "$(jq -r .state "$(record "$job")/endpoints.json")" withdrawn 'its endpoints are withdrawn'
audit_clean "$job"
done_testing
