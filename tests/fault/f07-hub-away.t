#!/bin/bash
# Fault F7: while the API is away for long, pods run on and are looked after; when it is back everything it missed is there, and nobody has
# evicted anything.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

job=$(serve "$(manifest f07 2)" -N2)
come_up "$job" 2
first=$(first_node "$job") nodes=$(jq -r '.pods[].node' "$(record "$job")/status.json")
before=$(restarts "$job") servers=$(containers "$job" $nodes)
# Stopped, both of them: connections stay open and nothing is answered, which is worse than a hub that is gone.
hub=$(job_pids "$job" "$first" podstep-hub)
# shellcheck disable=SC2086
kill -STOP $hub
at_exit "kill -CONT $hub"
stopped=$(date +%s)
kill -9 "${servers%% *}"
one_is_new() { [ "$(containers "$job" $nodes | wc -w)" = 2 ] && [ "$(containers "$job" $nodes)" != "$servers" ]; }
ok 'a server that dies is started again without the API' wait_until 30 one_is_new
ok 'and answers, where it did before' wait_until 20 answers "$job" 2
watch_traffic $(urls "$job")
now=$(containers "$job" $nodes)
# Longer than a lease (40 s) and than the time after which Kubernetes takes a node for lost (50 s).
sleep $((stopped + 60 - $(date +%s)))
is "$(containers "$job" $nodes)" "$now" 'after a minute the same processes run'
is "$(missed)" 0 'and answered all the time'

# shellcheck disable=SC2086
kill -CONT $hub
ok 'the API is back and knows of the restart' wait_until 60 status_is "$job" '.phase == "Ready" and ([.pods[].restarts] | add == 1) and ([.nodes[].ready] | all)'
is "$(restarts "$job" | jq -c 'map([.[0], .[2]])')" "$(jq -c 'map([.[0], .[2]])' <<<"$before")" 'the pods are the same'
is "$(containers "$job" $nodes)" "$now" 'and no container was restarted by its return'
nok 'no pod was evicted or killed' event "$job" 'Evicted|TaintManagerEviction|Killing'
ok 'the endpoints answer' wait_until 20 answers "$job" 2
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing
