#!/bin/bash
# Fault F4: wherever podstep-prepare is killed, the job fails with one line and its script does not run; nothing stays mounted, no node is drained.
# timeout: 300
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
. "$top_srcdir/tests/lib/stand_in.sh"
need_service
cluster plugstack

calls=/run/podstep-test-calls
build_stand_in killed "$top_srcdir/tests/fault/kill_at_call.c" -DCOUNT_FILE="\"$calls\""
at_exit "on n2 rm -f '$calls'"
# service N: a job on n2 whose podstep-prepare is killed at its Nth system call (0: never); prints its id.
file=$(manifest f04 1)
service() {
  on n2 sh -c "echo $1 >$calls"
  put_stand_in
  submit alice -N1 -w n2 -o %j.out --ai-service="$file" --wrap 'echo the script ran; sleep 60'
}
ran() { grep -q 'the script ran' "$(home alice)/$job.out"; }
# The least of two times: what it finds done by others, or waits for, makes a few calls more or less.
total=
for _ in 1 2; do
  job=$(service 0)
  ok 'left alone it does its work' wait_until 60 ran
  scancel "$job"
  wait_over "$job" 40
  take_stand_in # before each audit
  audit_clean "$job"
  made=$(on n2 cat "$calls")
  diag "$made system calls"
  [ -n "$total" ] && [ "$total" -le "$made" ] || total=$made
done
ok "it makes some system calls ($total)" test "$total" -gt 50

# From its first own call to its last but one, at nine places.
for part in 2 12 25 40 55 70 80 90 98; do
  job=$(service $((total * part / 100)))
  wait_over "$job" 60
  is "$(job_state "$job") $(job_field "$job" ExitCode)" 'FAILED 125:0' "killed at $part % of them: the job fails with 125"
  like "$(cat "$(home alice)/$job.out")" "^podstep: job $job refused on n2: .*podstep-prepare"$'[^\n]*$' 'one line says why'
  take_stand_in
  audit_clean "$job"
done
done_testing
