#!/bin/bash
# Fault F9: when the agent cannot start on one of three nodes, the job fails as one, with node and cause; no node is drained.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

file=$(manifest f09 3)
# refused_without FILE REGEX: while n2 has an empty file in FILE's place, which nobody may execute, a job on all nodes fails with 125;
# its output and its record match REGEX, and its script has not run.
refused_without() {
  local job
  on n2 mount --bind /dev/null "$1"
  at_exit on n2 umount "$1"
  job=$(submit alice -N3 --ai-service="$file" --wrap 'echo ran bare')
  ok "no ${1##*/} on n2: the job ends, long before the deadline for registering" wait_over "$job" 30
  on n2 umount "$1"
  is "$(job_state "$job") $(job_field "$job" ExitCode)" 'FAILED 125:0' 'it has failed with 125'
  like "$(output "$job")" "podstep: job $job refused on n1: .*$2.* Record: $(record "$job")" 'its output names node and cause'
  unlike "$(output "$job")" 'ran bare' 'its script did not run'
  like "$(end_of "$job") $(exit_of "$job")" "$2.* 125\$" 'the record says the same'
  audit_clean "$job"
}
refused_without "$(command -v crun)" 'node n2: this node has no crun. Fix: install the package crun on it'
refused_without "$(command -v containerd)" 'node n2: this node has no containerd. Fix'
refused_without "$PODSTEP_PREFIX/libexec/podstep/podstepd" 'no agent answers on node n2: n2: task 1: Exited with exit code 13'

job=$(serve "$file" -N3)
come_up "$job" 3
scancel "$job"
ok 'with all of it the same service comes up on all three, and ends' wait_over "$job" 40
audit_clean "$job"
done_testing
