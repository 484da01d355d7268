#!/bin/bash
# namespaces.sh RUN USER CMD...: runs CMD as USER in namespaces like those of an agents' step: user namespace `0 <uid> 1` with
# setgroups denied, then new mount, UTS and IPC namespaces; RUN/t is a tmpfs, /run/containerd exists, /dev/fuse is writable, as udev
# leaves it. As root; nothing of it is seen outside.
set -eu
if [ "${1:-}" != --inside ]; then
  exec unshare --mount --propagation private "$0" --inside "$@"
fi
shift
run=$1 user=$2
shift 2
mount -t tmpfs -o mode=0755,size=64m none /run
mkdir -p /run/containerd "$run/img" "$run/t"
chown -R "$user" "$run"
chmod 0700 "$run"
fuse=/run/fuse-node
mknod "$fuse" c 10 229
chmod 0666 "$fuse"
mount --bind "$fuse" /dev/fuse
mount_inside='mount -t tmpfs -o mode=0700,size=512m podstep "$0/t" && exec "$@"'
exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups \
  unshare --user --map-root-user unshare --mount --uts --ipc --propagation private bash -c "$mount_inside" "$run" "$@"
