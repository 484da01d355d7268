#!/bin/bash
# Fault F10: when a node's tmpfs is full, the agent lives and what runs goes on; no new pod goes there until there is room again.
# timeout: 150
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

job=$(serve "$(manifest f10 2)" -N1 --mem=400)
come_up "$job" 2
node=$(first_node "$job")
servers=$(containers "$job" "$node") daemons=$(job_pids "$job" "$node" podstepd; job_pids "$job" "$node" containerd)

# inside CMD...: in the agent's mount namespace, where t/ is the tmpfs.
inside() { nsenter -t "$(supervisor_of "$job" "$node" podstepd)" -m -- "$@"; }
agent=$(run_of "$job" "$node" podstepd)
inside sh -c "cat /dev/zero >'$agent/t/filler'" 2>/dev/null
is "$(inside df --output=avail "$agent/t" | tail -n 1 | xargs)" 0 'nothing is left'
pressed() { hub_api "$job" GET "/api/v1/nodes/$node" | jq -e '.status.conditions[] | select(.type == "DiskPressure") | .status == "True"'; }
ok 'the node says DiskPressure' wait_until 40 pressed || diag "$(hub_api "$job" GET "/api/v1/nodes/$node" 2>&1 | head -c 3000)"
is "$(containers "$job" "$node")" "$servers" 'the same processes serve'

gone=$(jq -r '.pods[0].name' "$(record "$job")/status.json")
hub_api "$job" DELETE "/api/v1/namespaces/default/pods/$gone" >/dev/null
ok 'a pod that is made now waits, and its status says for what' wait_until 30 status_is "$job" \
  '.pods[] | select(.phase == "Pending") | .reason | test("Unschedulable: .*disk-pressure")'
is "$(for pid in $daemons; do [ -e "/proc/$pid" ] || echo "$pid"; done)" '' 'agent and containerd are the same processes'

inside rm "$agent/t/filler"
ok 'with room again it is started' wait_until 60 status_is "$job" '.phase == "Ready" and (.pods | length == 2)'
ok 'and both answer' wait_until 20 answers "$job" 2
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing
