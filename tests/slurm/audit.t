#!/bin/bash
# The audit that other tests end with finds what a job left: a process, a mount, a cgroup, a file, a socket, a drained node.
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
need_cluster

job=$(submit alice -N1 --wrap true)
wait_over "$job"
audit_clean "$job"

# finds WHAT REGEX: the audit now complains about it; afterwards the caller takes it away again.
finds() { like "$(audit_quiet "$job")" "$2" "the audit finds $1"; }

on n2 mkdir -p "/run/podstep/$job.0.1.n2"
finds 'a run directory' "n2: file /run/podstep/$job"
on n2 rmdir "/run/podstep/$job.0.1.n2"

on n3 mount -t tmpfs left /mnt
finds 'a mount' 'n3: mount /mnt'
on n3 umount /mnt

cgroup=$(find /sys/fs/cgroup -path "*podstep-cluster-$PODSTEP_CLUSTER/n1*" -type d -name 'slurm*' | head -n 1)
mkdir "$cgroup/job_$job"
finds 'a cgroup' "n1: cgroup .*job_$job"
rmdir "$cgroup/job_$job"

# A job's process that got out of Slurm's sight; it starts below slurmd as a job's would.
# On the nodes /tmp is their own, so the pid comes by the shared directory.
leaf=$(dirname "$(find /sys/fs/cgroup -path "*podstep-cluster-$PODSTEP_CLUSTER/n1/daemon/cgroup.procs" | head -n 1)")
on n1 env SLURM_JOB_ID="$job" bash -c 'echo $$ >"$1"; exec sleep 60' bash "$PODSTEP_CLUSTER_DIR/nodes/n1/stray" </dev/null >/dev/null 2>&1 &
wait_until 5 test -s "$PODSTEP_CLUSTER_DIR/nodes/n1/stray"
pid=$(cat "$PODSTEP_CLUSTER_DIR/nodes/n1/stray")
echo "$pid" >"$leaf/cgroup.procs"
finds 'a process' "n1: process $pid: sleep 60"
kill "$pid"

on n2 touch /dev/shm/left
on n2 chown 64101 /dev/shm/left
finds "a user's file" 'n2: file /dev/shm/left'
on n2 rm /dev/shm/left

scontrol update nodename=n3 state=drain reason=test
finds 'a drained node' 'node: n3 drain'
scontrol update nodename=n3 state=resume
wait_until 20 audit_quiet "$job"
audit_clean "$job"
done_testing
