#!/bin/bash
# Threat T8, M1, M3: what a pod can open, signal, mount and ask of the kernel, its user can by plain srun; a command that is exec'd too.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service
command -v gcc >/dev/null || skip_all 'gcc is not installed'

home=$(home alice) dir=$PODSTEP_CLUSTER_DIR
work=$home/t08
rm -rf "$work"
as alice cp -r "$home/static-tree" "$work"
at_exit rm -rf "$work" "$dir/probe-suid" "$dir/denied" "$home/device.sqsh"
gcc -static -O1 -o "$work/bin/probe" "$top_srcdir/tests/security/probe.c" || { fail 'the probe builds'; done_testing; }
ok 'an image with the probe is made' as alice podstep image build "$work" probe --entrypoint '["/bin/sleep", "1000"]'
# The traps on the node: a set-id copy that is root's, and a file that its group may not read though others may.
install -m 4755 "$work/bin/probe" "$dir/probe-suid"
echo closed >"$dir/denied"
chown "root:$(as alice id -G | cut -d' ' -f2)" "$dir/denied"
chmod 604 "$dir/denied"
# The traps in an image of alice's own making, which podstep image would not have made so.
mkdir "$tmp/device"
cp -r "$work/." "$tmp/device"
mknod -m 666 "$tmp/device/kmsg" c 1 11
install -m 4755 "$work/bin/probe" "$tmp/device/bin/probe-suid"
mksquashfs "$tmp/device" "$home/device.sqsh" -noappend -quiet >"$tmp/squash.log" 2>&1 || diag "$(cat "$tmp/squash.log")"

# What each pod does; the lists come out by the node's own file system, which it sees as /node.
cat >"$work/look" <<END
out=/node$work/\$1
probe /node /etc /run /dev /root /home /var/log /sys/fs /sys/kernel $dir/etc $dir/run $dir/state $dir/log $dir/nodes $dir/denied >\$out.list
for copy in /node$dir/probe-suid /bin/probe-suid; do
  for trap in /node/etc/shadow /node$dir/denied /kmsg; do [ ! -e \$copy -o ! -e \$trap ] || echo file r \$trap | \$copy --again; done
done >\$out.refused
/bin/ls /dev >\$out.dev
END
pod() {
  cat <<END
---
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  terminationGracePeriodSeconds: 0
  volumes: [{name: node, hostPath: {path: /}}]
  containers:
  - name: c
    image: $2
    command: [/bin/sh, -c, ". /node$work/look; exec sleep 1000", look, $1]
    securityContext: {${3:-}}
    volumeMounts: [{name: node, mountPath: /node}]
    resources: {requests: {cpu: 100m, memory: 16Mi}}
END
}
file=$home/t08.yaml
{ pod plain probe; pod other probe 'runAsUser: 1000, runAsGroup: 1000'; pod device "$home/device.sqsh"; } >"$file"
job=$(serve "$file" -N1 --nodelist=n1)
looked() { [ "$(job_pids "$job" n1 sleep | wc -l)" = 3 ]; }
ok 'three pods have looked around' wait_until 60 looked ||
  { diag "$(output "$job") $(cat "$(record "$job")/status.json" "$(record "$job")/events.jsonl")"; scancel "$job"; done_testing; }

uid=$(as alice id -u) gid=$(as alice id -g)
for pid in $(job_pids "$job" n1 sleep); do
  status=$(cat "/proc/$pid/status")
  field() { sed -n "s/^$1:[[:space:]]*//p" <<<"$status" | xargs; }
  is "$(field Uid), $(field Gid), $(field Groups)" "$uid $uid $uid $uid, $gid $gid $gid $gid, $(as alice id -G | tr ' ' '\n' | sort -n | xargs)" \
    'a container is the user on the machine, by all ids and groups'
  is "$(field NoNewPrivs) $(field Seccomp)" '1 2' 'it has no_new_privs and a seccomp filter'
  # The set that containerd and docker give by default, here in the pod's own user namespace.
  is "$((0x$(field CapBnd) & ~0xa80425fb))" 0 'its capabilities are no more than the default ones'
done

ok "a command is exec'd that looks around" as alice podstep exec -j "$job" device -- /bin/sh -c \
  "mount -o remount,bind,dev,suid / 2>/dev/null; . /node$work/look" look execd
bounds() { grep -E '^(NoNewPrivs|Seccomp|CapBnd|CapEff):' | xargs; }
execd=$(as alice podstep exec -j "$job" plain -- /bin/cat /proc/self/status | bounds)
is "$execd" "$(as alice podstep exec -j "$job" plain -- /bin/cat /proc/1/status | bounds)" "what is exec'd is bounded as the container itself"
like "$execd" 'NoNewPrivs: 1.*Seccomp: 2' 'by no_new_privs and the seccomp filter among others'
calls() { grep '^call ' "$work/$1.list"; }
is "$(calls execd)" "$(calls device)" "and gets through with no other call of the kernel"
# What is in each list and plain srun cannot, neither as it is nor in namespaces of its own. The job's private mounts are its user's.
printf '%s\n' 'file r /etc/shadow' 'file w /etc/passwd' 'call load_module' 'device w c1:11' >"$work/more.list"
for name in plain other device execd more; do
  grep -vE '^file . /(run/podstep|run/containerd|sys/fs/cgroup/unified)(/|$)' "$work/$name.list" >"$work/$name.tried"
done
as alice srun -w n1 -N1 sh -c 'for list in "$2"/*.tried; do "$1" --again <"$list" >"$list.plain"; unshare -Urmpiu --fork "$1" --again <"$list.plain" >"$list.beyond"; done' \
  sh "$work/bin/probe" "$work"
for name in plain other device execd; do
  like "$(grep -cE '^(file|device|signal|call) ' "$work/$name.list") $(cut -d' ' -f1 "$work/$name.list" | sort -u | xargs)" \
    '^[0-9]{3,} .*device file signal$' "$name: it has a list of what it can"
  is "$(cat "$work/$name.tried.beyond")" '' "$name: and nothing in it is more than srun gives"
  unlike "$(cat "$work/$name.list")" "file . $dir/denied" "$name: no group was given up"
done
is "$(cat "$work/more.tried.beyond")" "$(cat "$work/more.list")" 'what is more than srun gives would be found'

want() { printf 'file r %s\n' "$@"; }
is "$(echo "file r /etc/shadow" | as alice srun -w n1 -N1 "$dir/probe-suid" --again)" '' 'the set-id copy works where set-id programs do'
is "$(cat "$work/plain.refused")" "$(want /node/etc/shadow "/node$dir/denied")" 'in a pod it has no more than the pod'
is "$(sort -u "$work/device.refused")" "$(want /kmsg /node/etc/shadow "/node$dir/denied" | sort -u)" 'nor have a set-id program and a device file in an image'
is "$(sort -u "$work/execd.refused")" "$(want /kmsg /node/etc/shadow "/node$dir/denied" | sort -u)" "nor has what is exec'd, after an attempt to remount"
is "$(xargs <"$work/plain.dev")" 'core fd full mqueue null ptmx pts random shm stderr stdin stdout termination-log tty urandom zero' 'it has the devices of every container, and no other'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing
