#!/bin/bash
# The test cluster is a real one: three machines with their own names, addresses and file systems, limits, PMIx, and users who share homes.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
need_cluster

is "$(as alice srun -N3 hostname | sort | xargs)" 'n1 n2 n3' 'srun runs on three nodes with three host names'
is "$(as alice srun -N3 bash -c 'id -un' | sort -u)" alice 'the tasks are the users'
ok 'alice writes a file into her home' as alice bash -c 'echo shared > seen-by-all'
is "$(as alice srun -N3 cat seen-by-all | sort -u)" shared 'every node sees it'
nok 'bob cannot read it' as bob cat "$(home alice)/seen-by-all"
like "$(as bob srun -N1 id)" 'bob-project' 'supplementary groups arrive on the nodes'

# A real network path: a server on node 2, asked from node 1 and from the login side, by name and by address.
server=$(submit alice -N1 -w n2 --wrap "python3 -c 'import socket,os
s=socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind((\"\", 8123)); s.listen()
while True:
  c,_=s.accept(); c.recv(4096); c.sendall(b\"HTTP/1.0 200 OK\\r\\n\\r\\nhello from \"+socket.gethostname().encode()); c.close()'")
ask() { as alice "${@:2}" curl -sf -m 5 "http://$1:8123/"; }
wait_until 20 ask n2
is "$(ask n2)" 'hello from n2' 'the login side reaches node 2 by name'
is "$(ask "$PODSTEP_CLUSTER_NET.12")" 'hello from n2' 'the login side reaches node 2 by address'
is "$(ask n2 srun -N1 -w n1)" 'hello from n2' 'node 1 reaches node 2 by name'
nok 'nothing answers on node 1: the port is node 2 alone' ask n1
is "$(on n1 bash -c 'exec 3<>/dev/tcp/login/'"$(scontrol show config | sed -n 's/^SlurmctldPort *= //p')"' && echo open')" open 'node 1 reaches the login side by name'
ok 'the server job is cancelled' scancel "$server"
wait_over "$server"
audit_clean "$server"

as alice srun -N1 -w n1 touch /tmp/private /dev/shm/private
is "$(on n1 ls /tmp/private /dev/shm/private | xargs)" '/dev/shm/private /tmp/private' 'a node keeps what is written to /tmp and /dev/shm'
nok 'another node does not see it' on n2 ls /tmp/private
nok 'the login side does not see it' as root ls /tmp/private
on n1 rm -f /tmp/private /dev/shm/private

is "$(as alice srun -N3 stat -c %a /dev/fuse | sort -u)" 666 '/dev/fuse is as udev leaves it'
fuse='mkdir /tmp/src /tmp/at && echo hello > /tmp/src/file && mksquashfs /tmp/src /tmp/image -quiet -no-progress >/dev/null &&
  unshare -rm bash -c "squashfuse /tmp/image /tmp/at && cat /tmp/at/file && umount /tmp/at"; rm -rf /tmp/src /tmp/at /tmp/image'
is "$(as alice srun -N1 -w n3 bash -c "$fuse")" hello 'an ordinary user mounts with it in a user namespace'

if [ "$(scontrol show config | sed -n 's/^ProctrackType *= //p')" = proctrack/cgroup ]; then
  # The smallest limit on the way up from the task's cgroup.
  limit='at=$(sed -n "s/^[0-9]*:memory:\(.*\)/\/sys\/fs\/cgroup\/memory\1/p; s/^0::\(.*\)/\/sys\/fs\/cgroup\1/p" /proc/self/cgroup | head -n 1)
    while [ "$at" != /sys/fs/cgroup ]; do cat "$at/memory.limit_in_bytes" "$at/memory.max" 2>/dev/null; at=${at%/*}; done | grep -v max | sort -n | head -n 1'
  is "$(as alice srun -N1 --mem=300 bash -c "$limit")" $((300 * 1024 * 1024)) 'the memory that was asked for is the limit'
  like "$(as alice srun -N1 --mem=100 bash -c 'head -c 300M /dev/zero | tail -n 1 | wc -c' 2>&1)" 'oom|Killed|Out Of Memory' 'more memory is not to be had'
  if [ "$(nproc --all)" -gt 1 ]; then
    is "$(as alice srun -N1 -n1 -c1 nproc)" 1 'a job of one CPU is bound to one CPU'
  else
    skip 'this machine has one CPU' 'a job of one CPU is bound to one CPU'
  fi
else
  skip 'this host has no cgroup hierarchy that Slurm can use' 'memory and CPUs are limited'
fi

if [ "$(scontrol show config | sed -n 's/^MpiDefault *= //p')" = pmix ]; then
  # shellcheck disable=SC2046
  ok 'the PMIx client builds' gcc $(pkg-config --cflags pmix) -o "$(home alice)/fence" "$top_srcdir/tests/slurm/pmix_fence.c" $(pkg-config --libs pmix)
  is "$(as alice srun -N3 -n3 --mpi=pmix ./fence | sort | xargs)" 'rank 0 of 3 heard 3 rank 1 of 3 heard 3 rank 2 of 3 heard 3' \
    'three processes on three nodes meet in a PMIx fence'
else
  skip 'Slurm has no PMIx plugin here' 'three processes on three nodes meet in a PMIx fence'
fi

is "$(as alice salloc -Q -N1 -w n2 </dev/null bash -c 'echo on $SLURM_JOB_NODELIST')" 'on n2' 'salloc grants'
done_testing
