#!/bin/bash
# Fault F18: where the plugin is missing on a node, a job without the option runs as always, and one with it is refused, never run bare.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

file=$(manifest f18 2)
plugstack=$(dirname "$SLURM_CONF")/plugstack.conf
# without_plugin NODE / with_plugin NODE: an empty plugstack.conf lies over the real one there.
without_plugin() {
  on "$1" mount --bind /dev/null "$plugstack"
  at_exit on "$1" umount "$plugstack"
}
with_plugin() { on "$1" umount "$plugstack"; }

without_plugin n2
is "$(as alice srun -N3 hostname | sort | xargs)" 'n1 n2 n3' 'a job without the option runs on all nodes'
job=$(submit alice -N2 --nodelist=n1,n2 --ai-service="$file" --wrap 'echo ran bare')
ok 'missing on the second node: the job ends' wait_over "$job" 90
is "$(job_state "$job") $(job_field "$job" ExitCode)" 'FAILED 125:0' 'it has failed with 125'
like "$(output "$job")" "podstep: job $job refused on n1: .*plugin did not run on node n2" 'its output names the node and what is missing there'
unlike "$(output "$job")" 'ran bare' 'its script did not run'
like "$(end_of "$job")" 'plugin did not run on node n2' 'the record says the same'
with_plugin n2
audit_clean "$job"

# The batch host's own plugin is missing: nobody is there to refuse, but podstep hold finds no hub.
without_plugin n1
job=$(serve "$file" -N2 --nodelist=n1,n2)
ok 'missing on the first node: the job ends' wait_over "$job" 60
is "$(job_state "$job") $(job_field "$job" ExitCode)" 'FAILED 125:0' 'podstep hold has failed with 125'
like "$(output "$job")" 'the job has no hub' 'it says that the job has no hub'
bare=$(submit alice -N2 --nodelist=n1,n2 --ai-service="$file" --wrap 'srun -N1 -n1 -w n2 echo ran bare')
ok 'a script of its own that starts a step' wait_over "$bare" 60
like "$(output "$bare")" "podstep: job $bare refused on n2: .*no hub was started for it" 'is refused where there is a plugin'
unlike "$(output "$bare")" 'ran bare' 'the step did not run'
with_plugin n1
audit_clean "$job"
audit_clean "$bare"
done_testing
