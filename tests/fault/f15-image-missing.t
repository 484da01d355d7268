#!/bin/bash
# Fault F15: when an image is gone, its pod waits with ImagePullBackOff and the reason, other pods start; it starts when the image is back.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

# What is not in a store is refused when the job is submitted: the image goes while the job is pending.
tree=$(home alice)/static-tree
as alice podstep image build "$tree" passing --entrypoint '["/bin/sleep", "1000"]' >/dev/null 2>&1
file=$(manifest f15 1)
cat >>"$file" <<'END'
---
apiVersion: v1
kind: Pod
metadata: {name: missing}
spec:
  terminationGracePeriodSeconds: 1 # sleep is process 1 and has no handler for SIGTERM
  containers: [{name: main, image: passing, resources: {requests: {cpu: 100m}}}]
END
job=$(serve "$file" -N1 --hold)
digest=$(as alice podstep image inspect passing | jq -r .digest)
ok 'the image is removed' as alice podstep image rm passing
scontrol release "$job"
come_up "$job" 1
waits() { status_is "$job" ".pods[] | select(.name == \"missing\") | .phase == \"Pending\" and (.containers[0].reason | test(\"$1\"))"; }
ok 'the pod without an image waits with ErrImagePull, then ImagePullBackOff' wait_until 60 waits '^ImagePullBackOff'
like "$(jq -r '.pods[] | select(.name == "missing") | .containers[0].reason' "$(record "$job")/status.json")" 'passing' 'the reason names the image'
ok 'an event tells too' event "$job" Failed 'ErrImagePull: .*passing'
ok 'the other pod serves' answers "$job" 1
like "$(as alice podstep status "$job")" 'ImagePullBackOff' 'podstep status shows it'
as alice podstep image build "$tree" passing --entrypoint '["/bin/sleep", "1000"]' >/dev/null 2>&1
ok 'when the image is back the pod starts' wait_until 60 status_is "$job" '[.pods[].ready] == ["1/1", "1/1"]'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 60
audit_clean "$job"
done_testing
