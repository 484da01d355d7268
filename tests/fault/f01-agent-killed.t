#!/bin/bash
# Fault F1: when the agent's worker is killed or stops, its pods run on, and a new worker adopts them without restarting anything.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

job=$(serve "$(manifest f01 2)" -N2)
come_up "$job" 2
node=$(node_of "$job") other=$(node_of "$job" 1)
before=$(restarts "$job") servers=$(containers "$job" "$node" "$other")
like "$servers" '^[0-9]+ [0-9]+$' 'each is one process'
watch_traffic $(urls "$job")

worker=$(worker_of "$job" "$node" podstepd)
kill -9 "$worker"
ok 'a worker that was killed is replaced within 5 s' wait_until 5 another worker_of "$worker" "$job" "$node" podstepd

worker=$(worker_of "$job" "$node" podstepd)
kill -STOP "$worker"
ok 'a worker that was stopped is replaced when the watchdog has run out' wait_until 45 another worker_of "$worker" "$job" "$node" podstepd
nok 'the stopped one is gone' test -e "/proc/$worker"

ok 'the service is ready' wait_until 15 status_is "$job" '.phase == "Ready" and ([.nodes[].ready] | all)'
is "$(restarts "$job")" "$before" 'no pod and no container was restarted'
is "$(containers "$job" "$node" "$other")" "$servers" 'the same processes serve'
is "$(missed)" 0 'every request was answered all the time'
nok 'no node was ever taken for not ready' event "$job" NodeNotReady

kill -9 "${servers%% *}"
ok 'the new worker looks after what it adopted: a server that dies is started again' wait_until 20 status_is "$job" '[.pods[].restarts] | add == 1'
ok 'and answers' wait_until 20 answers "$job" 2
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing
