#!/bin/bash
# A worker that is killed as soon as a container runs, before it has reported anything, has a successor that knows the container's automatic
# port: the endpoint is the one on which the container listens, and nothing is restarted for it.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

job=$(serve "$(manifest ports 2)" -N1)
wait_until 20 job_is "$job" RUNNING
node=$(first_node "$job")
# No report leaves the node: the hub is stopped from before the first container until the worker is dead.
wait_until 30 eval '[ -n "$(worker_of "$job" "$node" podstep-hub)" ]'
registered() { said "$job" agents 'Created container' || [ -n "$(containers "$job" "$node")" ]; }
wait_until 30 registered
hub=$(job_pids "$job" "$node" podstep-hub)
# shellcheck disable=SC2086
kill -STOP $hub
at_exit "kill -CONT $hub"
wait_until 20 eval '[ "$(containers "$job" "$node" | wc -w)" = 2 ]'
servers=$(containers "$job" "$node")
worker=$(worker_of "$job" "$node" podstepd)
kill -9 "$worker"
# shellcheck disable=SC2086
kill -CONT $hub
ok 'the worker is replaced' wait_until 10 another worker_of "$worker" "$job" "$node" podstepd
ok 'both endpoints answer' wait_until 40 answers "$job" 2
is "$(containers "$job" "$node")" "$servers" 'the same processes serve'
# port_of PID: what follows -p on its command line.
port_of() { tr '\0' '\n' <"/proc/$1/cmdline" | grep -A1 -x -- -p | tail -n 1; }
is "$(jq -r '.endpoints[].port' "$(record "$job")/endpoints.json" | sort | xargs)" "$(for pid in $servers; do port_of "$pid"; done | sort | xargs)" \
  'and the endpoints are where they listen'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing
