#!/bin/bash
# Fault F25: when either half of podstep-boot is killed, the other ends the job with the reason, also when its script ignores SIGTERM.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

file=$(manifest f25 1)
script=$(home alice)/f25.sh
printf '%s\n' '#!/bin/bash' 'trap : TERM' 'while :; do sleep 1; done' >"$script"
# Two jobs at a time, each on a node of its own: their guards are killed first, then the workers of the next two.
for half in supervisor_of worker_of; do
  held=$(serve "$file" -N1 --nodelist=n1)
  stubborn=$(submit alice -N1 --nodelist=n2 --ai-service="$file" "$script")
  come_up "$held" 1
  come_up "$stubborn" 1
  kill -9 "$($half "$held" n1 podstep-boot)" "$($half "$stubborn" n2 podstep-boot)"
  for job in "$held" "$stubborn"; do
    kind=$([ "$job" = "$held" ] && echo 'podstep hold' || echo 'a script that ignores SIGTERM')
    ok "$half boot killed, $kind: the job ends" wait_over "$job" 60
    is "$(job_state "$job")" FAILED 'it has failed'
    is "$(end_of "$job") $(exit_of "$job")" 'one half of podstep-boot was killed 125' 'the record says why'
    like "$(output "$job")" "podstep: job $job ends: one half of podstep-boot was killed. Record: $(record "$job")" 'so does its output'
    audit_clean "$job"
  done
done
done_testing
