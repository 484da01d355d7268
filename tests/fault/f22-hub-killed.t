#!/bin/bash
# Fault F22: whatever happens to the hub (its worker killed or stopped, its supervisor or its srun killed, its step cancelled), pods
# run on, and the hub is back with what it knew: nothing is restarted, nothing is forgotten.
# timeout: 240
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

job=$(serve "$(manifest f22 2)" -N2)
come_up "$job" 2
first=$(first_node "$job") nodes=$(jq -r '.pods[].node' "$(record "$job")/status.json")
before=$(restarts "$job") servers=$(containers "$job" $nodes)
watch_traffic $(urls "$job")

worker=$(worker_of "$job" "$first" podstep-hub)
kill -9 "$worker"
ok 'a worker that was killed is replaced' wait_until 5 another worker_of "$worker" "$job" "$first" podstep-hub
worker=$(worker_of "$job" "$first" podstep-hub)
kill -STOP "$worker"
ok 'a worker that was stopped is replaced when the watchdog has run out' wait_until 45 another worker_of "$worker" "$job" "$first" podstep-hub
is "$(job_pids "$job" "$first" podstep-hub | wc -w)" 2 'there is one hub'

supervisor=$(supervisor_of "$job" "$first" podstep-hub)
kill -9 "$supervisor"
ok 'a hub whose supervisor was killed is started again' wait_until 20 another supervisor_of "$supervisor" "$job" "$first" podstep-hub
like "$(cat "$(record "$job")/daemon/boot.log")" 'the hub is lost \(its srun ended with 137.*started again in 1 s' 'the record says that it was lost'

# hub_step: the id of the step that is the hub's now.
hub_step() { squeue -h -s -j "$job" -o '%i|%j' | sed -n 's/|podstep-hub$//p'; }
another_step() { [[ $(hub_step) =~ ^[0-9.]+$ ]] && [ "$(hub_step)" != "$1" ]; }
step=$(hub_step)
as alice scancel "$step"
ok 'a hub whose step was cancelled is started again' wait_until 40 another_step "$step"

is "$(missed)" 0 'the endpoints answered all the time'
kill "$traffic"

# Back: the agents have found it, and it can tell of what happens now.
kill -9 "${servers%% *}"
ok 'the agents speak to the new hub: a server that dies is seen and started again' wait_until 40 status_is "$job" '.phase == "Ready" and ([.pods[].restarts] | add == 1)'
is "$(jq -c '[.pods[] | [.name, .uid]]' "$(record "$job")/status.json")" "$(jq -c 'map([.[0], .[2]])' <<<"$before")" 'the pods are the same'
is "$(containers "$job" $nodes | tr ' ' '\n' | grep -cx "${servers##* }")" 1 'the other server is the same process'
ok 'the endpoints answer' wait_until 20 answers "$job" 2
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing
