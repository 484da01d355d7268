#!/bin/bash
# A test cluster with --accounting remembers its jobs in a database of its own: sacct finds them by user and end.
# timeout: 240
# long
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
[ "$(id -u)" = 0 ] || skip_all 'a test cluster needs root'
PODSTEP_CLUSTER=$PODSTEP_CLUSTER-acct
at_exit "$top_srcdir/contrib/cluster down --purge"

ok 'a cluster with accounting comes up' cluster up --accounting
eval "$(cluster env)"
like "$(cluster status)" 'slurmdbd +[0-9]+' 'slurmdbd is among its daemons'
job=$(submit alice -N2 --wrap 'srun true; exit 3')
wait_over "$job"
recorded() { as alice sacct -X -j "$job" -n -P -o user,state,exitcode | grep -q FAILED; }
wait_until 30 recorded
is "$(as alice sacct -X -j "$job" -n -P -o user,state,exitcode)" 'alice|FAILED|3:0' 'sacct tells how the job ended'
is "$(as bob sacctmgr -nP show user bob withassoc format=user,account)" 'bob|project' 'the users have an account'
done_testing
