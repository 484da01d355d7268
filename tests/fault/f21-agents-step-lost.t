#!/bin/bash
# Fault F21: when Slurm loses the agents' step (its srun killed, or the step cancelled), the service is back by itself.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

job=$(serve "$(manifest f21 2)" -N2)
come_up "$job" 2
first=$(first_node "$job") nodes=$(jq -r '.pods[].node' "$(record "$job")/status.json")
# agents_srun: srun and its shepherd, so that nobody is left to end the tasks.
agents_srun() {
  local pid
  for pid in $(job_pids "$job" "$first" srun); do
    tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- '--job-name=podstepd ' && echo "$pid"
  done
}
new_servers() { local now; now=$(containers "$job" $nodes); [ "$(wc -w <<<"$now")" = 2 ] && [ -z "$(comm -12 <(tr ' ' '\n' <<<"$1" | sort) <(tr ' ' '\n' <<<"$now" | sort))" ]; }
back() { new_servers "$1" && status_is "$job" '.phase == "Ready"' && answers "$job" 2; }

servers=$(containers "$job" $nodes)
kill -9 $(agents_srun)
ok 'agents whose srun was killed are back, and the service with them' wait_until 60 back "$servers"
like "$(cat "$(record "$job")/daemon/boot.log")" 'the agent of nodes n1, n2 is lost \(its srun ended with 137.*started again in 1 s' 'the record says what was lost and why'

agents_step() { squeue -h -s -j "$job" -o '%i|%j' | sed -n 's/|podstepd$//p'; }
one_step() { [ "$(agents_step | wc -w)" = 1 ]; }
ok 'of the lost step nothing is left at Slurm' wait_until 30 one_step
servers=$(containers "$job" $nodes)
as alice scancel "$(agents_step)"
ok 'agents whose step was cancelled are back, and the service with them' wait_until 90 back "$servers"
like "$(cat "$(record "$job")/daemon/boot.log")" 'started again in 2 s' 'the second time in a row waits longer'
is "$(jq '[.pods[].restarts] | min' "$(record "$job")/status.json")" 2 'every pod tells that it was started again twice'
is "$(job_state "$job")" RUNNING 'the job lives on'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing
