# node-init.sh: first process of a node (or of the login side) of the test cluster: makes its view of the machine, then sleeps.
# shellcheck shell=bash
#
# Runs as root in fresh mount and UTS namespaces (a node: network and cgroup too). Fed by contrib/lib/nodes.sh only:
# NODE, DIR (the cluster's directory), TRACK (the tracking hierarchy) and HOLD (the leaf of its cgroup to sleep in).
set -eu

# The files that tell a machine who it is and whom it knows.
identity() {
  hostname "$NODE"
  echo "$NODE" >"$DIR/nodes/$NODE/hostname"
  touch /etc/hostname
  mount --bind "$DIR/nodes/$NODE/hostname" /etc/hostname
  for file in passwd group hosts; do
    mount --bind "$DIR/etc/$file" "/etc/$file"
  done
  mount --bind "$DIR/etc/slurm" /etc/slurm
}

# Own volatile directories, as on a diskless node; /dev/fuse as udev would leave it, whatever mode the host's has.
volatile() {
  mount -t tmpfs -o mode=1777,nosuid,nodev,size=2g tmp /tmp
  mount -t tmpfs -o mode=755,nosuid,size=512m run /run
  mkdir -m 1777 /run/lock
  mkdir -m 755 /run/podstep-node
  mknod -m 666 /run/podstep-node/fuse c 10 229
  [ -e /dev/fuse ] || { echo "/dev/fuse is missing: the kernel has no FUSE"; return 0; }
  mount --bind /run/podstep-node/fuse /dev/fuse
  mountpoint -q /dev/shm || mkdir -p /dev/shm
  mount -t tmpfs -o mode=1777,nosuid,nodev,size=2g shm /dev/shm
}

# A /sys of the node's own network namespace, with the same cgroup hierarchies that the host has, seen from the node's root.
sysfs() {
  local list=$DIR/nodes/$NODE/cgroup.mounts type at options
  awk '{for (i = 7; i <= NF; i++) if ($i == "-" && $(i+1) ~ /^cgroup2?$/) print $(i+1), $5, $(i+3)}' /proc/self/mountinfo |
    grep ' /sys/fs/cgroup' | sort -u >"$list"
  mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
  if ! grep -q '^cgroup2 /sys/fs/cgroup ' "$list"; then
    mount -t tmpfs -o mode=755,nosuid,nodev,noexec cgroup /sys/fs/cgroup
  fi
  while read -r type at options; do
    mkdir -p "$at"
    options=$(echo "$options" | tr ',' '\n' | grep -vE '^(rw|ro|xattr|clone_children|release_agent=.*)$' | paste -sd,)
    case $type in
      cgroup2) mount -t cgroup2 cgroup2 "$at" ;;
      *) mount -t cgroup -o "${options/name=/none,name=}" cgroup "$at" ;;
    esac
  done <"$list"
}

# Where cgroup2 has the controllers, slurmd 22.05 without systemd expects the slice that systemd would have made, and controllers in it.
slice() {
  [ "$TRACK" = /sys/fs/cgroup ] || return 0
  cg_hand_down /sys/fs/cgroup
  mkdir /sys/fs/cgroup/system.slice
  cg_hand_down /sys/fs/cgroup/system.slice
}

# shellcheck source=contrib/lib/handdown.sh
. "$(dirname "$0")/handdown.sh"
mount --make-rprivate /
identity
if [ "$NODE" = login ]; then
  echo $$ >"$HOLD/cgroup.procs"
else
  sysfs
  volatile
  echo $$ >"$TRACK/hold/cgroup.procs"
  slice
fi
cat /proc/self/mountinfo >"$DIR/nodes/$NODE/mounts"
: >"$DIR/nodes/$NODE/ready"
exec sleep infinity
