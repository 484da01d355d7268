#!/bin/bash
# Two pods on two nodes move tensors over Podstep's transport, and podstep status shows it, live, whatever a pod writes there.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
. "$top_srcdir/tests/lib/glibc_image.sh"
need_service
need_fabric

tree=$(home alice)/pair-tree meet=$(home alice)/meet
glibc_tree "$tree"
gcc -Wall -I"$top_srcdir/libfabric-transport" -o "$tree/bin/fabric_pair" "$top_srcdir/tests/slurm/fabric_pair.c" \
  -L"$PODSTEP_PREFIX/lib" -lpodstep-fabric || { fail 'the program builds'; done_testing; }
ok 'an image with it is made' as alice podstep image build "$tree" pair --entrypoint '["/bin/fabric_pair"]'
as alice mkdir -p "$meet"

# Each takes more than half of a node. 16 messages of 1 MiB.
bytes=16777216
pair() {
  cat <<END
---
apiVersion: v1
kind: Pod
metadata: {name: $1, annotations: {podstep.io/fabric: podstep}}
spec:
  terminationGracePeriodSeconds: 0
  restartPolicy: Never
  volumes: [{name: meet, hostPath: {path: $meet, type: Directory}}]
  containers:
  - name: c
    image: pair
    args: [$1, $2, /meet, "16", "1048576"]
    env: [{name: PODSTEP_FABRIC_PROVIDER, value: net}]
    volumeMounts: [{name: meet, mountPath: /meet}]
    resources: {requests: {cpu: 1500m, memory: 64Mi}}
END
}
file=$(home alice)/pair.yaml
{ pair left right; pair right left; } >"$file"
job=$(serve "$file" -N2 -n2 -c2)

# page POD: its row of podstep status. shows POD REGEX: it is so.
status() { as alice podstep status "$job"; }
page() { status | grep "^$1/c "; }
shows() { page "$1" | grep -qE -- "$2"; }
moved() { as alice podstep logs -j "$job" "$1" | grep -q 'moved 16'; }
for pod in left right; do
  ok "$pod: every byte came" wait_until 60 moved "$pod" || { diag "$(output "$job") $(as alice podstep logs -j "$job" "$pod") $(status)"; scancel "$job"; done_testing; }
done
nok 'they are on two nodes' test "$(node_of "$job" 0)" = "$(node_of "$job" 1)"
for pod in left right; do
  # The counts grow by what the transport itself sends; the tensors are the bytes.
  ok "$pod: podstep status shows its bytes, both ways, on net" wait_until 15 shows "$pod" "$pod  *net [a-z0-9]+  *16\.8 MB  *16\.8 MB  *32  *0  *1 " ||
    diag "$(status)"
done
like "$(status)" 'FABRIC  *PID  *LABEL  *PROVIDER  *SENT  *RECEIVED  *MESSAGES  *ERRORS  *PEERS  *AGE  *UPDATED' 'under the headings'
is "$(jq -c '.containers[0].communicators[0] | [.bytesSent, .bytesReceived]' "$(record "$job")"/fabric/"$(node_of "$job" 0)".json)" "[$bytes,$bytes]" \
  'the record has the exact numbers'

# Hostile contents: a page of another kind, one without an end, a link, a file that fills the directory.
inside() { as alice podstep exec -j "$job" left -- /bin/sh -c "$1"; }
inside 'cd /run/podstep/fabric && head -c 4096 /dev/zero >podstep-fabric.1.0 && ln -s /etc podstep-fabric.2.0 && mkdir podstep-fabric.3.0'
unreadable() { status | grep -q '^left/c: 3 files among its statistics pages are none'; }
ok 'files that are no pages are counted, not believed' wait_until 15 unreadable
nok 'the directory is bounded: a MiB is the end' inside 'head -c 2097152 /dev/zero >/run/podstep/fabric/big'
ok 'and the row is still there' shows left '16\.8 MB'

for pid in $(job_pids "$job" "$(node_of "$job" 0)" fabric_pair); do kill -9 "$pid"; done
survivor=$(jq -r '.pods[1].name' "$(record "$job")/status.json")
gone() { status | grep -q "^$survivor/c: peer .* is gone"; }
ok 'a peer that dies is named' wait_until 40 gone || diag "$(status)" "$(as alice podstep logs -j "$job" "$survivor")"
scancel "$job"
ok 'the job ends' wait_over "$job" 40
audit_clean "$job"
done_testing
