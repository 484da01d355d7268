#!/bin/bash
# podstep kubectl that ends by force, as it does when its srun gets a SIGTERM, left key, certificates and caches in the node's /tmp: they
# lie in the run directory of the hub's step now, which goes with the job.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service
command -v kubectl >/dev/null || skip_all 'kubectl is not installed (Debian: kubernetes-client)'

job=$(serve "$(manifest web 1)" -N1)
come_up "$job" 1
node=$(first_node "$job")
as alice podstep kubectl -j "$job" get pods -w >"$tmp/watch" 2>&1 &
client=$!
seen() { grep -q web- "$tmp/watch"; }
ok 'a watch runs' wait_until 30 seen || diag "$(cat "$tmp/watch")"
left() { on "$node" sh -c 'ls -d /run/podstep/*/kubectl.*/client.key /tmp/podstep-kubectl.*' 2>/dev/null; }
like "$(left)" "^/run/podstep/$job\.0\.[0-9]*\.$node/kubectl\.[^/]*/client.key\$" 'what it needs lies with the step of the hub'
for pid in $(job_pids "$job" "$node"); do ! grep -qa local-kubectl "/proc/$pid/cmdline" || kill -KILL "$pid"; done
wait "$client"
like "$(left)" client.key 'it is killed, and could not remove that'
scancel "$job"
ok 'the job ends' wait_over "$job" 40
audit_clean "$job"
done_testing
