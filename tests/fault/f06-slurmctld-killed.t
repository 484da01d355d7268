#!/bin/bash
# Fault F6: when slurmctld dies and comes back, nothing happens to a service: pods run on, the hub answers and acts meanwhile.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

# Two minutes: the hub asks for the job's end every few seconds, also while nobody answers.
job=$(serve "$(manifest f06 2)" -N2 -t 2)
come_up "$job" 2
node=$(node_of "$job") other=$(node_of "$job" 1)
servers=$(containers "$job" "$node" "$other") before=$(restarts "$job")
daemons=$(job_pids "$job" "$node"; job_pids "$job" "$other")
watch_traffic $(urls "$job")

# slurmctld writes down what has changed some seconds later; a job that it has not written down is lost with it (Slurm's own affair).
touch "$tmp/now"
scontrol update jobid="$job" comment=known
known() { [ "$(scontrol show config | sed -n 's/^StateSaveLocation *= //p')/job_state" -nt "$tmp/now" ]; }
ok 'slurmctld has written the job down' wait_until 30 known
cluster controller kill
nok 'nobody answers for Slurm' scontrol ping
asked() { said "$job" hub 'scontrol .*(job|config)'; }
ok 'the hub has asked in vain, and says so' wait_until 60 asked
is "$(containers "$job" "$node" "$other")" "$servers" 'the same processes serve'
is "$(missed)" 0 'every request was answered'
kill -9 "${servers%% *}"
ok 'meanwhile a server that dies is started again, and the hub tells' wait_until 20 status_is "$job" '.phase == "Ready" and ([.pods[].restarts] | add == 1)'

ok 'slurmctld comes back' cluster controller start
ok 'and knows the job' wait_until 30 job_is "$job" RUNNING
is "$(jq -c 'map([.[0], .[2]])' <<<"$before")" "$(restarts "$job" | jq -c 'map([.[0], .[2]])')" 'the pods are the same'
is "$(for pid in $daemons; do [ -e "/proc/$pid" ] || echo "$pid"; done | grep -vxc "${servers%% *}")" 0 'no daemon of the job was restarted'
ok 'the endpoints answer' wait_until 20 answers "$job" 2
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing
