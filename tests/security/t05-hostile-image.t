#!/bin/bash
# Threats T5, T11: an image whose entries, links, labels and variables attack its importer and its runtime gets nothing outside of its own root,
# and one that unpacks to a hundred times its size is refused before it fills the store.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

home=$(home alice) work=$(home alice)/t05
rm -rf "$work"
as alice mkdir "$work"
at_exit rm -rf "$work"
store=$home/.local/state/podstep/images
make() { install -m 644 "$top_srcdir/tests/security/hostile_image.py" "$work/make.py"; as alice /usr/bin/python3 "$work/make.py" "$work/$1" "$1"; }
import() { as alice sh -c 'cd "$1" && podstep image import "oci:$2:x" "$3" 2>&1; echo "rc=$?"' sh "$work" "$1" "hostile-$1"; }
nothing_left() { [ -z "$(ls -A "$store/tmp")" ]; }
# escaped: files of the attack anywhere but in the layout.
escaped() { find / /tmp /dev/shm "$home" "$store" -maxdepth 4 -xdev -name 'escape-*' -not -path "$tmp/*" 2>/dev/null | sort -u; on n1 find / /tmp -maxdepth 2 -xdev -name 'escape-*'; }

# --- what fills the store
make bomb || fail 'the bomb is made'
ok 'the bomb is small' test "$(du -sm "$work/bomb" | cut -f1)" -lt 8
like "$(import bomb)" 'unpacks to more than 100 times its layers.* [0-9]+ bytes'$'\n''fix: .*rc=125$' 'a bomb is refused, with cause and fix'
ok 'nothing of it is left' nothing_left
make path || fail 'the deep one is made'
like "$(import path)" 'rc=125$|rc=0$' 'directories without a usable path are unpacked or refused'
ok 'and nothing of them is left in tmp/' nothing_left

# --- what climbs out
make theft || fail 'the image with a stolen file is made'
like "$(import theft)" 'podstep: unpacking: umoci: .*stolen.*rc=125$' "a hard link to the machine's file is refused"
make whiteout || fail 'the image of a whiteout is made'
like "$(import whiteout)" 'podstep: unpacking: umoci: .*wh.*rc=125$' 'a whiteout of what lies above is refused'
for kind in links mounts; do
  make $kind || fail "the image of $kind is made"
  like "$(import $kind)" 'rc=0$' "an image of $kind is unpacked"
done
is "$(escaped)" '' 'no entry and no link of an image led out of its root'
ok 'nothing is left in tmp/' nothing_left
list=$(unsquashfs -ll "$(as alice podstep image inspect hostile-links | jq -r .path)")
unlike "$list" $'(^|\n)[cb][r-][w-]' 'it has no device files'
unlike "$list" $'(^|\n)-[rwx-]*[sS]' 'and no set-id files'

# --- what the runtime would obey
pods() {
  for kind in links mounts; do
    cat <<END
---
apiVersion: v1
kind: Pod
metadata: {name: $kind}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: hostile-$kind, command: [/bin/busybox, sleep, "5555"], resources: {requests: {cpu: 100m, memory: 16Mi}}}
END
  done
}
pods >"$home/t05.yaml"
job=$(serve "$home/t05.yaml" -N1 --nodelist=n1)
pod() { status_is "$job" ".pods[] | select(.name == \"$1\") | $2"; }
ok 'a pod of it runs' wait_until 60 pod links '.phase == "Running"' || diag "$(output "$job") $(cat "$(record "$job")/status.json")"
ok "the one with a link for /proc does not, and says why" wait_until 60 pod mounts '.containers[0].reason | test("/proc. is invalid")'
agent=$(supervisor_of "$job" n1 podstepd)
run=$(dirname "$(on n1 sh -c "ls /run/podstep/$job.*/lock")")
specs=$(nsenter -t "$agent" -m sh -c "cat $run/t/state/io.containerd.runtime.v2.task/k8s.io/*/config.json")
like "$specs" 'LD_PRELOAD=/evil-variable' "the image's variables are the container's own"
unlike "$specs" 'evil-label|krun|run\.oci\.ho|"hooks"|SIGEVIL' 'of its labels and annotations nothing is in what the runtime is told'
for name in containerd containerd-shim podstepd crun squashfuse_ll; do
  is "$(for pid in $(job_pids "$job" n1 "$name"); do tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null; done | grep evil)" '' "$name has none of its variables"
done
is "$(escaped)" '' 'and nothing has got out'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
as alice podstep image rm hostile-links hostile-mounts hostile-path >/dev/null 2>&1
done_testing
