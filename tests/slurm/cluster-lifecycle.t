#!/bin/bash
# A test cluster comes up after a half-finished up, beside another one, and its end leaves no process, namespace, mount, interface or cgroup, whatever crashed.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
[ "$(id -u)" = 0 ] || skip_all 'a test cluster needs root'
[ "${#PODSTEP_CLUSTER}" -le 26 ] || PODSTEP_CLUSTER=life
PODSTEP_CLUSTER=$PODSTEP_CLUSTER-life
dir=/srv/podstep-cluster/$PODSTEP_CLUSTER
at_exit "$top_srcdir/contrib/cluster down --purge"

# remains: everything on this machine that could be the instance's.
remains() {
  local pid
  find /sys/fs/cgroup -name "podstep-cluster-$PODSTEP_CLUSTER" 2>/dev/null
  grep -l "$dir" /proc/[0-9]*/mountinfo 2>/dev/null
  for pid in $(pgrep 'slurm|munged'); do
    ! tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -F "$dir"
  done
  grep -F "$dir" /proc/self/mounts
  [ -z "${index:-}" ] || ip -o link | grep -oE " (psbr${index}|ps${index}n[0-9])[:@]"
}
gone() { [ -z "$(remains)" ]; }

ok 'down is fine with a cluster that never was' cluster down
ok 'it comes up beside the other' cluster up
index=$(cluster env | sed -n 's/.*PODSTEP_CLUSTER_NET=.*\.//p')
like "$(remains)" "psbr$index" 'while it is up, the search for remains finds it'
is "$(as alice srun -N3 hostname | sort | xargs)" 'n1 n2 n3' 'jobs run in it'
like "$(cluster up 2>&1)" 'is up already' 'a second up says that it is up'
ok 'status agrees' cluster status

submit alice -N3 --wrap 'setsid sleep 1000 & srun sleep 1000' >"$tmp/job"
running() { [ "$(as alice squeue -h -o %t)" = R ]; }
wait_until 10 running
cluster node kill-slurmd n2
like "$(cluster status)" 'n2 .*down' 'status shows a slurmd that was killed'
ok 'up repairs it' cluster up
is "$(as alice srun -N3 hostname | sort | xargs)" 'n1 n2 n3' 'jobs run again'

cluster node kill9 n3
nok 'a node that died is gone from the network' timeout 3 bash -c "exec 3<>/dev/tcp/10.86.$index.13/6818"
ok 'it boots again' cluster node boot n3
is "$(as alice srun -w n3 hostname)" n3 'and takes jobs'

as alice sbatch -N2 --wrap 'srun sleep 1000' >/dev/null
kill -KILL $(cat "$dir"/run/*.pid "$dir/run/munge/pid")
ok 'down after kill -9 of every daemon, with a job running' cluster down
wait_until 5 gone
is "$(remains)" '' 'nothing of it remains'
ok 'down once more is fine' cluster down

# Half an up: the bridge, one node and a stray process are there, nothing else.
(cluster up >"$tmp/half.log" 2>&1) & half=$!
sleep 0.3
kill -KILL "$half" $(pgrep -P "$half") 2>/dev/null
wait "$half" 2>/dev/null
ok 'up works after an up that was killed half way' cluster up
is "$(as bob srun -N3 hostname | sort | xargs)" 'n1 n2 n3' 'jobs run in it'
ok 'down --purge' cluster down --purge
wait_until 5 gone
is "$(remains)" '' 'nothing of it remains'
nok 'the directory is gone too' test -e "$dir"
done_testing
