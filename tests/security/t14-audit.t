#!/bin/bash
# Threat T14: the audit that other tests end with finds what a job left: a process, a mount, a cgroup, a file, a socket, a loop device,
# shared memory, a drained node.
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

mkfifo "$tmp/end"
on n2 python3 -c 'import socket, sys; s = socket.socket(); s.bind(("", 0)); s.listen(); u = socket.socket(socket.AF_UNIX); u.bind("\0podstep-left"); u.listen(); sys.stdin.read()' <"$tmp/end" &
exec 7>"$tmp/end"
listens() { on n2 ss -Hlx | grep -q podstep-left; }
wait_until 5 listens
finds 'a port that listens' 'n2: socket .*:[0-9]+'
finds 'a socket without a path' 'n2: socket @podstep-left'
exec 7>&-
wait $!

image=$PODSTEP_STORE_SITE/left.sqsh
head -c 65536 /dev/zero >"$image"
loop=$(losetup -r -f --show "$image" 2>"$tmp/losetup")
if [ -n "$loop" ]; then
  finds 'a loop device' "loop device $loop $image"
  losetup -d "$loop"
else
  skip "no loop device: $(cat "$tmp/losetup")" 'the audit finds a loop device'
fi
rm "$image"

shared=$(setpriv --reuid=64101 --regid=64101 --clear-groups ipcmk -M 4096 | grep -o '[0-9]*$')
finds 'shared memory' "shared memory $shared"
ipcrm -m "$shared"

scontrol update nodename=n3 state=drain reason=test
finds 'a drained node' 'node: n3 drain'
scontrol update nodename=n3 state=resume
wait_until 20 audit_quiet "$job"
audit_clean "$job"
done_testing
